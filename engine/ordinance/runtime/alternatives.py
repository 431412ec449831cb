"""Tokens that a model could have said instead: text that no stream has seen (semantics, rule 4).

One may leave only if the text that ended with it would leave whole: it completes no match, and none could go on from
it. The same holds of the token by itself, since it is shown by itself. So no phrase can be put together from what was
said and what could have been, nor from alternatives alone.
"""

from __future__ import annotations

from ordinance.runtime.activation import Activation
from ordinance.runtime.automaton import Automaton, State
from ordinance.runtime.continuation import Beginning, begin
from ordinance.runtime.matcher import Matcher


class Alternatives:
    """Follows one text, token by token, and says of each other token whether it may stand at that place."""

    def __init__(self, activation: Activation, beginning: Beginning) -> None:
        self._automata: tuple[Automaton, ...] = activation.removing
        self._blind = any(activation.rules[rule.tag].effect.removes for rule in activation.segments)
        places = dict(zip(map(id, activation.automata), beginning.matchers, strict=True))
        self._matchers = [_resumed(automaton, places[id(automaton)], 0) for automaton in self._automata]
        anew = dict(zip(map(id, activation.automata), begin(activation).matchers, strict=True))
        self._anew = [anew[id(automaton)] for automaton in self._automata]
        self._at = 0

    def say(self, text: str) -> None:
        """The text went on."""
        for char in text:
            for matcher in self._matchers:
                matcher.feed(char, self._at)
            self._at += 1

    def allows(self, token: str) -> bool:
        """Whether ``token`` may be shown at this place. Never under a rule whose detector sees whole sentences."""
        return not self._blind and all(
            _harmless(_resumed(automaton, matcher.place(self._at), self._at), token, self._at)
            and _harmless(_resumed(automaton, anew, 0), token, 0)
            for automaton, matcher, anew in zip(self._automata, self._matchers, self._anew, strict=True)
        )


def _harmless(matcher: Matcher, token: str, start: int) -> bool:
    """Whether ``token``, which stands at ``start``, completes nothing there and begins nothing."""
    if any(matcher.feed(char, at) for at, char in enumerate(token, start)):
        return False
    return matcher.oldest is None and not matcher.close()


def _resumed(automaton: Automaton, place: tuple[State, tuple[int, ...]], at: int) -> Matcher:
    matcher = Matcher(automaton)
    matcher.resume(place, at)
    return matcher
