"""A judge that knows texts by heart: those of a calibration, and the examples of the rules. It finds what is known to
fire, wherever that stands, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ordinance.authoring.labelled import read_texts
from ordinance.loading.bounds import LEXICON_LIMIT
from ordinance.loading.files import read_source
from ordinance.plugin import Question
from ordinance.policy.plan import Plan
from support.scripted_judge import QUIET, JudgeServer

FOUND = 0.97


class KnowingJudge(JudgeServer):
    """It tells the question by what the policy says the rule means; one question over all is about all."""

    def __init__(self, questions: Sequence[Question], firing: Mapping[str, Sequence[str]], seconds: float) -> None:
        self._known = {each.means: {*each.fires, *firing.get(each.rule, ())} for each in questions}
        super().__init__(seconds=seconds)

    def score(self, policy: str, text: str) -> float:
        known = (texts for means, texts in self._known.items() if means in policy)
        return FOUND if any(each in text for texts in known for each in texts) else QUIET


def firing_in(path: Path, plan: Plan) -> dict[str, list[str]]:
    """The firing texts of a file of calibration, by rule, in the order of the file."""
    source = read_source(path, LEXICON_LIMIT, lambda _: None)
    assert source is not None
    found: dict[str, list[str]] = {}
    for each in read_texts(source, plan):
        if each.example.expects == "fires":
            found.setdefault(each.example.rule, []).append(each.example.prompt or "")
    return found
