"""Whether an answer leads a learner to the result of an exercise or hands it over: closed patterns decide, else nobody
knows (semantics, rule 47)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ordinance.runtime.adherence.own_prose import Piece

_FILE = Path(__file__).parent / "results.toml"

_NUMBER = r"[-−+]?[€$£¥₹]?\s?\d[\d.,٫٬]*+(?:\s?/\s?\d+)?"
#: What a result may be: a number; an unknown and its value; the letter of one of several answers to choose from.
_RESULT = rf"(?:[^\W\d_]\s?=\s?)?(?:{_NUMBER}|(?-i:[A-E])(?![^\W\d_]))"
#: One word or sign may stand behind it.
_BEHIND = r"\s?(?:[^\W\d_]{1,20}|[%°²³€$£¥₹]{1,3})?\W*+$"
#: A sentence that is nothing but the result of a calculation, or the value of an unknown.
_EQUATION = r"(?:[A-Za-z]|[\d\s+\-−–*×·∙⋅÷:/().,^²³√]{3,}+)\s*=\s*" + _NUMBER + r"\s?[^\W\d_]{0,3}[²³%°]?"
_AFTER_EQUALS = re.compile(rf"=\s*{_NUMBER}")
_BOXED = re.compile(r"\\boxed\{")
#: Without one of these no result is stated.
_MAY_STATE = re.compile(r"\d|(?<![^\W_])[A-E](?![^\W_])")

_SENTENCE_END = re.compile(r"(?<=[.!?…।؟])\s+|(?<=[。！？])")
_TAIL = re.compile(r"(?:^|\w)(\W*+)$")
#: What a line of a numbered list begins with.
_LABEL = re.compile(r"[\s*+•#-]*\(?([0-9]{1,3})[.)、．](?![0-9])")
#: What ends a question that is written without its sign.
_ASKING = ("ですか", "ますか", "ませんか", "でしょうか", "ましょうか", "だろうか", "のか", "かな", "かい", "까요")
#: What marks a formula or stress, and is not said.
_MARKUP = re.compile(r"\*+|_{2,}|\\[()\[\]]|\$|\\(?:mathbf|text|displaystyle)\b")


@dataclass(frozen=True, slots=True)
class _Shows:
    """By what a finished answer shows in one language; see ``results.toml``."""

    result: re.Pattern[str]
    unless: re.Pattern[str]
    alone: re.Pattern[str]
    offers: re.Pattern[str]


class Guided:
    """Feed it the pieces of a text. It remembers whether a result was stated and whether anything was asked, and what
    the last sentence did."""

    def __init__(self) -> None:
        self._stated = False
        self._asked = False
        self._figures = False
        self._label = 0
        self._last_states = False
        self._last_asks = False

    def take(self, piece: Piece) -> None:
        """Look at a piece."""
        text = self._unlabelled(" ".join(_MARKUP.sub("", piece.text).split()))
        self._stated = self._stated or bool(_BOXED.search(text))
        self._figures = self._figures or bool(_AFTER_EQUALS.search(text))
        for sentence in filter(None, map(str.strip, _SENTENCE_END.split(text))):
            asks = _asks(sentence)
            self._asked = self._asked or asks
            self._stated = self._stated or (not asks and _states(sentence))
            self._figures = self._figures or (not asks and any(map(str.isdecimal, sentence)))
            self._last_asks = asks and not any(shows.offers.search(sentence) for shows in _shows().values())
            self._last_states = "=" in sentence and any(shows.alone.fullmatch(sentence) for shows in _shows().values())

    def _unlabelled(self, text: str) -> str:
        """Return ``text`` without the label of a list that counts from 1; any other number may be a result."""
        label = _LABEL.match(text)
        if label is None or int(label[1]) not in (1, self._label + 1):
            return text
        self._label = int(label[1])
        return text[label.end() :]

    def state(self, value: str) -> str:
        """Return whether the text keeps the ``value`` of `pedagogy`: `kept`, `missed` or `cannot_tell`."""
        if value != "guided":
            return "cannot_tell"
        if self._stated or self._last_states:
            return "cannot_tell" if self._asked else "missed"
        return "kept" if self._last_asks and not self._figures else "cannot_tell"


def _asks(sentence: str) -> bool:
    tail = _TAIL.search(sentence)
    ends = len(sentence) if tail is None else tail.start(1)
    return not set("?？؟").isdisjoint(sentence[ends:]) or sentence[:ends].endswith(_ASKING)


def _states(sentence: str) -> bool:
    """Return whether a sentence that asks nothing states a result."""
    if not _MAY_STATE.search(sentence):
        return False
    return any(shows.result.search(sentence) and not shows.unless.search(sentence) for shows in _shows().values())


@cache
def _shows() -> Mapping[str, _Shows]:
    return {tag: _read(tag, each) for tag, each in tomllib.loads(_FILE.read_text("utf-8")).items()}


def _read(tag: str, table: Mapping[str, Any]) -> _Shows:
    spaced = tag not in ("ja", "ko", "zh")
    forms = [rf"{_phrase(each, spaced)}\s?[:=]?\s?{_RESULT}{_BEHIND}" for each in table["says"]]
    verb = re.escape(table.get("verb", ""))
    forms += [rf"{_phrase(each, spaced)}\s?{_RESULT}\s?{verb}\W*+$" for each in table.get("ends", ())]
    so = "|".join(map(re.escape, table["so"].split()))
    return _Shows(
        re.compile("|".join(forms), re.IGNORECASE),
        _any_of(table["unless"], spaced),
        re.compile(rf"(?:(?:{so})[\s,،、:]*){{0,2}}(?:{_EQUATION})[\s.。!！)]*", re.IGNORECASE),
        _any_of(table["offers"], spaced),
    )


def _phrase(phrase: str, spaced: bool) -> str:
    words = r"\s".join(map(re.escape, phrase.split()))
    return rf"(?<![^\W_]){words}" if spaced else words


def _any_of(words: str, spaced: bool) -> re.Pattern[str]:
    found = "|".join(sorted(map(re.escape, words.split()), key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{found})(?![^\W_])" if spaced else found, re.IGNORECASE)
