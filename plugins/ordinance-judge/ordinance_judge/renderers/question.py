"""``question``: one question, one token, yes or no, and its probability.

For models that were trained to answer a criterion with yes or no (Shieldstral, Granite Guardian, ShieldGemma), and any
instruct model. Sources: each model's card; P(yes) from the log-probabilities of the first token, as Google's card for
ShieldGemma and Mistral's for Shieldstral (`max_tokens` 1, `top_logprobs` 20) do. Granite Guardian from 3.3 on puts
`<score>` before it: set `begins`. `structured_outputs.choice` is vLLM's (docs.vllm.ai, structured outputs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ordinance.plugin import JudgeFaultError, Question
from ordinance_judge.fence import Shown
from ordinance_judge.reading import said, share
from ordinance_judge.renderers.prose import MATERIAL, definition, listed, shots
from ordinance_judge.way import Way

_LABELS = ("yes", "no")


class YesOrNo:
    """Asks whether the text asks for, or gives, what the question means."""

    VERSION = 1
    ALIKE = False

    def __init__(self, question: Question, way: Way) -> None:
        self._way = way
        lines = [
            MATERIAL,
            "",
            f"Question: does the text ask for, or give, help with the following? {definition(question)}",
            *listed("Texts for which the answer is yes:", list(shots(question.fires))),
            *listed("Texts for which the answer is no:", list(shots(question.quiet))),
            "",
            "Answer with one word, yes or no.",
        ]
        self._policy = "\n".join(lines)

    def body(self, shown: Shown) -> Mapping[str, Any]:
        messages = self._way.messages(self._policy, shown.fenced())
        body: dict[str, Any] = {"max_tokens": 1, "logprobs": True, "top_logprobs": 20, **self._way.only(_LABELS)}
        if self._way.begins:
            messages.append({"role": "assistant", "content": self._way.begins})
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        return {"messages": messages, **body}

    def score(self, choice: Mapping[str, Any]) -> float:
        content = said(choice, cut=True).removeprefix(self._way.begins)
        if content.strip().casefold() not in _LABELS:
            raise JudgeFaultError("unreadable")
        return share(choice, 0, "yes", ["no"])
