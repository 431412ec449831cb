"""All configured judges as one, which is what a policy asks: it can only be stricter than each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ordinance.detection import Checkpoint, Ruling
from ordinance.judging.served import ServedJudge
from ordinance.plugin import Question


class Judges:
    """Asks each of ``judges``. Of those that act, one that has failed counts, else the highest probability; if none
    acts, so of all."""

    def __init__(self, judges: Sequence[ServedJudge]) -> None:
        self.judges = tuple(judges)
        # One asks in the thread of whoever waits, the others beside it.
        self._threads = ThreadPoolExecutor(32, "ordinance-judges") if len(judges) > 1 else None

    @property
    def name(self) -> str:
        return ", ".join(each.name for each in self.judges)

    @property
    def identity(self) -> Mapping[str, object]:
        return {"judges": [dict(each.identity) for each in self.judges]}

    @property
    def era(self) -> int:
        return sum(each.canaries.era for each in self.judges)

    @property
    def full(self) -> bool:
        """Return whether one that acts has as many calls under way as it may."""
        return any(each.acts_at_all and each.calls.full for each in self.judges)

    def watch(self, heard: Callable[[str, float, bool], None]) -> None:
        """Begin to watch the judges, before the first question; returns at once. ``heard`` is told of each question the
        judge's name, how many seconds it took, and whether it failed."""
        for each in self.judges:
            each.calls.heard = partial(heard, each.name)
            each.canaries.begin()

    def may_act(self, rule: str) -> bool:
        return any(each.may_act(rule) for each in self.judges)

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> list[Ruling]:
        if self._threads is None:
            return self.judges[0].ask(questions, at)
        others = [self._threads.submit(each.ask, questions, at) for each in self.judges[1:]]
        said = [self.judges[0].ask(questions, at), *(each.result() for each in others)]
        return [self._strictest(rulings) for rulings in zip(*said, strict=True)]

    def _strictest(self, rulings: Sequence[Ruling]) -> Ruling:
        said = list(zip(self.judges, rulings, strict=True))
        acting = [(judge, ruling) for judge, ruling in said if ruling.acts] or said
        failed = [ruling._replace(by=judge.name) for judge, ruling in acting if ruling.failed]
        return failed[0] if failed else max((ruling for _, ruling in acting), key=lambda each: each.probability)
