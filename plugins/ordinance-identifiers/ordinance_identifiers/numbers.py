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

    def accepts(self, passage: Passage) -> bool:
        """Return whether ``passage`` is this number. ``words`` are looked for first: they cost least."""
        text = passage.folded.upper()
        return (
            any(shape.fullmatch(text) for shape in _compiled(self.shapes))
            and (self.strong or self.words.precede(passage.before))
            and _decider(self.module)(text.replace(" ", ""))
        )


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
    asked = [number for number in table() if kind in number.kinds and number.country in wanted]
    for number in asked:
        _decider(number.module)  # import it now, and not when a stream waits
    shapes = dict.fromkeys(shape for number in asked for shape in number.shapes)

    def accepts(passage: Passage) -> bool:
        return any(number.accepts(passage) for number in asked)

    return Candidates(tuple(map(Pattern, shapes)), accepts, BEFORE)


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


@cache
def _compiled(shapes: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, shapes))
