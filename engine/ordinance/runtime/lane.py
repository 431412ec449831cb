"""Disguised phrases in a network: a tree of nodes that grows where a text leads, for few of them are ever met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from ordinance.runtime.disguise import ESCAPE, ESCAPE_END, ESCAPED, SPACED, UNDERSCORE, Form, Gaps, Step
from ordinance.runtime.patterns import Assertion, SymbolSet
from ordinance.runtime.trie import beginning, ending

if TYPE_CHECKING:
    from ordinance.runtime.network import Network


@dataclass(frozen=True, slots=True)
class Growth:
    """What may follow a node and has not been added: the forms that lead here, each with the number of its output, and
    how many of their steps have been taken. ``gap`` is what may stand there."""

    forms: list[tuple[Form, int]]
    depth: int
    gap: SymbolSet


class Lane:
    """Plants forms in a network and lets them grow. A letter that is written as a sign is a word's edge too: what
    stands next to it is no word. An underscore, which counts as part of a word elsewhere, may stand at either end."""

    def __init__(self, network: Network, forms: Sequence[tuple[Form, int]]) -> None:
        self._network = network
        self._lock = Lock()
        self._roots: dict[Assertion | None, int] = {}
        for step in {step for form, _ in forms for step in form.steps}:  # classes of symbols must not change later
            for symbols in (UNDERSCORE, ESCAPE, ESCAPED, ESCAPE_END, *step.sets):
                network.number(symbols)
            network.faint |= {network.number(each) for each in (step.faint, step.tags) if each is not None}
        for gaps in {form.gaps for form, _ in forms}:
            network.number(gaps.narrow)
            network.number(gaps.wide)
        beginnings: dict[tuple[Assertion | None, Gaps, Step], list[tuple[Form, int]]] = {}
        for form, output in forms:
            whole = beginning(form.first) if form.first else None
            beginnings.setdefault((whole, form.gaps, form.steps[0]), []).append((form, output))
        for (whole, gaps, step), begun in beginnings.items():
            self._begin(whole, step, Growth(begun, 1, gaps.wide if gaps.firm <= 1 else gaps.narrow), gaps.narrow)

    def _begin(self, whole: Assertion | None, step: Step, growth: Growth, narrow: SymbolSet) -> None:
        """Let forms begin with ``step``; behind a digit they go on as ``growth`` with a ``narrow`` gap."""
        following = self._growing(growth)
        if step.letters:
            self._lead(self._root(whole), step.letters, following)
        if step.digits:
            self._lead(self._root(whole), step.digits, self._growing(replace(growth, gap=narrow)))
        if step.signs:
            self._lead(self._root(Assertion.NOT_BOUNDARY if whole else None), step.signs, following)
        if step.tags:  # hidden text may stand anywhere
            self._lead(self._root(None), step.tags, following)

    def grow(self, at: int) -> None:
        """Add what follows a node. Sessions may run in several threads."""
        with self._lock:
            node = self._network.nodes[at]
            growth = node.growth
            if growth is None:
                return
            following: dict[tuple[Step, SymbolSet], Growth] = {}
            sets = list(node.sets)
            depth = growth.depth + 1
            for form, output in growth.forms:
                step = form.steps[growth.depth]
                if depth < len(form.steps):
                    gap = form.gaps.wide if depth >= form.gaps.firm else form.gaps.narrow
                    following.setdefault((step, gap), Growth([], depth, gap)).forms.append((form, output))
                else:
                    sets += self._closing(form, step, output)
            for (step, _), later in following.items():
                to = self._growing(later)
                sets += [(self._network.number(each), to) for each in (step.shown, step.faint) if each]
            node.sets, node.growth = sets, None
            if growth.forms[0][0].gaps is SPACED:
                self._escape(at)

    def _root(self, before: Assertion | None) -> int:
        at = self._roots.get(before)
        if at is None:
            at = self._roots[before] = self._network.node()
            self._network.jump(0, before, at)
            if before is Assertion.BOUNDARY:
                self._lead(at, UNDERSCORE, at)
        return at

    def _lead(self, at: int, symbols: SymbolSet, to: int) -> None:
        node, families = self._network.nodes[at], self._network.nodes[to].families
        node.sets.append((self._network.number(symbols), to))
        node.families |= families
        node.live = self._network.every_kind

    def _growing(self, growth: Growth) -> int:
        at = self._network.node()
        node = self._network.nodes[at]
        node.growth = growth
        for _, output in growth.forms:
            node.families |= self._network.family(output)
        self._lead(at, growth.gap, at)
        return at

    def _escape(self, at: int) -> None:
        """Let what terminals do not show stand behind a node."""
        within = self._network.node()
        for symbols, to in ((ESCAPED, within), (ESCAPE_END, at)):
            self._lead(within, symbols, to)
        self._network.nodes[within].families = self._network.nodes[at].families
        self._lead(at, ESCAPE, within)

    def _closing(self, form: Form, step: Step, output: int) -> Iterator[tuple[int, int]]:
        """The last symbol of a form."""
        after = ending(form.last) if form.last else None
        end = self._closed(after, output)
        if step.word:
            yield self._network.number(step.word), end
        if after is Assertion.BOUNDARY:
            self._lead(end, UNDERSCORE, self._closed(None, output))
        if step.signs:
            yield self._network.number(step.signs), self._closed(Assertion.NOT_BOUNDARY, output)
        if step.faint:
            yield self._network.number(step.faint), self._closed(None, output)

    def _closed(self, after: Assertion | None, output: int) -> int:
        at = end = self._network.node()
        if after is not None:
            end = self._network.node()
            self._network.jump(at, after, end)
        node = self._network.nodes[at]
        node.families, node.live = self._network.family(output), self._network.every_kind
        self._network.nodes[end].outputs.add(output)
        return at
