"""The numbers of ``numbers.toml`` as detectors: a shape, its module's arithmetic, and a word where that is weak."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, cast

from ordinance.plugin import Candidates, Passage, Pattern
from ordinance_identifiers.shapes import pattern
from ordinance_identifiers.words import BEFORE, Words


@dataclass(frozen=True)
class Number:
    """A row of the table."""

    country: str
    kinds: tuple[str, ...]
    name: str
    module: str
    shapes: tuple[str, ...]
    source: str
    strong: bool
    words: Words

    def is_said(self, text: str, before: str) -> bool:
        """Return whether ``text``, which has one of the shapes, is this number. Words come first: they cost least."""
        return (self.strong or self.words.precede(before)) and _decider(self.module)(text)


@cache
def table() -> tuple[Number, ...]:
    """Return the rows."""
    read = tomllib.loads((files(__package__) / "numbers.toml").read_text("utf-8"))
    return tuple(_number(row, read["english"]) for row in read["number"])


def countries(kind: str) -> tuple[str, ...]:
    """Return the countries that have numbers of ``kind``, by their ISO 3166 codes."""
    return tuple(sorted({number.country for number in table() if kind in number.kinds}))


def detector(kind: str, wanted: Sequence[str]) -> Candidates:
    """Return what finds the numbers of ``kind`` of the countries ``wanted``."""
    asked: dict[str, list[Number]] = {}
    for number in table():
        if kind in number.kinds and number.country in wanted:
            _decider(number.module)  # import it now, and not when a stream waits
            for shape in number.shapes:
                asked.setdefault(shape, []).append(number)
    shaped = [(re.compile(shape), numbers) for shape, numbers in asked.items()]

    def accepts(passage: Passage) -> bool:
        text = passage.folded.upper()
        digits = text.replace(" ", "")
        return any(
            number.is_said(digits, passage.before)
            for shape, numbers in shaped
            if shape.fullmatch(text)
            for number in numbers
        )

    return Candidates(tuple(map(Pattern, asked)), accepts, BEFORE)


def _number(row: dict[str, Any], english: dict[str, list[str]]) -> Number:
    generic = [word for kind in row["kinds"] for word in english[kind]]
    return Number(
        country=row["country"],
        kinds=tuple(row["kinds"]),
        name=row["name"],
        module=row["module"],
        shapes=tuple(map(pattern, row["shapes"])),
        source=row["source"],
        strong=row.get("strong", False),
        words=Words([*row.get("words", ()), *generic]),
    )


@cache
def _decider(module: str) -> Callable[[str], bool]:
    return cast("Callable[[str], bool]", import_module(module).is_valid)
