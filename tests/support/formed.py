"""Texts in which forms find much, and what rewrites them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from ordinance.detection import Form as GivenForm
from ordinance.policy.plan import Plan, RewriteLine
from ordinance.policy.vocabulary import Channel, Rank
from ordinance.runtime.forms.rewriting import rewriting
from ordinance.runtime.forms.rewritten_text import RewrittenText
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate

SENTENCES = Path(__file__).parent.parent / "cases" / "forms" / "sentences.txt"

#: Slots by the language in which they are set.
WAYS: Mapping[str, Mapping[str, str]] = {
    "de-CH": {"spelling": "de-CH", "numbers": "de-CH", "dates": "de-CH", "units": "metric"},
    "de": {"spelling": "de", "numbers": "de", "dates": "de", "units": "metric"},
    "en-GB": {"spelling": "en-GB", "numbers": "en-GB", "dates": "en-GB", "units": "metric"},
    "en-US": {"spelling": "en-US", "numbers": "en-US", "dates": "en-US"},
    "fr": {"spelling": "fr", "numbers": "fr", "dates": "fr", "units": "metric"},
    "pt-BR": {"spelling": "pt-BR", "numbers": "pt-BR", "dates": "pt-BR"},
    "sr": {"script": "Latn"},
}

PIECES = (
    "Die Straße ist groß. ", "daß", "Maßnahme", "Weiß", "ß", "STRAßE ", "a@maß.ch ", "straße.de ", "1,234.50",
    "1.234,5", "1'234.5", "3.5 km", "3,5km", "1.234", "1,234,567", "€3.50", "20°C", "5kg", " 12 345,6 ", "12/24/2026",
    "24.12.2026", "03/04/2026", "2026/11/27", "2026-11-27", "colour", "color ", "the center. ", "organise",
    "económico", "econômico ",
    "Љубав ", "инјекција", "Џеп", "\"", "„", "“", "”", "«", "»", "'", "’", "`",
    "```\n", "~~~\n", "\n", "\n\n", "    ",
    "> ", "https://", "www.", "@", "](", ")", "[1] ", "{\"a\": ", "}", "§ 12 ", "$$", "<b>", "⟦", "…", "⟧", "(", " ",
    ".", ", ", "-", "/", "0", "5", "a", "x1", "\u0301", "\u200b", "\u00a0", "%", " EUR",
)  # fmt: skip

#: Phrases and patterns that forms would make, break or touch.
SOUGHT = (
    "24.12.2026", "1.234,50", "1,234", "colour", "color", "the centre", "ljubav", "dass er", "km", "„a", "strasse", "5",
)  # fmt: skip
PATTERNS = (r"[0-9]{3},[0-9]", r"[0-9]{2}/[0-9]{2}/", r"s[ea]", r"\b5\b", r"[0-9].km", "«.")


def texts(longest: int = 16) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from([*PIECES, *SOUGHT]), max_size=longest).map("".join)


def formed(
    plan: Plan, tag: str, slots: Mapping[str, str] | None = None, given: GivenForm | None = None, prefix: str = ""
) -> RewrittenText:
    """Return a text under all rules of ``plan`` that is rewritten for ``slots``, by the form that is ``given``, or
    by the engine's own."""
    chosen = WAYS[tag] if slots is None else slots
    by = "" if given is None else "acme.form"
    lines = {slot: RewriteLine("house", Rank.HOUSE, (slot,), by) for slot in chosen}
    activation = activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE")), (), Channel.CONTENT)
    beginning = begin(activation, [prefix] if prefix else [])
    asked = rewriting(chosen, lines, {} if given is None else {by: given}, tag)
    return asked.text(Redactor(activation, beginning), activation, beginning)


def released(text: RewrittenText, pieces: Sequence[str], end: End = End.OWN) -> str:
    return "".join(map(text.feed, pieces)) + text.close(end)


@dataclass(frozen=True)
class Sentence:
    """A sentence of ``tests/cases/forms``, and what becomes of it."""

    tag: str
    slots: Mapping[str, str]
    before: str
    after: str


def sentences() -> list[Sentence]:
    """Return the own sentences that are to be rewritten, or left."""
    found: list[Sentence] = []
    tag, slots, before = "", dict[str, str](), ""
    for line in SENTENCES.read_text("utf-8").splitlines():
        if head := re.fullmatch(r"([a-z]{2}(?:-[A-Z]{2})?): ([a-z, ]+)", line):
            tag, named = head[1], head[2].split(", ")
            slots = {slot: {"units": "metric", "script": "Latn"}.get(slot, tag) for slot in named}
        elif line.startswith("="):
            found.append(Sentence(tag, slots, before, line.removeprefix("=").removeprefix("> ") or before))
        else:
            before = line
    return found
