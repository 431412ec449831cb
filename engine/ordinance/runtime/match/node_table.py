"""The nodes of an automaton: what joins them, what is complete at them, and what is reached without a symbol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import NamedTuple

from ordinance.runtime.match.branches import Branch
from ordinance.runtime.match.patterns import Assertion, SymbolSet
from ordinance.runtime.text.folding import symbol_kind

#: Kinds of symbol as bits. ``EDGE`` is the start or the end of the text. What came before may be several at once,
#: where it is not known whether an answer continues a text. ``OPENING`` is an underscore that may open emphasis: part
#: of a word for patterns, none for phrases.
EDGE, WORD, OTHER, NEWLINE, MARK, OPENING = 1, 2, 4, 8, 16, 32
EVERY_KIND = EDGE | WORD | OTHER | NEWLINE | MARK | OPENING
_WORDLIKE = WORD | MARK | OPENING
KINDS = (EDGE, WORD, OTHER, NEWLINE, MARK, OPENING)


def kind_of(symbol: str) -> int:
    """Return the kind of a symbol as one bit."""
    if symbol == "\n":
        return NEWLINE
    return {"w": WORD, "m": MARK, "o": OTHER}[symbol_kind(symbol)]


@cache
def permits(assertion: Assertion, before: int, after: int) -> bool:
    """Whether ``assertion`` holds between what may have come ``before`` and the kind that comes ``after``."""
    match assertion:
        case Assertion.BOUNDARY:
            return bool(before & ~_WORDLIKE) if after & _WORDLIKE else bool(before & _WORDLIKE)
        case Assertion.NOT_BOUNDARY:
            return bool(before & _WORDLIKE) if after & _WORDLIKE else bool(before & ~_WORDLIKE)
        case Assertion.LINE_START:
            return bool(before & (EDGE | NEWLINE))
        case Assertion.LINE_END:
            return bool(after & (EDGE | NEWLINE))
        case Assertion.NO_MARK:
            return after != MARK


def looks_back(assertion: Assertion | None) -> bool:
    """Whether it is known without what follows."""
    return assertion is None or assertion is Assertion.LINE_START


class Growth(NamedTuple):
    """What may follow a node and has not been added: the forms that lead here, each branch with the number of its
    output. ``gap`` is what may stand there."""

    branches: list[tuple[Branch, int]]
    gap: SymbolSet


@dataclass(slots=True)
class Node:
    """A place in the nondeterministic automaton.

    ``outputs`` are numbers in ``Nodes.outputs`` whose match is complete here. ``live`` has a bit for each kind of
    symbol before it from which a match can still be completed, ``families`` one for each family that waits for such a
    match. ``faint`` are sets of characters that fold to nothing.
    """

    sets: list[tuple[int, int]] = field(default_factory=list)
    jumps: list[tuple[Assertion | None, int]] = field(default_factory=list)
    outputs: set[int] = field(default_factory=set)
    live: int = 0
    families: int = 0
    growth: Growth | None = None
    faint: tuple[tuple[int, int], ...] = ()


class Nodes:
    """The table of all nodes, of the sets of symbols that join them, and of the (family, tag) that are ``outputs``.

    Node 0 is where every match begins. Whoever adds to the table once sessions read it, in several threads, does so
    under ``growing``.
    """

    def __init__(self) -> None:
        self.at: list[Node] = [Node()]
        self.sets: list[SymbolSet] = []
        self.outputs: list[tuple[int, int]] = []
        self.growing = Lock()
        self._set_ids: dict[SymbolSet, int] = {}
        self._output_ids: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.at)

    def add(self) -> int:
        """Add a node; gives its number."""
        self.at.append(Node())
        return len(self.at) - 1

    def jump(self, at: int, assertion: Assertion | None, target: int) -> None:
        """Join two nodes without a symbol."""
        self.at[at].jumps.append((assertion, target))

    def number(self, symbols: SymbolSet) -> int:
        """Return the number of a set, a new one for a new set."""
        number = self._set_ids.setdefault(symbols, len(self.sets))
        if number == len(self.sets):
            self.sets.append(symbols)
        return number

    def output(self, family: int, tag: int) -> int:
        """Return the number of an output, a new one for a new output."""
        found = self._output_ids.setdefault((family, tag), len(self.outputs))
        if found == len(self.outputs):
            self.outputs.append((family, tag))
        return found

    def family(self, output: int) -> int:
        """Return the family of an output, as a bit."""
        return 1 << self.outputs[output][0]

    def complete(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """Return the outputs whose match is complete at one of ``nodes``."""
        found: set[int] = set()
        for at in nodes:
            if self.at[at].outputs:
                found.update(self.at[at].outputs)
        return tuple(sorted(found)) if found else ()

    def leads_on(self, at: int) -> bool:
        """Whether a match can go on from here. A node that only reports its outputs has done so already; holding text
        for it would wait for nothing."""
        node = self.at[at]
        return bool(node.sets) or any(not looks_back(assertion) for assertion, _ in node.jumps)

    def closure(self, nodes: Iterable[int], before: int, after: int | None) -> set[int]:
        """All nodes reached without a symbol; with ``after`` None only where nothing depends on what follows."""
        seen = set(nodes)
        pending = list(seen)
        while pending:
            for assertion, target in self.at[pending.pop()].jumps:
                if target in seen or (after is None and not looks_back(assertion)):
                    continue
                if assertion is None or permits(assertion, before, after or 0):
                    seen.add(target)
                    pending.append(target)
        return seen
