"""Whether anything is found in a whole text, read on from where it is known to begin (``memory.py``)."""

from __future__ import annotations

from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks, Lost
from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.memory import Place, Recall


def matches_in(
    automaton: Automaton, checks: Checks, text: str, recall: Recall | None, fact: int, lost: Lost
) -> list[Match]:
    """Return the matches of ``automaton`` in ``text``, as ``checks`` decide, without those before the last place in it
    that ``recall`` has: there are none. The places before the first match are remembered, for ``fact``; ``lost`` is
    what has failed for good in this request."""
    if recall is None or len(text) <= recall.block:
        return checks.matches_in(automaton, text, lost)
    matcher, at = Matcher(automaton), 0
    begun = recall.begun(text, fact)
    if begun is not None:
        at = begun.at
        matcher.resume((automaton.at(begun.before, begun.groups), begun.distances), at)
    source = checks.source(text)
    found: list[Match] = []
    met: list[Place] = []
    for end in (*range(at + recall.block, len(text), recall.block), len(text)):
        matches = [match for here in range(at, end) for match in matcher.feed(text[here], here)]
        found += checks.certain(matches, source, lost)
        if not found and end < len(text):
            state, distances = matcher.place(end)
            met.append(Place(end, state.before, state.groups, distances))
        at = end
    recall.note_places(text, fact, met)
    return found + checks.certain(matcher.close(), source, lost)
