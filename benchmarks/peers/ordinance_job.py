"""The job, done by Ordinance: the answer comes as a stream of four-character deltas, held exactly."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import job

start = time.perf_counter()
from ordinance.detection import Expressions, Pattern  # noqa: E402 - what it takes is timed
from ordinance.loading.load import load  # noqa: E402 - what it takes is timed
from ordinance.policy.plan import SPAN, Plan  # noqa: E402 - what it takes is timed
from ordinance.policy.vocabulary import Effect  # noqa: E402 - what it takes is timed
from ordinance.runtime.session import Session  # noqa: E402 - what it takes is timed
from ordinance.runtime.situation import situate  # noqa: E402 - what it takes is timed

imported = time.perf_counter() - start


def plan_with(found: Expressions, *, disguised: bool = False) -> Plan:
    """One rule that withholds what ``found`` says, and no other, as the peers have none."""
    plan = load().plan
    rule = next(rule for rule in plan.rules if rule.effect is Effect.WITHHOLD)
    alone = replace(rule, scope=SPAN, disguised=disguised)
    return replace(plan, rules=(alone,), detectors={rule.detectors[0]: found}, protected=(), contacts=())


def said(plan: Plan, deltas: list[str], *, whole: bool = False) -> str:
    """What leaves of an answer that arrives in ``deltas``."""
    stream = Session(plan, situate(plan, jurisdiction="DE"), "en", whole=whole).stream()
    return "".join([stream.feed(delta) for delta in deltas]) + stream.close()


def main() -> None:
    work = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    patterns = tuple(map(Pattern, work["patterns"]))
    tasks = {
        "10,000 phrases": plan_with(Expressions(tuple(work["phrases"]))),
        "300 patterns": plan_with(Expressions(patterns=patterns)),
    }
    times = {
        name: job.milliseconds(lambda answer, plan=plan: said(plan, [answer], whole=True), work["answers"])
        for name, plan in tasks.items()
    }
    both = plan_with(Expressions(tuple(work["phrases"]), patterns))
    times["both, on a stream"] = job.milliseconds(
        lambda answer: said(both, [answer[at : at + 4] for at in range(0, len(answer), 4)]), work["answers"]
    )
    forbidden = plan_with(Expressions((work["forbidden"],)), disguised=True)
    leaks = {"stream, as it comes": job.words_of(work["forbidden"], said(forbidden, work["stream"]))}
    for name, text in work["disguises"].items():
        leaks[name] = "missed" if text in said(forbidden, [text]) else "seen"
    print(json.dumps({"milliseconds": times, "import_seconds": imported, "leaks": leaks}))


if __name__ == "__main__":
    main()
