"""The plugin's detectors over whole texts, as the engine asks them: its automaton finds shapes, the plugin decides."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / each) for each in ("engine", "tests", "plugins/ordinance-identifiers")]

import ordinance_identifiers  # noqa: E402 - the checkout is not always installed

from ordinance.detection import Expressions, Pattern  # noqa: E402 - the same
from ordinance.plugin import Asked  # noqa: E402 - the same
from ordinance.runtime.match.automaton import Automaton  # noqa: E402 - the same
from ordinance.runtime.match.matcher import matches_in  # noqa: E402 - the same
from ordinance.runtime.match.passages import shown, tail  # noqa: E402 - the same
from support.holding import held  # noqa: E402 - the tests lie beside

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
