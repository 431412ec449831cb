"""What a judge is asked about a request: what people say in it, each whole, and the rest of it together (semantics,
rule 30)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet

from ordinance.runtime.exchanges import Asked, Exchange
from ordinance.runtime.match.rulings import Rulings, Verdicts
from ordinance.runtime.memory import JUDGED, Recall
from ordinance.runtime.redact.activation import Activation

#: The tags of what is found, and of what failed.
Tags = tuple[AbstractSet[int], AbstractSet[int]]
NOTHING: Tags = (frozenset(), frozenset())

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
        self._asked: dict[str, Tags] = {}

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

    def new(self, asked: Asked) -> Tags:
        """Return the tags of what is found in what is new, and of what failed at it."""
        return self._judge(_new(asked))

    def old(self, exchanges: Sequence[Exchange], form: frozenset[str]) -> list[Tags]:
        """Return the same of each of the old ``exchanges``; the newest is judged first. A judge that only records is
        not asked about them: trials are told of what is new."""
        if not self._acting:
            return [NOTHING] * len(exchanges)
        recorded = set(self.recorded)
        texts = [to_judge(each.texts, each.said, form) for each in exchanges]
        unknown = [text for each in reversed(texts) for text in each if not self._is_known(text)]
        unknown = list(dict.fromkeys(unknown))
        for text, verdicts in zip(unknown, self._rulings.judge_old(self._rules, unknown), strict=True):
            self._take(text, verdicts)
        self.recorded = recorded
        return [self._judge(each) for each in texts]

    def _judge(self, texts: Iterable[str]) -> Tags:
        found: set[int] = set()
        failed: set[int] = set()
        for text in texts if self._rules else ():
            if not self._is_known(text):
                self._take(text, self._look(text))
            found |= self._asked[text][0]
            failed |= self._asked[text][1]
        return found, failed

    def _is_known(self, text: str) -> bool:
        """Return whether this request has been told of ``text``, or what earlier ones were told holds of it."""
        if text not in self._asked and self._is_cleared(text):
            for rule in self._acting:
                self._rulings.note(rule, acted=True)
            self._asked[text] = NOTHING
        return text in self._asked

    def _look(self, text: str) -> Verdicts:
        if self._acting:
            return self._rulings.judge(self._rules, text)
        self._rulings.record(self._rules, text)
        return Verdicts()

    def _take(self, text: str, verdicts: Verdicts) -> None:
        """Note what was said of ``text``."""
        self.recorded |= verdicts.recorded
        if self._recall is not None and self._acting and verdicts.cleared(self._acting):
            self._recall.note(text, JUDGED)
        self._asked[text] = {rule.tag for rule in verdicts.found}, {rule.tag for rule in verdicts.failed}

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
