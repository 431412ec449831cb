"""Disguised phrases in a network: a tree of nodes that grows where a text leads, for few of them are ever met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from ordinance.runtime.match.branches import Branch, Disguises
from ordinance.runtime.match.disguise import (
    ENCODED,
    ESCAPE,
    ESCAPE_END,
    ESCAPE_OPENS,
    ESCAPED,
    SPACED,
    UNDERSCORE,
    Gaps,
    Step,
)
from ordinance.runtime.match.node_table import EVERY_KIND, Growth, Nodes
from ordinance.runtime.match.patterns import Assertion, SymbolSet
from ordinance.runtime.match.trie import ending

_Key = TypeVar("_Key")


class Lane:
    """Plants disguises in a table of nodes and lets them grow. A letter that is written as a sign is a word's edge too:
    what stands next to it is no word. An underscore, which counts as part of a word elsewhere, may stand at either end.

    ``faint`` are the numbers of the sets that characters which fold to nothing can be in, ``escapes`` is that of what
    opens an escape sequence, or -1.
    """

    def __init__(self, nodes: Nodes, disguises: Sequence[tuple[Disguises, int]]) -> None:
        self._nodes = nodes
        self.faint: set[int] = set()
        self.escapes = -1
        self._hidden: list[tuple[int, int]] = []
        self._roots: dict[Assertion | None, int] = {}
        steps = frozenset[Step]().union(*(each.steps for each, _ in disguises))
        gaps = frozenset[Gaps]().union(*(each.gaps for each, _ in disguises))
        within, between = (each.sets for each in steps), (each.sets for each in gaps)
        for symbols in chain.from_iterable((*within, *between)):
            nodes.number(symbols)  # classes of symbols must not change later
        self.faint |= {nodes.number(each) for step in steps for each in (step.faint, step.tags) if each is not None}
        self._sequence: tuple[int, int, int] | None = None  # the nodes in an escape sequence, and the one behind it
        self._within: dict[int, int] = {}  # behind the nodes where a spaced form goes on
        if steps:
            for symbols in (UNDERSCORE, ESCAPE_OPENS, ESCAPE, ESCAPED, ESCAPE_END):
                nodes.number(symbols)
            self.escapes = nodes.number(ESCAPE)
            self.faint.add(nodes.number(ESCAPE_OPENS))
        for (whole, step), begun in _together((each.spaced, output) for each, output in disguises):
            self._begin(whole, step, Growth(begun, SPACED.wide))
        for step, begun in _together((each.encoded, output) for each, output in disguises):
            self._begin_encoded(step, Growth(begun, ENCODED.wide))
            self._begin_inside(step, Growth(begun, ENCODED.wide))
        for step, begun in _together((each.halved, output) for each, output in disguises):
            self._begin_encoded(step, Growth(begun, ENCODED.wide))

    def _begin(self, whole: Assertion | None, step: Step, growth: Growth) -> None:
        """Let spaced forms begin with ``step`` and go on as ``growth``."""
        following = self._growing(growth)
        if step.letters:
            self._lead(self._root(whole), step.letters, following)
            self._begin_escaped(step.letters, following)
        if step.digits:
            narrow = self._growing(growth._replace(gap=SPACED.narrow))
            self._lead(self._root(whole), step.digits, narrow)
            self._begin_escaped(step.digits, narrow)
        if step.signs:
            self._lead(self._root(Assertion.NOT_BOUNDARY if whole else None), step.signs, following)
            self._begin_escaped(step.signs, following)
        if step.tags:  # hidden text may stand anywhere
            self._hidden.append((self._nodes.number(step.tags), following))

    def _begin_escaped(self, symbols: SymbolSet, to: int) -> None:
        """Let a form begin with ``symbols`` behind an escape sequence too: nobody sees the letter in which that ends,
        so a word begins there."""
        nodes = self._nodes
        if self._sequence is None:
            opened, within, behind = self._sequence = (nodes.add(), nodes.add(), nodes.add())
            self._hidden.append((nodes.number(ESCAPE_OPENS), opened))
            self._lead(opened, ESCAPE, within)
            self._lead(within, ESCAPED, within)
            self._lead(within, ESCAPE_END, behind)
        self._lead(self._sequence[2], symbols, to)
        for at in self._sequence:
            nodes.at[at].families |= nodes.at[to].families

    def _begin_encoded(self, step: Step, growth: Growth) -> None:
        """Let base64 begin with ``step`` and go on as ``growth``."""
        if step.letters is not None:
            self._lead(self._root(Assertion.BOUNDARY), step.letters, self._growing(growth))

    def _begin_inside(self, step: Step, growth: Growth) -> None:
        """Let it begin within a word, too."""
        if step.letters is not None:
            narrow = self._growing(growth._replace(gap=ENCODED.narrow))
            self._lead(self._root(Assertion.NOT_BOUNDARY), step.letters, narrow)

    def begin_faint(self, sets: frozenset[int]) -> set[int]:
        """Return the nodes, where a match begins, to which a character leads that folds to nothing and is in these
        sets."""
        return {target for number, target in self._hidden if number in sets}

    def grow(self, at: int) -> None:
        """Add what follows a node. Sessions may run in several threads."""
        with self._nodes.growing:
            node = self._nodes.at[at]
            growth = node.growth
            if growth is None:
                return
            following: dict[Step, list[tuple[Branch, int]]] = {}
            sets = list(node.sets)
            for branch, output in growth.branches:
                onward, ending = branch.parted()
                for step, later in onward.items():
                    following.setdefault(step, []).append((later, output))
                for step, last in ending:
                    sets += self._closing(last, step, output)
                    if step.faint:
                        node.faint = (*node.faint, (self._nodes.number(step.faint), self._closed(None, output)))
            gaps = growth.branches[0][0].gaps
            for step, branches in following.items():
                to = self._growing(Growth(branches, gaps.wide))
                if step.shown:
                    sets.append((self._nodes.number(step.shown), to))
                if step.faint:
                    node.faint = (*node.faint, (self._nodes.number(step.faint), to))
            node.sets, node.growth = sets, None
            if gaps is SPACED:
                self._within[at] = 0

    def _root(self, before: Assertion | None) -> int:
        at = self._roots.get(before)
        if at is None:
            at = self._roots[before] = self._nodes.add()
            self._nodes.jump(0, before, at)
            if before is Assertion.BOUNDARY:
                self._lead(at, UNDERSCORE, at)
        return at

    def _lead(self, at: int, symbols: SymbolSet, to: int) -> None:
        node, families = self._nodes.at[at], self._nodes.at[to].families
        node.sets.append((self._nodes.number(symbols), to))
        node.families |= families
        node.live = EVERY_KIND

    def _growing(self, growth: Growth) -> int:
        at = self._nodes.add()
        node = self._nodes.at[at]
        node.growth = growth
        for _, output in growth.branches:
            node.families |= self._nodes.family(output)
        self._lead(at, growth.gap, at)
        return at

    def escape(self, at: int) -> int:
        """Behind a node where a spaced form goes on, the one within what terminals do not show; made where text leads
        there. 0 behind any other node."""
        within = self._within.get(at)
        if within != 0:
            return within or 0
        with self._nodes.growing:
            within = self._within[at]
            if not within:
                within = self._nodes.add()
                self._nodes.at[within].families = self._nodes.at[at].families
                self._lead(within, ESCAPED, within)
                self._lead(within, ESCAPE_END, at)
                self._within[at] = within
        return within

    def _closing(self, last: str, step: Step, output: int) -> Iterator[tuple[int, int]]:
        """Yield the last symbol of a form that ends in ``last``."""
        after = ending(last) if last else None
        end = self._closed(after, output)
        if step.word:
            yield self._nodes.number(step.word), end
        if after is Assertion.BOUNDARY:
            self._lead(end, UNDERSCORE, self._closed(None, output))
        if step.signs:
            yield self._nodes.number(step.signs), self._closed(Assertion.NOT_BOUNDARY, output)

    def _closed(self, after: Assertion | None, output: int) -> int:
        at = end = self._nodes.add()
        if after is not None:
            end = self._nodes.add()
            self._nodes.jump(at, after, end)
        node = self._nodes.at[at]
        node.families, node.live = self._nodes.family(output), EVERY_KIND
        self._nodes.at[end].outputs.add(output)
        return at


def _together(
    begun: Iterable[tuple[Mapping[_Key, Branch], int]],
) -> Iterable[tuple[_Key, list[tuple[Branch, int]]]]:
    """Return what begins alike, of all phrases, each with its output."""
    found: dict[_Key, list[tuple[Branch, int]]] = {}
    for branches, output in begun:
        for key, branch in branches.items():
            found.setdefault(key, []).append((branch, output))
    return found.items()
