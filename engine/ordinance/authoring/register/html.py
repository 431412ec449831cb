"""A document as one HTML file: nothing loaded from elsewhere, readable on paper and by a screen reader.

Its one script looks for words in the page, and its policy allows no other; without scripts the rest works as well.
Places are chosen by style alone.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
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
[hidden] { display: none; }
article:target { border-inline-start-color: var(--link); }
.finder { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.finder label { font-weight: 600; }
.finder input, .finder select { font: inherit; max-width: 100%; min-height: 2rem; color: var(--ink);
  background: var(--paper); border: 1px solid var(--line); }
.finder :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-block: 1rem; }
caption { text-align: start; font-weight: 600; }
th, td { border: 1px solid var(--line); padding: .4rem .6rem; text-align: start; vertical-align: top; }
@media print {
  body { max-width: none; font-size: 10.5pt; color: #000; background: #fff; }
  nav, .skip, .finder { display: none; }
  article, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: .85em; }
}
"""


#: Shows what contains the words that are looked for, without case and accents, and says how much that is.
_SCRIPT = """
const box = document.getElementById("find"), field = box.querySelector("input"), said = box.querySelector("output");
const plain = (text) => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
const all = [...document.querySelectorAll("main article, main tbody tr")];
const parts = all.map((part) => [part, plain(part.textContent)]);
field.addEventListener("input", () => {
  const words = plain(field.value).split(/\\s+/).filter(Boolean);
  for (const [part, text] of parts) part.hidden = !words.every((word) => text.includes(word));
  const left = parts.filter(([part]) => !part.hidden).length;
  said.textContent = words.length ? said.dataset.said.replace("{number}", left) : "";
});
box.hidden = false;
"""
_ALLOWED = f"'sha256-{b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()}'"


def to_html(document: Document) -> str:
    """Write the document as HTML 5, in one file."""
    language = document.language
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{escape(language)}" dir="{direction(language)}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'{_scripts(document)}\">",
        f"<title>{escape(document.title)}</title>",
        f"<style>\n{_STYLE}{_chosen(document)}</style>",
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
        *_finder(document),
        '<main id="rules">',
        *(line for section in document.sections for line in _section(section)),
        "</main>",
        *([f"<script>{_SCRIPT}</script>"] if document.finder else []),
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(parts)


def _scripts(document: Document) -> str:
    """Return what the page's policy allows: its script, where there is something to find."""
    return f"; script-src {_ALLOWED}" if document.finder else ""


def _chosen(document: Document) -> str:
    """Return the style by which what does not matter in the chosen place is not shown."""
    return "".join(
        f'body:has(#place option[value="{escape(code)}"]:checked) [data-at]:not([data-at~="{escape(code)}"]) '
        "{ display: none; }\n"
        for code, _ in (document.finder.places if document.finder else ())
    )


def _finder(document: Document) -> list[str]:
    finder = document.finder
    if finder is None:
        return []
    options = [f'<option value="{escape(code)}">{escape(name)}</option>' for code, name in finder.places]
    lines = [
        '<div class="finder" role="search">',
        f'<p id="find" hidden><label for="words">{escape(finder.search)}</label>',
        f'<input id="words" type="search"> <output for="words" data-said="{escape(finder.found)}"></output></p>',
    ]
    if options:
        everywhere = f'<option value="">{escape(finder.everywhere)}</option>'
        choose = f'<p><label for="place">{escape(finder.choose)}</label>'
        lines += [f'{choose} <select id="place" autocomplete="off">{everywhere}', *options, "</select></p>"]
    return [*lines, "</div>"]


def _at(places: tuple[str, ...]) -> str:
    """Return the attribute by which a part is shown in these places alone."""
    return f' data-at="{escape(" ".join(places))}"' if places else ""


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
    name = f' id="{escape(entry.id)}"' if entry.id else ""
    return [
        f"<article{name}{_at(entry.places)}>",
        f"<h3>{_text(entry.heading)}</h3>",
        *note,
        "<dl>",
        *facts,
        "</dl>",
        "</article>",
    ]


def _fact(fact: Fact) -> list[str]:
    said = [f"<blockquote>{_text(each)}</blockquote>" if fact.quoted else _text(each) for each in fact.texts]
    return [f"<dt>{escape(fact.term)}</dt>", *(f"<dd>{each}</dd>" for each in said)]


def _table(table: Table) -> list[str]:
    lines = [
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(table.caption)}"{_at(table.places)}>',
        "<table>",
        f"<caption>{escape(table.caption)}</caption>",
        "<thead><tr>",
    ]
    lines += [f'<th scope="col">{escape(heading)}</th>' for heading in table.headings]
    lines.append("</tr></thead>\n<tbody>")
    for (first, *rest), places in zip(table.rows, table.row_places or ((),) * len(table.rows), strict=True):
        lines.append(
            f'<tr{_at(places)}><th scope="row">{_text(first)}</th>'
            + "".join(f"<td>{_text(cell)}</td>" for cell in rest)
        )
        lines.append("</tr>")
    return [*lines, "</tbody>", "</table>", "</div>"]


def _text(text: Text) -> str:
    words = escape(text.words)
    language = f' lang="{escape(text.language)}" dir="{direction(text.language)}"' if text.language else ""
    if text.link:
        return f'<a href="{escape(text.link)}"{language}>{words}</a>'
    return f"<span{language}>{words}</span>" if language else words
