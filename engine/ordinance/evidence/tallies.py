"""What the records of some days say together: how many requests of which kind, what failed, and who took part."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from ordinance.record.selection import KINDS, Selection, entry_of, kinds_of

#: What requests are counted by.
TABLES = (*((kind,) for kind in KINDS if kind != "model"), ("rule", "law", "locale", "verdict"))


class _Facts(msgspec.Struct):
    """What a record says besides what requests are counted by."""

    event: str = ""
    request: str = ""
    digest: str | None = None
    verdict: str | None = None
    failed: list[str] = []
    judge_faults: list[str] = []
    judges_failed: dict[str, list[str]] = {}
    judged: list[str] = []
    not_judged: list[str] = []
    plugins: list[str] = []
    balanced: bool | None = None
    mark: str | None = None
    watermark: str | None = None
    stale: str | None = None
    problem: str | None = None
    lost: int = 0


#: From this status on, a request got no answer.
_NO_ANSWER = 400

_facts = msgspec.json.Decoder(_Facts).decode

Tally = dict[str, Counter[str]]


class Tallies:
    """Takes the records of some days, one after the other."""

    def __init__(self) -> None:
        #: How many requests ended.
        self.requests = 0
        #: How many of them got no answer, by status.
        self.no_answer: Counter[str] = Counter()
        self.tables: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {each: Counter() for each in TABLES}
        #: How many requests there were under each policy, by day.
        self.days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.failures: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.parts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._begun: set[str] = set()

    def take(self, body: bytes) -> None:
        """Count one record, in JSON."""
        entry = entry_of(body)
        try:
            facts = _facts(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            facts = None
        if entry is None or facts is None:
            self.failures["unreadable"]["records"] += 1
            return
        if facts.lost > 0:
            self.failures["lost"]["records"] += facts.lost
        if facts.event == "begin":
            self._begun.add(facts.request)
        if facts.event != "end":
            return
        self._begun.discard(facts.request)
        self.requests += 1
        if entry.status is not None and entry.status >= _NO_ANSWER:
            self.no_answer[str(entry.status)] += 1
        elif not facts.digest:
            self.failures["without_policy"]["answers"] += 1
        for by, counts in self.tables.items():
            counts.update(kinds_of(entry, Selection(), by))
        self.days[entry.time.date().isoformat()][facts.digest or ""] += 1
        self._note(facts)

    def _note(self, facts: _Facts) -> None:
        for name, found in (
            ("stale", [facts.stale]),
            ("problems", [facts.problem]),
            ("detectors_failed", facts.failed),
            ("judge_faults", facts.judge_faults),
            ("judges_failed", [f"{judge}: {rule}" for judge, rules in facts.judges_failed.items() for rule in rules]),
            ("not_judged", facts.not_judged),
            ("not_marked", [] if facts.mark == "signed" else [facts.mark]),
            ("watermark_missing", [] if facts.watermark == "on" else [facts.watermark]),
        ):
            self.failures[name].update({each for each in found if each})
        self.failures["unbalanced"]["answers"] += facts.balanced is False
        self.failures["judge_passed_over"]["answers"] += bool(facts.judge_faults and not facts.judges_failed)
        self.parts["plugins"].update(set(facts.plugins))
        self.parts["judged"].update(set(facts.judged))
        self.parts["judges_that_failed"].update(facts.judges_failed.keys())

    def counts(self) -> dict[str, Any]:
        """Return the counts, as ``counts.json`` has them."""
        tables = [
            {"by": list(by), "rows": [{"kind": list(kind), "requests": n} for kind, n in sorted(counts.items())]}
            for by, counts in self.tables.items()
        ]
        answers = self.requests - self.no_answer.total()
        no_answer = dict(sorted(self.no_answer.items()))
        return {"requests": self.requests, "answers": answers, "no_answer": no_answer, "tables": tables}

    def failed(self, known: Mapping[str, bool]) -> dict[str, dict[str, int]]:
        """Return what failed or went past a rule, as ``failures.json`` has it. ``known`` are the digests of the
        policies of the evidence, each with whether it was verified that the right people have signed it."""
        digests = sum(self.days.values(), Counter[str]())
        more = {
            "policy_not_here": {each: n for each, n in digests.items() if each and each not in known},
            "policy_not_verified": {each: n for each, n in digests.items() if not known.get(each, True)},
            "unfinished": {"requests": len(self._begun)},
        }
        found = {"without_policy": {}, **{name: dict(counts) for name, counts in self.failures.items()}, **more}
        return {name: {key: n for key, n in sorted(counts.items()) if n} for name, counts in sorted(found.items())}

    def took_part(self, names: Collection[str] = ("plugins", "judged", "judges_that_failed")) -> dict[str, Any]:
        """Return which plugins and judges took part in how many answers."""
        return {name: dict(sorted(self.parts[name].items())) for name in names}
