"""The other side of ``isolation.py``: a process that prepares plugins' detectors and is asked by the engine.

Asked is: four bytes that number the detector, then the segment in UTF-8. Answered is JSON: a list of [start, end], or
null where the detector raised. The process ends when the connection does.
"""

from __future__ import annotations

import json
import pickle
import signal
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import cast

from ordinance.detection import Segments
from ordinance.plugins import installed

Find = Callable[[str], Iterable[tuple[int, int]]]


def main(descriptor: int) -> None:
    """Serve the connection ``descriptor`` until the other side closes it."""
    connection = Connection(descriptor)
    seconds, uses = pickle.loads(connection.recv_bytes())  # noqa: S301 - it comes from the engine
    kinds = installed().kinds
    # Whatever else it gives here than it gave the engine ends the process, and every call of it has failed.
    finds = [cast(Segments, kinds[use.kind].prepare(use.declaration)).find for use in uses]
    connection.send_bytes(b"ready")
    while True:
        try:
            asked = connection.recv_bytes()
        except EOFError:
            return
        # The engine ends a process that is late. Should the engine itself be gone by then, the kernel does.
        signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 1)
        answer = _answer(finds[int.from_bytes(asked[:4], "big")], asked[4:].decode("utf-8", "surrogatepass"))
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(answer)


def _answer(find: Find, segment: str) -> bytes:
    try:
        return json.dumps([[int(start), int(end)] for start, end in find(segment)]).encode()
    except Exception:  # a plugin may raise anything; what that means is the engine's business
        return b"null"
