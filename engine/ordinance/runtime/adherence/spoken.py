"""Which language and which script a text is in: letters and words of closed classes decide, or nobody knows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter, itemgetter

from ordinance.runtime.adherence.known_words import EAST, WIDE, Word, words
from ordinance.runtime.adherence.known_words import script as script_of_letter
from ordinance.runtime.adherence.language_file import languages, neighbours
from ordinance.runtime.adherence.own_prose import Piece

#: A stretch ends with the first sentence that ends behind so much width, or the first line behind so much. A letter of
#: Chinese, Japanese or Korean is two wide: it says as much.
_STRETCH, _LINE = 60, 30
#: What a language must score in a stretch, and how many of its words must be known; how much more it must score than
#: any other language, and than a neighbour, which has many words in common with it.
_LEAST, _SHARE = 2.0, 0.12
#: What a language must score in a stretch of a text in another: a title such as The Lord of the Rings scores less.
_BEYOND_A_TITLE = 4.0
_TIMES, _TIMES_NEIGHBOUR = 2.0, 1.3
#: Words in a row in another script, and shares of width in it, that are too many, or make it unclear.
_RUN, _MUCH, _SOME = 6, 0.3, 0.1

_SENTENCE_END = re.compile(r"[.!?…。！？।؟\n](?=\s|$|[^\x00-\x7f])")

#: What codes of scripts stand for that letters are not of.
_TOGETHER: Mapping[str, frozenset[str]] = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Hrkt": frozenset({"Hira", "Kana"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
}
#: Codes that letters alone do not tell apart.
_INDISTINCT = frozenset({"Hans", "Hant"})


class Spoken:
    """Feed it the pieces of a text, then close it. ``found`` counts the stretches that are in a language, by language,
    ``width`` says how much is in each script."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.width: Counter[str] = Counter()
        self._runs: Counter[str] = Counter()
        self._run = ("", 0)
        self._mixed = False
        self._unclear = False  # a stretch is in two languages
        self._plain: set[str] = set()  # languages of a stretch that is more than a title
        self._stretch: list[Word] = []
        self._wide = 0

    def take(self, piece: Piece) -> None:
        """Look at a piece."""
        start = 0
        for match in _SENTENCE_END.finditer(piece.text):
            self._hear(piece.text[start : match.end()])
            start = match.end()
        self._hear(piece.text[start:])
        if piece.ends and self._wide >= _LINE:
            self._end()

    def close(self) -> None:
        """End the last stretch."""
        self._end()

    def state(self, tag: str) -> str:
        """Return whether the text keeps the language of a ``tag``: `kept`, `missed` or `cannot_tell`."""
        asked = languages().get(tag.partition("-")[0])
        if asked is None or not self.width:
            return "cannot_tell"
        strange = self._strange(asked.scripts)
        own, others = self.found[asked.tag], self.found.keys() - {asked.tag}
        if strange == "missed" or others & self._plain or (others and not own):
            return "missed"
        return "kept" if own and not (others or strange or self._unclear) else "cannot_tell"

    def script_state(self, code: str) -> str:
        """Return whether the text keeps the script of this ISO 15924 ``code``."""
        if not self.width:
            return "cannot_tell"
        strange = self._strange(_TOGETHER.get(code, frozenset({code})))
        return strange or ("cannot_tell" if code in _INDISTINCT else "kept")

    @property
    def language(self) -> str:
        """The language that most stretches are in; an empty string where no stretch is in one."""
        return next((language for language, _ in self.found.most_common(1)), "")

    def _strange(self, scripts: frozenset[str]) -> str:
        """Return `missed` if too much is in other scripts, `cannot_tell` if some is, an empty string if not."""
        others = {script: width for script, width in self.width.items() if script not in scripts}
        share = sum(others.values()) / self.width.total()
        strangers = {*others, EAST} if scripts.isdisjoint(WIDE) else {*others}
        if self._mixed or share >= _MUCH or any(self._runs[script] >= _RUN for script in strangers):
            return "missed"
        return "cannot_tell" if share >= _SOME else ""

    def _hear(self, sentence: str) -> None:
        heard = words(sentence)
        self._stretch += heard
        self._wide += sum([word.width for word in heard])
        if self._wide >= _STRETCH:
            self._end()

    def _end(self) -> None:
        language, score = _language_of(self._stretch, self._note())
        self._unclear = self._unclear or language is None
        if language:
            self.found[language] += 1
        if language and score >= _BEYOND_A_TITLE:
            self._plain.add(language)
        self._stretch, self._wide = [], 0

    def _note(self) -> Mapping[str, int]:
        """Note in which scripts the stretch is. Return how wide the words are that have letters of each."""
        widths: defaultdict[str, int] = defaultdict(int)
        for scripts, alike in groupby(self._stretch, attrgetter("scripts")):
            said = list(alike)  # words in a row, of the same scripts
            script, width = said[0].script, sum([word.width for word in said])
            for each in scripts:
                widths[each] += width
            if script and script != EAST:
                self.width[script] += width
            else:
                for each in filter(None, map(script_of_letter, "".join([word.letters for word in said]))):
                    self.width[each] += 1 + (each in WIDE)
                self._mixed = self._mixed or any(word.mixes for word in said)
            counts = sum([max(1, len(word.letters) // 2) for word in said]) if script == EAST else len(said)
            self._run = (script, self._run[1] + counts if self._run[0] == script else counts)
            self._runs[script] = max(self._runs[script], self._run[1])
        return widths


def _language_of(stretch: list[Word], widths: Mapping[str, int]) -> tuple[str | None, float]:
    """Return the language of a stretch and its score; an empty string where it shows none, None where it shows more
    than one. ``widths`` are those of the words that have letters of each script."""
    if not widths:
        return "", 0
    script, _ = max(widths.items(), key=itemgetter(1))
    alone = None if WIDE.isdisjoint(widths) else _alone(stretch)
    if alone is not None:
        return alone, _BEYOND_A_TITLE
    scores: dict[str, float] = {}
    for word in stretch:
        if word.scores and script in word.scripts:
            for language, score, _ in word.scores:
                scores[language] = scores.get(language, 0.0) + score
    if not scores:
        return "", 0
    language, most = max(scores.items(), key=itemgetter(1))
    least = _SHARE * len(stretch)
    # No word scores more than is known of it.
    if most < _LEAST or (most < least and _known(stretch, script, language) < least):
        return "", 0
    del scores[language]
    next_most = max(scores.values(), default=0.0)
    near = neighbours()
    if most >= _TIMES * next_most or all(
        most >= (_TIMES_NEIGHBOUR if other in near else _TIMES) * score for other, score in scores.items()
    ):
        return language, most
    return (None if next_most >= _LEAST else ""), 0


def _known(stretch: list[Word], script: str, language: str) -> float:
    """Return how many words of a stretch are known in a language."""
    said = [word for word in stretch if script in word.scripts]
    return sum([share for word in said for each, _, share in word.scores if each == language])


def _alone(stretch: list[Word]) -> str | None:
    """Return the language that is known by its signs alone, an empty string if it is unclear which; None if words must
    decide."""
    letters = Counter(script for word in stretch for script in map(script_of_letter, word.letters) if script)
    east = {script: count for script, count in letters.items() if script in WIDE}
    if 2 * sum(east.values()) < sum(letters.values()):
        return None
    kana = letters["Hira"] + letters["Kana"]
    if letters["Hang"] > 2 * (letters["Hani"] + kana):
        return "ko" if letters["Hang"] >= 8 and not kana else ""
    if kana >= 0.15 * sum(east.values()) and letters["Hira"] >= 2:
        return "ja"
    if kana:
        return ""
    signs = languages()["zh"].letters
    return "zh" if letters["Hani"] >= 8 and sum(each in signs for word in stretch for each in word.letters) >= 2 else ""
