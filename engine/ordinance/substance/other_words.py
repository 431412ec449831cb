"""What words that nobody protects show: one that may be a name, a prefix that negates, or another text altogether."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from ordinance.substance.closed_classes import Language
from ordinance.substance.protected_spans import Kind
from ordinance.substance.running_words import Word

Place = tuple[int, int]
#: Of the words of either text this part must be in the other, for both to be forms of one text.
_COMMON = 2
#: So many words more may be others; where each sign counts as a word, so many signs.
_FEW, _FEW_SIGNS = 2, 6
_SHORTEST_STEM = 2
#: Letters of scripts in which none of the languages is written, and phonetic ones: many look like others.
_LOOK_ALIKE = re.compile(
    "[\u0131\u0237\u0250-\u02af\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1d00-\u1dbf\u1f00-\u1fff\u2c80-\u2cff\ua640-\ua69f\uab30-\uabbf]"
)


def doubtful(
    a: Sequence[Word], b: Sequence[Word], language: Language
) -> Iterator[tuple[Kind, Place | None, Place | None]]:
    """Yield the words that only one text has and that may be a name or any other word in letters that look alike, or
    that lack or gained a prefix that negates."""
    for words, others, of_a in ((a, b, True), (b, a, False)):
        there = {word.folded for word in others}
        stems = {stem for word in others for stem in _stems(word, language)}
        counts = Counter(word.folded for word in others)
        for word in words:
            if counts[word.folded]:
                counts[word.folded] -= 1
                continue
            place = (word.start, word.start + len(word.folded))
            places = (place, None) if of_a else (None, place)
            if any(
                word.folded.startswith(prefix) and word.folded[len(prefix) :] in there for prefix in language.prefixes
            ):
                yield Kind.NEGATION, *places
            elif _may_be_a_name(word, language, stems):
                yield Kind.NAME, *places


def _may_be_a_name(word: Word, language: Language, stems: set[str]) -> bool:
    """Return whether a word that only one text has, whose others have these ``stems``, may be a name or any word."""
    shows = language.names != "words" and not word.opens
    return bool(_LOOK_ALIKE.search(word.folded)) or not (shows or stems & _stems(word, language))


def is_other_text(a: Sequence[Word], b: Sequence[Word], language: Language | None) -> bool:
    """Return whether most words of one text are not in the other."""
    counts = [Counter(_shortest(word, language) for word in words) for words in (a, b)]
    common = (counts[0] & counts[1]).total()
    few = _FEW_SIGNS if language is not None and language.names == "signs" else _FEW
    return any(_COMMON * common < count.total() - few for count in counts)


def base(word: Word, language: Language | None) -> str:
    """Return a word of a script without capitals without its case ending, and every other word as it is."""
    endings = language.endings if language is not None and language.names == "words" else ()
    return min((word.folded, *_cut(word.folded, endings, _SHORTEST_STEM)), key=len)


def _shortest(word: Word, language: Language | None) -> str:
    stems = _stems(word, language) if language else {word.folded}
    return min(stems, key=lambda stem: (len(stem), stem))


def _stems(word: Word, language: Language) -> set[str]:
    """Return a word without each ending that a change of address changes, and as it is."""
    found = {word.folded, *_cut(word.folded, language.endings, _SHORTEST_STEM)}
    if language.predicates:
        decomposed = unicodedata.normalize("NFD", word.folded)
        found.update(_cut(decomposed, language.honorifics, 1))
        if word.closes:
            ends = {decomposed, *_cut(decomposed, language.predicates, 1)}
            found |= ends | {stem[:-1] for stem in ends if "\u1161" <= stem[-1] <= "\u1175"}
    return found


def _cut(word: str, endings: tuple[str, ...], shortest: int) -> Iterator[str]:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            yield word[: -len(ending)]
