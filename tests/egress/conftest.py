"""What runs here is in a network namespace of its own, which has loopback and nothing else (``apart.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.collecting import SpanCollector
from support.commands import Served
from support.scripted_judge import JudgeServer
from support.tracing import Tracer

RESOLVER = "127.0.0.53"
Watched = Callable[..., tuple[Served, Tracer]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("server")


@pytest.fixture(scope="session", autouse=True)
def apart() -> None:
    """Fail at once where something else could be reached."""
    routes = Path("/proc/net/route").read_text("utf-8").splitlines()[1:]
    names = Path("/proc/net/dev").read_text("utf-8").splitlines()[2:]
    assert not routes, "this namespace has a route: run make test-egress"
    assert [each.partition(":")[0].strip() for each in names] == ["lo"], "there is a second interface: make test-egress"


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    running = JudgeServer(seconds=5.0)
    yield running
    running.stop()


@pytest.fixture
def collector() -> Iterator[SpanCollector]:
    running = SpanCollector()
    yield running
    running.stop()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Starts `ordinance serve` with these words under a tracer."""

    def start(*words: str | Path, **more: str) -> tuple[Served, Tracer]:
        tracer = Tracer(tmp_path / "trace")

        class Traced(Served):
            starter = tracer.words

        return Traced(*words, **more), tracer

    return start


def place(url: str) -> tuple[str, int]:
    """The address and the port of ``url``."""
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)
