"""What rules look for as one nondeterministic automaton: a trie for all phrases, a fragment of nodes for each pattern.

Nodes are joined by symbols and by jumps, which need no symbol but perhaps an assertion about the place between two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from ordinance.detection import Expressions
from ordinance.errors import PatternError
from ordinance.runtime.match import patterns
from ordinance.runtime.match.alphabet import Alphabet
from ordinance.runtime.match.disguise import Form, forms
from ordinance.runtime.match.lane import Growth, Lane
from ordinance.runtime.match.patterns import Assertion, SymbolSet, parse_pattern
from ordinance.runtime.match.trie import Trie
from ordinance.runtime.text.folding import fold, key, symbol_kind

#: Kinds of symbol as bits. ``EDGE`` is the start or the end of the text. What came before may be several at once,
#: where it is not known whether an answer continues a text. ``OPENING`` is an underscore that may open emphasis: part
#: of a word for patterns, none for phrases.
EDGE, WORD, OTHER, NEWLINE, MARK, OPENING = 1, 2, 4, 8, 16, 32
EVERY_KIND = EDGE | WORD | OTHER | NEWLINE | MARK | OPENING
_WORDLIKE = WORD | MARK | OPENING
KINDS = (EDGE, WORD, OTHER, NEWLINE, MARK, OPENING)

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

    ``outputs`` are numbers in ``Network.outputs`` whose match is complete here. ``live`` has a bit for each kind of
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


def canonical_phrase(phrase: str) -> str:
    """A phrase as it is compared: folded, without case. Raises ``PatternError`` if nothing is left of it."""
    symbols = " ".join("".join(map(key, fold(phrase))).split())
    if not symbols:
        raise PatternError(
            "the phrase is empty once accents and marks are ignored: it has no letter, digit or sign.",
            help="Write letters, digits or signs, or remove the line.",
        )
    if len(symbols) > patterns.MAX_SIZE:
        raise PatternError(
            f"the phrase is longer than {patterns.MAX_SIZE} characters.", help="Keep the words that identify it."
        )
    return symbols


@lru_cache(maxsize=65_536)
def phrase_forms(phrase: str) -> tuple[str, ...]:
    """What a phrase is compared as, in a fixed order; nearly always one form. A few capitals of other scripts look like
    one Latin letter and their small letters like another, so that folding sets them apart (Greek Eta: H and n), and
    each case is a form of its own. Raises ``PatternError`` if nothing is left of it."""
    if phrase.isascii():  # nothing in it folds, and each letter has one small letter
        return (canonical_phrase(phrase),)
    cases = (phrase, phrase.lower(), phrase.upper(), phrase.capitalize(), phrase.title())
    return tuple(sorted({canonical_phrase(case) for case in cases}))


@lru_cache(maxsize=64)
def disguises(phrases: tuple[str, ...]) -> tuple[Form, ...]:
    """The disguises of all ``phrases``; made once for all networks."""
    return tuple(form for phrase in phrases for form in forms(phrase, phrase_forms(phrase)))


class Network:
    """All expressions of a set of rules, in families; node 0 is where every match begins.

    Each family has pairs of a tag and what is looked for. ``outputs`` are the (family, tag) that there are.
    """

    def __init__(self, families: Sequence[Iterable[tuple[int, Expressions]]]) -> None:
        self.nodes: list[Node] = [Node()]
        self.sets: list[SymbolSet] = []
        self.outputs: list[tuple[int, int]] = []
        self._output_ids: dict[tuple[int, int], int] = {}
        self._set_ids: dict[SymbolSet, int] = {}
        self.trie = Trie()
        #: Numbers of the sets that characters which fold to nothing can be in.
        self.faint: set[int] = set()
        #: With which of them a match can begin, anywhere. And the number of what opens an escape sequence.
        self.hidden: list[tuple[int, int]] = []
        self.escape = -1
        disguised: list[tuple[Form, int]] = []
        for family, expressions in enumerate(families):
            for tag, each in expressions:
                output = self._output(family, tag)
                for phrase in each.phrases:
                    for form in phrase_forms(phrase):
                        self.trie.add(form, 1 << family, output)
                if each.disguised:
                    disguised += [(form, output) for form in disguises(each.written or each.phrases)]
                for pattern in each.patterns:
                    self._add_pattern(parse_pattern(pattern.source, pattern.any_case), output)
        self._mark_live()
        #: Nodes from here on may stay alive for ever, so whoever runs the network ends them after ``disguise.REACH``.
        self.elastic = len(self.nodes)
        self._lane = Lane(self, disguised)
        self.alphabet = Alphabet(self.sets)

    def _output(self, family: int, tag: int) -> int:
        found = self._output_ids.setdefault((family, tag), len(self.outputs))
        if found == len(self.outputs):
            self.outputs.append((family, tag))
        return found

    def samples(self) -> set[str]:
        """Symbols of every class that the rules distinguish."""
        ends = (low + high for symbols in self.sets for low, high in symbols.ranges)
        return {*_SAMPLES, *filter(fold, "".join(ends)), *self.trie.symbols}

    def complete(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """The outputs whose match is complete at one of ``nodes``."""
        found: set[int] = set()
        for at in nodes:
            if self.nodes[at].outputs:
                found.update(self.nodes[at].outputs)
        return tuple(sorted(found)) if found else ()

    def opening(self, before: int, after: int) -> Opening:
        """What a match can begin with between what came ``before`` and a symbol of kind ``after``."""
        return Opening([self.nodes[at] for at in self.closure((0,), before, after)])

    def reach(self, nodes: Iterable[int], sets: frozenset[int]) -> set[int]:
        """The nodes to which a symbol leads that is in these sets."""
        found: set[int] = set()
        for at in nodes:
            node = self.nodes[at]
            if node.growth is not None:
                self._lane.grow(at)
            found.update([target for number, target in node.sets if number in sets])
        if self.escape in sets:
            found.update(filter(None, map(self._lane.escape, nodes)))
        return found

    def reach_faint(self, nodes: Iterable[int], sets: frozenset[int]) -> set[int]:
        """The nodes to which a character leads that folds to nothing and is in these sets."""
        found: set[int] = set()
        for at in nodes:
            node = self.nodes[at]
            if node.growth is not None:
                self._lane.grow(at)
            found.update([target for number, target in node.faint if number in sets])
        return found

    def begin_faint(self, sets: frozenset[int]) -> set[int]:
        """The same for where a match begins."""
        return {target for number, target in self.hidden if number in sets}

    def leads_on(self, at: int) -> bool:
        """Whether a match can go on from here. A node that only reports its outputs has done so already; holding text
        for it would wait for nothing."""
        node = self.nodes[at]
        return bool(node.sets) or any(not _looks_back(assertion) for assertion, _ in node.jumps)

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

    def family(self, output: int) -> int:
        """The family of an output, as a bit."""
        return 1 << self.outputs[output][0]

    @property
    def every_kind(self) -> int:
        """All kinds of symbol."""
        return EVERY_KIND

    def number(self, symbols: SymbolSet) -> int:
        """The number of a set, a new one if it is new."""
        number = self._set_ids.setdefault(symbols, len(self.sets))
        if number == len(self.sets):
            self.sets.append(symbols)
        return number

    def node(self) -> int:
        """Add a node."""
        self.nodes.append(Node())
        return len(self.nodes) - 1

    def jump(self, at: int, assertion: Assertion | None, target: int) -> None:
        """Join two nodes without a symbol."""
        self.nodes[at].jumps.append((assertion, target))

    def _add_pattern(self, tree: patterns.Node, output: int) -> None:
        start = self.node()
        self.jump(0, None, start)
        self.nodes[self._fragment(tree, start)].outputs.add(output)

    def _fragment(self, tree: patterns.Node, at: int) -> int:
        """Add ``tree`` behind node ``at``; gives the node at which it ends."""
        match tree:
            case SymbolSet():
                end = self.node()
                self.nodes[at].sets.append((self.number(tree), end))
                return end
            case Assertion():
                end = self.node()
                self.jump(at, tree, end)
                return end
            case patterns.Sequence(parts):
                for part in parts:
                    at = self._fragment(part, at)
                return at
            case patterns.Choice(parts):
                end = self.node()
                for part in parts:
                    branch = self.node()
                    self.jump(at, None, branch)
                    self.jump(self._fragment(part, branch), None, end)
                return end
            case patterns.Repeat(part, least, most):
                for _ in range(least):
                    at = self._fragment(part, at)
                end = self.node()
                self.jump(at, None, end)
                for _ in range(most - least):
                    at = self._fragment(part, at)
                    self.jump(at, None, end)
                return end

    def _mark_live(self) -> None:
        """From which nodes a match can still be completed, and whose: worked out backwards."""
        set_kinds = [self._kinds_in(symbols) for symbols in self.sets]
        changed = len(self.nodes) > 1
        while changed:
            changed = False
            for node in self.nodes[:0:-1]:
                found, families = node.live, self._families(node)
                for before in KINDS:
                    if not found & before and self._completes(node, before, set_kinds):
                        found |= before
                if (found, families) != (node.live, node.families):
                    node.live, node.families = found, families
                    changed = True

    def _families(self, node: Node) -> int:
        """The families with a match that is complete further on."""
        families = 0
        for _, target in node.sets:
            families |= self.nodes[target].families | self._reporting(target)
        for assertion, target in node.jumps:
            families |= self.nodes[target].families
            if not _looks_back(assertion):
                families |= self._reporting(target)
        return families

    def _reporting(self, at: int) -> int:
        """The families with a match that is complete at a node, without another symbol."""
        families, pending, seen = 0, [at], {at}
        while pending:
            node = self.nodes[pending.pop()]
            for output in node.outputs:
                families |= 1 << self.outputs[output][0]
            for _, target in node.jumps:
                if target not in seen:
                    seen.add(target)
                    pending.append(target)
        return families

    def _kinds_in(self, symbols: SymbolSet) -> int:
        ends = "".join(low + high for low, high in symbols.ranges)
        found = 0
        for symbol in _SAMPLES + ends:
            if symbol in symbols:
                found |= kind_of(symbol)
        return found

    def _completes(self, node: Node, before: int, set_kinds: list[int]) -> bool:
        if node.outputs:
            return True
        for assertion, target in node.jumps:
            live = self.nodes[target].live & before
            # Behind an assertion the next symbol is constrained; what follows is tested when it comes. Being live
            # for some next kind that the assertion permits is what matters here.
            if live and (
                assertion is None
                or any(
                    permits(assertion, before, after) and self._goes_on(target, before, after, set_kinds)
                    for after in KINDS
                )
            ):
                return True
        return any(self.nodes[target].live & set_kinds[number] for number, target in node.sets)

    def _goes_on(self, start: int, before: int, after: int, set_kinds: list[int]) -> bool:
        """Whether from ``start`` a match can be completed if the next symbol (or the end) is of kind ``after``."""
        pending, seen = [start], {start}
        while pending:
            node = self.nodes[pending.pop()]
            if node.outputs:
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


class Opening:
    """The nodes from which a match of a pattern can begin, by what leads on from them: there may be thousands."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._sets: dict[int, set[int]] = {}
        for node in nodes:
            for number, target in node.sets:
                self._sets.setdefault(number, set()).add(target)

    def reach(self, sets: frozenset[int]) -> set[int]:
        """The nodes to which a symbol leads that is in these sets."""
        return {target for number in sets if number in self._sets for target in self._sets[number]}
