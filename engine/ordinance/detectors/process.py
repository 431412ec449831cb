"""The other side of ``isolation.py``: a process that prepares plugins' detectors and is asked by the engine.

Asked is: the number of the question, the number of the detector, then the segment in UTF-8. Answered is the number of
the question, then JSON: a list of [start, end], or null where the detector raised. The process ends when the connection
does, with whatever its detectors have started.
"""

from __future__ import annotations

import json
import pickle
import signal
import socket
from collections.abc import Callable, Iterable
from typing import cast

from ordinance.detection import Segments, exact
from ordinance.detectors.channel import Messages
from ordinance.detectors.child import end_with_all
from ordinance.detectors.isolation import DETECTOR, QUESTION, READY
from ordinance.detectors.plugins import installed

Find = Callable[[str], Iterable[tuple[int, int]]]


def main(descriptor: int) -> None:
    """Serve the connection ``descriptor`` until the other side closes it."""
    try:
        _serve(Messages(socket.socket(fileno=descriptor)))
    finally:
        end_with_all()


def _serve(messages: Messages) -> None:
    seconds, uses = pickle.loads(messages.receive())  # noqa: S301 - it comes from the engine
    kinds = installed().kinds
    # Whatever else it gives here than it gave the engine ends the process, and every call of it has failed.
    finds = [cast(Segments, kinds[use.kind].prepare(use.declaration)).find for use in uses]
    messages.send(READY)
    while True:
        try:
            asked = messages.receive()
        except OSError:
            return
        # The engine ends a process that is late. Should the engine itself be gone by then, the kernel does.
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 1)
        question, detector, segment = asked[:QUESTION], asked[QUESTION:][:DETECTOR], asked[QUESTION + DETECTOR :]
        answer = _answer(finds[int.from_bytes(detector, "big")], segment.decode("utf-8", "surrogatepass"))
        signal.setitimer(signal.ITIMER_REAL, 0)
        messages.send(question + answer)


def _answer(find: Find, segment: str) -> bytes:
    try:
        return json.dumps(exact(find(segment))).encode()
    except Exception:  # a plugin may raise anything; what that means is the engine's business
        return b"null"
