"""Whether a match can begin within the open grapheme cluster, at a character that joins it.

What is removed grows to whole clusters, so that a character which is still open must wait for what may join it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from ordinance.runtime.match.starts import Class
from ordinance.runtime.text.clusters import Cluster, cluster_class, join
from ordinance.runtime.text.folding import fold_char

#: Characters of one cluster class: the first classes of their symbols, the kinds of the last (0 for what folds to
#: nothing), and all classes of those that fold to several symbols.
Joiners = tuple[set[int], set[int], set[tuple[int, ...]]]


def joiners_of(
    chars: Iterable[str], classes: Callable[[str], tuple[int, ...]], known: Sequence[Class]
) -> Mapping[str, Joiners]:
    """Return what ``chars`` are to the rules, by what they are to grapheme clusters. ``classes`` gives the numbers of
    their symbols' classes in ``known``. What folds to nothing begins no match that would reach back to the cluster."""
    found: dict[str, Joiners] = {}
    for char in chars:
        first, kinds, longer = found.setdefault(cluster_class(char), (set(), set(), set()))
        symbols = classes(char) if fold_char(char) else ()
        first.update(symbols[:1])
        kinds.add(known[symbols[-1]].kind if symbols else 0)
        if len(symbols) > 1:
            longer.add(symbols)
    return found


def finds_join(
    cluster: Cluster,
    before: int,
    joiners: Mapping[str, Joiners],
    startable: Callable[[int], frozenset[int]],
    known: Sequence[Class],
) -> bool:
    """Whether a match can begin at a character that joins ``cluster``, the next one or one behind other ``joiners``.
    ``startable`` gives the classes with which it can begin behind a symbol of one kind; ``before`` is the last."""
    pending, seen = [(cluster, before)], {(cluster, before)}
    while pending:
        open_cluster, last = pending.pop()
        for cluster_kind, (first, kinds, longer) in joiners.items():
            joins, after = join(open_cluster, cluster_kind)
            if not joins:
                continue
            if not startable(last).isdisjoint(first):
                return True
            for symbols in longer:
                for symbol, following in pairwise(symbols):
                    if following in startable(known[symbol].kind):
                        return True
            for kind in kinds:
                if (place := (after, kind or last)) not in seen:
                    seen.add(place)
                    pending.append(place)
    return False
