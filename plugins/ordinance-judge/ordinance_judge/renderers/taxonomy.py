"""``taxonomy``: the model's own categories, and a map from them to rules, which the operator writes under ``labels``.

Sources: Meta's cards of Llama Guard 3 and 4: `safe`, or `unsafe` and on the next line the categories, `S1` to `S14`;
the probability of `unsafe` as the first token is the score. Qwen's card of Qwen3Guard-Gen: lines `Safety: Safe|Unsafe|
Controversial`, `Categories: …`, and for an answer `Refusal: Yes|No`. Their chat templates write the policy, so the
text goes in as the turn that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ordinance.plugin import JudgeFaultError, Question
from ordinance_judge.fence import Shown
from ordinance_judge.reading import said, share
from ordinance_judge.renderers.labels import lines_in, score_of

_LLAMA = re.compile(r"\s*(?P<label>safe|unsafe)(?:\s*\n\s*(?P<categories>S[0-9]{1,2}(?: *, *S[0-9]{1,2})*))?\s*")
_QWEN = frozenset({
    "violent", "non-violent illegal acts", "sexual content or sexual acts", "pii", "suicide & self-harm",
    "unethical acts", "politically sensitive topics", "copyright violation", "jailbreak", "none",
})  # fmt: skip


def taxonomy(question: Question, labels: Mapping[str, Sequence[str]]) -> Taxonomy | None:
    """Return what asks for the categories that mean the rule of ``question``; None where ``labels`` name none."""
    meant = frozenset(label.casefold() for label, rules in labels.items() if question.rule in rules)
    return Taxonomy(meant) if meant else None


class Taxonomy:
    """Has a turn classified, and counts the categories ``meant``."""

    VERSION = 1
    ALIKE = True

    def __init__(self, meant: frozenset[str]) -> None:
        self._meant = meant

    def body(self, shown: Shown) -> Mapping[str, Any]:
        # The template puts the turns into the model's own prompt. Control tokens in them are broken (`fence.py`).
        turns = [{"role": "user", "content": shown.asked or shown.text}]
        if shown.asked:
            turns.append({"role": "assistant", "content": shown.text})
        return {"messages": turns, "max_tokens": 64, "logprobs": True, "top_logprobs": 20}

    def score(self, choice: Mapping[str, Any]) -> float:
        content = said(choice)
        harm, categories = self._read(choice, content)
        # Of a text that is safe the model names no category: what it has left for `unsafe` may mean each of them.
        return harm if not categories or categories & self._meant else 0.0

    def _read(self, choice: Mapping[str, Any], content: str) -> tuple[float, frozenset[str]]:
        llama = _LLAMA.fullmatch(content)
        if llama is not None:
            unsafe = llama["label"] == "unsafe"
            if unsafe != bool(llama["categories"]):
                raise JudgeFaultError("unreadable")
            harm = share(choice, llama.start("label"), "unsafe", ["safe"])
            return harm, _each(llama["categories"] or "")
        lines = lines_in(content)
        if "Safety" not in lines or "Categories" not in lines:
            raise JudgeFaultError("unreadable")
        categories = _each(lines["Categories"][0])
        if not categories or categories - _QWEN:
            raise JudgeFaultError("unreadable")
        return score_of(choice, "Safety", *lines["Safety"]), categories - {"none"}


def _each(categories: str) -> frozenset[str]:
    return frozenset(each.strip().casefold() for each in categories.split(",") if each.strip())
