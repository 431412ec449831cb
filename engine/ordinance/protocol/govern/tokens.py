"""Log probabilities: an entry leaves when its text, and all that the model said before it, has left unchanged.

So none leaves from the first region on: where it stands, whether it does and its number would come of what is withheld.
Entries are laid along the texts of the choice. One that is not found there (a control token, part of a character that
never came) does not leave: so those that do are pieces of released text and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from ordinance.protocol.said import CONTENT, REFUSAL, Said, Token
from ordinance.runtime.redact.alternatives import Alternatives
from ordinance.runtime.redact.text_contract import Text

#: Tokens whose text has not come, and characters whose tokens have not; past it the rest is let go.
_MOST_WAITING = 4096
#: Characters that may lie between two tokens: blanks that a tokenizer swallows, characters made of several tokens.
_SKIPPED = 8


@dataclass(slots=True)
class _Place:
    """Tokens that may leave when ``text`` has left unchanged up to ``end``; nothing behind this place leaves before."""

    text: Text
    end: int
    tokens: list[Token]


@dataclass(slots=True)
class _Piece:
    """What was said of ``text`` without a break, up to ``end``. ``words`` are its last ones, those that tokens may be
    of; the first ``used`` have theirs."""

    text: Text
    end: int
    words: str = ""
    used: int = 0

    @property
    def at(self) -> int:
        """Where the next token may stand."""
        return self.end - len(self.words) + self.used


class Tokens:
    """The tokens of one text of a choice, or of several that the model said one after the other. ``before`` are the
    texts of which something was said already."""

    def __init__(self, before: Iterable[Text]) -> None:
        self._said: deque[_Piece] = deque()
        self._waiting: deque[Token] = deque()
        self._parts: list[Token] = []  # of a character: they cover nothing, and go with the token that completes it
        self._placed = deque(_Place(text, text.received, []) for text in before)
        self._lost = False
        self._screens: dict[int, Alternatives] = {}

    def say(self, text: Text, piece: str, *, covered: bool) -> None:
        """Add ``piece``, the next of ``text``, which has not been fed it yet."""
        if not piece or self._lost:
            return
        if not self._said or self._said[-1].text is not text:
            self._said.append(_Piece(text, text.received))
        last = self._said[-1]
        last.end += len(piece)
        if covered:
            last.words += piece

    def screen(self, text: Text, alternatives: Alternatives) -> None:
        """Set what decides about alternatives along ``text``; without it, none leave."""
        self._screens[id(text)] = alternatives

    def add(self, tokens: list[Token]) -> None:
        """Add tokens that the model gave; their text may be known already, or not yet."""
        if not self._lost:
            self._waiting.extend(tokens)

    def ready(self, *, closed: bool = False) -> list[Token]:
        """Return the tokens that may leave now. ``closed``: no more text will come."""
        while self._waiting and self._lay(self._waiting[0], closed):
            self._waiting.popleft()
        self._forget()
        out: list[Token] = []
        while self._placed and self._placed[0].end <= self._placed[0].text.settled:
            place = self._placed.popleft()
            if place.text.cuts and place.text.cuts[0].start < place.end:
                self._lose()
                self._placed.clear()
            else:
                out += place.tokens
        return out

    def _forget(self) -> None:
        """Bound what is kept: words that have their tokens go; where too much waits for the other side, all does."""
        while len(self._said) > 1 and self._said[0].used == len(self._said[0].words):
            self._pass()
        if self._said:
            piece = self._said[-1]
            piece.words, piece.used = piece.words[piece.used :], 0
        if max(len(self._waiting), len(self._parts), sum(len(piece.words) for piece in self._said)) > _MOST_WAITING:
            self._lose()

    def _lose(self) -> None:
        self._lost = True
        self._waiting.clear()
        self._parts.clear()
        self._said.clear()

    def _pass(self) -> None:
        """No token will be laid along the first piece any more."""
        piece = self._said.popleft()
        self._placed.append(_Place(piece.text, piece.end, []))

    def _lay(self, token: Token, closed: bool) -> bool:
        """Find where ``token`` stands. False if that cannot be said yet."""
        if not token.text:
            self._parts.append(token)
            return True
        for passed, piece in enumerate(self._said):
            skipped = _find(piece, token.text)
            if skipped is not None:
                for _ in range(passed):
                    self._pass()
                self._place(token, piece, skipped)
                return True
            if passed == len(self._said) - 1 and _may_come(piece, token.text) and not closed:
                return False
        if self._said:
            self._parts.clear()
        return closed or bool(self._said)

    def _place(self, token: Token, piece: _Piece, skipped: int) -> None:
        screen = self._screens.get(id(piece.text))
        if screen is not None:
            screen.say(piece.words[piece.used : piece.used + skipped])
        piece.used += skipped
        tokens = [*self._parts, token]
        for each in tokens:
            each.offset = piece.at
            if each.alternatives is not None:
                each.alternatives = [
                    other
                    for other in each.alternatives
                    if other[0] == each.text or (screen is not None and screen.allows(other[0]))
                ]
        self._parts.clear()
        if screen is not None:
            screen.say(token.text)
        piece.used += len(token.text)
        self._placed.append(_Place(piece.text, piece.at, tokens))


def of_thoughts(said: Said) -> bool:
    """Whether the tokens of a whole answer's content are of its thoughts too. Servers differ; how much they say shows
    it."""
    spelt = sum(len(token.text) for token in said.tokens.get(CONTENT, ()))
    thoughts = sum(len(text) for name, text in said.texts.items() if name not in (CONTENT, REFUSAL))
    return spelt > len(said.texts.get(CONTENT, "")) + thoughts / 2


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
