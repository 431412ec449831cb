"""Candidates: what looks like a match and is one only if something accepts it (``Pattern.accepts``): check digits that
hold, or a plugin.

The automaton knows shapes. Each pattern with a check has a tag of its own there, so that every candidate is looked at
by itself; what passes carries the tag of its rule from there on. Text waits for a candidate as for a match, so it waits
a little longer than needed where the digits can no longer come out right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from string import ascii_uppercase, digits

from ordinance.detection import Expressions, Passage, Pattern
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Match, matches_in
from ordinance.runtime.match.passages import shown, tail
from ordinance.runtime.match.patterns import parse_pattern, width
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.text.folding import fold

#: Gives the source text between two positions and what stands before it, folded, once for each reading of what stands
#: before an answer; nothing where it is not known, and then a candidate counts.
Source = Callable[[int, int], Sequence[tuple[str, str]]]

#: What is not asked any more in a request, since it has failed for good.
Lost = set[object]


@dataclass(frozen=True, slots=True)
class Check:
    """What decides on a candidate of the rule ``tag``: something that ``pattern`` matches."""

    tag: int
    pattern: Pattern
    accepts: Callable[[Passage], bool]

    def fits(self, text: str) -> bool:
        """Return whether the whole of ``text`` has the shape."""
        found = matches_in(_shape(self.pattern), text)
        return any((match.start, match.end) == (0, len(text)) for match in found)

    def completes(self, text: str) -> bool:
        """Return whether ``text`` lacks no more characters than there are check digits, and some such make it a
        match."""
        said = fold(text)
        least, most = _widths(self.pattern)
        for lacking in range(1, self.pattern.check_digits + 1):
            if least <= len(said) + lacking <= most and self.fits(said + "0" * lacking):
                letters = ascii_uppercase if self.fits(said + "A" * lacking) else ""
                endings = product(digits + letters, repeat=lacking)
                if any(self._perhaps(said + "".join(ending)) for ending in endings):
                    return True
        return False

    def _perhaps(self, text: str) -> bool:
        try:
            return self.holds(text, "", set())
        except DetectorError:
            return True

    def holds(self, text: str, before: str, lost: Lost) -> bool:
        """Return whether ``text`` is a match. Raises ``DetectorError`` where nobody can say."""
        if self.accepts in lost:
            raise DetectorError("it has failed before")
        try:
            return bool(self.accepts(shown(text, before)))
        except DetectorError as fault:
            if fault.lasting:
                lost.add(self.accepts)
            raise
        except Exception as fault:
            raise DetectorError(type(fault).__name__) from None


@lru_cache(maxsize=256)
def _shape(pattern: Pattern) -> Automaton:
    return Automaton([(0, Expressions(patterns=(pattern,)))])


@lru_cache(maxsize=256)
def _widths(pattern: Pattern) -> tuple[int, int]:
    return width(parse_pattern(pattern.source, pattern.any_case))


@dataclass(slots=True)
class Checks:
    """The checks of a set of rules; candidates of the first have the tag ``first``, and so on.

    ``broken`` are the tags of the rules for which a candidate that breaks off is looked at."""

    first: int
    broken: frozenset[int] = frozenset()
    _found: list[Check] = field(default_factory=list)

    def split(self, tag: int, expressions: Expressions) -> Iterator[tuple[int, Expressions]]:
        """Yield what the automaton has to look for, with tags; used while the automaton is built."""
        plain = tuple(pattern for pattern in expressions.patterns if pattern.accepts is None)
        if plain or expressions.phrases:
            yield tag, replace(expressions, patterns=plain)
        for pattern in expressions.patterns:
            if pattern.accepts is not None:
                yield self.first + len(self._found), Expressions(patterns=(pattern,))
                self._found.append(Check(tag, pattern, pattern.accepts))

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def before(self) -> int:
        """How many folded characters before a candidate a check is shown at most."""
        return max((check.pattern.before for check in self._found), default=0)

    def certain(self, found: list[Match], source: Source, lost: Lost) -> list[Match]:
        """Return ``found`` without the candidates that are not accepted; what nobody could decide on has ``failed``
        (semantics, rule 13). ``lost`` is what has failed for good in this request."""
        if not self._found:
            return found
        return [match for each in found if (match := self._decide(each, source, lost)) is not None]

    def tags_in(self, automaton: Automaton, text: str) -> set[int]:
        """Return the numbers of the rules that find something in a whole text."""
        return {match.tag for match in self.matches_in(automaton, text, set()) if not match.failed}

    def matches_in(self, automaton: Automaton, text: str, lost: Lost) -> list[Match]:
        """Return the matches in a whole text."""
        found = matches_in(automaton, text)
        return self.certain(found, self.source(text), lost) if found else found

    def source(self, text: str) -> Source:
        """Return what gives the candidates in a whole text."""
        most = self.before
        return lambda start, end: [(text[start:end], tail(text, most, start))]

    def breaking_off(self, starts: Sequence[int], end: int, source: Source) -> int | None:
        """Return the first of these live ``starts`` from which, up to ``end``, there is a number that lacks only its
        check digits, which could be computed (semantics, rule 6); None if there is none."""
        checks = [check for check in self._found if check.tag in self.broken and check.pattern.check_digits]
        for start in starts if checks else ():
            texts = source(start, end)
            if any(check.completes(text) for check in checks for text, _ in texts):
                return start
        return None

    def _decide(self, match: Match, source: Source, lost: Lost) -> Match | None:
        if match.tag < self.first:
            return match
        check = self._found[match.tag - self.first]
        found = replace(match, tag=check.tag)
        readings = source(match.start, match.end)
        if not readings:
            return found
        least = check.pattern.before
        texts = dict.fromkeys((text, before[-least:] if least else "") for text, before in readings)
        if len(texts) > 1:  # the candidate stands in one of these readings, not in all
            texts = {each: None for each in texts if check.fits(each[0])}
        failed = False
        for text, before in texts:
            try:
                if check.holds(text, before, lost):
                    return found
            except DetectorError:
                failed = True
        return replace(found, failed=True) if failed else None


def unchecked_only(expressions: Expressions) -> Expressions:
    """Return ``expressions`` without what needs a check: nothing is protected because it looks like something."""
    return replace(expressions, patterns=tuple(each for each in expressions.patterns if each.accepts is None))
