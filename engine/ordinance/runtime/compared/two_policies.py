"""What two policies make of the same request and answer: ``ordinance replay`` and the shadow of a server ask it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ordinance.policy.vocabulary import MARKER, Effect, Verdict
from ordinance.runtime.redact.signs import placeholder
from ordinance.runtime.session import Session

Kind = Literal["stricter", "looser", "different"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one policy made of an answer: its verdict, the model's own words that people read, and how many notices and
    causes of each kind people are told. ``rules`` fired."""

    verdict: Verdict
    released: tuple[str, ...]
    told: Mapping[str, int]
    rules: frozenset[str]

    @classmethod
    def of(cls, session: Session) -> Seen:
        """Return what ``session``, whose streams have closed and which kept its answers, made of its answer."""
        outcome = session.outcome()
        told: Counter[str] = Counter()
        for notice in outcome.notices:
            told[notice.kind.value] += max(1, len(notice.causes))
        return cls(outcome.verdict, tuple(_own_words(session)), told, frozenset(outcome.rules))


def _own_words(session: Session) -> Iterator[str]:
    """Yield what people read of each choice, without the signs that stand where something was left out."""
    labels = [
        placeholder(label)
        for rule in session.activation.rules
        for label in {rule.type, *rule.placeholders.values()}
        if rule.effect is Effect.MASK
    ]
    for answer in session.answers():
        text = answer
        for sign in (MARKER, *labels):
            text = text.replace(sign, "")
        yield text


@dataclass(frozen=True, slots=True)
class Difference:
    """How one policy differs from another on an answer: its ``kind``, both verdicts, and the rules that fired under
    one of them alone."""

    kind: Kind
    old: Verdict
    new: Verdict
    gone: tuple[str, ...]
    added: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``ordinance replay --format json`` and the record show it."""
        return {
            "kind": self.kind,
            "verdict": {"old": self.old.word, "new": self.new.word},
            "rules": {"gone": list(self.gone), "added": list(self.added)},
        }


def difference(old: Seen, new: Seen) -> Difference | None:
    """Return how ``new`` differs from ``old``; None if it does not.

    An answer became looser if its verdict did, or if people read words of the model's that were left out, or are told
    less: one of these is enough, whatever else became stricter.
    """
    if old == new:
        return None
    more = new.verdict > old.verdict or not _within(old.released, new.released) or _more(new.told, old.told)
    less = new.verdict < old.verdict or not _within(new.released, old.released) or _more(old.told, new.told)
    kind: Kind = "looser" if less else "stricter" if more else "different"
    gone, added = sorted(old.rules - new.rules), sorted(new.rules - old.rules)
    return Difference(kind, old.verdict, new.verdict, tuple(gone), tuple(added))


def _within(parts: tuple[str, ...], wholes: tuple[str, ...]) -> bool:
    """Return whether ``parts`` are ``wholes`` with nothing but deletions."""
    return len(parts) <= len(wholes) and all(map(_is_left_of, parts, wholes))


def _is_left_of(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in part)


def _more(told: Mapping[str, int], than: Mapping[str, int]) -> bool:
    return any(number > than.get(kind, 0) for kind, number in told.items())
