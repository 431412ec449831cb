"""Whether a match can begin within the open grapheme cluster, at a character that joins it.

What is removed grows to whole clusters, so that a character which is still open must wait for what may join it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from ordinance.runtime.match.fragments import SAMPLES
from ordinance.runtime.match.starts import Class
from ordinance.runtime.text.clusters import Cluster, cluster_class, join
from ordinance.runtime.text.folding import fold_char

#: Characters that join to one before them, of every cluster class, kind and way of folding.
JOINERS = "\n\u0301\u200c\u200d\u3099\u094d\u0903ำຳක🏽🚀™ℹⓂ🅬🅰🅱🅾🅿🇩\u0600क각가"
#: What every automaton is asked about.
_ALWAYS = frozenset(SAMPLES + JOINERS)


class Joiner(NamedTuple):
    """Characters of one cluster class as the rules see them: the ``first`` classes of their symbols, the ``kinds`` of
    the last (0 for what folds to nothing, which begins no match), and all classes of those that fold to ``several``.
    """

    first: frozenset[int]
    kinds: frozenset[int]
    several: frozenset[tuple[int, ...]]


class Joiners:
    """What characters are to an automaton, by what they are to grapheme clusters: each class is worked out when it can
    join, for most never do.

    ``symbols`` are those that the rules distinguish; ``classes`` gives the numbers of a character's in ``known``.
    """

    def __init__(
        self, symbols: Iterable[str], classes: Callable[[str], tuple[int, ...]], known: Sequence[Class]
    ) -> None:
        self._classes = classes
        self._known = known
        self._chars = {kind: set(chars) for kind, chars in _always().items()}
        for char in symbols:
            if char not in _ALWAYS:
                self._chars.setdefault(cluster_class(char), set()).add(char)
        self._found: dict[str, Joiner] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._chars)

    def of(self, kind: str) -> Joiner:
        """Return the characters of one cluster class."""
        found = self._found.get(kind)
        if found is None:
            symbols = [self._classes(char) if fold_char(char) else () for char in self._chars[kind]]
            found = self._found[kind] = Joiner(
                frozenset(each[0] for each in symbols if each),
                frozenset(self._known[each[-1]].kind if each else 0 for each in symbols),
                frozenset(each for each in symbols if len(each) > 1),
            )
        return found


@cache
def _always() -> Mapping[str, frozenset[str]]:
    kinds = {cluster_class(char) for char in _ALWAYS}
    return {kind: frozenset(char for char in _ALWAYS if cluster_class(char) == kind) for kind in sorted(kinds)}


def finds_join(
    cluster: Cluster,
    before: int,
    joiners: Joiners,
    startable: Callable[[int], frozenset[int]],
    known: Sequence[Class],
) -> bool:
    """Whether a match can begin at a character that joins ``cluster``, the next one or one behind other ``joiners``.
    ``startable`` gives the classes with which it can begin behind a symbol of one kind; ``before`` is the last."""
    pending, seen = [(cluster, before)], {(cluster, before)}
    while pending:
        open_cluster, last = pending.pop()
        for cluster_kind in joiners:
            joins, after = join(open_cluster, cluster_kind)
            if not joins:
                continue
            first, kinds, several = joiners.of(cluster_kind)
            if not startable(last).isdisjoint(first):
                return True
            for symbols in several:
                for symbol, following in pairwise(symbols):
                    if following in startable(known[symbol].kind):
                        return True
            for kind in kinds:
                if (place := (after, kind or last)) not in seen:
                    seen.add(place)
                    pending.append(place)
    return False
