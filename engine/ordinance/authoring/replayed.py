"""What two policies make of the same line of traffic, and what came of many lines. No text is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ordinance.authoring.changes import Kind
from ordinance.policy.vocabulary import MARKER, Effect, Verdict
from ordinance.runtime.redact.signs import placeholder
from ordinance.runtime.session import Session

_STRICTNESS: tuple[Kind, ...] = ("stricter", "different", "looser")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one policy made of a line: its verdict, the model's own words that people read, and how many notices and
    causes of each kind people are told. ``rules`` fired."""

    verdict: Verdict
    released: tuple[str, ...]
    told: Mapping[str, int]
    rules: frozenset[str]

    @classmethod
    def of(cls, session: Session) -> Seen:
        """Return what ``session``, whose streams have closed and which kept its answers, made of its line."""
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
class Changed:
    """A line that the policies treat differently: its ``number`` (from 1), its ``id`` if it has one, and the rules that
    fired on one side alone."""

    number: int
    id: Any
    kind: Kind
    old: Verdict
    new: Verdict
    gone: tuple[str, ...]
    added: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the line as ``--format json`` shows it."""
        return {
            "line": self.number, "id": self.id, "kind": self.kind,
            "verdict": {"old": self.old.word, "new": self.new.word},
            "rules": {"gone": list(self.gone), "added": list(self.added)},
        }  # fmt: skip


def change(old: Seen, new: Seen) -> Kind | None:
    """Return how ``new`` differs from ``old``; None if it does not.

    A line became looser if its verdict did, or if people read words of the model's that were left out, or are told
    less: one of these is enough, whatever else became stricter.
    """
    if old == new:
        return None
    more = new.verdict > old.verdict or not _within(old.released, new.released) or _more(new.told, old.told)
    less = new.verdict < old.verdict or not _within(new.released, old.released) or _more(old.told, new.told)
    return "looser" if less else "stricter" if more else "different"


def _within(parts: tuple[str, ...], wholes: tuple[str, ...]) -> bool:
    """Return whether ``parts`` are ``wholes`` with nothing but deletions."""
    return len(parts) <= len(wholes) and all(map(_is_left_of, parts, wholes))


def _is_left_of(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in part)


def _more(told: Mapping[str, int], than: Mapping[str, int]) -> bool:
    return any(number > than.get(kind, 0) for kind, number in told.items())


@dataclass(slots=True)
class Tally:
    """Counts lines as they are compared: ``same``, each kind of change, ``unusable``; and for each rule, how many lines
    it fired on under the old policy and under the new one."""

    lines: int = 0
    unusable: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    rules: dict[str, list[int]] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)

    def add(self, id: Any, old: Seen, new: Seen) -> None:
        """Count a line of which the policies made ``old`` and ``new``."""
        self.lines += 1
        for side, seen in enumerate((old, new)):
            for rule in seen.rules:
                self.rules.setdefault(rule, [0, 0])[side] += 1
        kind = change(old, new)
        if kind is not None:
            self.kinds[kind] += 1
            gone, added = sorted(old.rules - new.rules), sorted(new.rules - old.rules)
            self.changes.append(Changed(self.lines, id, kind, old.verdict, new.verdict, tuple(gone), tuple(added)))

    def skip(self) -> None:
        """Count a line that cannot be used."""
        self.lines += 1
        self.unusable += 1

    @property
    def same(self) -> int:
        """How many lines both policies treat alike."""
        return self.lines - self.unusable - self.kinds.total()

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``--format json`` shows them."""
        return {
            "lines": self.lines,
            "unusable": self.unusable,
            "same": self.same,
            **{kind: self.kinds[kind] for kind in _STRICTNESS},
            "rules": {rule: {"old": old, "new": new} for rule, (old, new) in sorted(self.rules.items())},
            "changes": [each.as_json() for each in self.changes],
        }
