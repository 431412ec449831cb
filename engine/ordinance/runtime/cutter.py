"""The engine's own words are looked for once in what a client sends back again and again (semantics, rule 28)."""

from __future__ import annotations

from ordinance.policy.plan import Plan
from ordinance.runtime.memory import OTHERS_WORDS, Memory
from ordinance.runtime.redact.own_words import Returned, own_words


class Cutter:
    """Takes the engine's own words out of the texts of one request. Texts that ``memory`` knows to have none, met under
    the same ``plan`` and the same ``salt``, are not looked at again; what comes of a text is the same with any
    memory."""

    def __init__(self, plan: Plan, memory: Memory | None = None, salt: bytes = b"") -> None:
        self.plan = plan
        self._own = own_words(plan)
        self._recall = None if memory is None else memory.within(self._own.number, salt)

    def cut(self, text: str) -> Returned:
        """Return ``text``, which a model is said to have written, without the engine's own words."""
        recall = self._recall
        if recall is not None and recall.facts(text) & OTHERS_WORDS:
            return Returned(text)
        returned = self._own.cut(text)
        if recall is not None and not returned.changed:
            recall.note(text, OTHERS_WORDS)
        return returned
