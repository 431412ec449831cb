"""One start of possible matches on its way through the network: what is alive of it, and what a symbol does to that.

And whether a match can start within the open grapheme cluster, which is removed as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from ordinance.runtime.match.fragments import SAMPLES
from ordinance.runtime.match.network import Network, Opening
from ordinance.runtime.match.node_table import EDGE, EVERY_KIND, MARK, NEWLINE, OPENING, OTHER, WORD, permits
from ordinance.runtime.match.patterns import Assertion
from ordinance.runtime.match.spacing import SCORE, SCORED, SPACE, families, ways
from ordinance.runtime.match.trie import BEHIND_SPACE, NO_KEY, PLACE, SHIFT, beginning
from ordinance.runtime.text.clusters import Cluster, cluster_class, join
from ordinance.runtime.text.folding import fold_char

#: Family and tag of a rule that has a match.
Output = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Class:
    """Symbols that no rule tells apart. ``key`` is the number of the symbol in phrases, ``sets`` those it is in,
    ``layout`` what it is there and ``word`` whether words are made of it (see ``layout``). Without a ``kind``:
    characters that fold to nothing, which only disguised phrases see; whatever else is alive stays as it is."""

    number: int
    kind: int
    key: int
    sets: frozenset[int]
    layout: int = 0
    word: bool = False

    def kind_after(self, before: int) -> int:
        """Return the kinds that it may be after ``before``: an underscore that no word precedes may open emphasis."""
        if self.layout != SCORE:
            return self.kind or before
        opening = OPENING if before & (EDGE | OTHER | NEWLINE | OPENING) else 0
        return opening | (WORD if before & (WORD | MARK) else 0)


# What follows is made while text is met, and is never changed. Frozen, it would cost three times as much to make.


@dataclass(slots=True, eq=False)
class Group:
    """What is alive from one start, after a symbol of one of the kinds ``before``: a place in the trie of phrases with
    the layout behind it, or 0, and nodes of patterns. ``families`` has a bit for each family whose match can still be
    completed."""

    before: int
    phrase: int
    nodes: tuple[int, ...]
    families: int


@dataclass(slots=True, eq=False)
class Landing:
    """Where one start is after a symbol: the group that lives on, what ended before it and what is complete with it.

    ``closed`` is what ended before the underscores that stand before the symbol. ``other`` is a second group, where the
    symbol may be layout and may be the phrase's own.
    """

    group: Group | None
    ended: tuple[Output, ...]
    completed: tuple[Output, ...]
    closed: tuple[Output, ...] = ()
    other: Group | None = None


#: Nothing is left of a start, and nothing came of it.
DEAD = Landing(None, (), ())
_NONE: tuple[Output, ...] = ()
#: Bits of the kinds that may come before.
_KINDS = 6


class Starts:
    """The groups of a network that have been met. ``size`` counts what is remembered."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._nodes = network.nodes
        self._trie = network.trie
        self._complete = network.trie.ends[None]
        self._followed = [(needed, network.trie.ends[needed]) for needed in (Assertion.BOUNDARY, Assertion.NO_MARK)]
        self._phrases: dict[int, Group] = {}
        self._groups: dict[tuple[int, int, tuple[int, ...]], Group] = {}
        self._moved: dict[tuple[int, tuple[int, ...], int], Landing] = {}
        self._begun: dict[tuple[int, int], Landing] = {}
        self._openings: dict[tuple[int, int], Opening] = {}
        self.size = 0

    def forget(self) -> None:
        """Start anew; groups that somebody holds still work."""
        self._phrases, self._groups, self._moved, self._begun, self.size = {}, {}, {}, {}, 0

    def group(self, before: int, phrase: int, nodes: tuple[int, ...]) -> Group:
        """Return the group of this state, the same object each time."""
        if not nodes:
            return self._phrases.get(phrase << _KINDS | before) or self._at_phrase(before, phrase)
        group = self._groups.get((before, phrase, nodes))
        if group is None:
            found = self._waiting(phrase) if phrase else 0
            for at in nodes:
                found |= self._nodes.at[at].families
            group = self._groups.setdefault((before, phrase, nodes), Group(before, phrase, nodes, found))
            self.size += 1 + len(nodes)
        return group

    def _at_phrase(self, before: int, phrase: int) -> Group:
        made = Group(before, phrase, (), self._waiting(phrase))
        self.size += 1
        return self._phrases.setdefault(phrase << _KINDS | before, made)

    def begin(self, before: int, symbols: Class) -> Landing:
        """Where a match is that begins with a symbol of this class, behind one of the kinds ``before``."""
        found = self._begun.get((before, symbols.number))
        if found is None:
            opening = self._openings.get((before, symbols.kind))
            if opening is None:
                opening = self._openings[before, symbols.kind] = self._network.opening(before, symbols.kind)
            phrase = 0
            if symbols.key != NO_KEY:
                needed = beginning(chr(symbols.key))
                if needed is None or before & OPENING or permits(needed, before, symbols.kind):
                    phrase = self._trie.follow(0, symbols.key)
            reached = opening.reach(symbols.sets) if symbols.kind else self._network.begin_faint(symbols.sets)
            if phrase or reached:
                kind = symbols.kind_after(before)
                nodes, completed = self._land(reached, kind)
                found = self._arrive(kind, phrase, nodes, _NONE, completed)
            else:
                found = DEAD
            self._begun[before, symbols.number] = found
        return found

    def move(self, group: Group, symbols: Class) -> Group | Landing:
        """Where the group's start is after a symbol of this class: the group alone where it lives on and nothing
        else came of it."""
        if not symbols.kind:
            return self._stay(group, symbols)
        ended = completed = _NONE
        nodes: tuple[int, ...] = ()
        phrase = group.phrase
        if group.nodes:
            landing = self._move_nodes(group, symbols)
            if not phrase:
                return landing
            nodes = () if landing.group is None else landing.group.nodes
            ended, completed = landing.ended, landing.completed
        kind, trie = symbols.kind, self._trie
        if phrase in trie.awaited:
            ended += self._ended(phrase, group.before, kind)
        layout = symbols.layout
        if phrase <= PLACE and (not layout or (layout == SPACE and trie.behind[phrase] != BEHIND_SPACE)):
            to = trie.follow(phrase, symbols.key)
            if ended or completed or to in self._complete:
                return self._arrive(kind, to, nodes, ended, completed)
            if nodes:
                return self.group(kind, to if trie.families[to] else 0, nodes)
            if to and trie.families[to]:
                return self._phrases.get(to << _KINDS | kind) or self._at_phrase(kind, to)
            return DEAD
        return self._over_layout(group, symbols, nodes, ended, completed)

    def _over_layout(
        self,
        group: Group,
        symbols: Class,
        nodes: tuple[int, ...],
        ended: tuple[Output, ...],
        completed: tuple[Output, ...],
    ) -> Landing:
        """Where a phrase is after a symbol that may be layout, or behind layout that is more than one space."""
        phrase = group.phrase
        found = ways(self._trie, phrase, symbols.key, symbols.layout, symbols.word)
        after = symbols.kind_after(group.before)
        landing = self._arrive(after, found[0] if found else 0, nodes, ended, completed)
        closed = self._closed(phrase, group.before, symbols.kind)
        other = self._arrive(after, found[1], (), _NONE, _NONE) if len(found) > 1 else DEAD
        if closed or other is not DEAD:
            completed = landing.completed + other.completed
            return Landing(landing.group, landing.ended, completed, closed, other.group)
        return landing

    def ending(self, group: Group, after: int) -> tuple[Output, ...]:
        """Return the matches that are complete if what follows is of kind ``after``."""
        ended = self._outputs(self._nodes.closure(group.nodes, group.before, after))
        return ended + self._ended(group.phrase, group.before, after) if group.phrase else ended

    def closing(self, group: Group, after: int) -> tuple[Output, ...]:
        """Return the matches that end before underscores, if what follows is of kind ``after``."""
        return self._closed(group.phrase, group.before, after)

    def _stay(self, group: Group, symbols: Class) -> Landing:
        """Where the group's start is after a character that only disguised phrases can see."""
        alive, completed = self._land(self._network.reach_faint(group.nodes, symbols.sets), group.before)
        if not alive and not completed:
            return Landing(group, _NONE, _NONE)
        nodes = tuple(sorted({*group.nodes, *alive}))
        return Landing(self.group(group.before, group.phrase, nodes), _NONE, completed)

    def _move_nodes(self, group: Group, symbols: Class) -> Landing:
        signature = (group.before, group.nodes, symbols.number)
        found = self._moved.get(signature)
        if found is None:
            sources = self._nodes.closure(group.nodes, group.before, symbols.kind)
            kind = symbols.kind_after(group.before)
            nodes, completed = self._land(self._network.reach(sources, symbols.sets), kind)
            found = self._arrive(kind, 0, nodes, self._outputs(sources), completed)
            self._moved[signature] = found
            self.size += 1
        return found

    def _land(self, reached: set[int], kind: int) -> tuple[tuple[int, ...], tuple[Output, ...]]:
        """Return the nodes that are alive once a symbol of this kind has led to ``reached``, and what is complete."""
        if not reached:
            return (), _NONE
        nodes = self._nodes
        reached = nodes.closure(reached, kind, None)
        alive = tuple([at for at in sorted(reached) if nodes.at[at].live & kind and nodes.leads_on(at)])
        return alive, self._outputs(reached)

    def _arrive(
        self, kind: int, phrase: int, nodes: tuple[int, ...], ended: tuple[Output, ...], completed: tuple[Output, ...]
    ) -> Landing:
        if phrase:
            if phrase in self._complete:
                completed += tuple([self._nodes.outputs[number] for number in self._complete[phrase]])
            if not self._waiting(phrase):
                phrase = 0
        if phrase or nodes:
            return Landing(self.group(kind, phrase, nodes), ended, completed)
        return Landing(None, ended, completed) if ended or completed else DEAD

    def _waiting(self, phrase: int) -> int:
        return self._trie.families[phrase] if phrase <= PLACE else families(self._trie, phrase)

    def _ended(self, phrase: int, before: int, after: int) -> tuple[Output, ...]:
        """Return the phrases that end here, if what follows is of kind ``after``."""
        ended = _NONE
        for assertion, ends in self._followed:
            numbers = ends.get(phrase)
            if numbers is not None and permits(assertion, before, after):
                ended += tuple([self._nodes.outputs[number] for number in numbers])
        return ended

    def _closed(self, phrase: int, before: int, after: int) -> tuple[Output, ...]:
        """Return the phrases that end before the underscores after them, if what follows is of kind ``after``."""
        if phrase >> SHIFT != SCORED or not permits(Assertion.BOUNDARY, before, after):
            return _NONE
        numbers = self._trie.ends[Assertion.BOUNDARY].get(phrase & PLACE, ())
        return tuple([self._nodes.outputs[number] for number in numbers])

    def _outputs(self, nodes: set[int]) -> tuple[Output, ...]:
        return tuple([self._nodes.outputs[output] for output in self._nodes.complete(nodes)])


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

    @property
    def every(self) -> Iterator[int]:
        """Yield the classes of all symbols."""
        yield from self.first
        for symbols in self.several:
            yield from symbols


