"""One question over all of a policy's, so that ordinary text costs one call at a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.judging.canary_watch import EACH
from ordinance.plugin import Question

#: The id that the question has where a rule has its own. No rule can be called so.
RULE = "*"
#: The examples of each question that it shows: those behind the canaries, as many.
_SHOWN = slice(EACH, 2 * EACH)


def umbrella(questions: Sequence[Question]) -> Question:
    """Return the question whether a text breaks any of the rules of ``questions``."""
    means = "\n".join(f"{number}. {each.means}" for number, each in enumerate(questions, 1))
    excludes = " ".join(dict.fromkeys(each.excludes for each in questions if each.excludes))
    fires = tuple(text for each in questions for text in each.fires[_SHOWN])
    quiet = tuple(text for each in questions for text in each.quiet[_SHOWN])
    first = questions[0]
    return Question(RULE, f"any of these:\n{means}", excludes, first.fires[:EACH] + fires, first.quiet[:EACH] + quiet)
