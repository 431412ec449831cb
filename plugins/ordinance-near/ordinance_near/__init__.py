"""Judges the red lines of the charter by nearness in meaning: a multilingual sentence encoder and, for each line, a
linear classifier that was fitted to this project's own texts (``fit.py``).

It is small, offline and often wrong: it records what it would have said, until an operator calibrates it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.plugin import Asked, Judged, Passage, Question, Unconfigured, hookimpl
from ordinance_near.lines import Lines

NAME = "near.lines"


@hookimpl
def judge(asked: Asked, question: Question) -> Judged | Unconfigured | None:
    """Return how ``question`` is judged, if it is about one of the lines that were fitted."""
    if asked.name != NAME:
        return None
    lines = Lines.shipped()
    if question.rule not in lines.rules:
        return Unconfigured(f"a classifier for {question.rule}; there is one for {', '.join(lines.rules)}")

    def score(passages: Sequence[Passage]) -> list[float]:
        return [lines.score(question.rule, each.text) for each in passages]

    return Judged(score, version=lines.version)
