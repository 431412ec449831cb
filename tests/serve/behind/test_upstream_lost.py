"""An upstream that is not there: the log says so, whichever way the network does."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import httpx2
import pytest

from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire

pytestmark = pytest.mark.server

LOST = "the model server cannot be reached; requests fail until it answers"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of one that takes no connection and refuses none, as behind a firewall that drops packets: the line
    of those who wait for it is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def ask(address: str) -> int:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
    return httpx2.post(f"{address}/v1/chat/completions", json=body, trust_env=False, timeout=PATIENCE).status_code


def test_the_log_says_once_that_connecting_takes_too_long(
    open_gateway: OpenGateway, silent: str, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = open_gateway(url=silent, upstream={"url": silent, "connect_seconds": 0.1})
    assert {ask(gateway.address) for _ in range(2)} == {504}
    assert capfd.readouterr().err.count(LOST) == 1


def test_who_asks_only_whether_it_is_ready_finds_it_in_the_log_too(
    open_gateway: OpenGateway, silent: str, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = open_gateway(url=silent)
    found = httpx2.get(f"{gateway.address}/ready", trust_env=False, timeout=PATIENCE)
    assert (found.status_code, found.json()["upstream"]) == (503, "unreachable")
    assert capfd.readouterr().err.count(LOST) == 1


def test_an_answer_that_is_slow_is_not_lost(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str]
) -> None:
    async def late(wire: Wire) -> None:
        await wire.until_gone()

    upstream.script = late
    gateway = open_gateway(upstream={"url": upstream.url, "idle_seconds": 0.1})
    assert ask(gateway.address) == 504
    assert LOST not in capfd.readouterr().err
