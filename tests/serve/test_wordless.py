"""A server's own log, while Ordinance is in it: where and how grave, and no word of a request."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ordinance.serve.wordless import Wordless, answering

pytestmark = pytest.mark.requirement("PR-1")
CANARY = "canary of the client"
VLLM = logging.getLogger("vllm.entrypoints.openai.serving")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a server's handlers write, in the format of vLLM's."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s [%(filename)s:%(lineno)d] %(message)s"))
    names = ("vllm", "uvicorn", "asyncio", "some.library")
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)  # servers of other tests may have left theirs
    wordless = Wordless()
    wordless.install()
    below = ("uvicorn.error", "uvicorn.access")  # servers of other tests may have made these quiet
    kept = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in (*names, *below)}
    for name in (*names, *below):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = name in below
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield written
    for name, (level, propagate) in kept.items():
        logging.getLogger(name).removeHandler(handler)
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = propagate
    wordless.remove()
    assert not isinstance(logging.getLogRecordFactory(), Wordless)
    logging.setLogRecordFactory(before)


def raised() -> None:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(f"cannot read {CANARY}") from error
    except ValueError:
        VLLM.exception("Error in chat completion stream generator.")


SAYINGS: dict[str, Callable[[], None]] = {
    "an argument": lambda: VLLM.error("Error with model %s", CANARY),
    "an f-string": lambda: VLLM.error(f"Error with model {CANARY}"),
    "debug": lambda: VLLM.debug("Received messages request %s", CANARY),
    "a traceback": raised,
    "another library": lambda: logging.getLogger("some.library").warning("cannot read %s", CANARY),
}


def in_a_request(work: Callable[[], None]) -> None:
    def do() -> None:
        answering()
        work()

    contextvars.copy_context().run(do)


@pytest.mark.parametrize("name", list(SAYINGS))
def test_a_line_about_a_request_keeps_its_place_and_loses_its_words(log: io.StringIO, name: str) -> None:
    in_a_request(SAYINGS[name])
    said = log.getvalue()
    assert CANARY not in said
    assert "[test_wordless.py:" in said
    if name == "a traceback":
        assert "ValueError\n" in said
        assert "KeyError\n" in said
        assert "in raised" in said


def test_what_a_thread_logs_for_a_request_has_no_words_either(log: io.StringIO) -> None:
    thread = threading.Thread(target=SAYINGS["an argument"])
    thread.start()
    thread.join()
    assert CANARY not in log.getvalue()
    assert log.getvalue()


def test_what_a_task_left_behind_has_no_words(log: io.StringIO) -> None:
    async def fail() -> None:
        raise ValueError(CANARY)

    async def leave() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(leave())
    assert CANARY not in log.getvalue()
    assert "ValueError" in log.getvalue()


def test_what_the_server_says_of_itself_stays(log: io.StringIO) -> None:
    VLLM.info("Avg prompt throughput: %.1f tokens/s", 12.5)
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    assert "Avg prompt throughput: 12.5 tokens/s" in log.getvalue()
    assert "Application startup complete." in log.getvalue()


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("/v1/models", "/v1/models"), (f"/v1/chat/completions?x={CANARY}", "/v1/chat/completions"),
        (f"/{CANARY}", "/…"), (f"/v1/models/{CANARY}", "/…"),
    ],
)  # fmt: skip
def test_the_access_log_has_the_paths_of_routes_alone(log: io.StringIO, asked: str, shown: str) -> None:
    given: tuple[Any, ...] = ("127.0.0.1:5", "GET", asked, "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *given)
    assert log.getvalue().endswith(f'127.0.0.1:5 - "GET {shown} HTTP/1.1" 200\n')
