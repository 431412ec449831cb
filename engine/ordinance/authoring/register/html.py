"""A document as one HTML file: no script, nothing loaded from elsewhere, readable on paper and by a screen reader."""

from __future__ import annotations

from html import escape

from ordinance.authoring.register.document import Document, Entry, Fact, Section, Table, Text, direction

_STYLE = """\
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #f2f2f0; --line: #767676; --link: #0b4a8f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --soft: #242424; --line: #8f8f8f; --link: #9cc9ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--paper);
  font: 1.0625rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; inset-inline-start: -100vw; }
.skip:focus { position: static; }
h1 { font-size: 1.9rem; line-height: 1.25; }
h2 { margin-top: 3rem; border-block-end: 2px solid var(--line); }
article { margin-block: 1.5rem; padding: 1rem; background: var(--soft); border-inline-start: 4px solid var(--line); }
article h3 { margin-top: 0; }
dl { margin: 0; }
dt { font-weight: 600; margin-top: .6rem; }
dd { margin: 0; }
blockquote { margin: 0; font-style: italic; }
.note { font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-block: 1rem; }
caption { text-align: start; font-weight: 600; }
th, td { border: 1px solid var(--line); padding: .4rem .6rem; text-align: start; vertical-align: top; }
@media print {
  body { max-width: none; font-size: 10.5pt; color: #000; background: #fff; }
  nav, .skip { display: none; }
  article, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: .85em; }
}
"""


def to_html(document: Document) -> str:
    """Write the document as HTML 5, in one file."""
    language = document.language
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(language)}" dir="{direction(language)}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(document.title)}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        f'<a class="skip" href="#rules">{escape(document.skip)}</a>',
        "<header>",
        f"<h1>{escape(document.title)}</h1>",
        *(f"<p>{escape(words)}</p>" for words in document.about),
        f"<p><strong>{escape(document.as_of)}</strong></p>",
        "</header>",
        f'<nav aria-labelledby="contents">\n<h2 id="contents">{escape(document.contents)}</h2>\n<ol>',
        *(f'<li><a href="#{each.id}">{escape(each.heading)}</a></li>' for each in document.sections),
        "</ol>\n</nav>",
        '<main id="rules">',
        *(line for section in document.sections for line in _section(section)),
        "</main>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _section(section: Section) -> list[str]:
    lines = [
        f'<section aria-labelledby="{section.id}">',
        f'<h2 id="{section.id}">{escape(section.heading)}</h2>',
        f"<p>{escape(section.about)}</p>",
    ]
    for part in section.parts:
        lines += _entry(part) if isinstance(part, Entry) else _table(part)
    return [*lines, "</section>"]


def _entry(entry: Entry) -> list[str]:
    note = [f'<p class="note">{escape(entry.note)}</p>'] if entry.note else []
    facts = [line for fact in entry.facts for line in _fact(fact)]
    return ["<article>", f"<h3>{_text(entry.heading)}</h3>", *note, "<dl>", *facts, "</dl>", "</article>"]


def _fact(fact: Fact) -> list[str]:
    said = [f"<blockquote>{_text(each)}</blockquote>" if fact.quoted else _text(each) for each in fact.texts]
    return [f"<dt>{escape(fact.term)}</dt>", *(f"<dd>{each}</dd>" for each in said)]


def _table(table: Table) -> list[str]:
    lines = ['<div class="wide">', "<table>", f"<caption>{escape(table.caption)}</caption>", "<thead><tr>"]
    lines += [f'<th scope="col">{escape(heading)}</th>' for heading in table.headings]
    lines.append("</tr></thead>\n<tbody>")
    for first, *rest in table.rows:
        lines.append(f'<tr><th scope="row">{_text(first)}</th>' + "".join(f"<td>{_text(cell)}</td>" for cell in rest))
        lines.append("</tr>")
    return [*lines, "</tbody>", "</table>", "</div>"]


def _text(text: Text) -> str:
    words = escape(text.words)
    language = f' lang="{escape(text.language)}" dir="{direction(text.language)}"' if text.language else ""
    if text.link:
        return f'<a href="{escape(text.link)}"{language}>{words}</a>'
    return f"<span{language}>{words}</span>" if language else words
