"""Fixed texts, indexed so that what rules look for is looked for only where it can stand.

A load tries every rule on the same texts: civic information that the charter guarantees, and ordinary prose. The exact
engine takes a microsecond for each character, which is too long for a hundred packs. So a text is left out where a
phrase's letters do not stand in it, or where a pattern needs a character or a run of letters that it does not contain.
What is left is read by the engine itself, and only that counts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from ordinance.detection import Expressions
from ordinance.runtime.match.disguise import turned_of
from ordinance.runtime.match.network import phrase_forms
from ordinance.runtime.match.patterns import Assertion, Choice, Node, Repeat, SymbolSet, parse_pattern
from ordinance.runtime.match.patterns import Sequence as Parts
from ordinance.runtime.text.folding import fold, is_alphabetic
from ordinance.runtime.text.sentences import Sentences

_WORD = re.compile(r"[^\W_]+")

#: A phrase's first letters by which words are found that it may begin with.
_HEAD = 5

#: Letters and digits that pass for each other in a disguise, as one of them; both sides are compared so.
_ALIKE = str.maketrans("l1|03456789q2", "iiioeasgtbggz")


class Corpus:
    """``texts``, each read by itself; sets of them are the bits of a whole number. ``sentences`` says where those of
    each text begin and end; the engine looks for them where it is not given. Each ``step``th text is as
    it was written, the others are its cases."""

    def __init__(self, texts: Sequence[str], sentences: Sequence[list[tuple[int, int]]] = (), step: int = 1) -> None:
        self.texts = tuple(texts)
        self.all = (1 << len(self.texts)) - 1
        self.as_written = sum(1 << number for number in range(0, len(self.texts), step))
        self._shown = [_folded(text) for text in self.texts]
        self._folded = [text.casefold() for text in self._shown]
        self._known: dict[int, frozenset[str]] = {}
        self._sentences = dict(enumerate(sentences))

    def sentences(self, number: int) -> list[tuple[int, int]]:
        """Return where the sentences of a text begin and end, without the space behind them."""
        if number not in self._sentences:
            reading = Sentences()
            settled = [each for char in self.texts[number] for each in reading.feed(char)]
            self._sentences[number] = [(each.start, each.content) for each in (*settled, *reading.close())]
        return self._sentences[number]

    def meeting(self, sought: Expressions) -> tuple[Expressions, int]:
        """Return the part of ``sought`` that may be found in some text, and the texts in which it may stand."""
        found = 0
        written = []
        for phrase in sought.written or sought.phrases:
            texts = 0
            for spelling in _spellings(phrase, sought.disguised):
                texts |= self._with_spelling(spelling)
            if texts:
                written.append(phrase)
                found |= texts
        patterns = []
        for pattern in sought.patterns:
            if texts := self._needed(parse_pattern(pattern.source, pattern.any_case)):
                patterns.append(pattern)
                found |= texts
        phrases = tuple(form for phrase in written for form in phrase_forms(phrase))
        return replace(sought, phrases=phrases, written=tuple(written), patterns=tuple(patterns)), found

    def _with_spelling(self, spelling: _Spelling) -> int:
        """Return the texts in which a phrase that is spelled so may stand."""
        letters = spelling.letters
        if not letters:
            return self._containing(spelling.signs)
        if spelling.begins_word and letters[:_HEAD] not in self._heads(min(len(letters), _HEAD)):
            return 0
        found, at = 0, self._joined.find(letters)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            found |= 1 << number
            behind = self._starts[number] + len(self._letters[number])
            at = self._joined.find(letters, behind)
        return found

    @cached_property
    def _words(self) -> list[list[str]]:
        return [_WORD.findall(text.translate(_ALIKE)) for text in self._folded]

    @cached_property
    def _letters(self) -> list[str]:
        return ["".join(words) for words in self._words]

    @cached_property
    def _joined(self) -> str:
        return "\n".join(self._letters)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(text) + 1 for text in self._letters), initial=0))[:-1]

    def _heads(self, length: int) -> frozenset[str]:
        """Return the first ``length`` letters from where each word begins on."""
        if length not in self._known:
            self._known[length] = frozenset(
                letters[at : at + length]
                for letters, words in zip(self._letters, self._words, strict=True)
                for at in accumulate(map(len, words), initial=0)
            )
        return self._known[length]

    def _containing(self, run: str) -> int:
        return sum(1 << number for number, text in enumerate(self._folded) if run in text)

    @cached_property
    def _with_char(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, text in enumerate(self._shown):
            for char in set(text):
                found[char] = found.get(char, 0) | 1 << number
        return found

    def _needed(self, node: Node) -> int:
        match node:
            case SymbolSet():
                found = 0
                for char, texts in self._with_char.items():
                    if char in node:
                        found |= texts
                return found
            case Assertion():
                return self.all
            case Repeat(part, least, _):
                return self._needed(part) if least else self.all
            case Choice(parts):
                found = 0
                for part in parts:
                    found |= self._needed(part)
                return found
            case Parts(parts):
                return self._in_order([part for part in parts if not isinstance(part, Assertion)])

    def _in_order(self, parts: Sequence[Node]) -> int:
        """Return the texts that contain what each of ``parts`` needs, and each run of single letters among them."""
        found, run = self.all, ""
        for part in parts:
            if letter := _one_letter(part):
                run += letter
                continue
            found &= (self._containing(run) if run else self.all) & self._needed(part)
            run = ""
        return found & self._containing(run) if run else found


def members(texts: int) -> Iterator[int]:
    """Yield the numbers of the texts in a set."""
    while texts:
        lowest = texts & -texts
        yield lowest.bit_length() - 1
        texts ^= lowest


def _folded(text: str) -> str:
    return text if text.isascii() else fold(text)


class _Spelling(NamedTuple):
    """The ``letters`` of a phrase in a row, those alike as one of them, and whether they stand where a word
    ``begins_word``. The ``signs`` of a phrase without any."""

    letters: str
    begins_word: bool = False
    signs: str = ""


@lru_cache(maxsize=16_384)
def _spellings(phrase: str, disguised: bool) -> frozenset[_Spelling]:
    """Return what stands in a text that contains ``phrase``; worked out once for all texts."""
    shapes = {phrase, *phrase_forms(phrase)}
    if disguised:
        shapes |= {turned for shape in tuple(shapes) for turned in turned_of(shape)}
    return frozenset(map(_spelling, shapes))


def _spelling(shape: str) -> _Spelling:
    said = _folded(shape).casefold()
    plain = "".join(_WORD.findall(said))
    if not plain:
        return _Spelling("", signs=said)
    return _Spelling(plain.translate(_ALIKE), is_alphabetic(plain[0]))


def _one_letter(node: Node) -> str:
    """Return the one character that ``node`` matches, without case; empty if there are more."""
    if isinstance(node, SymbolSet) and not node.negated and not node.named:
        chars = {low.casefold() for low, high in node.ranges if low == high}
        if len(chars) == 1 and all(low == high for low, high in node.ranges):
            (char,) = chars
            return char if len(char) == 1 else ""
    return ""
