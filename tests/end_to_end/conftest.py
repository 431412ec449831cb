"""Fixtures that tests of several inference servers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.serving import LoopThread, OpenGateway, ScriptedUpstream
from support.several import Open, Site, serving


@pytest.fixture(scope="module")
def three(loop_thread: LoopThread) -> Iterator[tuple[ScriptedUpstream, ...]]:
    made = tuple(ScriptedUpstream(loop_thread) for _ in range(3))
    yield made
    for each in made:
        each.stop()


@pytest.fixture
def servers(three: tuple[ScriptedUpstream, ...]) -> tuple[ScriptedUpstream, ...]:
    """Two servers of `large`, and one of `small`."""
    for each, model in zip(three, ("large", "large", "small"), strict=True):
        each.reset()
        each.script = serving(model, text=f"I am {model}.")
    return three


@pytest.fixture
def site(open_gateway: OpenGateway, tmp_path: Path) -> Open:
    return lambda upstreams, **settings: Site(open_gateway, tmp_path / "audit.jsonl", upstreams, **settings)
