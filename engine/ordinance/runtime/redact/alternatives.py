"""Tokens that a model could have said instead: text that no stream has seen (semantics, rule 4).

One may leave only if the text that ended with it would leave whole: it completes no match, and none could go on from
it. So no phrase can be put together from what was said and what could have been, nor from alternatives alone.
"""

from __future__ import annotations

from ordinance.runtime.match.automaton import State
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.redact.activation import REMOVING, Activation, removing
from ordinance.runtime.redact.continuation import Beginning, begin


class Alternatives:
    """Follows one text, token by token, and says of each other token whether it may stand at that place."""

    def __init__(self, activation: Activation, beginning: Beginning) -> None:
        self._automaton = activation.answer
        unseen = [rule.tag for rules in (activation.segments, activation.nearby, activation.judged) for rule in rules]
        self._blind = any(activation.rules[tag].effect.removes for tag in unseen)
        self._matcher = self._resumed(beginning.matcher, 0)
        self._anew = begin(activation).matcher
        self._at = 0

    def say(self, text: str) -> None:
        """Continue the text with ``text``."""
        for char in text:
            self._matcher.feed(char, self._at)
            self._at += 1

    def allows(self, token: str) -> bool:
        """Return whether ``token`` may be shown at this place. Never under a rule whose detector sees whole
        sentences, or that asks a judge."""
        here = self._resumed(self._matcher.place(self._at), self._at)
        alone = self._resumed(self._anew, 0)
        return not self._blind and _harmless(here, token, self._at) and _harmless(alone, token, 0)

    def _resumed(self, place: tuple[State, tuple[int, ...]], at: int) -> Matcher:
        matcher = Matcher(self._automaton)
        matcher.resume(place, at)
        return matcher


def _harmless(matcher: Matcher, token: str, start: int) -> bool:
    """Return whether ``token``, which stands at ``start``, completes nothing there and begins nothing."""
    if any(removing(matcher.feed(char, at)) for at, char in enumerate(token, start)):
        return False
    return matcher.oldest(REMOVING) is None and not removing(matcher.close())
