"""Detectors that failed, told on standard error, so that an operator who reads no records hears of it."""

from __future__ import annotations

import time
from collections.abc import Collection

from ordinance.serve.http.stderr import tell

#: A line is written at most so often, in seconds: a plugin that is down fails with each request.
TOLD_EVERY = 60.0


class Failures:
    """What has failed since the last line."""

    def __init__(self) -> None:
        self._rules: set[str] = set()
        self._answers = 0
        self._told = float("-inf")

    def note(self, rules: Collection[str]) -> None:
        """Take note of the ``rules`` of one answer whose detector failed."""
        if not rules:
            return
        self._rules |= set(rules)
        self._answers += 1
        if time.monotonic() - self._told < TOLD_EVERY:
            return
        count = "an answer" if self._answers == 1 else f"{self._answers} answers"
        tell(f"a detector failed in {count}, and counts as found, in {', '.join(sorted(self._rules))}; /ready says why")
        self._rules, self._answers, self._told = set(), 0, time.monotonic()