class Joiners:
    """What characters are to an automaton, by what they are to grapheme clusters: each class is worked out when it can
    join, for most never do.

    ``symbols`` are those that the rules distinguish.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self._chars = {kind: set(chars) for kind, chars in _always().items()}
        for char in symbols:
            if char not in _ALWAYS:
                self._chars.setdefault(cluster_class(char), set()).add(char)
        self._found: dict[str, Joiner] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._chars)

    def of(self, kind: str, classes: Callable[[str], tuple[int, ...]], known: Sequence[Class]) -> Joiner:
        """Return the characters of one cluster class; ``classes`` gives the numbers of a character's in ``known``."""
        found = self._found.get(kind)
        if found is None:
            symbols = [classes(char) if fold_char(char) else () for char in self._chars[kind]]
            found = self._found[kind] = Joiner(
                frozenset(each[0] for each in symbols if each),
                frozenset(known[each[-1]].kind if each else 0 for each in symbols),
                frozenset(each for each in symbols if len(each) > 1),
            )
        return found


@cache
def _always() -> Mapping[str, frozenset[str]]:
    kinds = {cluster_class(char) for char in _ALWAYS}
    return {kind: frozenset(char for char in _ALWAYS if cluster_class(char) == kind) for kind in sorted(kinds)}


@cache
def _joining(cluster: Cluster) -> frozenset[str]:
    """Return the cluster classes of the characters that can belong to the open ``cluster``, the next one or one behind
    others."""
    found: set[str] = set()
    pending, seen = [cluster], {cluster}
    while pending:
        last = pending.pop()
        for kind in _always():
            joins, after = join(last, kind)
            if joins:
                found.add(kind)
                if after not in seen:
                    seen.add(after)
                    pending.append(after)
    return frozenset(found)


