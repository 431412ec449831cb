"""What remembering conversations costs: processor time of a gateway with a SQLite file beside one with ``store: none``,
in one run, in turns. Each conversation has six turns on a stream of forty events; the client sends everything back.

    .venv/test/bin/python benchmarks/conversation.py [--conversations N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).resolve().parents[1]
TURNS, EVENTS = 6, 40
_TICKS = os.sysconf("SC_CLK_TCK")


async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request with a stream that says how many messages it had."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = json.loads(await reader.readexactly(int(length[1]))) if length else {}
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for number in range(EVENTS + 1):
                delta = {"content": f"word {number} of {len(body.get('messages', ()))} "} if number < EVENTS else {}
                choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
                chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                piece = b"data: " + json.dumps(chunk).encode() + b"\n\n" + (b"" if delta else b"data: [DONE]\n\n")
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
            writer.write(b"0\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        writer.close()


class Gateway:
    """A gateway as a process of its own."""

    def __init__(self, url: str, store: str, folder: Path) -> None:
        settings = folder / "ordinance.yaml"
        settings.write_text(f"audit: /dev/null\njurisdiction: DE\nconversation: {{store: '{store}'}}\n")
        words = ["-m", "ordinance.cli.main", "serve", "--upstream", url, "--config", str(settings), "--port", "0"]
        self.process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)  # noqa: S603
        said = next(line for line in self.process.stdout or () if "listening on" in line)
        self.address = re.findall(r"http://[^\s,]+", said)[0]

    def spent(self) -> float:
        """Processor time so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


async def converse(http: httpx2.AsyncClient, address: str, name: str) -> None:
    messages: list[dict[str, Any]] = []
    for turn in range(TURNS):
        messages.append({"role": "user", "content": f"Question {turn} of conversation {name}?"})
        asked = {"model": "m", "stream": True, "messages": messages}
        answer = await http.post(f"{address}/v1/chat/completions", json=asked)
        said = re.findall(r'"content":"((?:[^"\\]|\\.)*)"', answer.text)
        messages.append({"role": "assistant", "content": json.loads('"' + "".join(said) + '"')})


async def main(conversations: int, rounds: int) -> None:
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with tempfile.TemporaryDirectory() as folder:
        gateways = []
        for name in ("none", "sqlite"):
            (Path(folder) / name).mkdir()
            store = "none" if name == "none" else f"sqlite:{folder}/sqlite/conversations.sqlite"
            gateways.append(await asyncio.to_thread(Gateway, url, store, Path(folder) / name))
        ratios = []
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            for round_ in range(rounds + 1):  # the first warms up
                before = [gateway.spent() for gateway in gateways]
                for number in range(conversations):
                    for gateway in gateways if number % 2 else gateways[::-1]:
                        await converse(http, gateway.address, f"{round_}.{number}")
                plain, kept = (gateway.spent() - was for gateway, was in zip(gateways, before, strict=True))
                if round_:
                    ratios.append(kept / plain)
                    turn = 1e3 / (conversations * TURNS)
                    print(f"a turn: {plain * turn:.2f} ms without, {kept * turn:.2f} with", flush=True)
        print(f"median of {rounds} rounds: {statistics.median(ratios):.3f} ×")
        for gateway in gateways:
            gateway.process.terminate()
            gateway.process.wait()
        server.close()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    asyncio.run(main(given.conversations, given.rounds))
