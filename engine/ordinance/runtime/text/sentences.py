"""Sentences on a stream (UAX #29, untailored, pinned version), with what is not settled yet.

Whether a full stop ends a sentence can depend on what follows: after "e.g. (" a small letter says no, a capital
says yes. ``Sentences`` reports settled sentences and keeps, for the open one, where it may turn out to have ended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ordinance.runtime.text.folding import classifier
from ordinance.runtime.text.unicode_data import SENTENCES

#: The class of a character; the letters are explained in ``engine/generate_unicode_data.py``.
sentence_class = classifier(SENTENCES)

#: Printable ASCII but ``.``, ``!`` and ``?``.
_SKIMMED = re.compile(r'[ "-\-/->@-~]+')

_SPACES = "sprn"
_EXTENSIONS = "EF"
_SEPARATORS = "pn"
_DECIDES_BREAK = "oupnr"
_CASED = ("u", "l")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A settled sentence: characters ``start`` to ``end``; what follows ``content`` is trailing space."""

    start: int
    end: int
    content: int


#: What may follow, classes of characters, and how much trailing space there is; see ``Sentences``.
SentencePlace = tuple[str, str, str, str, bool, int]

#: A ``SentencePlace`` counts no more trailing space, so that there are few of them.
MOST_SPACE = 8


def _trailing_space(text: str) -> int:
    """How long the space at the end of ``text`` is, with the extensions that follow space."""
    at = len(text)
    while at and (sentence_class(text[at - 1]) in _SPACES or sentence_class(text[at - 1]) in _EXTENSIONS):
        at -= 1
    while at and at < len(text) and sentence_class(text[at]) in _EXTENSIONS:
        at += 1
    return len(text) - at


class Sentences:
    """The state of one stream; ``feed`` and ``close`` give the sentences that they settle, which are ``settled``.

    ``start`` is where the open sentence begins. ``split`` is where it may already have ended, as far as is known
    (None if only its end can be the end), and ``split_content`` the end of its content then. ``content`` is the
    end of what is not trailing space now.
    """

    __slots__ = (
        "_before", "_class", "_direct", "_mode", "_term",
        "at", "content", "settled", "split", "split_content", "start",
    )  # fmt: skip

    def __init__(self, at: int = 0) -> None:
        self.at = self.start = self.content = at
        self.split: int | None = None
        self.split_content = at
        self.settled: list[Sentence] = []
        self._mode = "new"
        self._class = ""  # of the last character that is not an extension
        self._before = ""  # of the character before a full stop
        self._term = ""  # A or T while after a terminator
        self._direct = False  # nothing between the terminator and here

    def feed(self, char: str) -> list[Sentence]:
        """Take the next character."""
        return self.take(sentence_class(char))

    def take(self, found: str) -> list[Sentence]:
        """Take the next character, by its class."""
        self.settled = []
        self._step(found)
        return self.settled

    def _step(self, found: str) -> None:
        if self._mode == "return":
            if found == "n":
                self._take(found)
                self._break()
                return
            self._break()
        if found in _EXTENSIONS and self._mode != "new":
            self._take("")
            return
        if self._mode == "term":
            self._after_term(found)
        elif self._mode == "look":
            self._look(found)
        else:
            self._plain(found)

    def skim(self, text: str) -> bool:
        """Take ``text`` at once if it settles nothing: printable ASCII without a terminator, inside a sentence. Returns
        False, and has done nothing, where that is not so."""
        if self._mode not in ("plain", "new") or not _SKIMMED.fullmatch(text):
            return False
        self.settled = []
        said = len(text.rstrip(" "))
        if said:
            self.content = self.at + said
        self.at += len(text)
        self._mode, self._class = "plain", sentence_class(text[-1])
        return True

    def close(self) -> list[Sentence]:
        """End the text; every sentence is settled."""
        self.settled = []
        if self._mode == "look":
            self._break_at_split()
        if self.at > self.start:
            self._break()
        return self.settled

    def place(self) -> SentencePlace:
        """Return the state without positions: what may follow, and how much trailing space there is, up to
        ``MOST_SPACE``. What decides nothing any more is left out, so that there are few places: of the last character
        it matters whether it was a letter with case, and behind a terminator whether it was space."""
        space = min(self.at - self.content, MOST_SPACE)
        mode, last = self._mode, self._class
        if mode == "term":
            direct = self._direct and self._term == "A"
            initial = direct and self._before in _CASED
            return mode, "s" if last == "s" else "", "l" if initial else "", self._term, direct, space
        return mode, "l" if last in _CASED else "", "", "", False, space

    def resume(self, place: SentencePlace, known: str = "", split: int | None = None) -> None:
        """Be as ``place`` says, at ``at`` and with the sentence that began at ``start`` and may have ended at
        ``split``. ``known`` is what stands last; where all of it is trailing space, it does not matter how much more
        there is."""
        self._mode, self._class, self._before, self._term, self._direct, space = place
        if space == MOST_SPACE:
            space = max(space, _trailing_space(known))
        self.content = max(self.at - space, self.start)
        self.split = split if self._mode == "look" else None
        if self.split is not None:
            self.split_content = max(
                self.split - _trailing_space(known[: max(0, self.split - self.at + len(known))]), self.start
            )

    # one step each

    def _take(self, found: str) -> None:
        self.at += 1
        if found not in _SPACES or (not found and self.content == self.at - 1):  # extensions follow their character
            self.content = self.at

    def _plain(self, found: str) -> None:
        before, self._class = self._class, found
        self._take(found)
        if found in "AT":
            self._mode, self._term, self._before, self._direct = "term", found, before, True
        elif found in _SEPARATORS:
            self._break()
        else:
            self._mode = "return" if found == "r" else "plain"

    def _after_term(self, found: str) -> None:
        spaced = self._class == "s"
        numeral = self._term == "A" and self._direct and found == "d"  # SB6
        initial = self._term == "A" and self._direct and self._before in _CASED and found == "u"  # SB7
        if numeral or initial or found in "cAT" or (self._term == "A" and found == "l"):  # SB8, SB8a
            self._plain(found)
        elif found in _SPACES or (found == "q" and not spaced):  # SB9, SB10
            self._direct = False
            self._class = found
            self._take(found)
            if found in _SEPARATORS:
                self._break()
            elif found == "r":
                self._mode = "return"
        elif self._term == "T" or found in "ou":  # SB11
            self._break()
            self._plain(found)
        else:  # SB8 may still find a small letter
            self._mode, self.split, self.split_content = "look", self.at, self.content
            self._class = found
            self._take(found)

    def _look(self, found: str) -> None:
        if found == "l":
            self.split = None
            self._plain(found)
        elif found in _DECIDES_BREAK or found in "AT":
            self._break_at_split()
            self._plain(found)
        else:
            self._class = found
            self._take(found)

    def _break(self) -> None:
        self.settled.append(Sentence(self.start, self.at, self.content))
        self.start = self.content = self.at
        self.split = None
        self._mode, self._class = "new", ""

    def _break_at_split(self) -> None:
        end = self.at if self.split is None else self.split
        self.settled.append(Sentence(self.start, end, self.split_content))
        self.start = end
        self.content = max(self.content, self.start)
        self.split = None
        self._mode = "plain"
