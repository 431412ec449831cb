"""The installed plugins, tried in a process of their own before the engine's imports them.

A plugin that ends, crashes or stops the process in which it is imported, registers or prepares a detector would do the
same to a running server. Here it does it to the trial, and the load ends with its name; a server keeps its last good
policy. This guards against faults and not against intent: a plugin is trusted code in the engine's process.
"""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from ordinance.detectors.child import Child
from ordinance.detectors.isolation import Use
from ordinance.detectors.plugins import found
from ordinance.errors import PluginError

_HELP = "Ask its authors, or remove it."


class Trial:
    """A context in which what the engine will do with the installed plugins is done in a process first, in at most so
    many ``seconds`` of wall time in all. Where no plugin is installed, nothing is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._child = Child("ordinance.detectors.trial_process") if found() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._child is not None:
            self._child.end()

    def register(self) -> None:
        """Import every plugin and have it register. Raises ``PluginError``."""
        self._hear("was imported and registered")

    def prepare(self, uses: Iterable[Use]) -> None:
        """Have the plugins prepare those of ``uses`` that are theirs. Raises ``PluginError`` where that does not end,
        or ends the process; what a plugin raises is found again, and told, when the engine prepares."""
        theirs = [use for use in uses if "." in use.kind]
        if self._child is not None and theirs:
            with suppress(OSError):  # it is told below
                self._child.messages.send(pickle.dumps(theirs), self._left)
            self._hear("was prepared")

    @property
    def _left(self) -> float:
        return max(self._until - time.monotonic(), 1e-6)

    def _hear(self, deed: str) -> None:
        if self._child is None:
            return
        who = "a plugin"
        try:
            while (said := json.loads(self._child.messages.receive(self._left))) is not None:
                if "message" in said:
                    raise PluginError(said["message"], help=said["help"])
                if "raised" in said:
                    raise PluginError(f"{who} breaks its contract ({said['raised']}).", help=_HELP)
                who = said["who"]
        except TimeoutError:
            late = f"{who} did not end within {self._seconds:g} seconds when it {deed}."
            raise PluginError(late, help=_HELP) from None
        except OSError:
            raise PluginError(f"{who} ended the process in which it {deed}{self._how()}.", help=_HELP) from None

    def _how(self) -> str:
        status = None if self._child is None else self._child.end()
        if status is None:
            return ""
        return f" (signal {-status})" if status < 0 else f" (exit status {status})"
