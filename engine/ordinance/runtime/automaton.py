"""The network run over streams: an ordered lazy automaton, built as text is met and shared by all streams.

A state is a list of disjoint groups of the network's nodes, oldest start first, and what kind of symbol came before.
Where the groups began is not part of the state (a stream keeps that in a short list), so streams share states. Steps
run over classes of symbols that the rules distinguish, not over Unicode. The design and its figures:
docs/matching.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from ordinance.detection import Expressions
from ordinance.runtime.clusters import Cluster, cluster_class, join
from ordinance.runtime.network import EDGE, Network, kind_of
from ordinance.runtime.normalise import fold, fold_char, key

#: Past so many states, or nodes in them, steps are computed afresh and forgotten: same answers, bounded memory.
STATE_CAP = 16_000
NODE_CAP = 1_000_000

#: Characters that join to one before them, of every cluster class, kind and way of folding.
_JOINERS = "\n\u0301\u200c\u200d\u3099\u094d\u0903ำຳក🏽🚀™ℹⓂ🅬🇩\u0600क각가"


@dataclass(slots=True)
class _Class:
    """Symbols that no rule tells apart."""

    kind: int
    key: str | None
    sets: frozenset[int]


@dataclass(slots=True, eq=False)
class State:
    """A state of the lazy automaton; compared by identity.

    ``before`` are the kinds that may have come before; ``groups`` the nodes of each live start, oldest first.
    ``moves`` fills as classes are met. ``shared`` is whether it is kept for other streams.
    """

    before: int
    groups: tuple[tuple[int, ...], ...]
    moves: dict[int, Step]
    closing: tuple[tuple[int, int], ...] | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one symbol does.

    ``ended`` are (group, tag) whose match ended before the symbol, ``completed`` those whose match ends with it;
    group −1 is the start at this very symbol. ``kept`` are the old groups that live on, in order; −1 again is the
    new start.
    """

    state: State
    kept: tuple[int, ...]
    ended: tuple[tuple[int, int], ...]
    completed: tuple[tuple[int, int], ...]
    same: bool


@dataclass(frozen=True, slots=True)
class _Landing:
    """After a symbol: the rules whose match is complete, and the nodes from which one can still be."""

    tags: tuple[int, ...]
    alive: tuple[int, ...]


