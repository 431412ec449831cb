"""Mistakes whose errors misled people: each is told at its place, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.language.parser import parse
from ordinance.language.source import Source
from support.packs import JURISDICTION

STAGE = "(stage is draft or stage is unknown)"
LIST, VALUES = "`or` is used in a list of values", "Write a list of values with commas: `is one of …, final`."

UNKNOWN = "the word `{}` is unknown at this place"

MISTAKES = {
    "a say that looks at what is asked": (
        "when    age below 18 and turn below 5", "when    prompt has pattern code",
        "`say` looks at answers, and at nothing else", "Write `when answer has …`.",
    ),
    "values joined by or in a list": (STAGE, "stage is one of draft or final", LIST, VALUES),
    "values joined by or": (STAGE, "stage is draft or final", LIST, VALUES),
    "values joined by or alone": (
        f"topic talk and {STAGE}", "topic talk and (stage is draft or final)", "`final` alone is not a test",
        "Write `is one of draft, final`.",
    ),
    "unless": (
        "    except  study", "    unless  study", "a rule has no `unless`", "Write `except NAME under LAW when …`.",
    ),
    "a fact as a test": (
        "given stage draft", "given stage is draft", "`is` is used in a fact of an example",
        "Write the value behind the name: `given stage draft`.",
    ),
    "at first answer": (
        "at      every answer", "at      first answer",
        "found `under` where `of conversation` or `of day` is expected",
        "Write `at first answer of conversation` or `at first answer of day`.",
    ),
    "if": ("    when    answer has any", "    if      answer has any", UNKNOWN.format("if"), "Did you mean `when`?"),
    "contains": ("answer has any of", "answer contains any of", UNKNOWN.format("contains"), "Did you mean `has`?"),
    "word": ("scope   sentence at most 200", "scope   word", UNKNOWN.format("word"), "Did you mean `span`?"),
    "slashes": (
        "section 1", "// rules\nsection 1", "the character `/` has no meaning here", "Begin a comment with `#`.",
    ),
    "an internal name": (
        "telling gone", "replace gone", UNKNOWN.format("replace"),
        "The shape is: withhold N.N name { means? not? when except* scope under telling … about trial? example+ }",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "help"), MISTAKES.values(), ids=MISTAKES)
def test_the_error_says_what_to_write(old: str, new: str, message: str, help: str) -> None:
    assert old in JURISDICTION
    text = JURISDICTION.replace(old, new, 1)
    (first, *_) = parse(Source(Path("XA.ord"), "XA.ord", text), "pack").diagnostics
    assert first.message.removesuffix(' (section 1 "Words")') == message
    assert first.help == help
    assert first.line - ("first" in new) == text[: text.index(new)].count("\n") + 1
