"""A model server that costs next to nothing: it answers every request with a chat completion, at a steady pace.

    python source.py EVENTS PER_SECOND TEXT_FILE [novel]

With `novel` each answer is another text; otherwise all are the same.

Prints its port. Each event is a write of its own, as a model server's is; streams take turns, so that they do not all
speak at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import cast

sys.path.append(str(Path(__file__).resolve().parents[1]))

from prose import parts

#: Streams speak in so many turns a period.
TURNS = 20
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n"
)


def frames(text: str, count: int) -> list[bytes]:
    """The events of one answer as they stand on the wire, each an HTTP chunk."""
    deltas = [text[at % (len(text) - 4) :][:4] for at in range(0, 4 * count, 4)]
    top = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = [{"role": "assistant", "content": ""}, *({"content": delta} for delta in deltas)]
    choices = [{"index": 0, "delta": each, "logprobs": None, "finish_reason": None} for each in said]
    choices.append({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"})
    bodies = [b"data: " + json.dumps({**top, "choices": [choice]}).encode() + b"\n\n" for choice in choices]
    bodies.append(b"data: [DONE]\n\n")
    return [b"%x\r\n%s\r\n" % (len(body), body) for body in bodies]


class Speaker(asyncio.Protocol):
    """One connection; it speaks when its turn comes."""

    def __init__(self, answers: Iterator[list[bytes]], turns: list[set[Speaker]]) -> None:
        self._answers = answers
        self._answer: list[bytes] = []
        self._turn = min(turns, key=len)
        self._at = -1
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length")), 0)
        in_chunks = b"transfer-encoding: chunked" in lines  # as a proxy sends a body that it may have changed
        if body.endswith(b"0\r\n\r\n") if in_chunks else len(body) >= length:
            self._heard = b""
            self._transport.write(HEAD)
            self._answer, self._at = next(self._answers), 0
            self.speak()  # the first event at once, so that what is in between is all that anybody waits for
            self._turn.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._turn.discard(self)

    def speak(self) -> None:
        """Send the next event."""
        self._transport.write(self._answer[self._at])
        self._at += 1
        if self._at == len(self._answer):
            self._transport.write(b"0\r\n\r\n")
            self._turn.discard(self)


async def main(answers: Iterator[list[bytes]], pace: float) -> None:
    turns: list[set[Speaker]] = [set() for _ in range(TURNS)]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Speaker(answers, turns), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    at, due = 0, loop.time()
    while True:
        due += 1 / pace / TURNS
        await asyncio.sleep(max(0.0, due - loop.time()))
        for speaker in list(turns[at % TURNS]):
            speaker.speak()
        at += 1


if __name__ == "__main__":
    text, count = Path(sys.argv[3]).read_text("utf-8"), int(sys.argv[1])
    novel = (frames(part, count) for part in parts(text, 4 * count + 4))
    answers = novel if "novel" in sys.argv else repeat(frames(text, count))
    asyncio.run(main(answers, float(sys.argv[2])))
