"""Which texts of packs lack a language, and packs with what was translated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ordinance.errors import UsageError
from ordinance.language import ast
from ordinance.language.format import format_source
from ordinance.language.source import Source, Span
from ordinance.policy.ir import Policy, Unit
from ordinance.policy.slots import addresses_in

_VARIABLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text that is to be translated: ``id`` names it in all packs, ``source`` is what it says in ``tag``.

    ``target`` is what it says in the language ``to``; empty where that is lacking. ``span`` is the text in ``to`` that
    is replaced, or the last text, behind which the new one is written; ``head`` is what stands before the new text, and
    ``alone`` says that the text has no language yet.
    """

    id: str
    unit: Unit
    tag: str
    source: str
    to: str
    target: str
    span: Span
    head: str
    replaces: bool = False
    alone: bool = False

    @property
    def lacking(self) -> bool:
        return not self.target


def wanted(
    policy: Policy, to: Sequence[str] = (), once: str | None = None, exported: Mapping[str, str] = MappingProxyType({})
) -> tuple[Wanted, ...]:
    """Return every text of the given packs in every language that it is wanted in: ``to``, else all that are loaded.

    A text that is written once, for everybody, is in the language in which it was ``exported`` (by id), else in
    ``once``; None: in English, or in the first language of a pack that has no English. A text of a language pack that
    says the same as the English one counts as lacking.
    """
    tags = tuple(to) or tuple(unit.name for unit in policy.units if unit.pack.kind == "language")
    known = {name: text for unit in policy.units for name, text in _english(unit)}
    return tuple(
        each
        for unit in policy.units
        if unit.given
        for each in (
            _of_language(unit, known, tags)
            if unit.pack.kind == "language"
            else _of_pack(unit, tags, once or _own(unit), exported)
        )
    )


def translated(unit: Unit, said: Mapping[str, tuple[Wanted, str]]) -> str:
    """Return the text of a pack, formatted, in which ``said`` stands: what is to be translated, and its translation.
    Raises ``UsageError`` for one that no pack can contain."""
    text = unit.pack.source.text
    places: dict[tuple[int, int], list[tuple[Wanted, str]]] = {}
    for want, target in said.values():
        _check(want, target)
        places.setdefault((_start(want), _offset(want)), []).append((want, target))
    for (start, end), here in sorted(places.items(), reverse=True):
        text = text[:start] + _rewritten(text[start:end], here) + text[end:]
    return _formatted(unit, text)


def _rewritten(text: str, here: Sequence[tuple[Wanted, str]]) -> str:
    """Return what stands in the place of ``text``, one text of a pack, with the translations that belong there."""
    first = here[0][0]
    kept = next((f'"{target}"' for want, target in here if want.replaces), text)
    more = " ".join(f'{want.head} "{target}"' for want, target in here if not want.replaces)
    if first.alone:
        return f"{{ {first.tag} {kept} {more} }}"
    return f"{kept} {more}" if more else kept


def _formatted(unit: Unit, text: str) -> str:
    source = Source(unit.pack.source.path, unit.pack.source.name, text)
    return format_source(source, "charter" if unit.pack.kind == "charter" else "pack") or text


def _check(want: Wanted, target: str) -> None:
    if '"' in target or "\n" in target:
        raise UsageError(
            f"the translation of {want.id} into {want.to} contains a plain quote or a line break.",
            help="Inside a text write ‘…’ or “…”, on one line.",
        )
    if set(_VARIABLE.findall(target)) != set(_VARIABLE.findall(want.source)):
        raise UsageError(
            f"the translation of {want.id} into {want.to} does not have the same names in braces.",
            help=f"The text is: {want.source}",
        )


def _start(want: Wanted) -> int:
    """Return the offset at which the place of ``want`` begins."""
    source = want.span.source
    return sum(source.width(number) + 1 for number in range(1, want.span.line)) + want.span.column - 1


def _offset(want: Wanted) -> int:
    """Return the offset behind the place of ``want``, which is on one line."""
    return _start(want) + want.span.end_column - want.span.column


def _of_pack(unit: Unit, tags: Sequence[str], once: str, exported: Mapping[str, str]) -> Iterator[Wanted]:
    for name, texts in _notices(unit):
        yield from _in_each(unit, name, texts, tags)
    for name, written in _written(unit):
        if written.texts:
            yield from _in_each(unit, name, written.texts, tags)
        else:
            label = f"{unit.name}/{name}"
            own = exported.get(label) or once
            yield from (
                Wanted(label, unit, own, written.text, tag, "", written.span, tag, alone=True)
                for tag in tags
                if tag != own
            )


