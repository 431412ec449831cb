"""What a turn of a chat costs with a history that was seen before, beside the same turn without it.

    .venv/test/bin/python benchmarks/prompt.py [--completions] [--tokens N] [--rounds N] [--jurisdiction EE]

The real gateway as an ASGI application, in this process, asks a scripted model server in another over HTTP. The same
conversation comes again and again, each time with a new message at its end, beside requests with a new message alone
and beside conversations that were never met. The kinds of request take turns. Printed are milliseconds of this
process's own time, threads included, and ratios to the turn without a history. With ``--completions`` a conversation is
one text, the prompt of a completion, which is longer at each turn.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message

from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.door.policies import policies_of
from ordinance.serve.door.service import make_service
from ordinance.serve.gateway import Gateway
from ordinance.settings.model import Settings
from ordinance.settings.sections import UpstreamSettings

_HERE = Path(__file__).parent
#: Characters of a token, of English prose as tokenizers cut it.
_A_TOKEN = 4.4
#: A message of a conversation, and the new one, in tokens.
_MESSAGE, _NEW = 200, 20
_EVENTS = 20


def words_of(text: Path | None) -> list[str]:
    """The words of a text, or of the manual, without those that a red line's example has."""
    files = [text] if text else sorted((_HERE.parent / "docs").glob("*.md"))
    found = " ".join(file.read_text("utf-8") for file in files).split()
    return [word for word in found if "canary" not in word and "⟦" not in word]


class Chat:
    """Conversations, which are lists of messages."""

    def __init__(self, words: list[str], tokens: int) -> None:
        self._words = words
        self._chance = random.Random(7)  # noqa: S311 - the same messages every time
        self._count = max(1, tokens // _MESSAGE)
        self.seen = self.history()

    def history(self) -> list[dict[str, str]]:
        """A conversation that was never met."""
        roles = itertools.cycle(("user", "assistant"))
        said = (self._write(_MESSAGE) for _ in range(self._count - self._count % 2))
        return [{"role": role, "content": text} for role, text in zip(roles, said, strict=False)]

    def new(self) -> list[dict[str, str]]:
        """The last message of a turn, never met."""
        return [{"role": "user", "content": self._write(_NEW)}]

    def _write(self, tokens: int) -> str:
        """A message that was never met: the words of the text in a random order."""
        said: list[str] = []
        left = tokens * _A_TOKEN
        while left > 0:
            said.append(self._chance.choice(self._words))
            left -= len(said[-1]) + 1
        return " ".join(said)


async def ask(app: ASGIApp, conversation: list[dict[str, str]], completions: bool) -> tuple[float, bytes]:
    """Seconds of processor for one request, and the answer."""
    prompt = "\n".join(f"{message['role']}: {message['content']}" for message in conversation)
    said = {"prompt": prompt} if completions else {"messages": conversation}
    path = "/v1/completions" if completions else "/v1/chat/completions"
    body = json.dumps({"model": "m", "stream": True, **said}).encode()
    out: list[bytes] = []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.sleep(60)
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        out.append(message.get("body", b""))

    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "state": {},
    }  # fmt: skip
    begun = time.process_time()
    await app(scope, receive, send)
    return time.process_time() - begun, b"".join(out)


async def measure(app: ASGIApp, chat: Chat, completions: bool, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of processor for each kind of request. Raises ``SystemExit`` where an answer was governed."""
    begun = [{"role": "user", "content": "Good morning."}, {"role": "assistant", "content": "Good morning."}]
    kinds: dict[str, Callable[[], list[dict[str, str]]]] = {
        "no history": lambda: [*begun, *chat.new()],  # but for a greeting: what a first answer tells is no matter here
        "history seen before": lambda: [*chat.seen, *chat.new()],
        "history seen for the first time": lambda: [*chat.history(), *chat.new()],
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(rounds + 2):
        for name, make in kinds.items():
            spent, answer = await ask(app, make(), completions)
            if (
                b'"verdict":"disclose"' if completions else b'"verdict":"pass"'
            ) not in answer:  # each is a first answer
                raise SystemExit("an answer did not pass: the text has what a rule of this jurisdiction looks for")
            if number >= 2:  # the first meet what nobody has met
                times[name].append(spent * 1e3)
    return times


async def govern(chat: Chat, upstream: str, given: argparse.Namespace) -> dict[str, list[float]]:
    """What ``measure`` finds for a gateway before ``upstream``."""
    values: dict[str, Any] = {
        "jurisdiction": given.jurisdiction,
        "audit": "/dev/null",
        "upstream": {"url": upstream},
        "conversation": {"store": "none"},  # else the made-up histories are conversations that nobody remembers
    }
    settings = Settings.model_validate(values)
    async with Upstream(UpstreamSettings.model_validate(values["upstream"])) as behind:
        gateway = Gateway(make_service(policies_of(settings), settings, behind), behind)
        return await measure(gateway, chat, given.completions, given.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tokens", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--jurisdiction", default="EE", help="in DE a rule holds whole sentences")
    parser.add_argument("--text", type=Path, help="whose words the messages have; else the manual's")
    parser.add_argument("--completions", action="store_true", help="a conversation is one text that grows")
    given = parser.parse_args()
    chat = Chat(words_of(given.text), given.tokens)
    server = [sys.executable, str(_HERE / "gateway" / "source.py"), str(_EVENTS), "4000", str(_HERE / "README.md")]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as source:  # noqa: S603 - our own server
        try:
            port = int(source.stdout.readline()) if source.stdout else 0
            times = asyncio.run(govern(chat, f"http://127.0.0.1:{port}", given))
        finally:
            source.terminate()
    size = sum(len(message["content"]) for message in chat.seen)
    print(f"{len(chat.seen)} messages, {size:,} characters, {given.rounds} rounds, {given.jurisdiction}; milliseconds")
    print(f"{'':34}{'median':>8}{'least':>8}{'of no history':>15}{'least':>8}")
    alone = times["no history"]
    for name, found in times.items():
        ratios = statistics.median(found) / statistics.median(alone), min(found) / min(alone)
        print(f"{name:34}{statistics.median(found):8.2f}{min(found):8.2f}{ratios[0]:14.2f}x{ratios[1]:7.2f}x")


if __name__ == "__main__":
    main()
