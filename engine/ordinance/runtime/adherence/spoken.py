"""Which language and which script a text is in: letters and words of closed classes decide, or nobody knows."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from ordinance.runtime.adherence.language_file import languages, neighbours
from ordinance.runtime.adherence.own_prose import Piece
from ordinance.runtime.text.scripts import script_of

#: A stretch ends with the first sentence that ends behind so much width, or the first line behind so much. A letter of
#: Chinese, Japanese or Korean is two wide: it says as much.
_STRETCH, _LINE = 60, 30
#: What a language must score in a stretch, how much more than any other, and how many of its words must be known.
_LEAST, _TIMES, _SHARE = 2.0, 2.0, 0.12
#: What the end and the letters of a word score, where the word itself scores 1.
_HINT = 0.5
#: Words in a row in another script, and shares of width in it, that are too many, or make it unclear.
_RUN, _MUCH, _SOME = 6, 0.3, 0.1

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[\u0300-\u036f\u0900-\u0963\u0e31-\u0e4e])*(?:['’](?=[^\W\d_]))?")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？।؟\n])(?=\s|$|[^\x00-\x7f])")

_WIDE = frozenset({"Hani", "Hira", "Kana", "Hang"})
#: All of these, in a run of words.
_EAST = "East"
#: Scripts whose letters nobody mixes in a word. One letter of Greek may be a sign of a measure.
_APART = frozenset({"Latn", "Cyrl", "Grek"})
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


class _Word(NamedTuple):
    text: str
    scripts: tuple[str, ...]  # of its letters, in order, each run once
    width: int


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
        self._stretch: list[_Word] = []
        self._signs = ""
        self._wide = 0

    def take(self, piece: Piece) -> None:
        """Look at a piece."""
        for sentence in _SENTENCE_END.split(piece.text):
            for word in _words(sentence):
                self._note(word)
            if self._wide >= _STRETCH:
                self._end()
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
        if strange == "missed" or any(language != asked.tag for language in self.found):
            return "missed"
        return "kept" if self.found[asked.tag] and not (strange or self._unclear) else "cannot_tell"

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
        strangers = {*others, _EAST} if scripts.isdisjoint(_WIDE) else {*others}
        if self._mixed or share >= _MUCH or any(self._runs[script] >= _RUN for script in strangers):
            return "missed"
        return "cannot_tell" if share >= _SOME else ""

    def _note(self, word: _Word) -> None:
        script = _EAST if _WIDE.issuperset(word.scripts) else word.scripts[0] if len(word.scripts) == 1 else ""
        if script and script != _EAST:
            self.width[script] += word.width
        else:
            for each in filter(None, map(_script, word.text)):
                self.width[each] += 1 + (each in _WIDE)
        words = max(1, len(word.text) // 2) if script == _EAST else 1
        self._run = (script, self._run[1] + words if self._run[0] == script else words)
        if self._run[1] > self._runs[script]:
            self._runs[script] = self._run[1]
        self._mixed = self._mixed or (len(word.scripts) > 1 and _is_mixed(word))
        self._stretch.append(word)
        self._wide += word.width

    def _end(self) -> None:
        language = _language_of(self._stretch)
        self._unclear = self._unclear or language is None
        if language:
            self.found[language] += 1
        self._stretch, self._wide = [], 0


def _words(text: str) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        word = match[0].replace("’", "'")
        if word.isascii():
            yield _Word(word.lower(), ("Latn",), len(word))
            continue
        scripts = [script for script in map(_script, word) if script]
        if scripts:
            yield _Word(word.lower(), tuple(dict.fromkeys(scripts)), sum(1 + (each in _WIDE) for each in scripts))


@cache
def _script(character: str) -> str:
    found = script_of(character)
    return "" if found in ("-", "Zinh", "Zyyy") else found


def _is_mixed(word: _Word) -> bool:
    apart = _APART.intersection(word.scripts)
    if len(apart) < 2:
        return False
    return "Cyrl" in apart or sum(_script(each) == "Grek" for each in word.text) > 1


def _language_of(words: list[_Word]) -> str | None:
    """Return the language of a stretch; an empty string where it shows none, None where it shows more than one."""
    widths: Counter[str] = Counter()
    for word in words:
        for script in word.scripts:
            widths[script] += word.width
    if not widths:
        return ""
    script, _ = widths.most_common(1)[0]
    alone = _alone(words)
    if alone is not None:
        return alone
    scores: defaultdict[str, float] = defaultdict(float)
    known: defaultdict[str, float] = defaultdict(float)
    tables = _tables()
    for word in words:
        if script not in word.scripts:
            continue
        of = tables.words.get(word.text, ())
        for language in of:
            scores[language] += 1 / len(of)
            known[language] += 1
        if not of:
            for language, share in _hints(word.text):
                scores[language] += share
                known[language] += share
    if not scores:
        return ""
    language, most = max(scores.items(), key=itemgetter(1))
    second = max((score for other, score in scores.items() if other != language), default=0)
    if most < _LEAST or known[language] < _SHARE * len(words):
        return ""
    if most >= _TIMES * second:
        return language
    return None if second >= _LEAST else ""


def _alone(words: list[_Word]) -> str | None:
    """Return the language that is known by its signs alone, an empty string if it is unclear which; None if words must
    decide."""
    letters = Counter(script for word in words for script in map(_script, word.text) if script)
    east = {script: count for script, count in letters.items() if script in _WIDE}
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
    return "zh" if letters["Hani"] >= 8 and sum(each in signs for word in words for each in word.text) >= 2 else ""


class _Tables(NamedTuple):
    words: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, tuple[str, ...]]
    letters: Mapping[str, tuple[str, ...]]


@cache
def _tables() -> _Tables:
    """Return the languages of each word, ending and letter that decides."""
    words: dict[str, set[str]] = {}
    endings: dict[str, set[str]] = {}
    letters: dict[str, set[str]] = {}
    for tag, each in languages().items():
        for table, entries in ((words, each.words), (endings, each.endings), (letters, each.letters)):
            for entry in entries:
                table.setdefault(entry, set()).add(tag)
    for tag, entries in neighbours().items():
        for word in entries:
            words.setdefault(word, set()).add(tag)
    return _Tables(*({entry: tuple(sorted(of)) for entry, of in table.items()} for table in (words, endings, letters)))


def _hints(word: str) -> Iterator[tuple[str, float]]:
    tables = _tables()
    for length in range(2, min(6, len(word) - 2) + 1):
        of = tables.endings.get(word[-length:], ())
        yield from ((language, _HINT / len(of)) for language in of)
    if not word.isascii():
        for letter in {*word}.intersection(tables.letters):
            of = tables.letters[letter]
            yield from ((language, _HINT / len(of)) for language in of)
