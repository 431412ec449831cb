"""Runs an automaton over one stream: which matches are there, and which could still become one.

States are shared; what belongs to the stream is where each live group began, in a short list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ordinance.runtime.match.automaton import EVERY, Automaton, Found, State
from ordinance.runtime.match.disguise import REACH
from ordinance.runtime.match.patterns import parse_pattern
from ordinance.runtime.text.clusters import Cluster
from ordinance.runtime.text.folding import fold_char


@dataclass(frozen=True, slots=True)
class Match:
    """Source characters ``start`` to ``end``, the number of the rule, and that of its family in the automaton. Where it
    ``failed``, what should have decided about them could not."""

    start: int
    end: int
    tag: int
    family: int = 0
    failed: bool = False


class Matcher:
    """One stream's place in an automaton. Feed characters with their positions, in order."""

    __slots__ = ("_automaton", "_end", "_starts", "_state", "_word_end")

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._state: State = automaton.start()
        self._starts: list[int] = []
        self._end = 0
        self._word_end = 0  # of what stands before the underscores that came last

    def feed(self, char: str, at: int) -> list[Match]:
        """Read ``char``, the character at position ``at``, and return the matches that it makes certain. Ignorable
        characters do nothing.

        Positions before 0 are a text that the answer continues: a match that ends there is not one of the answer.
        """
        automaton = self._automaton
        found: list[Match] = []
        for symbol_class in automaton.classes(char):
            step = self._state.steps.get(symbol_class) or automaton.step(self._state, symbol_class)
            if step.found is not None:
                found += self._matches(step.found, at)
            kept = step.kept
            if kept is not None:
                starts = self._starts
                self._starts = [starts[number] for number in kept]
            if step.fresh:
                self._starts.append(at)
            self._state = step.state
            if symbol_class in automaton.faint:
                continue
            self._end = at + 1
            if symbol_class not in automaton.scores:
                self._word_end = at + 1
        if self._starts and at - self._starts[0] >= REACH and automaton.is_elastic:
            count = sum(at - start >= REACH for start in self._starts)
            self._state, kept = automaton.slacken(self._state, count)
            self._starts = [self._starts[group] for group in kept]
        return found

    def _matches(self, found: Found, at: int) -> list[Match]:
        """Return the matches that the symbol at ``at`` makes certain."""
        starts, end, word_end = self._starts, self._end, self._word_end
        matches: list[Match] = []
        if end > 0:
            matches += [Match(starts[number], end, tag, family) for number, (family, tag) in found.ended]
        if word_end > 0:
            matches += [Match(starts[number], word_end, tag, family) for number, (family, tag) in found.closed]
        if at >= 0:
            matches += [
                Match(at if number < 0 else starts[number], at + 1, tag, family)
                for number, (family, tag) in found.completed
            ]
        return matches

    def close(self) -> list[Match]:
        """End the text, and return the matches that this makes certain."""
        if self._end <= 0:
            return []
        return self._matches(self._automaton.close(self._state), self._end)

    @property
    def closing(self) -> bool:
        """Return whether a phrase may have ended before the underscores that came last; a place cannot say where."""
        return self._state.closing

    def place(self, at: int) -> tuple[State, tuple[int, ...]]:
        """Return the state, and how far before ``at`` each live start lies."""
        return self._state, tuple([at - start for start in self._starts])

    def resume(self, place: tuple[State, tuple[int, ...]], at: int, known: str = "") -> None:
        """Be as ``place`` says, at ``at``. ``known`` is what stands last; a match that ends before it is of no use, so
        it does not matter where the last character that counts stands if all of it is ignorable."""
        self._state = place[0]
        self._starts = [at - distance for distance in place[1]]
        for char in reversed(known):
            if fold_char(char):
                break
            at -= 1
        self._end = self._word_end = at

    def oldest(self, families: int = EVERY) -> int | None:
        """Return the oldest start from which a match of ``families`` can still be completed."""
        number = self._state.oldest(families)
        return None if number < 0 else self._starts[number]

    def starts(self, families: int = EVERY) -> list[int]:
        """Return the starts from which a match of ``families`` can still be completed, oldest first."""
        groups = zip(self._starts, self._state.groups, strict=True)
        return [start for start, group in groups if group.families & families]

    def can_start(self, families: int = EVERY) -> bool:
        """Return whether a match of ``families`` can begin at the very next character."""
        return self._automaton.can_start(self._state.before, families)

    def can_join(self, cluster: Cluster, families: int = EVERY) -> bool:
        """Return whether a match of ``families`` can begin at a character that will belong to the open grapheme
        cluster."""
        return self._automaton.can_join(cluster, self._state.before, families)


