"""The actor, a gateway with the packs that ship before it, and what became of each suite at both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from support.actor.stage import KEY, Actor
from support.clients import SUITES, Outcomes, run_suite
from support.commands import Served
from support.serving import LoopThread, ScriptedUpstream

#: These run in another environment (tests/support/clients.py).
collect_ignore = ["python", "node"]

#: How many run at once.
TOGETHER = 4


@pytest.fixture(scope="session")
def actor(loop_thread: LoopThread) -> Iterator[str]:
    server = ScriptedUpstream(loop_thread)
    server.script = Actor()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def governed(actor: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("clients")
    settings = folder / "ordinance.yaml"
    settings.write_text(
        f"audit: {folder}/audit.jsonl\njurisdiction: DE\nparts: [image, file]\n"
        f"upstream: {{url: '{actor}', key: {KEY}}}\n"
        f"keys: [{{name: clients, sha256: {hashlib.sha256(KEY.encode()).hexdigest()}}}]\n"
    )
    running = Served("--config", settings, ORDINANCE_CONVERSATION__STORE=f"sqlite:{folder}/conversations")
    yield running.address
    running.stop()


@pytest.fixture(scope="session")
def runs(actor: str, governed: str) -> Iterator[dict[str, tuple[Future[Outcomes], Future[Outcomes]]]]:
    """Each suite, begun against the actor and through the gateway."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        yield {
            name: (
                pool.submit(run_suite, file, actor.removesuffix("/v1"), governed=False),
                pool.submit(run_suite, file, governed, governed=True),
            )
            for name, file in SUITES.items()
        }


@pytest.fixture(params=SUITES)
def both(
    runs: dict[str, tuple[Future[Outcomes], Future[Outcomes]]], request: pytest.FixtureRequest
) -> tuple[Outcomes, Outcomes]:
    """The outcomes of a suite without the gateway, and with it."""
    ungoverned, with_it = runs[request.param]
    return ungoverned.result(), with_it.result()
