"""A document as a value, before it is HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field

from ordinance.runtime.redact.disclose import is_right_to_left


@dataclass(frozen=True, slots=True)
class Text:
    """Words, with their language where it is not the document's, and the address that they lead to."""

    words: str
    language: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what is said of it; ``quoted`` where it is the words of a law."""

    term: str
    texts: tuple[Text, ...]
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule: its heading and the facts of it. ``note`` stands out, as that it does not apply now. ``id`` is the
    rule's, so that a link to ``#DE/symbols`` leads to it. ``places`` are the codes in which it applies; none:
    everywhere."""

    heading: Text
    facts: tuple[Fact, ...]
    note: str = ""
    id: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts below their headings; the first of each row names it. ``places`` are those of the whole table,
    ``row_places`` those of each row, as an entry's."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    places: tuple[str, ...] = ()
    row_places: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """``id`` is a fixed word, so that a link to a section holds in every language."""

    id: str
    heading: str
    about: str
    parts: tuple[Entry | Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Finder:
    """The words by which a reader looks for something: ``search``, and how many were ``found``; ``choose`` one of
    ``places``, codes with their names, or ``everywhere``."""

    search: str
    found: str
    choose: str
    everywhere: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole; ``contents`` heads its table of contents, ``skip`` the link past it."""

    language: str
    title: str
    about: tuple[str, ...]
    as_of: str
    contents: str
    skip: str
    sections: tuple[Section, ...] = field(default=())
    finder: Finder | None = None


def direction(language: str) -> str:
    """Return ``rtl`` or ``ltr``, by the script in which a language is usually written."""
    return "rtl" if is_right_to_left(language) else "ltr"
