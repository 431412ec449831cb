"""What the operator set for all questions: how this server wants to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ordinance.plugin import Settings


@dataclass(frozen=True, slots=True)
class Way:
    """``system``: the question goes into a system message. ``begins``: how the answer begins, in its author's format.
    ``constrained``: the server takes ``structured_outputs``, as vLLM does from 0.11 on."""

    system: bool = True
    begins: str = ""
    constrained: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Way:
        """Return what ``settings`` say."""
        return cls(
            system=settings["policy_in"] == "system",
            begins=str(settings["begins"]),
            constrained=settings["constrained"] == "vllm",
        )

    def messages(self, policy: str, text: str) -> list[dict[str, str]]:
        """Return the policy first and the text last, so that the server's cache of prefixes has the policy for
        everybody; each in a message of its own, also for a template that knows no system message."""
        if self.system:
            return [{"role": "system", "content": policy}, {"role": "user", "content": text}]
        return [
            {"role": "user", "content": policy},
            {"role": "assistant", "content": "I have read it. Send the text."},
            {"role": "user", "content": text},
        ]

    def only(self, labels: Sequence[str]) -> Mapping[str, Any]:
        """Return what keeps the answer to ``labels``."""
        return {"structured_outputs": {"choice": list(labels)}} if self.constrained else {}
