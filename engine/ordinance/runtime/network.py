"""Phrases and patterns as one nondeterministic automaton: a trie for all phrases, a fragment for each pattern.

Nodes are joined by symbols and by jumps, which need no symbol but perhaps an assertion about the place between two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from ordinance.detection import Expressions
from ordinance.errors import PatternError
from ordinance.runtime import patterns
from ordinance.runtime.normalise import fold, is_alphabetic, key, symbol_kind
from ordinance.runtime.patterns import Assertion, SymbolSet, parse_pattern

#: Kinds of symbol as bits. ``EDGE`` is the start or the end of the text. What came before may be several at once,
#: where it is not known whether an answer continues a text.
EDGE, WORD, OTHER, NEWLINE, MARK = 1, 2, 4, 8, 16
_WORDLIKE = WORD | MARK
_KINDS = (EDGE, WORD, OTHER, NEWLINE, MARK)

#: Characters that stand for every class a rule can distinguish by kind alone.
_SAMPLES = "".join(map(chr, range(128))) + "яא中かกिक\u0903\u1100\u1161\u11a8\u3099🚀🇩\u0600"


def kind_of(symbol: str) -> int:
    """The kind of a symbol as one bit."""
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


def _looks_back(assertion: Assertion | None) -> bool:
    """Whether it is known without what follows."""
    return assertion is None or assertion is Assertion.LINE_START


@dataclass(slots=True)
class Node:
    """A place in the nondeterministic automaton.

    ``live`` has a bit for each kind of symbol before it from which a match can still be completed.
    """

    keys: dict[str, int] = field(default_factory=dict)
    sets: list[tuple[int, int]] = field(default_factory=list)
    jumps: list[tuple[Assertion | None, int]] = field(default_factory=list)
    tags: set[int] = field(default_factory=set)
    live: int = 0


def canonical_phrase(phrase: str) -> str:
    """A phrase as it is compared: folded, without case. Raises ``PatternError`` if nothing is left of it."""
    symbols = "".join(map(key, fold(phrase).strip()))
    if not symbols:
        raise PatternError(
            "the phrase folds to nothing: it has only invisible characters or marks.",
            help="Write letters, digits or signs, or remove the line.",
        )
    if len(symbols) > patterns.MAX_SIZE:
        raise PatternError(
            f"the phrase is longer than {patterns.MAX_SIZE} characters.", help="Keep the words that identify it."
        )
    return symbols


def phrase_forms(phrase: str) -> list[str]:
    """What a phrase is compared as, in a fixed order; nearly always one form. A few capitals of other scripts look like
    one Latin letter and their small letters like another, so that folding sets them apart (Greek Eta: H and n), and
    each case is a form of its own. Raises ``PatternError`` if nothing is left of it."""
    cases = (phrase, phrase.lower(), phrase.upper(), phrase.capitalize(), phrase.title())
    return sorted({canonical_phrase(case) for case in cases})


class Network:
    """All expressions of a set of rules; node 0 is where every match begins. Tags number the rules."""

    def __init__(self, expressions: Iterable[tuple[int, Expressions]]) -> None:
        self.nodes: list[Node] = [Node()]
        self.sets: list[SymbolSet] = []
        self._set_ids: dict[SymbolSet, int] = {}
        self._tries: dict[Assertion | None, int] = {}
        self._pattern_nodes: list[int] = []
        for tag, each in expressions:
            for phrase in each.phrases:
                for form in phrase_forms(phrase):
                    self._add_phrase(form, tag)
            for pattern in each.patterns:
                self._add_pattern(parse_pattern(pattern.source, pattern.any_case), tag)
        self.phrase_keys = frozenset(char for node in self.nodes for char in node.keys)
        self._mark_live()

    def samples(self) -> set[str]:
        """Symbols of every class that the rules distinguish."""
        ends = (low + high for symbols in self.sets for low, high in symbols.ranges)
        return {*_SAMPLES, *"".join(ends), *self.phrase_keys}

    def tags(self, nodes: Iterable[int]) -> list[int]:
        """The rules whose match is complete at one of ``nodes``."""
        return sorted({tag for at in nodes for tag in self.nodes[at].tags})

    def leads_on(self, at: int) -> bool:
        """Whether a match can go on from here. A node that only reports its tags has done so already; holding text
        for it would wait for nothing."""
        node = self.nodes[at]
        return bool(node.keys or node.sets or any(not _looks_back(assertion) for assertion, _ in node.jumps))

    def closure(self, nodes: Iterable[int], before: int, after: int | None) -> set[int]:
        """All nodes reached without a symbol; with ``after`` None only where nothing depends on what follows."""
        seen = set(nodes)
        pending = list(seen)
        while pending:
            for assertion, target in self.nodes[pending.pop()].jumps:
                if target in seen or (after is None and not _looks_back(assertion)):
                    continue
                if assertion is None or permits(assertion, before, after or 0):
                    seen.add(target)
                    pending.append(target)
        return seen

    def _node(self) -> int:
        self.nodes.append(Node())
        return len(self.nodes) - 1

    def _add_phrase(self, symbols: str, tag: int) -> None:
        before = Assertion.BOUNDARY if is_alphabetic(symbols[0]) else None
        at = self._tries.get(before)
        if at is None:
            at = self._tries[before] = self._node()
            self.nodes[0].jumps.append((before, at))
        for symbol in symbols:
            node = self.nodes[at]
            if symbol not in node.keys:
                node.keys[symbol] = self._node()
            at = node.keys[symbol]
        last = symbols[-1]
        if is_alphabetic(last):
            after: Assertion | None = Assertion.BOUNDARY
        else:
            after = None if last.isascii() else Assertion.NO_MARK
        self._accept(at, after, tag)

    def _accept(self, at: int, after: Assertion | None, tag: int) -> None:
        if after is None:
            self.nodes[at].tags.add(tag)
            return
        for assertion, target in self.nodes[at].jumps:
            if assertion is after and not self.nodes[target].keys and not self.nodes[target].sets:
                self.nodes[target].tags.add(tag)
                return
        end = self._node()
        self.nodes[end].tags.add(tag)
        self.nodes[at].jumps.append((after, end))

    def _add_pattern(self, tree: patterns.Node, tag: int) -> None:
        first = len(self.nodes)
        start = self._node()
        self.nodes[0].jumps.append((None, start))
        end = self._fragment(tree, start)
        self.nodes[end].tags.add(tag)
        self._pattern_nodes.extend(range(first, len(self.nodes)))

    def _fragment(self, tree: patterns.Node, at: int) -> int:
        """Add ``tree`` behind node ``at``; gives the node at which it ends."""
        match tree:
            case SymbolSet():
                end = self._node()
                number = self._set_ids.setdefault(tree, len(self.sets))
                if number == len(self.sets):
                    self.sets.append(tree)
                self.nodes[at].sets.append((number, end))
                return end
            case Assertion():
                end = self._node()
                self.nodes[at].jumps.append((tree, end))
                return end
            case patterns.Sequence(parts):
                for part in parts:
                    at = self._fragment(part, at)
                return at
            case patterns.Choice(parts):
                end = self._node()
                for part in parts:
                    branch = self._node()
                    self.nodes[at].jumps.append((None, branch))
                    self.nodes[self._fragment(part, branch)].jumps.append((None, end))
                return end
            case patterns.Repeat(part, least, most):
                for _ in range(least):
                    at = self._fragment(part, at)
                end = self._node()
                self.nodes[at].jumps.append((None, end))
                for _ in range(most - least):
                    at = self._fragment(part, at)
                    self.nodes[at].jumps.append((None, end))
                return end

    def _mark_live(self) -> None:
        """Every phrase can be completed from each of its nodes; a pattern's nodes are worked out backwards."""
        for node in self.nodes:
            node.live = EDGE | WORD | OTHER | NEWLINE | MARK
        for at in self._pattern_nodes:
            self.nodes[at].live = 0
        set_kinds = [self._kinds_in(symbols) for symbols in self.sets]
        changed = bool(self._pattern_nodes)
        while changed:
            changed = False
            for at in reversed(self._pattern_nodes):
                node = self.nodes[at]
                found = node.live
                for before in _KINDS:
                    if not found & before and self._completes(node, before, set_kinds):
                        found |= before
                if found != node.live:
                    node.live = found
                    changed = True

    def _kinds_in(self, symbols: SymbolSet) -> int:
        ends = "".join(low + high for low, high in symbols.ranges)
        found = 0
        for symbol in _SAMPLES + ends:
            if symbol in symbols:
                found |= kind_of(symbol)
        return found

    def _completes(self, node: Node, before: int, set_kinds: list[int]) -> bool:
        if node.tags:
            return True
        for assertion, target in node.jumps:
            live = self.nodes[target].live & before
            # Behind an assertion the next symbol is constrained; what follows is tested when it comes. Being live
            # for some next kind that the assertion permits is what matters here.
            if live and (
                assertion is None
                or any(
                    permits(assertion, before, after) and self._goes_on(target, before, after, set_kinds)
                    for after in _KINDS
                )
            ):
                return True
        return any(self.nodes[target].live & set_kinds[number] for number, target in node.sets)

    def _goes_on(self, start: int, before: int, after: int, set_kinds: list[int]) -> bool:
        """Whether from ``start`` a match can be completed if the next symbol (or the end) is of kind ``after``."""
        pending, seen = [start], {start}
        while pending:
            node = self.nodes[pending.pop()]
            if node.tags:
                return True
            if after != EDGE and any(
                set_kinds[number] & after and self.nodes[target].live & after for number, target in node.sets
            ):
                return True
            for assertion, target in node.jumps:
                if target not in seen and (assertion is None or permits(assertion, before, after)):
                    seen.add(target)
                    pending.append(target)
        return False
