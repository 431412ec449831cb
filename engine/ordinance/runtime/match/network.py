"""What rules look for as one nondeterministic automaton: a trie for all phrases, a fragment of nodes for each pattern.

Nodes are joined by symbols and by jumps, which need no symbol but perhaps an assertion about the place between two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from ordinance.detection import Expressions
from ordinance.errors import PatternError
from ordinance.runtime.match import patterns
from ordinance.runtime.match.alphabet import alphabet_of
from ordinance.runtime.match.branches import Disguises, disguises
from ordinance.runtime.match.disguise import forms
from ordinance.runtime.match.fragments import SAMPLES, Fragment, fragment
from ordinance.runtime.match.lane import Lane
from ordinance.runtime.match.node_table import Node, Nodes
from ordinance.runtime.match.trie import Trie
from ordinance.runtime.text.folding import as_phrase


def canonical_phrase(phrase: str) -> str:
    """Return a phrase as it is compared: folded, without case. Raises ``PatternError`` if nothing is left of it."""
    symbols = as_phrase(phrase)
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
def _disguised(phrases: tuple[str, ...]) -> Disguises:
    """Return the disguises of all ``phrases``; made once for all networks."""
    return disguises([form for phrase in phrases for form in forms(phrase, phrase_forms(phrase))])


class Network:
    """All expressions of a set of rules, in families. Each family has pairs of a tag and what is looked for."""

    def __init__(self, families: Sequence[Iterable[tuple[int, Expressions]]]) -> None:
        self.nodes = Nodes()
        self.trie = Trie()
        #: Bits of the families in which anything is looked for.
        self.families = 0
        disguised: list[tuple[Disguises, int]] = []
        for family, expressions in enumerate(families):
            for tag, each in expressions:
                output = self.nodes.output(family, tag)
                self.families |= 1 << family
                phrases = {form for phrase in each.phrases for form in phrase_forms(phrase)}
                self.trie.add(phrases, 1 << family, output)
                if each.disguised:
                    disguised.append((_disguised(each.written or each.phrases), output))
                for pattern in each.patterns:
                    self._add_pattern(fragment(pattern.source, pattern.any_case), 1 << family, output)
        #: Nodes from here on may stay alive for ever, so whoever runs the network ends them after ``disguise.REACH``.
        self.elastic = len(self.nodes)
        self._lane = Lane(self.nodes, disguised)
        self.alphabet = alphabet_of(tuple(self.nodes.sets))

    @property
    def faint(self) -> set[int]:
        """Numbers of the sets that characters which fold to nothing can be in."""
        return self._lane.faint

    def samples(self) -> set[str]:
        """Symbols of every class that the rules distinguish."""
        return {*SAMPLES, *self.alphabet.edges, *self.trie.symbols}

    def first(self) -> Iterable[str]:
        """Symbols of every class with which a match can begin, and perhaps others."""
        begun = self.nodes.at[0]
        return self.samples() if begun.jumps or begun.sets else self.trie.first

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

    def _add_pattern(self, fragment: Fragment, family: int, output: int) -> None:
        """Let every match begin with ``fragment`` too, for an ``output`` of this ``family`` (a bit)."""
        nodes = self.nodes
        numbers = [nodes.number(symbols) for symbols in fragment.sets]
        behind = len(nodes) - 1
        nodes.jump(0, None, behind + 1)
        nodes.at += [
            Node(
                [(numbers[number], behind + target) for number, target in each.sets],
                [(assertion, behind + target) for assertion, target in each.jumps],
                {output} if each.outputs else set(),
                each.live,
                family if each.families else 0,
            )
            for each in fragment.nodes
        ]


class Opening:
    """The nodes from which a match of a pattern can begin, by what leads on from them: there may be thousands."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._sets: dict[int, set[int]] = {}
        for node in nodes:
            for number, target in node.sets:
                self._sets.setdefault(number, set()).add(target)

    def reach(self, sets: frozenset[int]) -> set[int]:
        """Return the nodes to which a symbol in these sets leads."""
        if self._sets.keys().isdisjoint(sets):
            return set()
        return {target for number in sets if number in self._sets for target in self._sets[number]}
