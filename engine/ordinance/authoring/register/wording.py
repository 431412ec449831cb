"""The register's own words, in the languages that ship or from a file, and what rules say in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import langcodes

from ordinance.authoring.words import day_of, root_of
from ordinance.errors import UsageError
from ordinance.policy.conditions import All, Always, AnyOf, Below, Condition, Is, Within
from ordinance.policy.ir import Policy, texts_of
from ordinance.policy.plan import Plan
from ordinance.runtime.redact.disclose import pick

_FOLDER = Path(__file__).resolve().parent / "words"
#: What speakers call languages that have no pack here, and in which contacts answer.
_OWN_NAMES = {"ru": "русский", "sv": "svenska", "uk": "українська"}
_PLACED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words by their keys; ``titles`` are what packs call themselves, by their names."""

    language: str
    words: Mapping[str, str]
    titles: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return the words for ``key`` with ``values`` filled in."""
        text = self.words[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    @classmethod
    def of(cls, language: str, words: Mapping[str, str], policy: Policy) -> Wording:
        """Make a wording of ``words`` and the titles of the packs of ``policy``."""
        packs = [unit.pack for unit in policy.units]
        titles = {pack.name.text: pick(texts_of(pack.title), language) for pack in packs if pack.title}
        return cls(language, words, titles)

    def date(self, day: date | None) -> str:
        """Write a day as the language does: ``2. August 2026``; empty where there is none."""
        if day is None:
            return ""
        month = self.words["months"].split("|")[day.month - 1]
        return self("date", y=day.year, month=month, m=day.month, d=day.day)

    def named(self, kind: str, name: str) -> str:
        """Name a dimension or a value: by its word, or by its name with spaces."""
        return self.words.get(f"{kind}.{name}", name.replace("_", " "))

    def place(self, code: str) -> str:
        """Name a place: ``Deutschland (DE)`` if a pack has a title for it, or for what contains it by its code; else
        the code."""
        title = self.titles.get(code) or self.titles.get(code.partition("-")[0])
        return f"{title} ({code})" if title else code

    def spoken(self, tag: str) -> str:
        """Name a language by its own name, as its pack does."""
        return self.titles.get(tag) or _OWN_NAMES.get(tag, tag)

    def condition(self, condition: Condition, plan: Plan) -> str:
        """Write a condition for people: ``people in Deutschland (DE) or operators in Deutschland (DE)``."""
        match condition:
            case Always():
                return self("anyone")
            case Is(dimension, values, or_unknown):
                listed = ", ".join(self.named("value", value) for value in sorted(values))
                said = self("is", dimension=self.named("dimension", dimension), values=listed) if values else ""
                return self._or_unknown(said, dimension, or_unknown)
            case Within(dimension, codes, or_unknown):
                key = f"within.{dimension}" if f"within.{dimension}" in self.words else "within"
                place = self.place(root_of(codes, plan))
                said = self(key, dimension=self.named("dimension", dimension), place=place)
                return self._or_unknown(said, dimension, or_unknown)
            case Below(dimension, limit):
                return self._below(self.named("dimension", dimension), dimension, limit, plan)
            case All(parts):
                return self._joined([self.condition(part, plan) for part in parts], "and")
            case AnyOf(parts):
                return self._joined([self.condition(part, plan) for part in parts], "or")

    def _below(self, named: str, dimension: str, limit: int, plan: Plan) -> str:
        declared = plan.dimensions.get(dimension)
        if declared is not None and declared.is_date:
            return self("before", dimension=named, day=self.date(date.fromisoformat(day_of(limit))))
        if dimension == "elapsed":
            return self("elapsed", dimension=named, hours=limit // 3600)
        return self("below", dimension=named, limit=limit)

    def _or_unknown(self, said: str, dimension: str, or_unknown: bool) -> str:
        unknown = self("unknown", dimension=self.named("dimension", dimension)) if or_unknown else ""
        return self._joined([part for part in (said, unknown) if part], "or")

    def _joined(self, parts: list[str], word: str) -> str:
        return f"; {self(word)} ".join(parts) if len(parts) > 2 else f" {self(word)} ".join(parts)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages in which the register's own words ship."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def words_in(language: str) -> Mapping[str, str]:
    """Return the words in a ``language`` that ships. Raises ``UsageError`` for another."""
    if language not in languages():
        raise UsageError(
            f"the register's own words do not ship in '{language}' (they do in {', '.join(languages())}).",
            help="Give a translation with --words FILE; `ordinance print --help` says how.",
        )
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return found


def words_from(text: str, name: str, language: str) -> Mapping[str, str]:
    """Read the words of a translation, a JSON object with the keys of the English one. Raises ``UsageError``."""
    if not langcodes.tag_is_valid(language):
        raise UsageError(f"'{language}' is not a language.", help="Write it as de or fr-CA.")
    english = words_in("en")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is not JSON.", help="Copy the English words and translate them.") from None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise UsageError(f"{name} is not a JSON object of texts.", help="Copy the English words and translate them.")
    if lacking := [key for key in english if not given.get(key, "").strip()]:
        raise UsageError(f"{name} has no words for '{lacking[0]}' ({len(lacking)} are missing).", help="Add them.")
    if len(given.get("months", "").split("|")) != len(english["months"].split("|")):
        raise UsageError(f"{name}: 'months' does not name twelve.", help=f"English has: {english['months']}")
    for key, value in english.items():
        if key == "date":
            continue  # a month may be a number
        if set(_PLACED.findall(value)) != set(_PLACED.findall(given[key])):
            raise UsageError(
                f"{name}: '{key}' does not contain the same names in braces.", help=f"English has: {value}"
            )
    return given
