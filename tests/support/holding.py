"""How much text waits while an automaton can still find something in it."""

from __future__ import annotations

from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher


def held(automaton: Automaton, text: str) -> list[int]:
    """How many characters wait after each character of ``text``."""
    matcher, waiting = Matcher(automaton), []
    for at, char in enumerate(text):
        matcher.feed(char, at)
        oldest = matcher.oldest()
        waiting.append(0 if oldest is None else at + 1 - oldest)
    return waiting
