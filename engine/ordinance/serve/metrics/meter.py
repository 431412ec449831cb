"""What is counted in one process, in the words of those who count it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ordinance.serve.metrics import families
from ordinance.serve.metrics.tally import Tally

#: What an answer without a jurisdiction is counted under.
_NO_JURISDICTION = "none"
#: The status that a record has where its client went away, as proxies write it.
CLIENT_GONE_STATUS = 499
#: Verdicts of answers from which nothing was removed (semantics, rule 16).
_WHOLE = frozenset({"pass", "disclose"})


class Meter:
    """Counts what happens in this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._tally = Tally()
        for kind in families.FAILURE_KINDS:
            self._tally.show(families.FAILURES, kind)
        for family in (families.STREAMS, families.UPSTREAM, families.ADDED, families.HELD):
            self._tally.show(family)
        self.numbers = self._tally.numbers

    def ended(self, record: Mapping[str, Any], effects: Mapping[str, str]) -> None:
        """Count a request that has ended, as its ``record`` says (docs/record.md); ``effects`` has what each rule
        does."""
        add = self._tally.add
        if problem := record.get("problem"):
            self.failed(problem)
        elif record["status"] == CLIENT_GONE_STATUS:
            self.failed(families.CLIENT_GONE)
        verdict = record.get("verdict")
        if verdict is None:
            return
        add(families.ANSWERS, record["jurisdiction"] or _NO_JURISDICTION, verdict, record["api"])
        if again := record.get("asked_again"):
            add(families.ASKED_AGAIN, again["released"])
        for rule in record["rules"]:
            add(families.RULES, rule, effects.get(rule, "other"))
        for rule in record["trials"]:
            add(families.RULES, rule, "trial")
        if record["failed"]:
            self.failed(families.DETECTOR)
        if not record["balanced"]:
            self.failed(families.LEDGER)

    def answered(self, upstream: float | None, added: float) -> None:
        """Count the seconds that the server behind took for an answer that is complete (None: it was not asked), and
        those that Ordinance ``added``."""
        if upstream is not None:
            self._tally.observe(families.UPSTREAM, upstream)
        self._tally.observe(families.ADDED, added)

    def held(self, record: Mapping[str, Any], characters: int) -> None:
        """Count the most ``characters`` that waited at once in a streamed answer that is complete, unless its
        ``record`` says that something was removed: what was removed must not be counted."""
        if record.get("verdict") in _WHOLE and record["balanced"] and not (record.get("problem") or record["failed"]):
            self._tally.observe(families.HELD, characters)

    def shadowed(self, change: str, added: Iterable[str] = (), gone: Iterable[str] = ()) -> None:
        """Count an answer that the shadow policy judged too: how it would have changed, and the rules that fired under
        the shadow policy alone (``added``), or under the one in force alone (``gone``)."""
        self._tally.add(families.SHADOW_ANSWERS, change)
        for what, rules in (("added", added), ("gone", gone)):
            for rule in rules:
                self._tally.add(families.SHADOW_RULES, rule, what)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Count a streamed answer while it runs."""
        self._tally.add(families.STREAMS)
        try:
            yield
        finally:
            self._tally.add(families.STREAMS, number=-1)

    def failed(self, kind: str) -> None:
        """Count a failure: the code of a problem, or one of the other kinds in ``families``."""
        self._tally.add(families.FAILURES, kind)

    def judged(self, judge: str, seconds: float, failed: bool = False) -> None:
        """Count a question to a ``judge``, by its name in the settings. Call it once for each question, also for one
        that ``failed``: it timed out, could not be asked, or its answer could not be read."""
        self._tally.observe(families.JUDGE_SECONDS, seconds, judge)
        if failed:
            self.failed(families.JUDGE)
