"""Grapheme clusters on a stream: does the next character join the one before (UAX #29, pinned version).

Nobody sees half a character: what is removed grows to whole clusters.
"""

from __future__ import annotations

from functools import cache

from ordinance.runtime.text.folding import classifier
from ordinance.runtime.text.unicode_data import CLUSTERS

#: The class of a character; the letters are explained in ``engine/generate_unicode_data.py``.
cluster_class = classifier(CLUSTERS)

#: (class before, odd number of regional indicators, pictograph 0 no 1 yes 2 and a joiner, conjunct 0 1 2 likewise)
Cluster = tuple[str, bool, int, int]

START: Cluster = ("C", False, 0, 0)

#: Pairs of Hangul classes that join: leading, vowel and trailing parts, G and H for whole syllables.
_HANGUL = frozenset({"LL", "LV", "LG", "LH", "GV", "GT", "VV", "VT", "HT", "TT"})


@cache
def join(state: Cluster, then: str) -> tuple[bool, Cluster]:
    """Whether a character of class ``then`` belongs to the cluster in ``state``, and the state after it."""
    before, odd, pictograph, conjunct = state
    if before == "r":
        joins = then == "n"
    elif before in "nC" or then in "rnC":
        joins = False
    else:
        joins = (
            then in "ENeZS"
            or before == "P"
            or before + then in _HANGUL
            or (then == "K" and conjunct == 2)
            or (then == "X" and pictograph == 2)
            or (then == "R" and before == "R" and odd)
        )
    first_of_pair = then == "R" and not (joins and before == "R")
    return joins, (then, first_of_pair, _after_pictograph(pictograph, then), _after_consonant(conjunct, then))


def _after_pictograph(stage: int, then: str) -> int:
    if then == "X":
        return 1
    if then in "ENe" and stage == 1:
        return 1
    return 2 if then == "Z" and stage == 1 else 0


def _after_consonant(stage: int, then: str) -> int:
    if then == "K":
        return 1
    if then == "N" and stage:
        return 2
    return stage if then in "EZ" else 0
