"""What rules look for as one nondeterministic automaton: a trie for all phrases, a fragment of nodes for each pattern.

Nodes are joined by symbols and by jumps, which need no symbol but perhaps an assertion about the place between two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ordinance.detection import Expressions
from ordinance.errors import PatternError
from ordinance.runtime.match import patterns
from ordinance.runtime.match.alphabet import Alphabet
from ordinance.runtime.match.disguise import Form, forms
from ordinance.runtime.match.lane import Lane
from ordinance.runtime.match.node_table import EDGE, KINDS, Node, Nodes, kind_of, looks_back, permits
from ordinance.runtime.match.patterns import Assertion, SymbolSet, parse_pattern
from ordinance.runtime.match.trie import Trie
from ordinance.runtime.text.folding import fold, key

#: Characters that stand for every class a rule can distinguish by kind alone.
_SAMPLES = "".join(map(chr, range(128))) + "яא中かกिक\u0903\u1100\u1161\u11a8\u3099🚀🇩\u0600"


def canonical_phrase(phrase: str) -> str:
    """Return a phrase as it is compared: folded, without case. Raises ``PatternError`` if nothing is left of it."""
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
    """Return what a phrase is compared as, in a fixed order; nearly always one form. A few capitals of other scripts
    look like one Latin letter and their small letters like another, so that folding sets them apart (Greek Eta: H and
    n), and each case is a form of its own. Raises ``PatternError`` if nothing is left of it."""
    if phrase.isascii():  # nothing in it folds, and each letter has one small letter
        return (canonical_phrase(phrase),)
    cases = (phrase, phrase.lower(), phrase.upper(), phrase.capitalize(), phrase.title())
    return tuple(sorted({canonical_phrase(case) for case in cases}))


@lru_cache(maxsize=64)
def disguises(phrases: tuple[str, ...]) -> tuple[Form, ...]:
    """Return the disguises of all ``phrases``; made once for all networks."""
    return tuple(form for phrase in phrases for form in forms(phrase, phrase_forms(phrase)))


class Network:
    """All expressions of a set of rules, in families. Each family has pairs of a tag and what is looked for."""

    def __init__(self, families: Sequence[Iterable[tuple[int, Expressions]]]) -> None:
        self.nodes = Nodes()
        self.trie = Trie()
        disguised: list[tuple[Form, int]] = []
        for family, expressions in enumerate(families):
            for tag, each in expressions:
                output = self.nodes.output(family, tag)
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
        self._lane = Lane(self.nodes, disguised)
        self.alphabet = Alphabet(self.nodes.sets)

    @property
    def faint(self) -> set[int]:
        """Numbers of the sets that characters which fold to nothing can be in."""
        return self._lane.faint

    def samples(self) -> set[str]:
        """Symbols of every class that the rules distinguish."""
        ends = (low + high for symbols in self.nodes.sets for low, high in symbols.ranges)
        return {*_SAMPLES, *filter(fold, "".join(ends)), *self.trie.symbols}

    def opening(self, before: int, after: int) -> Opening:
        """Return what a match can begin with between what came ``before`` and a symbol of kind ``after``."""
        return Opening([self.nodes.at[at] for at in self.nodes.closure((0,), before, after)])

    def reach(self, nodes: Iterable[int], sets: frozenset[int]) -> set[int]:
        """Return the nodes to which a symbol in these sets leads."""
        found: set[int] = set()
        for at in nodes:
            node = self.nodes.at[at]
            if node.growth is not None:
                self._lane.grow(at)
            found.update([target for number, target in node.sets if number in sets])
        if self._lane.escapes in sets:
            found.update(filter(None, map(self._lane.escape, nodes)))
        return found

    def reach_faint(self, nodes: Iterable[int], sets: frozenset[int]) -> set[int]:
        """Return the nodes to which a character leads that folds to nothing and is in these sets."""
        found: set[int] = set()
        for at in nodes:
            node = self.nodes.at[at]
            if node.growth is not None:
                self._lane.grow(at)
            found.update([target for number, target in node.faint if number in sets])
        return found

    def begin_faint(self, sets: frozenset[int]) -> set[int]:
        """Return the nodes where a match begins with such a character."""
        return self._lane.begin_faint(sets)

    def _add_pattern(self, tree: patterns.Node, output: int) -> None:
        start = self.nodes.add()
        self.nodes.jump(0, None, start)
        self.nodes.at[self._fragment(tree, start)].outputs.add(output)

    def _fragment(self, tree: patterns.Node, at: int) -> int:
        """Add ``tree`` behind node ``at``; gives the node at which it ends."""
        match tree:
            case SymbolSet():
                end = self.nodes.add()
                self.nodes.at[at].sets.append((self.nodes.number(tree), end))
                return end
            case Assertion():
                end = self.nodes.add()
                self.nodes.jump(at, tree, end)
                return end
            case patterns.Sequence(parts):
                for part in parts:
                    at = self._fragment(part, at)
                return at
            case patterns.Choice(parts):
                end = self.nodes.add()
                for part in parts:
                    branch = self.nodes.add()
                    self.nodes.jump(at, None, branch)
                    self.nodes.jump(self._fragment(part, branch), None, end)
                return end
            case patterns.Repeat(part, least, most):
                for _ in range(least):
                    at = self._fragment(part, at)
                end = self.nodes.add()
                self.nodes.jump(at, None, end)
                for _ in range(most - least):
                    at = self._fragment(part, at)
                    self.nodes.jump(at, None, end)
                return end

    def _mark_live(self) -> None:
        """From which nodes a match can still be completed, and whose: worked out backwards."""
        set_kinds = [self._kinds_in(symbols) for symbols in self.nodes.sets]
        changed = len(self.nodes) > 1
        while changed:
            changed = False
            for node in self.nodes.at[:0:-1]:
                found, families = node.live, self._families(node)
                for before in KINDS:
                    if not found & before and self._completes(node, before, set_kinds):
                        found |= before
                if (found, families) != (node.live, node.families):
                    node.live, node.families = found, families
                    changed = True

    def _families(self, node: Node) -> int:
        """Return the families with a match that is complete further on."""
        families = 0
        for _, target in node.sets:
            families |= self.nodes.at[target].families | self._reporting(target)
        for assertion, target in node.jumps:
            families |= self.nodes.at[target].families
            if not looks_back(assertion):
                families |= self._reporting(target)
        return families

    def _reporting(self, at: int) -> int:
        """Return the families with a match that is complete at a node, without another symbol."""
        families, pending, seen = 0, [at], {at}
        while pending:
            node = self.nodes.at[pending.pop()]
            for output in node.outputs:
                families |= self.nodes.family(output)
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
            live = self.nodes.at[target].live & before
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
        return any(self.nodes.at[target].live & set_kinds[number] for number, target in node.sets)

    def _goes_on(self, start: int, before: int, after: int, set_kinds: list[int]) -> bool:
        """Whether from ``start`` a match can be completed if the next symbol (or the end) is of kind ``after``."""
        pending, seen = [start], {start}
        while pending:
            node = self.nodes.at[pending.pop()]
            if node.outputs:
                return True
            if after != EDGE and any(
                set_kinds[number] & after and self.nodes.at[target].live & after for number, target in node.sets
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
        """Return the nodes to which a symbol in these sets leads."""
        return {target for number in sets if number in self._sets for target in self._sets[number]}
