"""The shapes in which guard models are asked, one file each. ``VERSION`` is part of the policy's digest, and of what a
calibration holds for: whoever changes the wording of a prompt raises it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ordinance.plugin import Question
from ordinance_judge.fence import Shown
from ordinance_judge.renderers.labels import Labels
from ordinance_judge.renderers.policy import Policy
from ordinance_judge.renderers.question import YesOrNo
from ordinance_judge.renderers.taxonomy import taxonomy
from ordinance_judge.way import Way


class Renderer(Protocol):
    """Asks one question in the shape of a kind of model."""

    VERSION: int
    #: Whether every question asks the model the same about a text, and only reads another answer out of it.
    ALIKE: bool

    def body(self, shown: Shown) -> Mapping[str, Any]:
        """Return the request, without its model and temperature."""

    def score(self, choice: Mapping[str, Any]) -> float:
        """Return how likely the text breaks the rule, from 0 to 1. Raises ``JudgeFaultError``."""


#: By name; None where this kind of model cannot be asked the question.
RENDERERS: Mapping[str, Callable[[Question, Mapping[str, Sequence[str]], Way], Renderer | None]] = {
    "question": lambda question, _, way: YesOrNo(question, way),
    "policy": lambda question, _, way: Policy(question, way),
    "labels": lambda question, _, way: Labels(question, way),
    "taxonomy": lambda question, labels, _: taxonomy(question, labels),
}
