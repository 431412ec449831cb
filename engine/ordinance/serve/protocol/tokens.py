"""Log probabilities: a token leaves when all of the text that it covers has left unchanged, and not without it.

Tokens are laid along the text of the choice. One that is not found there (a control token, part of a character) does
not leave: so the tokens that do are pieces of released text and nothing else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ordinance.runtime.alternatives import Alternatives
from ordinance.runtime.stream import Text
from ordinance.serve.protocol.said import Token

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


class Tokens:
    """The tokens of one text of a choice, or of several that the model said one after the other."""

    def __init__(self) -> None:
        self._said: deque[tuple[Text, int, str]] = deque()  # a text, where a piece of it begins, the piece
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
        if self._said and self._said[-1][0] is text:
            _, start, before = self._said.pop()
            self._said.append((text, start, before + piece))
        else:
            self._said.append((text, text.ledger.received, piece))
        self._lost = len(self._said[-1][2]) > _MOST_WAITING

    def follows(self, text: Text) -> bool:
        """Whether anything of ``text`` was said."""
        return id(text) in self._begun

    def screen(self, text: Text, alternatives: Alternatives) -> None:
        """What decides about alternatives along ``text``; where there is nothing, none leave."""
        self._screens[id(text)] = alternatives

    def add(self, tokens: list[Token]) -> None:
        """The model gave these tokens; their text may be known already, or not yet."""
        self._waiting.extend(tokens)
        self._lost = self._lost or len(self._waiting) > _MOST_WAITING
        if self._lost:
            self._waiting.clear()
            self._said.clear()

    def ready(self, *, closed: bool = False) -> list[Token]:
        """The tokens that may leave now. ``closed``: no text will come any more."""
        while self._waiting and self._lay(self._waiting[0], closed):
            self._waiting.popleft()
        out: list[Token] = []
        while self._placed and self._placed[0].end <= self._placed[0].text.settled:
            place = self._placed.popleft()
            if not _touched(place):
                place.token.offset = place.start - _removed_before(place)
                out.append(place.token)
        if closed:
            self._placed.clear()
        return out

    def _lay(self, token: Token, closed: bool) -> bool:
        """Find where ``token`` stands. False if that cannot be said yet."""
        for passed, (_, _, piece) in enumerate(self._said):
            skipped = _find(piece, token.text)
            if skipped is not None:
                for _ in range(passed):
                    self._said.popleft()
                self._place(token, skipped)
                return True
            if passed == len(self._said) - 1 and _may_come(piece, token.text):
                return closed
        return closed or bool(self._said)

    def _place(self, token: Token, skipped: int) -> None:
        text, at, piece = self._said.popleft()
        start = at + skipped
        end = start + len(token.text)
        screen = self._screens.get(id(text))
        if screen is not None:
            screen.say(piece[:skipped])
        if token.alternatives is not None:
            token.alternatives = [
                each
                for each in token.alternatives
                if each[0] == token.text or (screen is not None and screen.allows(each[0]))
            ]
        if screen is not None:
            screen.say(token.text)
        self._placed.append(_Place(token, text, start, end))
        if end - at < len(piece):
            self._said.appendleft((text, end, piece[end - at :]))


def _skippable(piece: str) -> int:
    """How many characters at the start of ``piece`` may lie between two tokens."""
    count = 0
    while count < min(_SKIPPED, len(piece)) and (piece[count].isspace() or not piece[count].isascii()):
        count += 1
    return count


def _find(piece: str, token: str) -> int | None:
    return next((at for at in range(_skippable(piece) + 1) if piece.startswith(token, at)), None)


def _may_come(piece: str, token: str) -> bool:
    """Whether ``token`` could begin in ``piece`` and end in what follows it."""
    return any(token.startswith(piece[at:]) for at in range(_skippable(piece) + 1))


def _touched(place: _Place) -> bool:
    """Whether a region touches the token; one that covers nothing is touched by a region beside it."""
    empty = place.start == place.end
    return any(
        (cut.start < place.end and place.start < cut.end) or (empty and cut.start <= place.start <= cut.end)
        for cut in place.text.cuts
    )


def _removed_before(place: _Place) -> int:
    return sum(cut.end - cut.start for cut in place.text.cuts if cut.end <= place.start)
