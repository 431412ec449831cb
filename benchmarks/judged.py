"""What a judge that answers at once costs a stream: the same policy with and without it, in one run.

The judge does nothing, so what is measured is the engine's own part: finding checkpoints, keeping text, asking.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from prose import prose

from ordinance.detection import Checkpoint, Judged, Question, Ruling
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.opening import open_session
from ordinance.runtime.situation import situate

DELTA = 4
ANSWER = 1600


class Instant:
    """Clears everything; ``acts`` is whether anything waits for it."""

    name = "instant"
    identity: Mapping[str, object] = {}

    def __init__(self, *, acts: bool) -> None:
        self.acts = acts
        self.calls = 0

    def may_act(self, rule: str) -> bool:
        return self.acts

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        self.calls += 1
        return [Ruling(0.0, self.acts)] * len(questions)


def judged(plan: Plan, judge: Instant) -> Plan:
    """Return ``plan`` with all of its red lines judged."""
    rules = (
        replace(rule, judged=Judged(Question(rule.id, "…"), 0.8, judge)) if rule.effect is Effect.REFUSE else rule
        for rule in plan.rules
    )
    return replace(plan, rules=tuple(rules), judge=judge)


def measure(plan: Plan, answers: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of processor time for a delta, and the deltas until something leaves, on average."""
    situation = situate(plan, jurisdiction="DE", turn=2)
    gc.collect()
    begun, deltas, waited = time.process_time(), 0, 0
    for answer in answers:
        stream = open_session(plan, situation).stream()
        left = False
        for at in range(0, len(answer), DELTA):
            out = stream.feed(answer[at : at + DELTA])
            deltas += 1
            left = left or bool(out)
            waited += not left
        stream.close()
    return (time.process_time() - begun) / deltas, waited / len(answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    text = prose(ANSWER * given.answers)
    answers = [text[at : at + ANSWER] for at in range(0, ANSWER * given.answers, ANSWER)]
    plain = load().plan
    judges = {"that acts": Instant(acts=True), "that records": Instant(acts=False)}
    plans = {"without a judge": plain} | {f"with one {name}": judged(plain, judge) for name, judge in judges.items()}
    best: dict[str, tuple[float, float]] = {}
    for _ in range(given.rounds + 1):  # the first makes what is kept
        for name, plan in plans.items():
            found = measure(plan, answers)
            best[name] = min(best.get(name, found), found)
    base = best["without a judge"][0]
    for name, (seconds, waited) in best.items():
        print(
            f"{name}: {seconds * 1e6:.2f} µs a delta, {seconds / base:.2f} times; first text after {waited:.1f} deltas"
        )
    asked = judges["that acts"].calls / (given.answers * (given.rounds + 1))
    print(f"{asked:.1f} calls for an answer of {ANSWER} characters, {asked / (ANSWER / 1600):.1f} for 400 tokens")


if __name__ == "__main__":
    main()
