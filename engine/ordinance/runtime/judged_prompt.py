"""What a judge is asked about a request: what people say in it, each whole, and the rest of it together (semantics,
rule 30)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ordinance.runtime.exchanges import Asked
from ordinance.runtime.match.rulings import Rulings
from ordinance.runtime.memory import JUDGED, Recall
from ordinance.runtime.redact.activation import Activation

#: Characters that are compared at most, so that no request takes long because of them.
_MOST_COMPARED = 100_000_000


class JudgedPrompt:
    """The judge of one prompt. A text that ``recall`` knows as cleared by a judge that acted is not asked about again;
    ``recorded`` are the tags of what a judge that only records would have found."""

    def __init__(self, activation: Activation, rulings: Rulings, recall: Recall | None) -> None:
        self.recorded: set[int] = set()
        self._rules = activation.prompt_judged
        self._acting = [rule for rule in self._rules if rule.may_act]
        self._rulings = rulings
        self._recall = recall
        self._asked: dict[str, tuple[frozenset[int], frozenset[int]]] = {}

    def show(self, question: str) -> None:
        """Note what was asked, which is shown beside the answer."""
        self._rulings.asked = question

    def unknown(self, asked: Asked) -> int:
        """Count the characters of what ``asked`` says that have to be judged before an answer may leave."""
        if not self._acting:
            return 0
        old = (to_judge(each.texts, each.said, asked.form) for each in asked.old)
        texts = [*_new(asked), *(text for each in old for text in each)]
        return sum(len(text) for text in texts if not self._is_cleared(text))

    def new(self, asked: Asked) -> tuple[set[int], set[int]]:
        """Return the tags of what is found in what is new, and of what failed at it."""
        return self._judge(_new(asked))

    def old(self, texts: Collection[str], said: Sequence[str], form: frozenset[str]) -> tuple[set[int], set[int]]:
        """Return the same of an old exchange. A judge that only records is not asked about it: trials are told of what
        is new."""
        if not self._acting:
            return set(), set()
        recorded = set(self.recorded)
        found = self._judge(to_judge(texts, said, form))
        self.recorded = recorded
        return found

    def _judge(self, texts: Iterable[str]) -> tuple[set[int], set[int]]:
        found: set[int] = set()
        failed: set[int] = set()
        for text in texts if self._rules else ():
            if text not in self._asked:
                self._asked[text] = self._look(text)
            found |= self._asked[text][0]
            failed |= self._asked[text][1]
        return found, failed

    def _look(self, text: str) -> tuple[frozenset[int], frozenset[int]]:
        if self._is_cleared(text):
            for rule in self._acting:
                self._rulings.note(rule, acted=True)
            return frozenset(), frozenset()
        if not self._acting:
            self._rulings.record(self._rules, text)
            return frozenset(), frozenset()
        verdicts = self._rulings.judge(self._rules, text)
        self.recorded |= verdicts.recorded
        if self._recall is not None and verdicts.cleared(self._acting):
            self._recall.note(text, JUDGED)
        tags = [frozenset(rule.tag for rule in rules) for rules in (verdicts.found, verdicts.failed)]
        return tags[0], tags[1]

    def _is_cleared(self, text: str) -> bool:
        return self._recall is not None and bool(self._acting) and bool(self._recall.facts(text) & JUDGED)


def _new(asked: Asked) -> list[str]:
    return to_judge(asked.new, asked.said, asked.form)


def to_judge(texts: Collection[str], said: Sequence[str], form: frozenset[str] = frozenset()) -> list[str]:
    """Return what is judged of ``texts``: what is ``said``, each by itself, and in one text all that is in none of that
    and is no word of the protocol's ``form``. Servers join texts in several ways; white space makes no difference here.
    If nothing is said, the longest texts are what is."""
    chosen = [text for text in dict.fromkeys(said) if text.strip()]
    others = [text for text in texts if text.strip() and text not in form]
    if not chosen:
        return _longest(others)
    known = "\n".join(map(_packed, chosen))  # in what is packed there is no white space
    if len(known) * len(others) <= _MOST_COMPARED:  # else all of it is judged once more
        others = [text for text in others if _packed(text) not in known]
    return [*chosen, "\n".join(others)] if others else chosen


def _longest(texts: Sequence[str]) -> list[str]:
    """Return those of ``texts`` that are in no other; all, where there are too many to compare."""
    if sum(map(len, texts)) * len(texts) > _MOST_COMPARED:
        return list(texts)
    found: list[str] = []
    packed: list[str] = []
    for text in sorted(texts, key=len, reverse=True):
        own = _packed(text)
        if not any(own in other for other in packed):
            found.append(text)
            packed.append(own)
    return found


def _packed(text: str) -> str:
    return "".join(text.split())
