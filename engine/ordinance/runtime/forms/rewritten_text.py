"""A text between two readings of the rules: what the first lets leave is rewritten (semantics, rules 40 and 41)."""

from __future__ import annotations

from collections.abc import Iterable

from ordinance.runtime.forms.rewriter import Piece, Rewriter
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.text_contract import Around, Text

#: A rewriter looks at all that it has for each unit, so it gets so many characters of a long text at once.
_AT_ONCE = 256


class RewrittenText(Around[Text]):
    """A ``Text`` around another, which it rewrites.

    ``rewritten`` are the slots for which something was, ``left`` those of which something was left as it was, as all is
    of those that are ``kept``. What is written instead of something is one of the ``cuts``.
    """

    def __init__(self, inner: Text, rewriter: Rewriter, kept: frozenset[str] = frozenset()) -> None:
        super().__init__(inner)
        self._kept = kept
        self._rewriter = rewriter
        self._at = 0  # in the model's text: what the first reading has let leave up to here
        self._own = Ledger()
        self.cuts: list[Cut] = []
        self.rewritten: set[str] = set()

    @property
    def left(self) -> frozenset[str]:
        return self._kept | self._rewriter.left

    @property
    def unanswered(self) -> frozenset[str]:
        """The slots of which a plugin's form failed."""
        return frozenset(self._rewriter.unanswered)

    @property
    def received(self) -> int:
        return self._inner.received

    @property
    def settled(self) -> int:
        return self._at - self._rewriter.waiting if self._rewriter.waiting else self._inner.settled

    @property
    def ledger(self) -> Ledger:
        inner, own = self._inner.ledger, self._own
        return Ledger(
            inner.received,
            own.released,
            inner.deleted + own.deleted,
            own.written,
            inner.added,
            own.rewritten,
            own.instead,
        )

    def feed(self, text: str) -> str:
        """Take ``text``, and return what may leave now."""
        out = self._inner.feed(text)
        return self._rewrite(out) if out or self._inner.cuts or self._has_ended() else ""

    def close(self, end: End = End.OWN) -> str:
        """End the text in this way, and return what is certain and leaves now."""
        out = [self._rewrite(self._inner.close(end))]
        if not self._has_ended():
            self._write(self._rewriter.end(), out)
        return "".join(out)

    def abandon(self) -> None:
        """Nothing more leaves; what is held is deleted."""
        self._inner.abandon()
        self._own.deleted += self._rewriter.drop()

    def _has_ended(self) -> bool:
        return bool(self._inner.refused or self._inner.fault or self._inner.severed)

    def _rewrite(self, text: str) -> str:
        """Return what leaves of ``text``, which the first reading has let leave, with what it wrote itself."""
        out: list[str] = []
        cuts, self._inner.cuts[:] = list(self._inner.cuts), []
        for cut in cuts:
            said = cut.start - self._at
            self._say(text[:said], out)
            self._write(self._rewriter.end(), out)
            self._rewriter.gap()
            out.append(cut.instead)
            self._own.written += len(cut.instead)
            self.cuts.append(cut)
            text, self._at = text[said + len(cut.instead) :], cut.end
        self._say(text, out)
        if self._has_ended():
            self._own.deleted += self._rewriter.drop()
        return "".join(out)

    def _say(self, text: str, out: list[str]) -> None:
        for start in range(0, len(text), _AT_ONCE):
            part = text[start : start + _AT_ONCE]
            self._at += len(part)
            self._write(self._rewriter.take(part), out)

    def _write(self, pieces: Iterable[Piece], out: list[str]) -> None:
        own = self._own
        for piece in pieces:
            out.append(piece.text)
            own.written += len(piece.text)
            if not piece.slots:
                own.released += piece.length
                continue
            own.rewritten += piece.length
            own.instead += len(piece.text)
            self.rewritten.update(piece.slots)
            end = self._at - self._rewriter.waiting
            self.cuts.append(Cut(end - piece.length, end, piece.text))
