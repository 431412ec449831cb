"""Clients of a soak: each sends one request after the other, and writes down what came of it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from soak.said import CANARY, FIRST, kind, whole

#: An answer that has not ended after so many seconds is told by nobody. The gateway bounds each wait by much less; of a
#: large question on a busy machine there are many.
LONGEST = 240.0

#: How an answer came, if not by the code of a problem. ``gone``: the client left. ``broken``: the connection ended in
#: the middle. ``refused``: there was none. ``silent``: it did not end in time. ``unended``: a stream ended without its
#: last event, and without an error.
WHOLE, GONE, BROKEN, REFUSED, SILENT, UNENDED = "whole", "gone", "broken", "refused", "silent", "unended"


@dataclass(frozen=True, slots=True)
class Came:
    """What came of the request ``number``; times are seconds since the soak began. ``canary`` is a canary that was
    read, ``to_the_end`` whether the model's last sentence was, ``told`` whether a notice was."""

    number: int
    began: float
    ended: float
    how: str
    status: int = 0
    request: str = ""
    verdict: str = ""
    told: bool = False
    to_the_end: bool = False
    canary: str = ""


@dataclass
class Clients:
    """``count`` clients of the gateway at ``address``; ``began`` is the monotonic time at which the soak did."""

    address: str
    count: int
    began: float
    came: list[Came] = field(default_factory=list)
    open: int = 0
    stopping: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(FIRST)

    async def run(self) -> None:
        """Send requests until ``stopping``."""
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=self.count)
        async with (
            httpx2.AsyncClient(base_url=self.address, trust_env=False, timeout=LONGEST, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(self.count):
                group.create_task(self._one(http))

    async def _one(self, http: httpx2.AsyncClient) -> None:
        while not self.stopping:
            came = await self.ask(http, next(self._numbers))
            self.came.append(came)
            if came.how == REFUSED or came.status >= 500:
                await asyncio.sleep(2.0)  # as a client that waits before it tries again

    async def ask(self, http: httpx2.AsyncClient, number: int, said: str = "Tell me.") -> Came:
        """Send the request ``number``."""
        body = {
            "model": "m",
            "messages": [{"role": "user", "content": said}],
            "seed": number,
            "stream": number % 4 != 0,
        }
        began, read, status, request, how = self._now(), bytearray(), 0, "", ""
        self.open += 1
        try:
            async with asyncio.timeout(LONGEST), http.stream("POST", "/v1/chat/completions", json=body) as answer:
                status, request = answer.status_code, answer.headers.get("request-id", "")
                async for piece in answer.aiter_raw():
                    read += piece
                    if kind(number) == "leaves":
                        how = GONE
                        break
        except TimeoutError:
            how = SILENT
        except httpx2.ConnectError:
            how = REFUSED
        except httpx2.TransportError:
            how = BROKEN
        finally:
            self.open -= 1
        return came_of(number, began, self._now(), how, status, request, bytes(read))

    def _now(self) -> float:
        return time.monotonic() - self.began


def came_of(number: int, began: float, ended: float, how: str, status: int, request: str, read: bytes) -> Came:
    """Return what came of a request, from the bytes that were ``read``; ``how`` is known already, or empty."""
    values = _values(read)
    text = "".join(_texts(values))
    problem = next((each["error"].get("code") or "error" for each in values if "error" in each), "")
    if not how:
        complete = b"data: [DONE]" in read if number % 4 else bool(values)
        how = problem or (WHOLE if status == 200 and complete else UNENDED)
    ours: dict[str, Any] = next((each["ordinance"] for each in reversed(values) if "ordinance" in each), {})
    found = CANARY.search(text) or CANARY.search(read.decode("utf-8", "replace"))
    return Came(
        number, began, ended, how, status, request, ours.get("verdict", ""), bool(ours.get("notices")), whole(text),
        found[0] if found else "",
    )  # fmt: skip


def _values(read: bytes) -> list[dict[str, Any]]:
    """The JSON objects in an answer; of one that is cut short, those that are complete."""
    found = []
    for line in [read] if read.startswith(b"{") else read.splitlines():
        data = line.removeprefix(b"data: ")
        if data.startswith(b"{"):
            try:
                found.append(json.loads(data))
            except ValueError:
                break
    return found


def _texts(values: list[dict[str, Any]]) -> list[str]:
    choices = [choice for each in values for choice in each.get("choices") or ()]
    return [str((each.get("delta") or each.get("message") or {}).get("content") or "") for each in choices]
