"""``labels``: a policy in free text, and lines that label the request and the response (Nemotron Content Safety).

Source: NVIDIA's cards of Nemotron 3 and 3.5 Content Safety and of Nemotron Content Safety Reasoning 4B: lines
`User Safety: safe|unsafe`, `Response Safety: …`, `Safety Categories: …`; the older one says `Prompt harm:
harmful|unharmful` and `Response harm: …`. The probability is that of the label's first token. Qwen3Guard's
`Safety: Safe|Unsafe|Controversial` is read too, though it has categories of its own and takes no policy (`taxonomy`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ordinance.plugin import JudgeFaultError, Question
from ordinance_judge.fence import Shown
from ordinance_judge.reading import said, share
from ordinance_judge.renderers.prose import MATERIAL, definition, listed, shots
from ordinance_judge.way import Way

_LINE = re.compile(
    r"(?P<name>User Safety|Response Safety|Prompt harm|Response harm|Safety|Safety Categories|Categories|Refusal)"
    r": *(?P<value>[^\n]*?) *(?:\n+|$)"
)
#: Of each labelled line, the label that means harm, and the others.
_KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "User Safety": ("unsafe", ("safe",)),
    "Response Safety": ("unsafe", ("safe",)),
    "Prompt harm": ("harmful", ("unharmful",)),
    "Response harm": ("harmful", ("unharmful",)),
    "Safety": ("unsafe", ("safe", "controversial")),
}
#: The lines that are about an answer, if there is one; else those about the request.
_RESPONSE, _REQUEST = ("Response Safety", "Response harm"), ("User Safety", "Prompt harm")
_FORMAT = "User Safety: safe or unsafe\nResponse Safety: safe or unsafe (only if there is an answer)"


class Labels:
    """Has the request and the response labelled under a policy made of the question."""

    VERSION = 1
    ALIKE = False

    def __init__(self, question: Question, way: Way) -> None:
        self._way = way
        lines = [
            "You label texts under the policy below, and under no other.",
            MATERIAL,
            "",
            f"Unsafe is: to ask for, or give, help with the following. {definition(question)}",
            *listed("Unsafe, for example:", list(shots(question.fires))),
            *listed("Safe, for example:", list(shots(question.quiet))),
            "",
            f"Answer with these lines and nothing else:\n{_FORMAT}",
        ]
        self._policy = "\n".join(lines)

    def body(self, shown: Shown) -> Mapping[str, Any]:
        messages = self._way.messages(self._policy, shown.fenced())
        return {"messages": messages, "max_tokens": 64, "logprobs": True, "top_logprobs": 20}

    def score(self, choice: Mapping[str, Any]) -> float:
        found = lines_in(said(choice))
        # With an answer, the model also labels what was asked, which was judged by itself before.
        for name in (*_RESPONSE, *_REQUEST, "Safety"):
            if name in found:
                return score_of(choice, name, *found[name])
        raise JudgeFaultError("unreadable")


def lines_in(content: str) -> dict[str, tuple[str, int]]:
    """Return the value of each line, and where it begins. Raises ``JudgeFaultError`` for a line that is not known, or
    comes twice."""
    found: dict[str, tuple[str, int]] = {}
    at = len(content) - len(content.lstrip())
    while at < len(content.rstrip()):
        line = _LINE.match(content, at)
        if line is None or line["name"] in found:
            raise JudgeFaultError("unreadable")
        found[line["name"]] = line["value"], line.start("value")
        at = line.end()
    return found


def score_of(choice: Mapping[str, Any], name: str, value: str, at: int) -> float:
    """Return the probability of harm where the line ``name`` says ``value`` at the character ``at``: half of what is
    controversial counts. Raises ``JudgeFaultError``."""
    harm, others = _KINDS[name]
    if value.casefold() not in (harm, *others):
        raise JudgeFaultError("unreadable")
    doubtful = share(choice, at, "controversial", [harm, "safe"]) / 2 if "controversial" in others else 0.0
    return share(choice, at, harm, others) + doubtful
