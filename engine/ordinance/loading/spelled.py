"""Texts that may have a separator between any two of their characters: all their spellings are read at once.

A set of states stands for all spellings of what has been read, and sets are joined by characters as states are. So a
number costs as many look-ups as it has digits, although it has a spelling for each choice of separators.
"""

from __future__ import annotations

from ordinance.runtime.match.automaton import Automaton, State

#: A set of more states is not followed: what is not known to be quiet is read spelling by spelling.
_MOST = 64
#: Sets that are remembered.
_KEPT = 4096

_Places = frozenset[State]


class Spelled:
    """Reads texts whose characters may be parted by one of ``separators`` each, in ``automaton``."""

    def __init__(self, automaton: Automaton, separators: str) -> None:
        self._automaton = automaton
        self._separators = separators
        self._steps: dict[tuple[_Places, str], _Places | None] = {}
        self._parted: dict[_Places, _Places | None] = {}

    def is_quiet(self, text: str) -> bool:
        """Return whether it is known that nothing matches in any spelling of ``text``."""
        places: _Places | None = frozenset([self._automaton.start()])
        for number, char in enumerate(text):
            if number and places:
                places = self._perhaps_parted(places)
            places = self._after(places, char)
            if places is None:
                return False
        closed = map(self._automaton.close, places or ())
        return not any(each.ended or each.closed for each in closed)

    def _perhaps_parted(self, places: _Places) -> _Places | None:
        """Return ``places`` and those behind a separator."""
        if places not in self._parted:
            if len(self._parted) >= _KEPT:
                self._parted.clear()
            after = [places, *(self._after(places, separator) for separator in self._separators)]
            known = [each for each in after if each is not None]
            self._parted[places] = frozenset[State]().union(*known) if len(known) == len(after) else None
        return self._parted[places]

    def _after(self, places: _Places | None, char: str) -> _Places | None:
        """Return where ``char`` leads from ``places``; None where something matches, or too much may."""
        if places is None or len(places) > _MOST:
            return None
        if (places, char) not in self._steps:
            if len(self._steps) >= _KEPT:
                self._steps.clear()
            found = [self._step(state, char) for state in places]
            known = frozenset(state for state in found if state is not None)
            self._steps[places, char] = known if None not in found else None
        return self._steps[places, char]

    def _step(self, state: State, char: str) -> State | None:
        for symbol_class in self._automaton.classes(char):
            step = self._automaton.step(state, symbol_class)
            if step.found is not None:
                return None
            state = step.state
        return state
