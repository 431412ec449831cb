"""A pattern as nodes that every automaton can take in, worked out once: all automata look for markers by the same ones.

Nothing in it depends on what else an automaton looks for, since no node leads from one pattern into another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ordinance.runtime.match import patterns
from ordinance.runtime.match.node_table import EDGE, EVERY_KIND, KINDS, Node, Nodes, kind_of, looks_back, permits
from ordinance.runtime.match.patterns import Assertion, SymbolSet, parse_pattern

#: Characters that stand for every class a rule can distinguish by kind alone.
SAMPLES = "".join(map(chr, range(128))) + "яא中かกिक\u0903\u1100\u1161\u11a8\u3099🚀🇩\u0600"

#: The one family of a fragment.
_FAMILY = 1

#: Patterns that are kept as fragments: those of the engine, and of a policy as patterns are today.
_KEPT = 128


@dataclass(frozen=True, slots=True)
class Fragment:
    """The ``nodes`` of one pattern, numbered from 1, the first where it begins; they are shared, so nobody changes
    them. Their symbols are numbers of ``sets``. A node with an output or with families has those of the pattern."""

    sets: Sequence[SymbolSet]
    nodes: Sequence[Node]


@lru_cache(maxsize=_KEPT)
def fragment(source: str, any_case: bool) -> Fragment:
    """Return the fragment of a pattern. Raises ``PatternError`` with the offset of the fault."""
    return _Fragment(parse_pattern(source, any_case)).made()


class _Fragment:
    """Nodes in a table of their own."""

    def __init__(self, tree: patterns.Node) -> None:
        self._nodes = Nodes()
        output = self._nodes.output(0, 0)
        end = self._fragment(tree, self._nodes.add())
        self._nodes.at[end].outputs.add(output)
        self._mark_live()

    def made(self) -> Fragment:
        return Fragment(tuple(self._nodes.sets), tuple(self._nodes.at[1:]))

    def _fragment(self, tree: patterns.Node, at: int) -> int:
        """Add ``tree`` behind node ``at``; gives the node at which it ends."""
        match tree:
            case SymbolSet():
                end = self._nodes.add()
                self._nodes.at[at].sets.append((self._nodes.number(tree), end))
                return end
            case Assertion():
                end = self._nodes.add()
                self._nodes.jump(at, tree, end)
                return end
            case patterns.Sequence(parts):
                for part in parts:
                    at = self._fragment(part, at)
                return at
            case patterns.Choice(parts):
                branches = []
                for part in parts:
                    branch = self._nodes.add()
                    self._nodes.jump(at, None, branch)
                    branches.append(self._fragment(part, branch))
                return self._joined(branches)
            case patterns.Repeat(part, least, most):
                for _ in range(least):
                    at = self._fragment(part, at)
                times = [at]
                for _ in range(most - least):
                    at = self._fragment(part, at)
                    times.append(at)
                return self._joined(times)

    def _joined(self, nodes: Sequence[int]) -> int:
        """Add a node to which each of ``nodes`` leads without a symbol."""
        end = self._nodes.add()
        for at in nodes:
            self._nodes.jump(at, None, end)
        return end

    def _mark_live(self) -> None:
        """From which nodes a match can still be completed, and whose: worked out backwards. Repetitions are written
        out, so each node leads to later ones alone, and all to the last, where the match of the one family is complete.
        """
        nodes = self._nodes.at
        set_kinds = [_kinds_in(symbols) for symbols in self._nodes.sets]
        completes = [False] * len(nodes)  # without another symbol
        for at in range(len(nodes) - 1, 0, -1):
            node = nodes[at]
            completes[at], goes_on = bool(node.outputs), bool(node.sets)
            for assertion, target in node.jumps:
                completes[at] |= completes[target]
                goes_on |= nodes[target].families > 0 or (completes[target] and not looks_back(assertion))
            node.families = _FAMILY if goes_on else 0
            node.live = self._live(node, set_kinds)

    def _live(self, node: Node, set_kinds: list[int]) -> int:
        """Return the kinds before ``node`` with which a match can be completed from there."""
        at = self._nodes.at
        if node.outputs:
            return EVERY_KIND
        for number, target in node.sets:
            if at[target].live & set_kinds[number]:
                return EVERY_KIND
        found = 0
        for assertion, target in node.jumps:
            live = at[target].live
            # Behind an assertion the next symbol is constrained; what follows is tested when it comes. Being live
            # for some next kind that the assertion permits is what matters here.
            for before in KINDS if assertion is not None else ():
                after = (each for each in KINDS if assertion and permits(assertion, before, each))
                if live & before and not any(self._goes_on(target, before, each, set_kinds) for each in after):
                    live &= ~before
            found |= live
        return found

    def _goes_on(self, start: int, before: int, after: int, set_kinds: list[int]) -> bool:
        """Whether from ``start`` a match can be completed if the next symbol (or the end) is of kind ``after``."""
        pending, seen = [start], {start}
        while pending:
            node = self._nodes.at[pending.pop()]
            if node.outputs:
                return True
            if after != EDGE and any(
                set_kinds[number] & after and self._nodes.at[target].live & after for number, target in node.sets
            ):
                return True
            for assertion, target in node.jumps:
                if target not in seen and (assertion is None or permits(assertion, before, after)):
                    seen.add(target)
                    pending.append(target)
        return False


@lru_cache(maxsize=_KEPT)
def _kinds_in(symbols: SymbolSet) -> int:
    """Return the kinds of the symbols in a set."""
    ends = "".join(low + high for low, high in symbols.ranges)
    found = 0
    for symbol in SAMPLES + ends:
        if symbol in symbols:
            found |= kind_of(symbol)
    return found
