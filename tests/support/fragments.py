"""A library of small correct pieces of packs, one or more for each construct of the grammar, for ``worlds`` to combine.

They stand in ``fragments.txt``, each below a line ``== KIND NAME``: declarations above ``---``, a rule below it, where
``@`` is the rule's number in its section. ``<one|two|>`` stands for one of its alternatives, drawn evenly, and a word
in capitals behind ``$`` for what ``_SHARED`` says. No two fragments look for the same words, so any set is a pack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ordinance.detection import Declaration, Expressions, Passage, Prepared, Segments, Span, Unconfigured

#: The jurisdiction and the house that fragments make up.
PLACE, HOUSE = "XZ", "school"

#: Texts in which fragments find something.
SAID = (
    *("Z-1234", "masking", "veiled", "v e i l e d", "parade", "49403136526", "слово", "pairone", "pairtwo"),
    *("pairone pairtwo", "passage", "rumour", "minor", "minors", "thinking", "tiding", "gadget", "gizmo", "homework"),
    *("0800 111", "0800 222", "judging", "appealing", "advising", "a d v i s i n g", "declining"),
    *("bendings", "bendingable", "bendingly"),
    *(
        "nearone",
        "neartwo",
        "nearone neartwo",
        "neartwo. nearone",
        "n e a r o n e neartwo",
        "saidone saidtwo",
        "saidone",
    ),
)

#: What a language pack says of how to speak.
STYLES = (
    "",
    "",
    "speak { address <formal|informal> numbers {tag} <|script Latn unless age below 13> "
    "<|rewrite numbers, script> <|without adapter <answer|decline> telling fault> <|on miss ask once more> }\n",
)

_SHARED: Mapping[str, str] = {
    "EXAMPLES": 'example fires answer "x" example quiet answer "y"',
    "SEEN": 'source "https://law.example/act" seen 2026-01-01 }',
    "FORCE": "in force from <2026-01-01|2026-06-01>< until 2026-12-01|>",
    "REACH": "reaches <place within XZ|place within XZ or seat within XZ|place is XZ>, <not|or> unknown",
    "OMITS": "scope <span|sentence at most <40|200>>",
    "TRIAL": "<|||on trial until <2026-06-15|2027-01-01>>",
    "TOLD": "telling omitted about kind",
}

#: Words whose lexicon names endings.
_ENDED = {"bending": "{tails}"}

_CHOICE = re.compile(r"<([^<>]*)>")
_HEAD = re.compile(r"^== (\w+) (\w+)\n", re.MULTILINE)


def _read(wanted: str) -> Mapping[str, str]:
    """The fragments of one kind, by name."""
    text = (Path(__file__).parent / "fragments.txt").read_text("utf-8")
    for name, said in _SHARED.items():
        text = text.replace(f"${name}", said)
    _, *parts = _HEAD.split(text)
    each = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {name: body.rstrip() + "\n" for kind, name, body in each if kind == wanted}


#: Of a jurisdiction; of one and yet to run, so that a world with one of them is refused (rule 24); and of a house.
LAWS, PENDING, BYLAWS = _read("law"), _read("pending"), _read("bylaw")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Its choices are made; ``rule`` is empty where it declares only."""

    name: str
    declarations: str
    rule: str


def draw_fragments(random: Random, of: Mapping[str, str], most: int) -> tuple[Fragment, ...]:
    """Some of ``of``, with their choices made."""
    return tuple(drawn(random, name, of[name]) for name in random.sample(sorted(of), random.randint(0, most)))


def drawn(random: Random, name: str, text: str) -> Fragment:
    """One fragment with its choices made."""
    declarations, _, rule = choose(random, text).partition("---\n")
    return Fragment(name, declarations, rule)


def choose(random: Random, text: str) -> str:
    """``text`` with each choice made, the inner ones first."""
    while (found := _CHOICE.search(text)) is not None:
        text = text[: found.start()] + random.choice(found[1].split("|")) + text[found.end() :]
    return text


def write(header: str, fragments: Sequence[Fragment]) -> str:
    """The pack that ``fragments`` make up below its ``header``."""
    rules = [fragment.rule for fragment in fragments if fragment.rule]
    body = header + "".join(fragment.declarations for fragment in fragments)
    if any(" kind " in rule for rule in rules):
        body += 'label kind { en "a kind" de "eine Art" }\n'
    numbered = "".join(f"  {rule.replace('@', f'1.{at}', 1)}\n" for at, rule in enumerate(rules, 1))
    return body + (f'section 1 "Rules" {{\n{numbered}}}\n' if rules else "")


def lexicons_of(text: str) -> dict[str, str]:
    """The words whose lexicons a pack names, each with the line that its lexicon has."""
    return {word: word + _ENDED.get(word, "") for word in re.findall(r'from "lexicons/(\w+)\.txt"', text)}


def _gizmos(passage: Passage) -> list[Span]:
    return [found.span() for found in re.finditer(r"\bgizmo\b", passage.text)]


#: What a plugin provides: one detector of phrases, one that sees sentences.
PLUGIN: dict[Declaration, Prepared | Unconfigured] = {
    Declaration("acme.gadgets"): Expressions(phrases=("gadget",)),
    Declaration("acme.gadgets", ("big", "small")): Expressions(phrases=("gadget",)),
    Declaration("acme.gizmos"): Segments(_gizmos),
}
