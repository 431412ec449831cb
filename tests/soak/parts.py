"""The model server and the judge of a soak, each a process that can be killed: ``python parts.py model PORT``."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ordinance.protocol.routes import MODELS
from soak.said import answer
from support.scripted_judge import JudgeServer
from support.serving import DONE, LoopThread, ScriptedUpstream, Wire, chunk, completion, event

#: How many characters a piece of a stream has, and how long the model thinks about the next, in seconds.
_PIECE, _PACE = 20, 0.15


async def _script(wire: Wire) -> None:
    if wire.asked.path == MODELS:
        await wire.json({"object": "list", "data": [{"id": "m", "object": "model"}]})
        return
    asked = wire.asked.json
    text, breaks = answer(asked["seed"])
    if not asked.get("stream"):
        await asyncio.sleep(_PACE * len(text) / _PIECE)
        if breaks:
            wire.break_off()
        else:
            await wire.json(completion(text))
        return
    await wire.head()
    for at in range(0, len(text), _PIECE):
        await asyncio.sleep(_PACE)
        await wire.send(event(chunk(content=text[at : at + _PIECE])))
    if breaks:
        wire.break_off()
    else:
        await wire.send(event(chunk(finish="stop")), DONE)


def _forget(server: ScriptedUpstream | JudgeServer) -> None:
    """Drop what a server remembers of what it was asked, for it is asked for hours."""
    if isinstance(server, JudgeServer):
        server.bodies.clear()
        server.seen.clear()
    else:
        server.asked.clear()
        server.listed.clear()


def main(which: str, port: int) -> None:
    """Serve until killed."""
    server: ScriptedUpstream | JudgeServer
    if which == "judge":
        server = JudgeServer(seconds=5.0, port=port)
    else:
        server = ScriptedUpstream(LoopThread(), port=port)
        server.script = _script
    print("serving", flush=True)  # noqa: T201 - whoever started it waits for that
    while not signal.sigtimedwait({signal.SIGTERM}, 5.0):
        _forget(server)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(sys.argv[1], int(sys.argv[2]))