def finds_join(
    cluster: Cluster,
    before: int,
    joiners: Joiners,
    begins: Callable[[int, int], bool],
    classes: Callable[[str], tuple[int, ...]],
    known: Sequence[Class],
) -> bool:
    """Whether a match can begin at a character that joins ``cluster``, the next one or one behind other ``joiners``.
    ``begins`` says whether it can behind a symbol of some kind with a class, ``before`` is the last kind, and
    ``classes`` gives the numbers of a character's in ``known``."""
    joining = (joiners.of(kind, classes, known) for kind in _joining(cluster))
    if not any(begins(EVERY_KIND, number) for each in joining for number in each.every):
        return False  # nearly always: words begin with no mark
    pending, seen = [(cluster, before)], {(cluster, before)}
    while pending:
        open_cluster, last = pending.pop()
        for cluster_kind in joiners:
            joins, after = join(open_cluster, cluster_kind)
            if not joins:
                continue
            first, kinds, several = joiners.of(cluster_kind, classes, known)
            if any(begins(last, number) for number in first):
                return True
            for symbols in several:
                for symbol, following in pairwise(symbols):
                    if begins(known[symbol].kind, following):
                        return True
            for kind in kinds:
                if (place := (after, kind or last)) not in seen:
                    seen.add(place)
                    pending.append(place)
    return False
