"""No byte leaves that no judge has seen, whatever goes wrong with the judge: random answers, cuts and faults.

`make judge-faults` runs 100,000 of them.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator

import pytest

from ordinance.judging.asking import Call, Calls
from ordinance.judging.canary_watch import Canaries
from ordinance.judging.joined import Judges
from ordinance.judging.served import ServedJudge, Standing
from ordinance.plugins.hosted import FaultError
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate
from support.judging import judged
from support.small_plan import small_plan

RUNS = int(os.environ.get("JUDGE_FAULTS", "400"))
RULE = "small/red"
#: What a plugin's process can end with; `slow` does not end in time.
CAUSES = (
    "late", "silent", "unreachable", "died", "start", "sealed", "memory", "threads", "unreadable", "raised", "nonsense",
    "twice", "wrong_model", "slow", "bug",
)  # fmt: skip
SECONDS = 0.25


class Faulty:
    """Judges in this process, with all of the engine's own code before them. ``ask`` fails at the calls whose numbers
    stand in ``failing``; ``seen`` are the texts that it has answered for."""

    def __init__(self, replicas: int) -> None:
        self.failing: dict[int, str] = {}
        self.seen: list[str] = []
        self._number = 0
        self._lock = threading.Lock()
        calls = Calls(self._ask, replicas, 4, SECONDS)
        standing = Standing(None, "", True, frozenset({RULE}), lambda _: "")
        canaries = Canaries("faulty", [], calls, SECONDS, lambda _: None)
        self.judges = Judges([ServedJudge("faulty", {"name": "faulty"}, standing, calls, canaries, SECONDS, 1000)])

    def begin(self, failing: dict[int, str]) -> None:
        with self._lock:
            self.failing, self.seen, self._number = failing, [], 0

    def _ask(self, call: Call, replica: int) -> float:
        with self._lock:
            number, self._number = self._number, self._number + 1
            cause = self.failing.get(number, "")
        if cause == "slow":
            time.sleep(2 * SECONDS)
        elif cause == "bug":
            raise ZeroDivisionError(call.text)
        elif cause:
            raise FaultError(cause)
        with self._lock:
            self.seen.append(call.text)
        return 0.9 if "bad" in call.text else 0.1


def answer(draw: random.Random) -> str:
    """An answer of sentences, some of which are long or do not end, and at times one that is to be found."""
    words = ["all", "is", "well", "and", "nothing", "here", "matters", "to", "anybody"]
    sentences = []
    for _ in range(draw.randint(1, 12)):
        length = draw.choice((3, 8, 20, 60, 220))
        sentence = " ".join(draw.choice(words) for _ in range(draw.randint(1, length)))
        sentences.append(sentence.capitalize() + draw.choice((".", "!", "?", ".", ".\n\n", "")))
    if draw.random() < 0.3:
        sentences.insert(draw.randint(0, len(sentences)), "Then the bad thing follows.")
    return " ".join(sentences)


def pieces(text: str, draw: random.Random) -> Iterator[str]:
    at = 0
    most = draw.choice((1, 5, 40, 400, 4000)) if len(text) < 400 else draw.choice((5, 40, 400, 4000))
    while at < len(text):
        size = draw.randint(1, most)
        yield text[at : at + size]
        at += size


@pytest.mark.requirement("RL-1")
@pytest.mark.slow
def test_no_fault_opens() -> None:
    draw = random.Random(f"never open {RUNS}")
    judges = [Faulty(1), Faulty(2)]
    plans = [judged(small_plan(), each.judges, RULE) for each in judges]
    refused = failed = 0
    for run in range(RUNS):
        judge, plan = judges[run % 2], plans[run % 2]
        text = answer(draw)
        failing = {draw.randint(0, 8): _cause(draw) for _ in range(draw.randint(0, 3))}
        judge.begin(failing)
        session = open_session(plan, situate(plan, jurisdiction="DE", turn=2))
        stream = session.stream()
        released = ""
        for piece in pieces(text, draw):
            released += stream.content.feed(piece)
            _nothing_unseen(text, released, judge, failing)
        released += stream.content.close()
        _nothing_unseen(text, released, judge, failing)
        stream.close()
        outcome = session.outcome()
        if outcome.verdict is Verdict.REFUSE:
            refused += 1
            failed += bool(outcome.failed)
            assert outcome.rules == ((RULE,) if "bad" in text and not outcome.failed else ()), failing
            assert bool(session.record().get("judge_faults")) is bool(outcome.failed), failing
        else:
            assert released == text, "an answer without a fault that counts is whole"
            assert "bad" not in text
    assert failed > RUNS // 20, "faults were met"
    assert refused > failed, "and what the judge finds"


def _cause(draw: random.Random) -> str:
    """One of the causes; the slow one seldom, for the run waits for it."""
    return "slow" if draw.random() < 0.01 else draw.choice([each for each in CAUSES if each != "slow"])


def _nothing_unseen(text: str, released: str, judge: Faulty, failing: dict[int, str]) -> None:
    assert text.startswith(released), failing
    end = len(released)
    if end:
        # A window of a long text may begin later: then its end says how far the judge has read.
        assert any(text.find(seen) + len(seen) >= end for seen in judge.seen if "bad" not in seen), failing
    assert "bad" not in released
