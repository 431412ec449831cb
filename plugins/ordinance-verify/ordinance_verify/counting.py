"""What records say together, counted again from the records."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ordinance_verify.problems import Report
from ordinance_verify.record import moment

#: What requests are counted by, in the order of ``counts.json``.
TABLES = (
    ("api",), ("day",), ("effect",), ("jurisdiction",), ("key",), ("law",), ("locale",), ("problem",), ("rule",),
    ("status",), ("verdict",), ("rule", "law", "locale", "verdict"),
)  # fmt: skip
#: From this status on, a request got no answer.
_NO_ANSWER = 400
_TEXTS = ("key", "api", "model", "problem", "jurisdiction", "locale", "verdict")
_MORE_TEXTS = ("digest", "verdict", "mark", "watermark", "stale", "problem")
_LISTS = ("failed", "judge_faults", "judged", "not_judged", "plugins")


class Counting:
    """Takes records, one after the other."""

    def __init__(self, report: Report) -> None:
        self.requests = 0
        self.no_answer: Counter[str] = Counter()
        self.days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._report = report
        self._tables: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {each: Counter() for each in TABLES}
        self._failures: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._parts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._begun: set[str] = set()

    def take(self, record: dict[str, Any], where: str) -> None:
        """Count a record."""
        if not _is_record(record):
            self._report.wrong("record-line", where, "a member of the record is of another kind than it must be")
            return
        if not _is_readable(record):
            self._failures["unreadable"]["records"] += 1
            return
        if (lost := record.get("lost", 0)) > 0:
            self._failures["lost"]["records"] += lost
        if record["event"] == "begin":
            self._begun.add(record.get("request", ""))
        if record["event"] == "end":
            self._begun.discard(record.get("request", ""))
            self.requests += 1
            if record.get("status") is not None and record["status"] >= _NO_ANSWER:
                self.no_answer[str(record["status"])] += 1
            elif not record.get("digest"):
                self._failures["without_policy"]["answers"] += 1
            for by, counts in self._tables.items():
                counts.update(_kinds(record, by))
            self.days[_day(record)][record.get("digest") or ""] += 1
            self._note(record)

    def _note(self, record: Mapping[str, Any]) -> None:
        failures, parts = self._failures, self._parts
        for name, found in (
            ("stale", [record.get("stale")]),
            ("problems", [record.get("problem")]),
            ("detectors_failed", record.get("failed", [])),
            ("judge_faults", record.get("judge_faults", [])),
            ("not_judged", record.get("not_judged", [])),
            ("not_marked", [each for each in [record.get("mark")] if each != "signed"]),
            ("watermark_missing", [each for each in [record.get("watermark")] if each != "on"]),
            (
                "judges_failed",
                [f"{a}: {rule}" for a, rules in record.get("judges_failed", {}).items() for rule in rules],
            ),
        ):
            failures[name].update({each for each in found if each})
        failures["unbalanced"]["answers"] += record.get("balanced") is False
        failures["judge_passed_over"]["answers"] += bool(record.get("judge_faults") and not record.get("judges_failed"))
        parts["plugins"].update(set(record.get("plugins", [])))
        parts["judged"].update(set(record.get("judged", [])))
        parts["judges_that_failed"].update(record.get("judges_failed", {}).keys())

    def counts(self) -> dict[str, Any]:
        """Return what ``counts.json`` must say."""
        return {
            "requests": self.requests,
            "answers": self.requests - self.no_answer.total(),
            "no_answer": dict(self.no_answer),
            "tables": [
                {"by": list(by), "rows": [{"kind": list(kind), "requests": n} for kind, n in sorted(counts.items())]}
                for by, counts in self._tables.items()
            ],
        }

    def failures(self, verified: Mapping[str, bool]) -> dict[str, dict[str, int]]:
        """Return what ``failures.json`` must say; ``verified`` are the policies that are here."""
        digests: Counter[str] = sum(self.days.values(), Counter())
        more = {
            "policy_not_here": {each: n for each, n in digests.items() if each and each not in verified},
            "policy_not_verified": {each: n for each, n in digests.items() if verified.get(each) is False},
            "unfinished": {"requests": len(self._begun)},
        }
        found: dict[str, Mapping[str, int]] = {"without_policy": {}, **self._failures, **more}
        return {name: {key: n for key, n in counts.items() if n} for name, counts in found.items()}

    def parts(self) -> dict[str, dict[str, int]]:
        """Return what ``parts.json`` must say of records."""
        return {name: dict(self._parts[name]) for name in ("plugins", "judged", "judges_that_failed")}


def _day(record: Mapping[str, Any]) -> str:
    return moment(record["time"]).date().isoformat()


def _kinds(record: Mapping[str, Any], by: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the kinds of a request: once for each rule that fired, with that rule's effect and laws."""
    return {
        kind
        for rule in record.get("rules") or [""]
        for kind in product(*(list(_values(record, rule, each)) for each in by))
    }


def _values(record: Mapping[str, Any], rule: str, kind: str) -> Iterator[str]:
    if kind == "rule":
        yield rule
    elif kind == "day":
        yield _day(record)
    elif kind == "effect":
        yield record.get("effects", {}).get(rule, "")
    elif kind == "law":
        yield from record.get("laws", {}).get(rule) or [""]
    else:
        value = record.get(kind)
        yield "" if value is None else str(value)


def _is_record(record: Mapping[str, Any]) -> bool:
    laws = record.get("laws", {})
    return (
        isinstance(record.get("event"), str)
        and all(isinstance(record.get(name), str | None) for name in _TEXTS)
        and (record.get("status") is None or type(record["status"]) is int)
        and _texts(record.get("rules", []))
        and _texts_by(record.get("effects", {}))
        and isinstance(laws, dict)
        and all(map(_texts, laws.values()))
    )


def _is_readable(record: Mapping[str, Any]) -> bool:
    failed = record.get("judges_failed", {})
    return (
        isinstance(record.get("request", ""), str)
        and all(isinstance(record.get(name), str | None) for name in _MORE_TEXTS)
        and all(_texts(record.get(name, [])) for name in _LISTS)
        and isinstance(record.get("balanced"), bool | None)
        and type(record.get("lost", 0)) is int
        and isinstance(failed, dict)
        and all(map(_texts, failed.values()))
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _texts_by(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
