"""How `ordinance serve` leaves: the drain, the closed port, the answers that end, with one process and with several."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from support.commands import GERMANY, Served
from support.commands import PATIENCE as LONG
from support.outside import WHOLE, Held, gone, ready, refused, until
from support.processes import children
from support.serving import ScriptedUpstream

pytestmark = pytest.mark.server

Serve = Callable[..., Served]


@pytest.fixture
def serve(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[Serve]:
    started: list[Served] = []

    def start(settings: str, workers: str) -> Served:
        file = tmp_path / "ordinance.yaml"
        file.write_text(f"audit: audit.jsonl\n{settings}")
        started.append(Served("--upstream", upstream.url, *GERMANY, "--config", file, "--workers", workers))
        return started[-1]

    yield start
    for served in started:
        workers = children(served.process.pid)
        served.stop()
        assert gone(workers)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_drain_says_so_takes_requests_and_then_closes_the_port_at_once(
    serve: Serve, upstream: ScriptedUpstream, workers: str
) -> None:
    served = serve("drain_seconds: 600\n", workers)
    held = Held(upstream, served)
    assert ready(served)[0] == 200
    served.signal(signal.SIGTERM)
    until(lambda: all(ready(served)[0] == 503 for _ in range(8)))
    state = ready(served)[1]
    assert (state["ready"], state["draining"], state["upstream"]) == (False, True, "reachable")
    answer = httpx2.post(f"{served.address}/v1/chat/completions", json=WHOLE, timeout=LONG, trust_env=False)
    assert "Hello." in answer.json()["choices"][0]["message"]["content"]
    served.signal(signal.SIGTERM)  # the drain is over
    until(lambda: refused(served))
    assert all(refused(served) for _ in range(10))
    assert served.process.poll() is None, "an answer runs"
    text = held.end()
    assert "Done." in text
    assert text.endswith("data: [DONE]\n\n")
    assert served.process.wait(LONG) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_without_a_drain_the_port_is_closed_while_answers_end(
    serve: Serve, upstream: ScriptedUpstream, workers: str
) -> None:
    served = serve("", workers)
    held = Held(upstream, served)
    served.signal(signal.SIGTERM)
    until(lambda: refused(served))
    assert all(refused(served) for _ in range(10))
    assert "Done." in held.end()
    assert served.process.wait(LONG) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_drain_ends_by_itself_and_the_process_too(serve: Serve, workers: str) -> None:
    served = serve("drain_seconds: 1\n", workers)
    served.signal(signal.SIGTERM)
    assert served.process.wait(LONG) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupt_waits_for_no_drain(serve: Serve, workers: str) -> None:
    served = serve("drain_seconds: 600\n", workers)
    served.signal(signal.SIGINT)
    assert served.process.wait(LONG) == 130
