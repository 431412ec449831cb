"""What a choice of a chat completion says: its text, its tokens with the probabilities of what could stand there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ordinance.plugin import JudgeFaultError

#: Least probability that the labels have together. A model that would rather say something else does not judge.
_LEAST = 0.5
#: A logarithm may be above 0 by so much, for it was rounded.
_ROUNDING = 1e-3
#: What tokenizers write in the place of a space.
_SPACES = " \t\n\r\u2581\u0120"


def said(choice: Mapping[str, Any], *, cut: bool = False) -> str:
    """Return the text of ``choice``, which ended by itself; with ``cut`` it may have been cut at the last token. Raises
    ``JudgeFaultError``."""
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    ended = choice.get("finish_reason") in (("stop", "length") if cut else ("stop",))
    if not isinstance(content, str) or not content.strip() or not ended:
        raise JudgeFaultError("unreadable")
    return content


def share(choice: Mapping[str, Any], at: int, label: str, others: Sequence[str]) -> float:
    """Return the probability of ``label`` among it and ``others`` for what begins at the character ``at`` of the
    choice's text. A token that begins several of them tells nothing. Raises ``JudgeFaultError``."""
    masses = dict.fromkeys((label, *others), 0.0)
    for token, probability in _candidates(choice, at).items():
        plain = token.strip(_SPACES).casefold()
        meant = [each for each in masses if plain and each.startswith(plain)]
        if len(meant) == 1:
            masses[meant[0]] += probability
    total = sum(masses.values())
    if not _LEAST <= total <= 1 + 2 * _ROUNDING:
        raise JudgeFaultError("unreadable")
    return masses[label] / total


def _candidates(choice: Mapping[str, Any], at: int) -> Mapping[str, float]:
    """Return what could have stood where the character ``at`` stands, with its probability."""
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list):
        raise JudgeFaultError("unreadable")
    end = 0
    for each in tokens:
        token = _token(each)
        end += len(token)
        if end > at:
            others = each.get("top_logprobs") or []
            if not isinstance(others, list):
                raise JudgeFaultError("unreadable")
            return {_token(found): _probability(found) for found in [each, *others]}
    raise JudgeFaultError("unreadable")


def _token(entry: Any) -> str:
    token = entry.get("token") if isinstance(entry, dict) else None
    if not isinstance(token, str):
        raise JudgeFaultError("unreadable")
    return token


def _probability(entry: Mapping[str, Any]) -> float:
    logarithm = entry.get("logprob")
    if isinstance(logarithm, bool) or not isinstance(logarithm, int | float):
        raise JudgeFaultError("unreadable")
    if not math.isfinite(logarithm) or logarithm > _ROUNDING:
        raise JudgeFaultError("unreadable")
    return math.exp(min(0.0, logarithm))
