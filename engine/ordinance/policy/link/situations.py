"""Conditions over the situation, from the tree to the engine's own, with what each place in a pack may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.policy.conditions import All, AnyOf, Below, Condition, Is, Within, dimensions
from ordinance.policy.link.names import Names, Report, is_code, iso_code, whole
from ordinance.policy.link.places import Places
from ordinance.policy.plan import Dimension
from ordinance.policy.vocabulary import BUILT_IN_DIMENSIONS, CLAIMED, NUMBERS, PLACES

#: Where a condition stands: law decides by attested facts only, a ``say`` may also read what went before in the
#: conversation, and how to speak may depend on anything.
Reader = Literal["law", "transition", "exception", "rule", "say", "style"]
_READING: Mapping[Reader, str] = {
    "law": "the law's reach",
    "transition": "the law's dates",
    "exception": "the exception",
}
_HOLDING_BACK = frozenset({"transition", "exception"})
_SAY_READS = frozenset({"turn", "elapsed"})

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Situations:
    """What the conditions of one pack may name: the policy's places, the dimensions this pack sees, of which it
    declares ``own``, and the conditions that it names, with those of the charter. ``home`` is the
    pack itself."""

    dimensions: Mapping[str, Dimension]
    own: Names[Dimension]
    places: Places
    report: Report
    named: Names[ast.ConditionNode]
    shared: Names[ast.ConditionNode]
    home: str

    def condition(self, node: ast.ConditionNode, reader: Reader) -> Condition:
        """Link the condition that ``node`` writes; an invalid one is a finding and matches nothing."""
        if isinstance(node, ast.Junction):
            parts = tuple(self.condition(part, reader) for part in node.parts)
            return All(parts) if node.word == "and" else AnyOf(parts)
        if node.test == "named":
            return self._named(node, reader)
        self._check_reader(node, reader)
        name = node.dimension.text
        values = frozenset(word.text for word in node.values)
        match node.test:
            case "unknown":
                if reader == "exception":
                    self.report(diagnose("reads-unknown", node.span, f"the exception applies if `{name}` is unknown"))
                return Is(name, frozenset(), or_unknown=True)
            case "within":
                return self._within(node, name, node.values[0], reader)
            case "below":
                return self._below(node, name, node.values[0])
            case "before":
                return self._before(node, name, node.values[0])
            case _:
                self._check_values(node, name)
                return Is(name, values)

    def reach(self, law: ast.LawDecl) -> Condition:
        """Whom a law reaches, with what it says of an unknown place."""
        condition = self.condition(law.reaches, "law")
        read = dimensions(condition) & PLACES
        if read and law.unknown is None:
            message = f"the law `{law.name}` does not say whether it applies if the place is unknown"
            self.report(diagnose("reach-unknown", law.name.span, message))
        if law.unknown != "included":
            return condition
        # ``market`` is unknown almost always: it counts only where the law reaches by nothing else.
        unknown = sorted(read - {"market"}) or sorted(read)
        return AnyOf((condition, *(Is(name, frozenset(), or_unknown=True) for name in unknown)))

    def _named(self, node: ast.TestNode, reader: Reader) -> Condition:
        """Link a named condition as if it were written here. It must not name another, so there is no circle."""
        word = node.dimension
        owner = self.shared if word.text in self.shared and word.text not in self.named else self.named
        written = owner.get(word)
        if written is None:
            return AnyOf(())
        if _names_another(written):
            message = f"the condition `{word}` names another condition"
            self.report(diagnose("condition-nested", word.span, message))
            return AnyOf(())
        return self.condition(written, reader)

    def _check_reader(self, node: ast.TestNode, reader: Reader) -> None:
        name = node.dimension.text
        self.own.find(name)
        declared = self.dimensions.get(name)
        if declared is None and name not in BUILT_IN_DIMENSIONS:
            known = BUILT_IN_DIMENSIONS | self.dimensions.keys()
            advice = did_you_mean(name, known) or f"Declare it: dimension {name} attested one of …"
            self.report(diagnose("name-undefined", node.dimension.span, f"no dimension is called `{name}`", advice))
            return
        claimed = name in CLAIMED if declared is None else not declared.attested
        if claimed and reader != "style" and not (reader == "say" and name in _SAY_READS):
            what = {"law": "the law's reach", "transition": "the law's dates", "exception": "the exception"}.get(
                reader, "the rule"
            )
            message = f"{what} depends on `{name}`, which a request merely claims"
            self.report(diagnose("reads-claimed", node.dimension.span, message))

    def _check_values(self, node: ast.TestNode, name: str) -> None:
        if name in NUMBERS:
            self._unfit(node, f"`{name}` is a number", f"Write `{name} below N`.")
        if name in PLACES:
            for word in node.values:
                self._check_place(word)
        if (declared := self.dimensions.get(name)) is None:
            return
        if declared.is_date:
            self._unfit(node, f"`{name}` is a date", f"Write `{name} before 2026-08-02`.")
            return
        for word in node.values:
            if word.text not in declared.values:
                values = ", ".join(sorted(declared.values))
                advice = did_you_mean(word.text, declared.values) or f"Its values are {values}."
                self.report(diagnose("value-unknown", word.span, f"`{name}` does not have the value `{word}`", advice))

    def _within(self, node: ast.TestNode, name: str, code: ast.Word, reader: Reader) -> Condition:
        if name not in PLACES:
            self._unfit(node, f"`{name}` is not a place", "Use `within` with place, seat or market.")
        self._check_place(code)
        # What other packs say of geography must not widen what holds a rule back: adding one would lower a verdict.
        places = self.places.seen_from(self.home) if reader in _HOLDING_BACK else self.places
        return Within(name, places.covered(code.text))

    def _below(self, node: ast.TestNode, name: str, limit: ast.Word) -> Condition:
        number = whole(limit.text)
        if name not in NUMBERS or number is None:
            self._unfit(node, f"`{name} below {limit}` does not compare whole numbers", "Use `below` with age or turn.")
            return Below(name, 0)
        if node.hours is not (name == "elapsed"):
            self._unfit(node, f"`{name}` has another unit", "Write `elapsed below N hours`, `age below N`.")
        return Below(name, number * _HOUR if node.hours else number)

    def _before(self, node: ast.TestNode, name: str, day: ast.Word) -> Condition:
        """Link a test of a date, which counts as the number of its digits."""
        declared = self.dimensions.get(name)
        if name in BUILT_IN_DIMENSIONS or (declared is not None and not declared.is_date):
            self._unfit(node, f"`{name}` is not a date", f"Declare it: dimension {name} attested date")
        try:
            date.fromisoformat(day.text)
        except ValueError:
            self.report(diagnose("date-invalid", day.span, f"there is no day {day}"))
        return Below(name, int(day.text.replace("-", "")))

    def _check_place(self, code: ast.Word) -> None:
        if not is_code(code.text):
            near = f"Did you mean `{meant}`?" if (meant := iso_code(code.text)) else ""
            self.report(diagnose("code-invalid", code.span, f"`{code}` is not a jurisdiction's code", near))
        elif not self.places.known(code.text):
            meant = iso_code(code.text)
            near = f"Did you mean `{meant}`?" if meant else did_you_mean(code.text, self.places.parents)
            advice = near or "Load the jurisdiction's pack, or name it among the `members` of one that is loaded."
            self.report(diagnose("value-unknown", code.span, f"no loaded pack knows the place `{code}`", advice))

    def _unfit(self, node: ast.TestNode, message: str, help: str) -> None:
        self.report(diagnose("test-unfit", node.span, message, help))


def _names_another(node: ast.ConditionNode) -> bool:
    if isinstance(node, ast.Junction):
        return any(_names_another(part) for part in node.parts)
    return node.test == "named"
