"""Detectors and judges that failed, told on standard error, so that an operator who reads no records hears of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ordinance.serve.http.stderr import tell

#: A line is written at most so often, in seconds: a plugin that is down fails with each request.
TOLD_EVERY = 60.0


class Failures:
    """What has failed since the last line."""

    def __init__(self) -> None:
        self._rules: dict[str, set[str]] = {}
        self._answers = Counter[str]()
        self._told = float("-inf")

    def note(self, record: Mapping[str, Any]) -> None:
        """Take note of what has failed in one answer, by its ``record``."""
        failed = dict(_failed(record))
        for who, rules in failed.items():
            self._rules.setdefault(who, set()).update(rules)
        self._answers.update(failed.keys())
        if not self._rules or time.monotonic() - self._told < TOLD_EVERY:
            return
        for who, told in sorted(self._rules.items()):
            count = "an answer" if self._answers[who] == 1 else f"{self._answers[who]} answers"
            tell(f"{who} failed in {count}, and counts as found, in {', '.join(sorted(told))}; /ready says why")
        self._rules, self._answers, self._told = {}, Counter(), time.monotonic()


def _failed(record: Mapping[str, Any]) -> Iterator[tuple[str, Collection[str]]]:
    """Yield who failed, each with the rules that it failed."""
    judges: Mapping[str, Collection[str]] = record.get("judges_failed", {})
    others = set(record.get("failed", ())).difference(*judges.values())
    if others:
        yield "a detector", others
    for name, rules in judges.items():
        yield f"the judge {name}", rules