class Watch:
    """What a matcher knows about some of its families (bits)."""

    __slots__ = ("_families", "_matcher")

    def __init__(self, matcher: Matcher, families: int = EVERY) -> None:
        self._matcher = matcher
        self._families = families

    @property
    def oldest(self) -> int | None:
        """Return the oldest start from which a match can still be completed."""
        return self._matcher.oldest(self._families)

    @property
    def starts(self) -> list[int]:
        """Return the starts from which a match can still be completed."""
        return self._matcher.starts(self._families)

    @property
    def begun(self) -> list[int]:
        """Return the starts from which a match lacks nothing but its own end."""
        return self.starts

    @property
    def can_start(self) -> bool:
        """Return whether a match can begin at the very next character."""
        return self._matcher.can_start(self._families)

    def can_join(self, cluster: Cluster) -> bool:
        """Return whether a match can begin at a character that will belong to the open grapheme cluster."""
        return self._matcher.can_join(cluster, self._families)


class Scanning(Protocol):
    """What is looked for beside a matcher, seen as a ``Watch`` sees one."""

    @property
    def oldest(self) -> int | None: ...

    @property
    def starts(self) -> list[int]: ...

    @property
    def begun(self) -> list[int]: ...

    @property
    def can_start(self) -> bool: ...

    def can_join(self, cluster: Cluster) -> bool: ...


class JointWatch(Watch):
    """A watch that also knows what ``others`` look for."""

    __slots__ = ("_others",)

    def __init__(self, matcher: Matcher, families: int, others: Sequence[Scanning]) -> None:
        super().__init__(matcher, families)
        self._others = others

    @property
    def oldest(self) -> int | None:
        found = [self._matcher.oldest(self._families), *(each.oldest for each in self._others)]
        return min((start for start in found if start is not None), default=None)

    @property
    def starts(self) -> list[int]:
        found = self._matcher.starts(self._families)
        return sorted([*found, *(start for each in self._others for start in each.starts)])

    @property
    def begun(self) -> list[int]:
        found = self._matcher.starts(self._families)
        return sorted([*found, *(start for each in self._others for start in each.begun)])

    @property
    def can_start(self) -> bool:
        return self._matcher.can_start(self._families) or any(each.can_start for each in self._others)

    def can_join(self, cluster: Cluster) -> bool:
        return self._matcher.can_join(cluster, self._families) or any(each.can_join(cluster) for each in self._others)


def matches_in(automaton: Automaton, text: str) -> list[Match]:
    """Return the matches in a whole text."""
    if not (automaton.is_elastic and len(text) >= REACH) and _is_quiet(automaton, text):
        return []
    matcher = Matcher(automaton)
    found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)]
    return found + matcher.close()


def _is_quiet(automaton: Automaton, text: str) -> bool:
    """Whether nothing matches in a whole text, which is seen from the states alone."""
    return next(_tags(automaton, text), None) is None


def tags_in(automaton: Automaton, text: str) -> frozenset[int]:
    """Return the tags of the matches in a whole text, without where they are."""
    if automaton.is_elastic and len(text) >= REACH:
        return frozenset(match.tag for match in matches_in(automaton, text))
    return frozenset(_tags(automaton, text))


def _tags(automaton: Automaton, text: str) -> Iterator[int]:
    """Yield the tag of each match in a text in which no match can have to be ended."""
    state = automaton.start()
    classes = automaton.classes
    for char in text:
        for symbol_class in classes(char):
            step = state.steps.get(symbol_class) or automaton.step(state, symbol_class)
            if step.found is not None:
                yield from (tag for found in step.found for _, (_, tag) in found)
            state = step.state
    yield from (tag for found in automaton.close(state) for _, (_, tag) in found)


def check_pattern(source: str, any_case: bool = False) -> None:
    """Raise ``PatternError``, with the offset of the fault, for a pattern that the engine cannot run."""
    parse_pattern(source, any_case)
