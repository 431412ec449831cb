"""The process in which both policies judge: started, asked one answer after another, and killed."""

from __future__ import annotations

import math
import os
import pickle
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from datetime import date
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from ordinance.settings.model import Settings
from ordinance.settings.sections import ConversationSettings

#: What runs in it.
_MODULE = "ordinance.serve.shadow.inside.process"


class JudgingProcess:
    """A process that begins to load both policies of ``settings``; ``on`` replaces today's date. Raises ``OSError``.
    ``patience``: for how many seconds it may take nothing of an answer that is sent."""

    def __init__(self, settings: Settings, on: date | None, patience: float) -> None:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._process = _popen(theirs.fileno())
            self._connection = Connection(os.dup(ours.fileno()))
            # It connects to nothing, and needs none of the server's passwords.
            without: dict[str, Any] = {"upstream": None, "upstreams": {}, "conversation": ConversationSettings()}
            bare = settings.model_copy(update=without)
            with suppress(OSError):  # it has ended; the first answer says so
                self._connection.send_bytes(pickle.dumps((bare, on)))
            fraction, whole = math.modf(patience)
            timeout = struct.pack("ll", int(whole), int(fraction * 1e6))
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, packed: bytes) -> bool:
        """Send it an answer; False if it does not take it. Raises ``OSError`` if it has ended."""
        try:
            self._connection.send_bytes(packed)
        except BlockingIOError:
            return False
        return True

    def receive(self, seconds: float) -> Any:
        """Return what it says; None if it says nothing for so long. Raises ``OSError`` or ``EOFError`` if it has
        ended."""
        return msgspec.json.decode(self._connection.recv_bytes()) if self._connection.poll(seconds) else None

    def kill(self) -> None:
        """End it, in any thread: whoever receives from it hears that it has ended."""
        self._process.kill()

    def close(self) -> None:
        """End it and free what it held. Only the thread that receives from it may do so."""
        self._process.kill()
        self._process.wait()
        self._connection.close()


def _popen(descriptor: int) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C is for the server, and this one ends when the server closes the channel. Nothing that
    # it prints reaches a log: a traceback might show a text.
    return subprocess.Popen(  # noqa: S603 - this interpreter, with our own words
        [sys.executable, "-P", "-m", _MODULE, str(descriptor)],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
