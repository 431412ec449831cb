"""Fixtures that several tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ordinance.policy.plan import Plan
from serving import LoopThread, RunningGateway, ScriptedUpstream
from small_plan import small_plan


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def upstream(loop_thread: LoopThread) -> Iterator[ScriptedUpstream]:
    """An upstream that says what the test sets as its ``script``."""
    server = ScriptedUpstream(loop_thread)
    yield server
    server.stop()


OpenGateway = Callable[..., RunningGateway]


@pytest.fixture
def open_gateway(loop_thread: LoopThread, upstream: ScriptedUpstream) -> Iterator[OpenGateway]:
    """Starts gateways before ``upstream``, as an operator in DE; settings by keyword, and ``plan`` for another plan."""
    running: list[RunningGateway] = []

    def start(plan: Plan | None = None, url: str = "", **settings: Any) -> RunningGateway:
        running.append(RunningGateway(loop_thread, plan or small_plan(), url or upstream.url, settings))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def gateway(open_gateway: OpenGateway) -> RunningGateway:
    return open_gateway()
