"""`ordinance serve` from outside: an answer that is held, whether it is ready, whether it still listens."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

import httpx2

from support import waiting
from support.commands import PATIENCE as LONG
from support.commands import Served
from support.processes import running
from support.serving import DONE, PATIENCE, ScriptedUpstream, Wire, chunk, event, say

STREAM = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
WHOLE = {**STREAM, "stream": False}

#: Waits for what a server's process does.
until = partial(waiting.until, seconds=LONG)


class Held:
    """An answer that has begun, and ends when it is let go."""

    def __init__(self, upstream: ScriptedUpstream, served: Served) -> None:
        self._begun, self.go_on = threading.Event(), threading.Event()
        self.text = ""
        upstream.script = self._script
        self._address = served.address
        self._asking = threading.Thread(target=self._ask)
        self._asking.start()
        assert self._begun.wait(LONG)

    async def _script(self, wire: Wire) -> None:
        if wire.asked.path == "/v1/models" or not wire.asked.json.get("stream"):
            await say("Hello.")(wire)
            return
        await wire.head()
        await wire.send(event(chunk(content="Begun. ")))
        self._begun.set()
        await asyncio.to_thread(self.go_on.wait, LONG * 2)
        await wire.send(event(chunk(content="Done.", finish="stop")), DONE)

    def _ask(self) -> None:
        self.text = httpx2.post(
            f"{self._address}/v1/chat/completions", json=STREAM, timeout=LONG * 2, trust_env=False
        ).text

    def end(self) -> str:
        self.go_on.set()
        self._asking.join(LONG)
        return self.text


def gone(pids: Iterable[int]) -> bool:
    until(lambda: not any(running(pid) for pid in pids))
    return True


def refused(served: Served) -> bool:
    """Whether a connection is refused; one that is taken must not be left hanging, so it may not come to that."""
    try:
        socket.create_connection(("127.0.0.1", served.port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def ready(served: Served) -> tuple[int, dict[str, Any]]:
    answer = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=PATIENCE)
    return answer.status_code, answer.json()
