"""The plugin's detectors over whole texts, as the engine asks them: its automaton finds shapes, the plugin decides."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins/ordinance-identifiers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "engine"))

import ordinance_identifiers

from ordinance.detection import Expressions, Pattern
from ordinance.plugin import Asked
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import matches_in
from ordinance.runtime.match.passages import shown, tail
from support.holding import held

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = ("id.national", "id.tax", "id.health")


class Ours:
    """Some detectors, for some countries (none: all of them)."""

    def __init__(self, names: Iterable[str], countries: Iterable[str] = ()) -> None:
        self._candidates = []
        expressions = []
        for name in names:
            known = set(ordinance_identifiers.numbers.countries(name.removeprefix("id."))) if name in NUMBERS else None
            asked = tuple(country for country in countries if known is None or country in known)
            if known is not None and countries and not asked:
                continue
            found = ordinance_identifiers.detector(Asked(name, asked))
            if found is None:
                raise ValueError(f"{name} is not a detector of the plugin")
            for shape in found.shapes:
                tagged = (len(self._candidates), Expressions(patterns=(Pattern(shape.source, shape.any_case),)))
                expressions.append(tagged)
                self._candidates.append(found)
        self._automaton = Automaton(expressions)

    def find(self, text: str) -> set[tuple[int, int]]:
        """Return the spans that are found."""
        return {
            (match.start, match.end)
            for match in matches_in(self._automaton, text)
            if self._accepts(match.tag, text, match.start, match.end)
        }

    def _accepts(self, tag: int, text: str, start: int, end: int) -> bool:
        each = self._candidates[tag]
        return bool(each.accepts(shown(text[start:end], tail(text, each.before, start))))

    def holds(self, text: str) -> list[int]:
        """Return how many characters wait after each character of ``text``."""
        return held(self._automaton, text)