class Automaton:
    """All expressions of a set of rules. ``tags`` number the rules; they come back with each match."""

    def __init__(self, expressions: Iterable[tuple[int, Expressions]]) -> None:
        self._network = Network(expressions)
        self._numbering = Lock()
        self._classes: list[_Class] = []
        self._class_ids: dict[tuple[int, str | None, frozenset[int]], int] = {}
        self._symbol_classes: dict[str, int] = {}
        self._char_classes: dict[str, tuple[int, ...]] = {}
        self._states: dict[tuple[int, tuple[tuple[int, ...], ...]], State] = {}
        self._size = 0
        self._starts: dict[tuple[int, int], _Landing] = {}
        self._startable: dict[int, frozenset[int]] = {}
        self._joinable: dict[tuple[Cluster, int], bool] = {}
        self._joiners: set[tuple[str, tuple[int, ...]]] | None = None

    # classes

    def classes(self, char: str) -> tuple[int, ...]:
        """The classes of the symbols that a source character folds to; empty if it is ignorable."""
        found = self._char_classes.get(char)
        if found is None:
            found = self._char_classes[char] = tuple(self._class(symbol) for symbol in fold_char(char))
        return found

    def _class(self, symbol: str) -> int:
        found = self._symbol_classes.get(symbol)
        if found is not None:
            return found
        without_case = key(symbol)
        kept = without_case if without_case in self._network.phrase_keys else None
        sets = frozenset(number for number, symbols in enumerate(self._network.sets) if symbol in symbols)
        signature = (kind_of(symbol), kept, sets)
        with self._numbering:  # sessions may run in several threads; everything else that is memoised may race
            found = self._class_ids.setdefault(signature, len(self._classes))
            if found == len(self._classes):
                self._classes.append(_Class(*signature))
        self._symbol_classes[symbol] = found
        return found

    # running

    def start(self, before: int = EDGE) -> State:
        """The state in which nothing is live."""
        return self._intern(before, ())

    def join(self, places: Sequence[tuple[State, tuple[int, ...]]]) -> tuple[State, tuple[int, ...]]:
        """One place in which what is live at any of ``places`` is live; distances count back from the same position."""
        if len(places) == 1:
            return places[0]
        before = 0
        live: list[tuple[int, tuple[int, ...]]] = []
        for state, distances in places:
            before |= state.before
            live += zip(distances, state.groups, strict=True)
        seen: set[int] = set()
        groups: list[tuple[int, ...]] = []
        kept: list[int] = []
        for distance, group in sorted(live, key=lambda item: -item[0]):
            fresh = tuple(at for at in group if at not in seen)
            seen.update(fresh)
            if fresh:
                groups.append(fresh)
                kept.append(distance)
        return self._intern(before, tuple(groups)), tuple(kept)

    def _intern(self, before: int, groups: tuple[tuple[int, ...], ...]) -> State:
        signature = (before, groups)
        state = self._states.get(signature)
        if state is None:
            state = State(before, groups, {})
            size = sum(map(len, groups))
            if len(self._states) < STATE_CAP and self._size + size <= NODE_CAP:
                state.shared = True
                self._size += size
                self._states[signature] = state
        return state

    def step(self, state: State, symbol_class: int) -> Step:
        """Advance over one symbol; memoised where it leads to a shared state."""
        step = state.moves.get(symbol_class)
        if step is None:
            step = self._advance(state, symbol_class)
            if step.state.shared:
                state.moves[symbol_class] = step
        return step

    def _advance(self, state: State, symbol_class: int) -> Step:
        symbols = self._classes[symbol_class]
        before, after = state.before, symbols.kind
        ended: list[tuple[int, int]] = []
        completed: list[tuple[int, int]] = []
        kept: list[int] = []
        groups: list[tuple[int, ...]] = []
        seen: set[int] = set()
        for number, group in enumerate(state.groups):
            sources = self._network.closure(group, before, after)
            ended.extend((number, tag) for tag in self._network.tags(sources))
            lands = self._land(sources, symbols)
            completed.extend((number, tag) for tag in lands.tags)
            alive = tuple(at for at in lands.alive if at not in seen) if seen else lands.alive
            seen.update(alive)
            if alive:
                groups.append(alive)
                kept.append(number)
        fresh = self._start(before, symbol_class)
        completed.extend((-1, tag) for tag in fresh.tags)
        alive = tuple(at for at in fresh.alive if at not in seen) if seen else fresh.alive
        if alive:
            groups.append(alive)
            kept.append(-1)
        target = self._intern(after, tuple(groups))
        same = tuple(kept) == tuple(range(len(state.groups)))
        return Step(target, tuple(kept), tuple(ended), tuple(completed), same and not ended and not completed)

    def _start(self, before: int, symbol_class: int) -> _Landing:
        """Where a match lands that begins with a symbol of this class."""
        found = self._starts.get((before, symbol_class))
        if found is None:
            symbols = self._classes[symbol_class]
            found = self._land(self._network.closure((0,), before, symbols.kind), symbols)
            self._starts[before, symbol_class] = found
        return found

    def _land(self, sources: Iterable[int], symbols: _Class) -> _Landing:
        network = self._network
        reached: set[int] = set()
        for at in sources:
            node = network.nodes[at]
            if symbols.key is not None and symbols.key in node.keys:
                reached.add(node.keys[symbols.key])
            for number, target in node.sets:
                if number in symbols.sets:
                    reached.add(target)
        reached = network.closure(reached, symbols.kind, None)
        alive = (at for at in sorted(reached) if network.nodes[at].live & symbols.kind and network.leads_on(at))
        return _Landing(tuple(network.tags(reached)), tuple(alive))

    def close(self, state: State) -> tuple[tuple[int, int], ...]:
        """(group, tag) of the matches that end because the text does."""
        if state.closing is None:
            state.closing = tuple(
                (number, tag)
                for number, group in enumerate(state.groups)
                for tag in self._network.tags(self._network.closure(group, state.before, EDGE))
            )
        return state.closing

    def startable(self, before: int) -> frozenset[int]:
        """The classes with which a match can begin after ``before``, among the classes that the rules distinguish."""
        found = self._startable.get(before)
        if found is None:
            for symbol in {*self._network.samples(), *fold(_JOINERS)}:
                self._class(symbol)
            found = frozenset(
                number
                for number in range(len(self._classes))
                if (landing := self._start(before, number)).tags or landing.alive
            )
            self._startable[before] = found
        return found

    def can_join(self, cluster: Cluster, before: int) -> bool:
        """Whether a match can begin at a character that will belong to the open grapheme ``cluster``: the next one,
        or one behind other marks."""
        found = self._joinable.get((cluster, before))
        if found is None:
            found = self._joinable[cluster, before] = self._finds_join(cluster, before)
        return found

    def _finds_join(self, cluster: Cluster, before: int) -> bool:
        if self._joiners is None:
            chars = {*_JOINERS, *self._network.samples()}
            self._joiners = {(cluster_class(char), self.classes(char)) for char in chars}
        pending, seen = [(cluster, before)], {(cluster, before)}
        while pending:
            open_cluster, last = pending.pop()
            for found, symbols in self._joiners:
                joins, after = join(open_cluster, found)
                kind = last
                for symbol in symbols if joins else ():
                    if symbol in self.startable(kind):
                        return True
                    kind = self._classes[symbol].kind
                if joins and (after, kind) not in seen:
                    seen.add((after, kind))
                    pending.append((after, kind))
        return False

    @property
    def size(self) -> tuple[int, int]:
        """Nodes of the nondeterministic automaton, states built so far."""
        return len(self._network.nodes), len(self._states)
