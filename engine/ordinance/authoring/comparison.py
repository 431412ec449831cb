"""What became stricter, looser or different between two policies, and whether citations still hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ordinance.authoring.changes import Change, Side, came, compare, went
from ordinance.authoring.statutes import statutes
from ordinance.language import ast
from ordinance.policy.ir import Policy, Unit, texts_of


@dataclass(frozen=True, slots=True)
class Citation:
    """A number that no longer cites what it did: decisions and answers of the past name it."""

    kind: Literal["removed", "reused", "renumbered", "version"]
    pack: str
    number: str
    what: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that is not the same."""

    changes: tuple[Change, ...]
    citations: tuple[Citation, ...]

    def __bool__(self) -> bool:
        return bool(self.changes or self.citations)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "changes": [
                {
                    "kind": change.kind, "rule": change.rule, "what": change.what, "text": change.text,
                    "situation": change.case and change.case.as_json(),
                }
                for change in self.changes
            ],
            "citations": [
                {"kind": each.kind, "pack": each.pack, "number": each.number, "what": each.what}
                for each in self.citations
            ],
        }  # fmt: skip


def diff(old: Policy, new: Policy) -> Difference:
    """Return the difference between two policies, in the order of the new one, removed rules last."""
    return Difference(tuple(_changes(old, new)), tuple(_citations(old, new)))


def _changes(old: Policy, new: Policy) -> Iterator[Change]:
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    for name, rule in after.items():
        side = Side(rule, new)
        yield from compare(Side(before[name], old), side) if name in before else (came(side),)
    yield from (went(Side(rule, old)) for name, rule in before.items() if name not in after)
    yield from _values("contact", _contacts(old), _contacts(new))
    yield from _values("link to the terms of", _terms(old), _terms(new))
    yield from _states(_read(old), _read(new))
    yield from _values("way of speaking", _styles(old), _styles(new))
    for key in sorted(set(old.protected) ^ set(new.protected)):
        what = "is protected now" if key in new.protected else "is no longer protected"
        yield Change("different", key.partition("/")[0], f"{key.partition('/')[2]} {what}")


def _values(
    kind: str, old: Mapping[tuple[str, str], object], new: Mapping[tuple[str, str], object]
) -> Iterator[Change]:
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) == new.get(place):
            continue
        what = "is new" if place not in old else "is gone" if place not in new else "has changed"
        yield Change("different", place[0], f"the {kind} {place[1]} {what}")


def _states(old: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], str]) -> Iterator[Change]:
    """Yield what has become of sections of statutes."""
    for place in sorted(old.keys() | new.keys()):
        before, after = old.get(place, "not named"), new.get(place, "not named")
        if before != after:
            yield Change("different", place[0], f"{place[1]} was {before} and is {after}")


def _read(policy: Policy) -> dict[tuple[str, str], str]:
    """Return what became of each section of a statute, and what is recorded of the law of a place as a whole."""
    whole = {(u.name, "the law of the place"): f"recorded: {u.pack.records}" for u in policy.units if u.pack.records}
    return whole | {
        (each.unit.name, f"{each.title} {section.article}"): section.in_words()
        for each in statutes(policy)
        for section in each.sections
    }


def _contacts(policy: Policy) -> dict[tuple[str, str], object]:
    return {
        (unit.name, item.name.text): (
            item.group.text, texts_of(item.title), item.form, item.value.text, texts_of(item.hours),
            _texts(item.places),
        )
        for unit in policy.units
        for item in unit.pack.each(ast.ContactDecl)
    }  # fmt: skip


def _terms(policy: Policy) -> dict[tuple[str, str], object]:
    """Return where the terms of use are that bylaws name."""
    bylaws = ((unit, item) for unit in policy.units for item in unit.pack.each(ast.BylawDecl) if item.terms)
    return {(unit.name, item.name.text): str(item.terms) for unit, item in bylaws}


def _texts(words: Iterable[ast.Word]) -> tuple[str, ...]:
    return tuple(word.text for word in words)


def _styles(policy: Policy) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {(tag, tag): style for tag, style in policy.languages.items()}
    for line in policy.slots:
        found[line.pack, line.slot] = (line.values, line.law and (line.law.title, line.law.article))
    for each in policy.without:
        found[each.pack, "without adapter"] = each
    for form in policy.rewrites:
        under = form.law and (form.law.title, form.law.article)
        found |= {(form.pack, f"rewrite {slot}"): (form.by, form.notice, under) for slot in form.slots}
    return found


def _citations(old: Policy, new: Policy) -> Iterator[Citation]:
    packs = {unit.name: unit for unit in new.units}
    for unit in old.units:
        if unit.name in packs:
            yield from _numbers(unit, packs[unit.name])


def _numbers(old: Unit, new: Unit) -> Iterator[Citation]:
    pack = new.name
    before, after = _numbered(old.pack.rules), _numbered(new.pack.rules)
    now = {name: number for number, name in after.items()}
    for number, name in before.items():
        if number not in after:
            where = f"; it is § {now[name]} now" if name in now else ""
            kind: Literal["removed", "renumbered"] = "renumbered" if name in now else "removed"
            yield Citation(kind, pack, number, f"§ {number} was {name}, and is gone{where}")
        elif after[number] != name:
            yield Citation("reused", pack, number, f"§ {number} was {name}, and is {after[number]}")
    same_version = old.pack.version.text == new.pack.version.text
    if same_version and _words(old) != _words(new):
        yield Citation("version", pack, "", f"its content has changed, and its version is still {new.pack.version}")


def _words(unit: Unit) -> tuple[str, ...]:
    return (unit.pack.source.text, *(source.text for _, source in sorted(unit.lexicons.items())))


def _numbered(rules: Iterable[ast.Rule]) -> dict[str, str]:
    return {rule.number.text: rule.name.text for rule in rules}
