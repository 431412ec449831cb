"""How far each statute has been read: which sections are encoded, which were left out and why, which are not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ordinance.language import ast
from ordinance.policy.ir import Policy, Unit

State = Literal["encoded", "left out", "not read"]

#: The states, in the order in which people read them.
STATES: tuple[State, ...] = ("encoded", "left out", "not read")


@dataclass(frozen=True, slots=True)
class SectionRead:
    """A section of a statute: the law ``name`` of the pack that cites it, what became of it and ``why``, the day on
    which it was ``seen``, and the numbers of the rules that stand under it."""

    name: str
    article: ast.Written
    state: State
    why: ast.Written | None
    seen: ast.Day | None
    source: ast.Word
    rules: tuple[str, ...]

    def in_words(self) -> str:
        """Write what became of it: ``left out: Fees and forms.``"""
        return f"{self.state}: {self.why}" if self.why else self.state


@dataclass(frozen=True, slots=True)
class Statute:
    """A statute as the ``unit`` of a jurisdiction cites it: its laws of one title, in the order of the file."""

    unit: Unit
    title: ast.Written
    sections: tuple[SectionRead, ...]

    def counted(self) -> dict[State, int]:
        """Return how many sections are in each state."""
        return {state: sum(each.state == state for each in self.sections) for state in STATES}

    def in_words(self) -> str:
        """Write the counts as ``3 encoded, 1 left out, 2 not read``, without what there is none of."""
        return ", ".join(f"{number} {state}" for state, number in self.counted().items() if number)


def statutes(policy: Policy) -> tuple[Statute, ...]:
    """Return the statutes of all jurisdictions, by pack and in the order in which each pack names them."""
    return tuple(each for unit in policy.units if unit.pack.kind == "jurisdiction" for each in _of(unit))


def as_json(statute: Statute) -> dict[str, Any]:
    """Return a statute as ``ordinance check --format json`` prints it."""
    return {
        "jurisdiction": statute.unit.name,
        "title": statute.title.text,
        "sections": [
            {
                "law": each.name,
                "article": each.article.text,
                "state": each.state.replace(" ", "_"),
                "why": each.why and each.why.text,
                "seen": each.seen and each.seen.text,
                "rules": list(each.rules),
            }
            for each in statute.sections
        ],
    }


def _of(unit: Unit) -> Iterator[Statute]:
    laws = [item for item in unit.pack.declarations if isinstance(item, ast.LawDecl | ast.RecordedLaw)]
    for title in dict.fromkeys(law.title.text for law in laws):
        own = [law for law in laws if law.title.text == title]
        yield Statute(unit, own[0].title, tuple(_section(unit, law) for law in own))


def _section(unit: Unit, law: ast.LawDecl | ast.RecordedLaw) -> SectionRead:
    if isinstance(law, ast.RecordedLaw):
        state: State = "not read" if law.seen is None else "left out"
        return SectionRead(law.name.text, law.article, state, law.why, law.seen, law.source, ())
    rules = tuple(_standing_under(unit, law.name.text))
    used = rules or any(slot.law and slot.law.text == law.name.text for slot in _slots(unit))
    return SectionRead(law.name.text, law.article, "encoded" if used else "left out", None, law.seen, law.source, rules)


def _standing_under(unit: Unit, law: str) -> Iterator[str]:
    """Yield the numbers of the rules that stand under ``law``, or have an exception under it."""
    for rule in unit.pack.rules:
        exceptions = () if isinstance(rule, ast.RedLine) else getattr(rule, "exceptions", ())
        if law in {word.text for word in (*ast.laws_of(rule), *(each.law for each in exceptions))}:
            yield rule.number.text


def _slots(unit: Unit) -> Iterator[ast.Slot | ast.Rewrite]:
    for speak in unit.pack.each(ast.SpeakDecl):
        yield from speak.slots
        yield from speak.rewrites
