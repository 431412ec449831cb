"""Log probabilities: a token leaves when all of the text that it covers has left unchanged, and not without it.

Tokens are laid along the text of the choice. One that is not found there (a control token, part of a character) does
not leave: so the tokens that do are pieces of released text and nothing else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ordinance.protocol.said import Token
from ordinance.runtime.redact.alternatives import Alternatives
from ordinance.runtime.stream import Text

#: Tokens whose text has not come, and characters whose tokens have not; past it the rest is let go.
_MOST_WAITING = 4096
#: Characters that may lie between two tokens: blanks that a tokenizer swallows, characters made of several tokens.
_SKIPPED = 8


@dataclass(slots=True)
class _Place:
    """A token, and the characters of ``text`` that it covers."""

    token: Token
    text: Text
    start: int
    end: int


@dataclass(slots=True)
class _Piece:
    """What was said of ``text`` without a break: ``words`` begin at ``start``; the first ``used`` have their tokens."""

    text: Text
    start: int
    words: str
    used: int = 0


class Tokens:
    """The tokens of one text of a choice, or of several that the model said one after the other."""

    def __init__(self) -> None:
        self._said: deque[_Piece] = deque()
        self._begun: set[int] = set()
        self._waiting: deque[Token] = deque()
        self._placed: deque[_Place] = deque()
        self._lost = False
        self._screens: dict[int, Alternatives] = {}

    def say(self, text: Text, piece: str) -> None:
        """The model says ``piece``, the next of ``text``, which has not been fed it yet."""
        if not piece or self._lost:
            return
        self._begun.add(id(text))
        if self._said and self._said[-1].text is text:
            self._said[-1].words += piece
        else:
            self._said.append(_Piece(text, text.received, piece))

    def follows(self, text: Text) -> bool:
        """Whether anything of ``text`` was said."""
        return id(text) in self._begun

    def screen(self, text: Text, alternatives: Alternatives) -> None:
        """What decides about alternatives along ``text``; where there is nothing, none leave."""
        self._screens[id(text)] = alternatives

    def add(self, tokens: list[Token]) -> None:
        """The model gave these tokens; their text may be known already, or not yet."""
        if not self._lost:
            self._waiting.extend(tokens)

    def ready(self, *, closed: bool = False) -> list[Token]:
        """The tokens that may leave now. ``closed``: no text will come any more."""
        while self._waiting and self._lay(self._waiting[0], closed):
            self._waiting.popleft()
        self._forget()
        out: list[Token] = []
        while self._placed and self._placed[0].end <= self._placed[0].text.settled:
            place = self._placed.popleft()
            if not _touched(place):
                place.token.offset = place.start - _removed_before(place)
                out.append(place.token)
        if closed:
            self._placed.clear()
        return out

    def _forget(self) -> None:
        """Bound what is kept: words that have their tokens go; where too much waits for the other side, all does."""
        while self._said and self._said[0].used == len(self._said[0].words) and len(self._said) > 1:
            self._said.popleft()
        if self._said and self._said[-1].used:
            piece = self._said[-1]
            piece.start, piece.words, piece.used = piece.start + piece.used, piece.words[piece.used :], 0
        if max(len(self._waiting), sum(len(piece.words) for piece in self._said)) > _MOST_WAITING:
            self._lost = True
            self._waiting.clear()
            self._said.clear()

    def _lay(self, token: Token, closed: bool) -> bool:
        """Find where ``token`` stands. False if that cannot be said yet."""
        for passed, piece in enumerate(self._said):
            skipped = _find(piece, token.text)
            if skipped is not None:
                for _ in range(passed):
                    self._said.popleft()
                self._place(token, piece, skipped)
                return True
            if passed == len(self._said) - 1 and _may_come(piece, token.text):
                return closed
        return closed or bool(self._said)

    def _place(self, token: Token, piece: _Piece, skipped: int) -> None:
        screen = self._screens.get(id(piece.text))
        if screen is not None:
            screen.say(piece.words[piece.used : piece.used + skipped])
        if token.alternatives is not None:
            token.alternatives = [
                each
                for each in token.alternatives
                if each[0] == token.text or (screen is not None and screen.allows(each[0]))
            ]
        if screen is not None:
            screen.say(token.text)
        start = piece.start + piece.used + skipped
        piece.used += skipped + len(token.text)
        self._placed.append(_Place(token, piece.text, start, start + len(token.text)))


def _skippable(piece: _Piece) -> int:
    """How many characters before the next token may have none."""
    words, at = piece.words, piece.used
    end = min(len(words), at + _SKIPPED)
    while at < end and (words[at].isspace() or not words[at].isascii()):
        at += 1
    return at - piece.used


def _find(piece: _Piece, token: str) -> int | None:
    """How many characters are skipped before ``token``, if it stands there."""
    skips = range(_skippable(piece) + 1)
    return next((skip for skip in skips if piece.words.startswith(token, piece.used + skip)), None)


def _may_come(piece: _Piece, token: str) -> bool:
    """Whether ``token`` could begin in ``piece`` and end in what follows it."""
    left = len(piece.words) - piece.used
    return any(
        left - skip < len(token) and token.startswith(piece.words[piece.used + skip :])
        for skip in range(_skippable(piece) + 1)
    )


def _touched(place: _Place) -> bool:
    """Whether a region touches the token; one that covers nothing is touched by a region beside it."""
    empty = place.start == place.end
    return any(
        (cut.start < place.end and place.start < cut.end) or (empty and cut.start <= place.start <= cut.end)
        for cut in place.text.cuts
    )


def _removed_before(place: _Place) -> int:
    return sum(cut.end - cut.start for cut in place.text.cuts if cut.end <= place.start)
