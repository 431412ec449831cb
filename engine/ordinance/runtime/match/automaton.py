"""The network run over streams: an ordered lazy automaton, built as text is met and shared by all streams.

A state is a list of groups, one for each start of which something is alive, oldest start first, and what kind of
symbol came before. Where the groups began is not part of the state (a stream keeps that in a short list), so streams
share states. Steps run over classes of symbols that the rules distinguish, not over Unicode. The design and its
figures: docs/matching.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

from ordinance.detection import Expressions
from ordinance.runtime.match.network import Network
from ordinance.runtime.match.node_table import EDGE, KINDS, kind_of
from ordinance.runtime.match.spacing import PLAIN, SCORE, SCORED, is_white, is_wordlike, layout_of
from ordinance.runtime.match.starts import DEAD, JOINERS, Class, Group, Joiners, Landing, Output, Starts, finds_join
from ordinance.runtime.match.trie import NO_KEY, SHIFT
from ordinance.runtime.text.clusters import Cluster
from ordinance.runtime.text.folding import fold, fold_char, key

#: Past so many states, or so many groups, nodes and steps, all are forgotten and built anew as they are met: bounded
#: memory, about 40 MB, and the same answers.
STATE_CAP = 32_000
SIZE_CAP = 300_000

#: Bits of all families that an automaton may have.
EVERY = -1


@dataclass(slots=True, eq=False)
class State:
    """A state of the lazy automaton; compared by identity.

    ``before`` are the kinds that may have come before; ``groups`` what is alive of each start, oldest first. ``steps``
    is what classes of symbols do; it fills as they are met. ``quiet`` is the step that leads here where every start
    lives on, none begins and nothing matches. ``closing`` is whether a phrase may have ended before underscores.
    """

    before: int
    groups: tuple[Group, ...]
    steps: dict[int, Step]
    closing: bool
    quiet: Step | None = None

    def oldest(self, families: int) -> int:
        """Return the number of the first group with which one of ``families`` can complete a match, or −1."""
        for number, group in enumerate(self.groups):
            if group.families & families:
                return number
        return -1


class Found(NamedTuple):
    """Groups with a match, and its output.

    ``ended`` are those whose match ended before a symbol, ``completed`` those whose match ends with it; group −1 is the
    start at this very symbol. ``closed`` are those whose match ended before the underscores before it.
    """

    ended: tuple[tuple[int, Output], ...]
    completed: tuple[tuple[int, Output], ...]
    closed: tuple[tuple[int, Output], ...]


@dataclass(slots=True, eq=False)
class Step:
    """What one symbol does.

    ``kept`` are the old groups that live on, in order, one of them twice if it has become two; None if all do.
    ``fresh`` is whether the symbol begins another, the last. ``found`` are the matches, if there are any.
    """

    state: State
    kept: tuple[int, ...] | None
    fresh: bool
    found: Found | None


def _found(came: Sequence[tuple[int, Landing]]) -> Found:
    """Gather the matches of the starts, oldest first, that have some."""
    return Found(
        tuple([(number, output) for number, landing in came for output in landing.ended]),
        tuple([(number, output) for number, landing in came for output in landing.completed]),
        tuple([(number, output) for number, landing in came for output in landing.closed]),
    )


@lru_cache(maxsize=4096)
def _nature(symbol: str) -> tuple[int, str, int, bool]:
    """Return what a symbol is to every automaton: its kind, what phrases compare, its layout, whether words are made of
    it."""
    layout = layout_of(symbol)
    return kind_of(symbol), " " if is_white(layout) else key(symbol), layout, is_wordlike(symbol)


class Automaton:
    """All expressions of a set of rules, in families: a family is what the same is done with.

    In a family, tags number the rules; family and tag come back with each match.
    """

    def __init__(self, *families: Iterable[tuple[int, Expressions]]) -> None:
        self._network = Network(families)
        self._starts = Starts(self._network)
        self._lock = Lock()
        self._classes: list[Class] = []
        self._class_ids: dict[tuple[int, int, frozenset[int], int, bool], int] = {}
        #: Classes of underscores: a phrase may end before them. And classes of what folds to nothing.
        self.scores: set[int] = set()
        self.faint: set[int] = set()
        self._symbol_classes: dict[str, int] = {}
        self._char_classes: dict[str, tuple[int, ...]] = {}
        self._states: dict[tuple[Group, ...], State] = {}
        self._empty: dict[int, State] = {}
        self._steps = 0
        self._can_start: dict[tuple[int, int], bool] = {}
        self._joinable: dict[tuple[Cluster, int, int], bool] = {}
        self._joiners: Joiners | None = None
        #: How often everything was forgotten.
        self.restarts = 0

    # classes

    def classes(self, char: str) -> tuple[int, ...]:
        """Return the classes of the symbols that a source character folds to; empty if it is ignorable."""
        found = self._char_classes.get(char)
        if found is None:
            symbols = fold_char(char)
            found = tuple([self._class(symbol) for symbol in symbols]) if symbols else self._faint_class(char)
            self._char_classes[char] = found
        return found

    def _faint_class(self, char: str) -> tuple[int, ...]:
        """Return the class of a character that folds to nothing; empty if no disguised phrase can see it."""
        sets = self._network.alphabet.holding(char) & self._network.faint
        if not sets:
            return ()
        number = self._numbered((0, NO_KEY, sets, PLAIN, False))
        self.faint.add(number)
        return (number,)

    def _class(self, symbol: str) -> int:
        found = self._symbol_classes.get(symbol)
        if found is not None:
            return found
        kind, compared, layout, wordlike = _nature(symbol)
        number = ord(compared) if compared in self._network.trie.symbols else NO_KEY
        signature = (kind, number, self._network.alphabet.holding(symbol), layout, wordlike)
        found = self._numbered(signature)
        if layout == SCORE:
            self.scores.add(found)
        self._symbol_classes[symbol] = found  # last, for sessions may run in several threads
        return found

    def _numbered(self, signature: tuple[int, int, frozenset[int], int, bool]) -> int:
        known = self._class_ids.get(signature)
        if known is not None:
            return known
        with self._lock:  # sessions may run in several threads; what else is remembered may race
            known = self._class_ids.get(signature)
            if known is None:
                known = len(self._classes)
                self._classes.append(Class(known, *signature))
                self._class_ids[signature] = known  # last, for it is read without the lock
        return known

    # running

    def start(self, before: int = EDGE) -> State:
        """Return the state in which nothing is live."""
        return self._state(before, ())

    def at(self, before: int, groups: tuple[Group, ...]) -> State:
        """Return the state with these parts of another state of this automaton, which may have been forgotten."""
        return self._state(before, groups)

    def join(self, places: Sequence[tuple[State, tuple[int, ...]]]) -> tuple[State, tuple[int, ...]]:
        """One place in which what is live at any of ``places`` is live; distances count back from the same position."""
        if len(places) == 1:
            return places[0]
        before = 0
        live: list[tuple[int, Group]] = []
        for state, distances in places:
            before |= state.before
            live += zip(distances, state.groups, strict=True)
        phrases, seen = {0}, set[int]()
        groups: list[Group] = []
        kept: list[int] = []
        for distance, group in sorted(live, key=lambda item: -item[0]):
            phrase = 0 if group.phrase in phrases else group.phrase
            nodes = tuple([at for at in group.nodes if at not in seen])
            phrases.add(phrase)
            seen.update(nodes)
            if phrase or nodes:
                groups.append(self._starts.group(before, phrase, nodes))
                kept.append(distance)
        return self._state(before, tuple(groups)), tuple(kept)

    def step(self, state: State, symbol_class: int) -> Step:
        """Advance over one symbol."""
        step = state.steps.get(symbol_class)
        if step is None:
            states = len(self._states) + len(self._empty)
            if states >= STATE_CAP or self._steps + self._starts.size >= SIZE_CAP:
                self._make_room()
            step = self._advance(state, self._classes[symbol_class])
            state.steps[symbol_class] = step
            self._steps += 1
        return step

    def _advance(self, state: State, symbols: Class) -> Step:
        came: list[tuple[int, Landing]] = []  # starts that have a match
        kept: list[int] = []
        groups: list[Group] = []
        seen: set[int] = set()
        move = self._starts.move
        number = -1
        changed = False
        alive: Group | None
        for group in state.groups:
            number += 1
            landing = move(group, symbols)
            if landing is DEAD:
                changed = True
                continue
            if isinstance(landing, Group):
                alive = landing
            else:
                alive = landing.group
                if landing.ended or landing.completed or landing.closed:
                    came.append((number, landing))
                if landing.other is not None:
                    changed = True
                    if alive is not None and (alive := self._unless_seen(alive, seen)) is not None:
                        groups.append(alive)
                        kept.append(number)
                    alive = landing.other
            if alive is not None and alive.nodes:
                alive = self._unless_seen(alive, seen)
            if alive is None:
                changed = True
                continue
            groups.append(alive)
            kept.append(number)
        if not groups and number >= 0 and not came:
            return self.step(self._state(state.before, ()), symbols.number)  # as if nothing had been alive
        fresh = self._starts.begin(state.before, symbols)
        if fresh.completed:
            came.append((-1, fresh))
        alive = fresh.group
        if alive is not None and alive.nodes:
            alive = self._unless_seen(alive, seen)
        if alive is not None:
            groups.append(alive)
        to = self._state(symbols.kind_after(state.before), tuple(groups))
        found = _found(came) if came else None
        if found is None and alive is None and kept and not changed:
            if to.quiet is None:
                to.quiet = Step(to, None, False, None)
            return to.quiet
        return Step(to, tuple(kept) if changed or not kept else None, alive is not None, found)

    def _unless_seen(self, group: Group, seen: set[int]) -> Group | None:
        """``group`` without the nodes to which an older start has led. In a phrase no two starts meet."""
        if not seen.isdisjoint(group.nodes):
            nodes = tuple([at for at in group.nodes if at not in seen])
            if not nodes and not group.phrase:
                return None
            group = self._starts.group(group.before, group.phrase, nodes)
        seen.update(group.nodes)
        return group

    @property
    def is_elastic(self) -> bool:
        """Whether a match may go on for ever, so that it must be ended (see ``slacken``)."""
        return self._network.elastic < len(self._network.nodes)

    def slacken(self, state: State, count: int) -> tuple[State, tuple[int, ...]]:
        """``state`` without the disguised phrases of its ``count`` oldest groups, and which groups remain."""
        groups: list[Group] = []
        kept: list[int] = []
        for number, group in enumerate(state.groups):
            nodes = tuple([at for at in group.nodes if number >= count or at < self._network.elastic])
            if group.phrase or nodes:
                groups.append(self._starts.group(group.before, group.phrase, nodes))
                kept.append(number)
        return self._state(state.before, tuple(groups)), tuple(kept)

    def close(self, state: State) -> Found:
        """Return the groups with a match that ends because the text does."""
        groups, starts = list(enumerate(state.groups)), self._starts
        ended = [(number, output) for number, group in groups for output in starts.ending(group, EDGE)]
        closed = [(number, output) for number, group in groups for output in starts.closing(group, EDGE)]
        return Found(tuple(ended), (), tuple(closed))

    # memory

    def _state(self, before: int, groups: tuple[Group, ...]) -> State:
        state = self._states.get(groups) if groups else self._empty.get(before)
        if state is None:
            closing = False
            for group in groups:
                if group.phrase >> SHIFT == SCORED:
                    closing = True
            state = State(before, groups, {}, closing)
            state = self._states.setdefault(groups, state) if groups else self._empty.setdefault(before, state)
            self._steps += len(groups)
        return state

    def _make_room(self) -> None:
        """Forget everything. What streams still stand on is rebuilt as they go on."""
        with self._lock:
            states = [*self._states.values(), *self._empty.values()]
            self._states, self._empty, self._steps = {}, {}, 0
            self._starts.forget()
            self.restarts += 1
        for state in states:  # else they keep each other
            state.steps.clear()
            state.quiet = None

    @property
    def families(self) -> int:
        """Return bits of the families in which anything is looked for."""
        return self._network.families

    @property
    def size(self) -> tuple[int, int]:
        """Nodes of the nondeterministic automaton, states built so far."""
        return len(self._network.nodes) + len(self._network.trie), len(self._states) + len(self._empty)

    # what may come next

    def prepare(self) -> None:
        """Work out with what a match can begin, which the first text would wait for."""
        for symbol in {*self._network.first(), *fold(JOINERS)}:
            for before in KINDS:
                self._begins(before, self._class(symbol), EVERY)

    def can_start(self, before: int, families: int) -> bool:
        """Whether a match of ``families`` can begin at the very next character, after ``before``."""
        found = self._can_start.get((before, families))
        if found is None:
            symbols = self._network.first() if families & self._network.families else ()
            found = any(self._begins(before, self._class(symbol), families) for symbol in symbols)
            self._can_start[before, families] = found
        return found

    def _begins(self, before: int, symbol_class: int, families: int) -> bool:
        """Whether a match of ``families`` can begin after ``before`` with a symbol of this class."""
        symbols = self._classes[symbol_class]
        if not symbols.kind:  # what folds to nothing joins nothing
            return False
        landing = self._starts.begin(before, symbols)
        if landing.group is not None and landing.group.families & families:
            return True
        return any(1 << family & families for family, _ in landing.completed)

    def can_join(self, cluster: Cluster, before: int, families: int) -> bool:
        """Whether a match of ``families`` can begin at a character that will belong to the open grapheme ``cluster``:
        the next one, or one behind other marks."""
        found = self._joinable.get((cluster, before, families))
        if found is None:
            found = bool(families & self._network.families) and self._finds_join(cluster, before, families)
            self._joinable[cluster, before, families] = found
        return found

    def _finds_join(self, cluster: Cluster, before: int, families: int) -> bool:
        if self._joiners is None:
            self._joiners = Joiners(self._network.samples())

        def begins(last: int, number: int) -> bool:
            return self._begins(last, number, families)

        return finds_join(cluster, before, self._joiners, begins, self.classes, self._classes)