def _own(unit: Unit) -> str:
    """Return the language of what a pack says once: English, unless it has texts in others only."""
    said = [text.tag.text for _, texts in _notices(unit) for text in texts]
    said += [text.tag.text for _, written in _written(unit) for text in written.texts]
    return said[0] if said and "en" not in said else "en"


def _in_each(unit: Unit, name: str, texts: Sequence[ast.TextIn], tags: Sequence[str]) -> Iterator[Wanted]:
    """Yield a notice, a label or the like in each language, in the forms that the text to translate has."""
    if not texts:
        return
    first = next((text.tag.text for text in texts if text.tag.text == "en"), texts[0].tag.text)
    own = {(text.tag.text, _form(text)): text for text in texts}
    has = {text.tag.text for text in texts}
    for text in texts:
        for tag in tags if text.tag.text == first else ():
            there = own.get((tag, _form(text)))
            if tag == first or (there is None and tag in has):
                continue  # it has its own forms
            form = _form_in(text, tag, texts)
            if form is None:
                continue
            head = " ".join([tag, *form.split()])
            label = f"{unit.name}/{name}" + (f" {_form(text)}" if _form(text) else "")
            last = texts[-1].text.span
            said = there.text.text if there and not _is_copied(there.text.text, text.text.text) else ""
            place = there.text.span if there else last
            replaces = there is not None
            yield Wanted(label, unit, first, text.text.text, tag, said, place, head, replaces=replaces)


def _of_language(unit: Unit, known: Mapping[str, str], tags: Sequence[str]) -> Iterator[Wanted]:
    if unit.name not in tags or unit.name == "en":
        return
    for name, texts in _notices(unit):
        for text in texts:
            source = known.get(f"{name} {_form(text)}".strip(), "")
            if source:
                target = "" if _is_copied(text.text.text, source) else text.text.text
                label = f"{unit.name}/{name} {_form(text)}".strip()
                yield Wanted(label, unit, "en", source, unit.name, target, text.text.span, "", replaces=True)


def _english(unit: Unit) -> Iterator[tuple[str, str]]:
    for name, texts in _notices(unit):
        yield from ((f"{name} {_form(text)}".strip(), text.text.text) for text in texts if text.tag.text == "en")


def _is_copied(text: str, source: str) -> bool:
    """Return whether ``text`` only repeats several words of ``source``: nobody has translated it yet."""
    return text == source and " " in text.strip()


def _form(text: ast.TextIn) -> str:
    return " ".join(filter(None, (text.address, text.plural, "again" if text.again else "")))


def _form_in(text: ast.TextIn, tag: str, texts: Sequence[ast.TextIn]) -> str | None:
    """Return the form of ``text`` in the language ``tag``. None where that has no such way of address, but for the
    first of ``texts`` that says the same, which is then said without one."""
    if text.address is None or text.address in addresses_in(tag):
        return _form(text)
    same = next(each for each in texts if _unaddressed(each) == _unaddressed(text))
    return _form(replace(text, address=None)) if same is text else None


def _unaddressed(text: ast.TextIn) -> tuple[str, str | None, bool]:
    return text.tag.text, text.plural, text.again


def _notices(unit: Unit) -> Iterator[tuple[str, Sequence[ast.TextIn]]]:
    for notice in unit.pack.each(ast.NoticeDecl):
        yield f"notice {notice.name}", notice.texts
    for label in unit.pack.each(ast.LabelDecl):
        yield f"label {label.name}", label.texts


def _written(unit: Unit) -> Iterator[tuple[str, ast.Written]]:
    """Yield what people read once in each language: titles, citations, meanings, hours."""
    pack = unit.pack
    found: list[tuple[str, ast.Written | None]] = [("title", pack.title), ("records", pack.records)]
    for law in pack.each(ast.LawDecl):
        parts = (("title", law.title), ("article", law.article), ("short", law.short), ("authority", law.authority))
        found += [(f"law {law.name} {part}", written) for part, written in parts]
    for recorded in pack.each(ast.RecordedLaw):
        kept = (("title", recorded.title), ("article", recorded.article), ("records", recorded.why))
        found += [(f"law {recorded.name} {part}", written) for part, written in kept]
    for bylaw in pack.each(ast.BylawDecl):
        found += [(f"bylaw {bylaw.name} title", bylaw.title), (f"bylaw {bylaw.name} short", bylaw.short)]
    for contact in pack.each(ast.ContactDecl):
        found += [(f"contact {contact.name} title", contact.title), (f"contact {contact.name} hours", contact.hours)]
    for section in pack.sections:
        for rule in section.rules:
            found.append((f"rule {rule.name} means", rule.means))
            if isinstance(rule, ast.Limit | ast.Decline):
                found.append((f"rule {rule.name} reason", rule.reason))
    yield from ((name, written) for name, written in found if written is not None)
