"""Hostile plugins against the pool: no answer of another question, each question ends, nothing is left, and the next
question is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ordinance.plugins.pool import Pool
from support.hostile import BOUND, BUDGET, DEEDS, HARMLESS, SOURCE, ask
from support.plugin_folders import WORD, allowed, until, write_plugin
from support.processes import children, session
from support.unconfined import SECCOMP, without

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=["confined", "without seccomp"])
def pool(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "confined":
            without({SECCOMP}, folder, patch)
        pool = Pool(allowed(write_plugin(folder / "plugin", SOURCE)), [WORD], BUDGET)
        yield pool
        leaders = children(os.getpid())
        pool.close()
        until(lambda: not any(session(leader) for leader in leaders), "it ends with all that it has started")


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(deeds=some.lists(some.sampled_from(sorted(DEEDS)), min_size=1, max_size=8), threads=some.integers(1, 4))
def test_whatever_it_does_no_question_gets_another_answer_and_each_ends(
    pool: Pool, deeds: list[str], threads: int
) -> None:
    seen = set(children(os.getpid()))
    with ThreadPoolExecutor(threads) as asking:
        causes = list(asking.map(lambda pair: ask(pool, pair[1], pair[0]), enumerate(deeds)))
    assert set(causes) <= {"", "late", "died", "raised", "nonsense", "twice", "silent", "memory"}
    if threads == 1 and set(deeds) <= HARMLESS:
        assert set(causes) == {""}
    # What an earlier question has left behind may still end the process of a later one.
    until(lambda: ask(pool, "FINE", len(deeds)) == "", "the next question is answered", seconds=BOUND)
    running = set(children(os.getpid()))
    assert len(running) <= BUDGET.processes
    until(lambda: not any(session(leader) for leader in seen - set(children(os.getpid()))), "no orphan")
