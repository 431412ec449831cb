"""What people read of a pack, by language: titles, citations, hours."""

from __future__ import annotations

from collections.abc import Callable

from ordinance.language import ast
from ordinance.language.ast import Written
from ordinance.language.diagnostics import diagnose
from ordinance.policy.ir import Unit, texts_of
from ordinance.policy.link.names import Report, check_tag
from ordinance.policy.plan import ANY_LANGUAGE, LawTexts, Texts


def law_texts(
    place: Written | None, title: Written, article: Written | None, short: Written | None, **more: Texts
) -> LawTexts:
    """Return what people read of a law or bylaw. The full citation is title and article; without a ``short`` title,
    notices have that with the ``place`` whose law it is. ``more`` are the other texts of it."""
    titles, articles, places, shorts = texts_of(title), texts_of(article), texts_of(place), texts_of(short)
    full = _in_each((titles, articles), lambda title, article: f"{title} {article}".strip())
    placed = _in_each((full, places), lambda law, place: f"{law} ({place})" if place else law)
    if short is not None and not short.texts:
        return LawTexts(full, shorts, **more)
    by_language = {tag: text for tag, text in shorts.items() if tag != ANY_LANGUAGE}
    english = {ANY_LANGUAGE: by_language["en"]} if "en" in by_language else {}
    return LawTexts(full, {**placed, **english, **by_language}, **more)


def appeal_texts(contact: ast.ContactDecl) -> Texts:
    """Return a contact as laws name it, whom to turn to."""
    return {tag: f"{title}: {contact.value}" for tag, title in texts_of(contact.title).items()}


def names_of(contact: ast.ContactDecl) -> tuple[Texts, Texts]:
    """Return what people read as the name of a contact, and as its hours."""
    return texts_of(contact.title), texts_of(contact.hours)


def titles_of(units: tuple[Unit, ...]) -> dict[str, Texts]:
    """Return the titles of the jurisdictions and houses among ``units``."""
    kinds = ("jurisdiction", "house")
    return {unit.name: texts_of(unit.pack.title) for unit in units if unit.pack.title and unit.pack.kind in kinds}


def check_languages(written: ast.Word, what: str, report: Report) -> None:
    """Report texts of ``written`` that have no language of their own, or a form that only notices have."""
    seen: set[str] = set()
    for text in written.texts if isinstance(written, Written) else ():
        check_tag(text.tag, report)
        if text.tag.text in seen:
            report(diagnose("name-twice", text.tag.span, f"{what} has two texts in {text.tag}"))
        seen.add(text.tag.text)
        if text.address or text.plural or text.again:
            message = f"{what} has one text in each language"
            report(diagnose("text-form", text.tag.span, message, f'Write {text.tag} "…".'))


def _in_each(parts: tuple[dict[str, str], ...], join: Callable[..., str]) -> dict[str, str]:
    tags = dict.fromkeys(tag for part in parts for tag in part)
    return {tag: join(*(part.get(tag, part.get(ANY_LANGUAGE, "")) for part in parts)) for tag in tags}
