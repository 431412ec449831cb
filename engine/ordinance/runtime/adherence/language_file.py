"""What is known of a language to tell it and its forms of address: a file of ``languages/``, such as ``de.toml``.

The words are closed classes of the standard grammar that the file names. They are the checker's own: the sentences that
tell a model how to speak (``instructions/``) lie elsewhere and share nothing with them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "languages"
_NEIGHBOURS = Path(__file__).parent / "neighbours.toml"

#: What keeps and what misses a form of address where a language has two.
_TWO = {
    "formal": {"needs": ["formal"], "misses": ["informal"]},
    "informal": {"needs": ["informal"], "misses": ["formal"]},
}


@dataclass(frozen=True, slots=True)
class Form:
    """How one form of address shows.

    ``words`` count in any case; words ``inside`` a sentence, with this very case; ``titles`` too, where no name
    follows; ``phrases`` of two words, while ``others`` say nothing; ``endings`` of words, but for those ``excepted``,
    and ``cased_endings`` with this very case; ``signs`` where nobody writes spaces; and ``sentence_ends``.
    """

    words: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    phrases: frozenset[tuple[str, str]] = frozenset()
    others: frozenset[tuple[str, str]] = frozenset()
    endings: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    cased_endings: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    sentence_ends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the slot `address`: kept where one of the forms that it ``needs`` shows, missed where one of those
    shows that it ``misses``."""

    needs: frozenset[str]
    misses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Address:
    """The forms of address of a language, and the values that can be asked for. ``particles`` may follow the end of a
    sentence."""

    forms: Mapping[str, Form]
    values: Mapping[str, Value]
    particles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a language: the ``scripts`` of its letters, its commonest ``words`` and ``endings``, ``letters``
    that its neighbours lack, and its forms of address, by region where they differ there."""

    tag: str
    scripts: frozenset[str]
    words: frozenset[str]
    endings: tuple[str, ...]
    letters: frozenset[str]
    address: Address | None
    regions: Mapping[str, Address] = field(default_factory=dict)

    def address_in(self, region: str) -> Address | None:
        """Return the forms of address in a ``region``."""
        return self.regions.get(region, self.address)


@cache
def languages() -> Mapping[str, Known]:
    """Return what is known, by language."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}


@cache
def neighbours() -> Mapping[str, frozenset[str]]:
    """Return the commonest words of languages that are known for contrast alone."""
    return {tag: frozenset(words.split()) for tag, words in tomllib.loads(_NEIGHBOURS.read_text("utf-8")).items()}


def _read(path: Path) -> Known:
    table = tomllib.loads(path.read_text("utf-8"))
    address = table.get("address")
    regions = {region: _address({**(address or {}), **forms}) for region, forms in table.get("address_in", {}).items()}
    return Known(
        path.stem,
        frozenset(table["scripts"]),
        _words(table, "words"),
        tuple(_listed(table, "endings")),
        frozenset(table.get("letters", "")),
        None if address is None else _address(address),
        regions,
    )


def _address(table: Mapping[str, Any]) -> Address:
    forms = {name: _form(each) for name, each in table.items() if name not in ("values", "particles")}
    values = {
        value: Value(frozenset(each["needs"]), frozenset(each["misses"]))
        for value, each in table.get("values", _TWO).items()
    }
    return Address(forms, values, tuple(_listed(table, "particles")))


def _form(table: Mapping[str, Any]) -> Form:
    return Form(
        _words(table, "words"),
        _words(table, "inside"),
        _words(table, "titles"),
        _pairs(table, "phrases"),
        _pairs(table, "others"),
        tuple(_listed(table, "endings")),
        tuple(_listed(table, "excepted")),
        tuple(_listed(table, "cased_endings")),
        tuple(_listed(table, "signs")),
        tuple(_listed(table, "sentence_ends")),
    )


def _pairs(table: Mapping[str, Any], name: str) -> frozenset[tuple[str, str]]:
    return frozenset((first, second) for first, second in map(str.split, table.get(name, ())))


def _listed(table: Mapping[str, Any], name: str) -> list[str]:
    return str(table.get(name, "")).split()


def _words(table: Mapping[str, Any], name: str) -> frozenset[str]:
    return frozenset(_listed(table, name))
