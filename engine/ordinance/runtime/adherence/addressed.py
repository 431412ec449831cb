"""Which form of address a text has: what closed classes of morphology show, and nothing where they are silent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ordinance.runtime.adherence.language_file import Address, Form
from ordinance.runtime.adherence.own_prose import Piece

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|[\u0300-\u036f\u0900-\u094d])*(?:['’](?=[^\W\d_]))?")
#: What may stand between two words of one sentence.
_WITHIN = re.compile(r"[\s,*_/'’()-]*")
_SENTENCE_END = re.compile(r"[。．！？!?…♪]+|\.(?=\s|$)")
_AROUND = " \t\u3000*_)）】〜～ー\u25a1"


class Addressed:
    """Feed it the pieces of a text; ``shown`` counts the forms of address that they show, by name."""

    def __init__(self, address: Address) -> None:
        self.shown: Counter[str] = Counter()
        self._address = address
        self._by_word: dict[str, list[str]] = {}
        for name, form in address.forms.items():
            for word in form.words:
                self._by_word.setdefault(word, []).append(name)
        self._by_case = [(name, form) for name, form in address.forms.items() if form.inside or form.titles]
        self._by_phrase = {phrase: name for name, form in address.forms.items() for phrase in form.phrases}
        self._silent = {phrase for form in address.forms.values() for phrase in form.others}
        self._by_ending = [(name, form) for name, form in address.forms.items() if form.endings or form.cased_endings]
        self._signs = [(sign, name) for name, form in address.forms.items() for sign in form.signs]
        self._ends = {end: name for name, form in address.forms.items() for end in form.sentence_ends}
        self._longest = max(map(len, (*self._ends, *address.particles)), default=0)
        self._particles = frozenset(address.particles)
        self._speaks_in_words = any(form.words or form.inside or form.titles for form in address.forms.values())

    def take(self, piece: Piece) -> None:
        """Look at a piece."""
        if self._speaks_in_words:
            self.shown.update(self._in_words(piece.text))
        for sign, name in self._signs:
            if sign in piece.text:
                self.shown[name] += piece.text.count(sign)
        if self._ends:
            self.shown.update(self._at_ends(piece))

    def state(self, value: str) -> str:
        """Return whether the text keeps this ``value`` of the slot `address`: `kept`, `missed` or `cannot_tell`. Where
        each sentence ends in a form of its own, styles are mixed for good reasons, and the fewer count for nothing."""
        asked = self._address.values.get(value)
        if asked is None:
            return "cannot_tell"
        needed, missed = (sum(self.shown[name] for name in names) for names in (asked.needs, asked.misses))
        if not missed:
            return "kept" if needed else "cannot_tell"
        return "cannot_tell" if self._ends and needed >= missed else "missed"

    def _in_words(self, text: str) -> Iterator[str]:
        before, ended, inside = "", 0, False
        found = list(_WORD.finditer(text))
        for number, match in enumerate(found):
            said = match[0]
            word = said.lower().replace("’", "'")
            inside = bool(before) and _WITHIN.fullmatch(text, ended, match.start()) is not None
            if word in self._by_word and (before, word) not in self._silent:
                short_form = len(said) > 1 and said.isupper()  # ISS is no form of `iss`
                yield from () if short_form else self._by_word[word]
            if inside and (before, word) in self._by_phrase:
                yield self._by_phrase[before, word]
            for name, form in self._by_case:
                titled = said in form.titles and not self._names_somebody(found, number, text)
                if titled or (inside and said in form.inside):
                    yield name
            for name, form in self._by_ending:
                named = inside and said[0].isupper()
                ends = not named and word.endswith(form.endings) and not _is_excepted(word, form)
                if ends or said.endswith(form.cased_endings):
                    yield name
            before, ended = word, match.end()

    def _names_somebody(self, found: list[re.Match[str]], number: int, text: str) -> bool:
        """Whether a name follows a title, or it begins a sentence, where its capital says nothing."""
        match = found[number]
        first = number == 0 or _WITHIN.fullmatch(text, found[number - 1].end(), match.start()) is None
        follows = found[number + 1] if number + 1 < len(found) else None
        named = follows is not None and follows[0][0].isupper() and text[match.end() : follows.start()].isspace()
        return first or named

    def _at_ends(self, piece: Piece) -> Iterator[str]:
        start = 0
        for match in _SENTENCE_END.finditer(piece.text):
            yield from self._of(piece.text[start : match.start()])
            start = match.end()
        if piece.ends and not piece.item:
            yield from self._of(piece.text[start:])

    def _of(self, sentence: str) -> Iterator[str]:
        sentence = sentence.rstrip(_AROUND)
        while True:
            tails = [sentence[-length:] for length in range(min(self._longest, len(sentence)), 0, -1)]
            if end := next((tail for tail in tails if tail in self._ends), ""):
                yield self._ends[end]
                return
            particle = next((tail for tail in tails if tail in self._particles), "")
            if not particle:
                return
            sentence = sentence[: -len(particle)].rstrip(_AROUND)


def _is_excepted(word: str, form: Form) -> bool:
    """Return whether an ending says nothing in this word: an exception is a word, or with a hyphen before it an ending
    of words."""
    return any(word.endswith(each[1:]) if each[0] == "-" else word == each for each in form.excepted)
