from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from ordinance.protocol.problems import Problem
from ordinance.serve.http import exchange
from ordinance.serve.http.exchange import ClientGone, Exchange

SCOPE = {"type": "http", "headers": [(b"content-type", b"application/json"), (b"content-length", b"3")]}


async def silent() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def stuck(_: Message) -> None:
    await asyncio.Event().wait()


async def heard(_: Message) -> None:
    pass


async def gone() -> Message:
    return {"type": "http.disconnect"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PATIENCE_SECONDS", 0.05)


def test_a_client_that_takes_nothing_is_given_up() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(Exchange(SCOPE, silent, stuck).write(b"x"))


def test_a_client_that_sends_nothing_is_told() -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(Exchange(SCOPE, silent, heard).body(10))
    assert caught.value.status == 408


def test_a_client_that_goes_while_it_sends() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(Exchange(SCOPE, gone, heard).body(10))


def test_a_body_that_is_announced_too_large_is_not_read() -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(Exchange(SCOPE, silent, heard).body(2))
    assert caught.value.status == 413


def test_a_body_in_pieces() -> None:
    messages = iter([b"a", b"", b"bc"])

    async def receive() -> Message:
        body = next(messages)
        return {"type": "http.request", "body": body, "more_body": body != b"bc"}

    assert asyncio.run(Exchange(SCOPE, receive, heard).body(3)) == b"abc"


def test_work_is_cancelled_when_the_client_goes_and_only_then() -> None:
    async def check() -> tuple[bool, bool]:
        cancelled = asyncio.Event()

        async def endless() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        async def short() -> None:
            await asyncio.sleep(0)

        with pytest.raises(ClientGone):
            await Exchange(SCOPE, gone, heard).unless_gone(endless())
        await Exchange(SCOPE, silent, heard).unless_gone(short())
        return cancelled.is_set(), len(asyncio.all_tasks()) == 1

    assert asyncio.run(check()) == (True, True)


def test_what_the_work_raises_comes_out() -> None:
    async def fails() -> None:
        raise Problem(400, "x", "x")

    with pytest.raises(Problem):
        asyncio.run(Exchange(SCOPE, silent, heard).unless_gone(fails()))
