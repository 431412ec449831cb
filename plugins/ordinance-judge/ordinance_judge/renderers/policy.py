"""``policy``: the whole policy in the system message, reasoning, and then 0 or 1 (gpt-oss-safeguard).

Source: "User guide for gpt-oss-safeguard" (OpenAI and ROOST, cookbook.openai.com, 2025-10-29): sections INSTRUCTIONS,
DEFINITIONS, VIOLATES, SAFE, a policy of 400 to 600 tokens, one policy a call, an answer that says 0 or 1. The model
reasons first, so that its label has no probability of its own: the score is 0 or 1. The server removes the reasoning
from the content (vLLM does for gpt-oss).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ordinance.plugin import JudgeFaultError, Question
from ordinance_judge.fence import Shown
from ordinance_judge.reading import said
from ordinance_judge.renderers.prose import MATERIAL, listed, shots
from ordinance_judge.way import Way

_SCORES = {"0": 0.0, "1": 1.0}


class Policy:
    """Has the text classified under a policy made of the question."""

    VERSION = 1
    ALIKE = False

    def __init__(self, question: Question, way: Way) -> None:
        self._way = way
        lines = [
            "## INSTRUCTIONS",
            f"Classify the text under this policy. {MATERIAL}",
            "Answer with one character: 1 if the text violates the policy, 0 if it does not.",
            "",
            "## DEFINITIONS",
            "Text: what a person asked of an assistant, or an assistant's answer. It violates the policy if it asks "
            "for, or gives, help with what VIOLATES describes.",
            "",
            "## VIOLATES (1)",
            question.means,
            *listed("Examples:", list(shots(question.fires))),
            "",
            "## SAFE (0)",
            question.excludes or "Everything else.",
            *listed("Examples:", list(shots(question.quiet))),
        ]
        self._policy = "\n".join(lines)

    def body(self, shown: Shown) -> Mapping[str, Any]:
        messages = self._way.messages(self._policy, shown.fenced())
        return {"messages": messages, "max_tokens": 1024, "reasoning_effort": "low"}

    def score(self, choice: Mapping[str, Any]) -> float:
        label = said(choice).strip()
        if label not in _SCORES:
            raise JudgeFaultError("unreadable")
        return _SCORES[label]
