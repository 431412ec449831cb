"""What a plugin's processes do besides answering, as the kit sees it from outside."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ordinance.conformance import under_watch
from ordinance.plugins.launched import Launched

#: How long processes may take to end once their plugin was stopped, in seconds.
_END = 3.0
#: The most that is kept of what is printed, in bytes.
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Event:
    """``what`` happened, while ``hook`` ran, at ``place`` in the plugin's code, which is empty if unknown."""

    kind: str
    what: str
    hook: str
    place: str


class Watch:
    """Watches each process that is started with ``launch``."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.printed = b""
        self._readers: list[threading.Thread] = []
        events, output = self._pipe(self._hear_events), self._pipe(self._hear_output)
        self._writing = (events, output)

    def launch(self) -> Launched:
        """Start a process that is watched."""
        return Launched(under_watch.__file__, self._writing)

    def close(self) -> bool:
        """Stop, once the plugin was stopped. Returns whether all processes have ended: one that lives on keeps what it
        has inherited open."""
        for descriptor in self._writing:
            with suppress(OSError):
                os.close(descriptor)
        for reader in self._readers:
            reader.join(_END)
        return not any(reader.is_alive() for reader in self._readers)

    def _pipe(self, hear: Any) -> int:
        reading, writing = os.pipe()
        reader = threading.Thread(target=hear, args=(reading,), name="ordinance-watch", daemon=True)
        reader.start()
        self._readers.append(reader)
        return writing

    def _hear_events(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as lines:
            for line in lines:
                with suppress(ValueError, TypeError):  # the plugin has the descriptor too
                    self.events.append(Event(**json.loads(line)))

    def _hear_output(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb", buffering=0) as output:
            while piece := output.read(65536):
                self.printed = (self.printed + piece)[:_KEPT]
