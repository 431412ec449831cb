"""A document as Markdown, for a repository or a wiki."""

from __future__ import annotations

import re

from ordinance.authoring.register.document import Document, Entry, Section, Table, Text

_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")


def to_markdown(document: Document) -> str:
    """Write the document as CommonMark with tables."""
    lines = [f"# {_plain(document.title)}", *map(_plain, document.about), f"**{_plain(document.as_of)}**"]
    for section in document.sections:
        lines += _section(section)
    return "\n\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    lines = [f"## {_plain(section.heading)}", _plain(section.about)]
    for part in section.parts:
        lines += _entry(part) if isinstance(part, Entry) else [f"**{_plain(part.caption)}**", _table(part)]
    return lines


def _entry(entry: Entry) -> list[str]:
    facts = []
    for fact in entry.facts:
        if fact.quoted:
            facts += [f"- {_plain(fact.term)}:", *(f"  > {_text(each)}" for each in fact.texts)]
        else:
            facts.append(f"- {_plain(fact.term)}: {'; '.join(map(_text, fact.texts))}")
    note = [f"**{_plain(entry.note)}**"] if entry.note else []
    return [f"### {_text(entry.heading)}", *note, "\n".join(facts)]


def _table(table: Table) -> str:
    rows = [table.headings, tuple("---" for _ in table.headings)]
    lines = [f"| {' | '.join(_plain(cell) if cell != '---' else cell for cell in row)} |" for row in rows]
    lines += [f"| {' | '.join(map(_text, row))} |" for row in table.rows]
    return "\n".join(lines)


def _text(text: Text) -> str:
    leads = text.link and not text.link.startswith("#")  # a rule has no anchor here
    return f"[{_plain(text.words)}](<{text.link}>)" if leads else _plain(text.words)


def _plain(words: str) -> str:
    return _SIGNS.sub(r"\\\1", " ".join(words.split()))
