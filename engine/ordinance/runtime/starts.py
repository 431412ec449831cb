"""One start of possible matches on its way through the network: what is alive of it, and what a symbol does to that."""

from __future__ import annotations

from dataclasses import dataclass

from ordinance.runtime.network import Network, Opening, permits
from ordinance.runtime.patterns import Assertion
from ordinance.runtime.trie import NO_KEY, beginning

#: Family and tag of a rule that has a match.
Output = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Class:
    """Symbols that no rule tells apart. ``key`` is the number of the symbol in phrases, ``sets`` those it is in."""

    number: int
    kind: int
    key: int
    sets: frozenset[int]


# What follows is made while text is met, and is never changed. Frozen, it would cost three times as much to make.


@dataclass(slots=True, eq=False)
class Group:
    """What is alive from one start, after a symbol of one of the kinds ``before``: a place in the trie of phrases, or
    0, and nodes of patterns. ``families`` has a bit for each family with a match that can still be completed."""

    before: int
    phrase: int
    nodes: tuple[int, ...]
    families: int


@dataclass(slots=True, eq=False)
class Landing:
    """Where one start is after a symbol: the group that lives on, what ended before it and what is complete with it."""

    group: Group | None
    ended: tuple[Output, ...]
    completed: tuple[Output, ...]


#: Nothing is left of a start, and nothing came of it.
DEAD = Landing(None, (), ())
_NONE: tuple[Output, ...] = ()


class Starts:
    """The groups of a network that have been met. ``size`` counts what is remembered."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._trie = network.trie
        self._complete = network.trie.ends[None]
        self._followed = [(needed, network.trie.ends[needed]) for needed in (Assertion.BOUNDARY, Assertion.NO_MARK)]
        self._groups: dict[tuple[int, int, tuple[int, ...]], Group] = {}
        self._nodes: dict[tuple[int, tuple[int, ...], int], Landing] = {}
        self._begun: dict[tuple[int, int], Landing] = {}
        self._openings: dict[tuple[int, int], Opening] = {}
        self.size = 0

    def forget(self) -> None:
        """Start anew; groups that somebody holds still work."""
        self._groups, self._nodes, self._begun, self.size = {}, {}, {}, 0

    def group(self, before: int, phrase: int, nodes: tuple[int, ...]) -> Group:
        """The group, the same one each time."""
        group = self._groups.get((before, phrase, nodes))
        if group is None:
            families = self._trie.families[phrase] if phrase else 0
            for at in nodes:
                families |= self._network.nodes[at].families
            group = self._groups.setdefault((before, phrase, nodes), Group(before, phrase, nodes, families))
            self.size += 1 + len(nodes)
        return group

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
                if needed is None or permits(needed, before, symbols.kind):
                    phrase = self._trie.follow(0, symbols.key)
            nodes, completed = self._land(opening.reach(symbols.sets), symbols.kind)
            found = self._begun[before, symbols.number] = self._arrive(symbols.kind, phrase, nodes, _NONE, completed)
        return found

    def move(self, group: Group, symbols: Class) -> Landing:
        """Where the group's start is after a symbol of this class."""
        ended = completed = _NONE
        nodes: tuple[int, ...] = ()
        phrase = group.phrase
        if group.nodes:
            landing = self._move_nodes(group, symbols)
            if not phrase:
                return landing
            nodes = () if landing.group is None else landing.group.nodes
            ended, completed = landing.ended, landing.completed
        ended += self._ended(phrase, group.before, symbols.kind)
        phrase = self._trie.follow(phrase, symbols.key)
        return self._arrive(symbols.kind, phrase, nodes, ended, completed)

    def ending(self, group: Group, after: int) -> tuple[Output, ...]:
        """The matches that are complete if what follows is of kind ``after``."""
        ended = self._outputs(self._network.closure(group.nodes, group.before, after))
        return ended + self._ended(group.phrase, group.before, after) if group.phrase else ended

    def _move_nodes(self, group: Group, symbols: Class) -> Landing:
        signature = (group.before, group.nodes, symbols.number)
        found = self._nodes.get(signature)
        if found is None:
            sources = self._network.closure(group.nodes, group.before, symbols.kind)
            nodes, completed = self._land(self._network.reach(sources, symbols.sets), symbols.kind)
            found = self._arrive(symbols.kind, 0, nodes, self._outputs(sources), completed)
            self._nodes[signature] = found
            self.size += 1
        return found

    def _land(self, reached: set[int], kind: int) -> tuple[tuple[int, ...], tuple[Output, ...]]:
        """The nodes that are alive once a symbol of this kind has led to ``reached``, and what is complete."""
        if not reached:
            return (), _NONE
        network = self._network
        reached = network.closure(reached, kind, None)
        alive = tuple([at for at in sorted(reached) if network.nodes[at].live & kind and network.leads_on(at)])
        return alive, self._outputs(reached)

    def _arrive(
        self, kind: int, phrase: int, nodes: tuple[int, ...], ended: tuple[Output, ...], completed: tuple[Output, ...]
    ) -> Landing:
        if phrase:
            if phrase in self._complete:
                completed += tuple([self._network.outputs[number] for number in self._complete[phrase]])
            if not self._trie.families[phrase]:
                phrase = 0
        if phrase or nodes:
            return Landing(self.group(kind, phrase, nodes), ended, completed)
        return Landing(None, ended, completed) if ended or completed else DEAD

    def _ended(self, phrase: int, before: int, after: int) -> tuple[Output, ...]:
        """The phrases that end here, if what follows is of kind ``after``."""
        ended = _NONE
        for assertion, ends in self._followed:
            numbers = ends.get(phrase)
            if numbers is not None and permits(assertion, before, after):
                ended += tuple([self._network.outputs[number] for number in numbers])
        return ended

    def _outputs(self, nodes: set[int]) -> tuple[Output, ...]:
        return tuple([self._network.outputs[output] for output in self._network.complete(nodes)])
