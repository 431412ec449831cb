"""A text that waits for a judge: what no judge has cleared is shown to nobody, not even to the matcher.

The text is kept until a checkpoint, the judge is asked about all of it, and then it goes on into the text that governs
it, in the pieces in which it came. So the exact hold and the hold for the judge are one behind the other, and what
leaves is bounded by both. Where nothing that is asked could act and remove, the text goes on at once; the judge is
asked meanwhile, and its answers are taken at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol

from ordinance.runtime.judged.checkpoints import Checkpoints
from ordinance.runtime.match.matcher import Match
from ordinance.runtime.match.rulings import Rulings, Verdicts
from ordinance.runtime.redact.activation import Activation
from ordinance.runtime.redact.continuation import Beginning
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_reader import JsonReader, Unit
from ordinance.runtime.redact.json_text import JsonText
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.text_contract import Around, Text


class Judgeable(Text, Protocol):
    """A text that can be told what a judge has found in it."""

    def judged(self, pieces: Sequence[str], found: Sequence[Match]) -> str:
        """Take ``pieces``; a judge has found that in the text up to here. Nothing of them leaves before that has taken
        effect."""


class JudgedText(Around[Judgeable]):
    """Feed it in any cutting, close it once; otherwise it is what it wraps. ``part`` is the part of an answer in the
    words of a ``Checkpoint``. A text that is JSON is judged ``decoded``."""

    def __init__(
        self,
        inner: Judgeable,
        rulings: Rulings,
        activation: Activation,
        beginning: Beginning,
        part: str,
        *,
        decoded: bool = False,
    ) -> None:
        super().__init__(inner)
        self._rulings = rulings
        self._rules = activation.judged
        self._part = part
        self._holds = any(activation.rules[rule.tag].removes and rule.may_act for rule in self._rules)
        self._before = beginning.readings[0]
        self._others: tuple[JudgedText, ...] = ()  # said before, and judged with it
        self._reader = JsonReader() if decoded else None
        self._checkpoints = Checkpoints()
        self._read: list[str] = []  # the text as it reads, which is what is judged
        self._ends: list[int] = []  # where its characters end in the source, from ``_judged`` on, if that differs
        self._source = 0  # how much of the source was read
        self._judged = 0  # up to where the text was judged, as it reads
        self._judged_source = 0  # the same, in the source
        self._over = False
        self._later: list[tuple[Future[Verdicts], int, int]] = []  # what was asked, for whose answer nothing waits
        self._passed = 0  # how much of the source has gone on
        self._kept: list[str] = []  # what has not

    def follow(self, others: Sequence[JudgedText]) -> None:
        """Have it judged with ``others``, which were said before it: a client reads them together."""
        self._others = tuple(others)

    def feed(self, text: str) -> str:
        """Take ``text``, and return what may leave now."""
        inner = self._inner
        if self._over:
            return inner.feed(text)
        out: list[str] = []
        if self._holds:
            self._kept.append(text)
        else:
            out.append(inner.feed(text))
            if self._has_ended():
                self._give_up()
                return out[0]
        if self._reader is None:
            self._source += len(text)
            self._look(text, out)
        else:
            self._decode(self._reader.feed(text), out)
        return "".join(out)

    def close(self, end: End = End.OWN) -> str:
        """End the text in this way, and return what is certain and leaves now."""
        out: list[str] = []
        if not self._over and self._reader is not None:
            self._decode(self._reader.close(), out)
        if not self._over:
            for at in self._checkpoints.close():
                self._judge(at, out)
        self._hear()
        self._give_up()  # of JSON an escape that is half may be left, which reads as nothing
        return "".join(out) + self._inner.close(end)

    def abandon(self) -> None:
        """Nothing more leaves; what is kept is deleted."""
        self._inner.abandon()
        self._give_up()

    def _hear(self) -> None:
        """Take the answers that nothing waited for."""
        self._rulings.hear()
        for asked, start, end in self._later:
            verdicts = self._rulings.result(self._rules, asked)
            self._inner.tried.update(verdicts.recorded)
            if found := _matches(verdicts, start, end):
                self._inner.judged([], found)

    def _decode(self, units: Iterator[Unit], out: list[str]) -> None:
        for unit in units:
            self._source += unit.length
            self._ends.append(self._source)
            self._look(unit.char, out)

    def _look(self, text: str, out: list[str]) -> None:
        """Read ``text``, which is decoded, and judge what that completes."""
        self._read.append(text)
        for at in self._checkpoints.read(text):
            self._judge(at, out)
            if self._over:
                return

    def _judge(self, at: int, out: list[str]) -> None:
        """Ask about everything before ``at``."""
        said = self.said
        start, end = self._judged_source, at if self._reader is None else self._ends[at - self._judged - 1]
        before = "".join(f"{each.said}\n" for each in self._others) + self._before
        begins = len(before) + self._judged if self._judged or self._others else 0
        del self._ends[: at - self._judged]
        self._judged, self._judged_source = at, end
        if not self._holds:
            asked = self._rulings.later(self._rules, before + said[:at], begins, self._part)
            self._later.append((asked, start, end))
            return
        verdicts = self._rulings.judge(self._rules, before + said[:at], begins, self._part)
        self._inner.tried.update(verdicts.recorded)
        found = _matches(verdicts, start, end)
        pieces = list(self._gone_on(end))
        if found:
            out.append(self._inner.judged(pieces, found))
        else:
            out += [self._inner.feed(piece) for piece in pieces]
        if self._has_ended():
            self._give_up()

    def _has_ended(self) -> bool:
        return bool(self._inner.refused or self._inner.severed or self._inner.fault)

    def _gone_on(self, to: int) -> Iterator[str]:
        """Yield the source before ``to`` that is kept, piece by piece; it goes on now."""
        while self._kept and self._passed < to:
            piece, room = self._kept[0], to - self._passed
            if len(piece) > room:
                self._kept[0], piece = piece[room:], piece[:room]
            else:
                del self._kept[0]
            self._passed += len(piece)
            yield piece

    def _give_up(self) -> None:
        """Judge no more, and let what governs the text count what is kept."""
        self._over = True
        for piece in self._kept:
            self._inner.feed(piece)
        self._kept.clear()

    @property
    def said(self) -> str:
        """Return what it has said so far, as it reads."""
        self._read = ["".join(self._read)]
        return self._read[0]

    # what it wraps

    @property
    def cuts(self) -> list[Cut]:
        return self._inner.cuts

    @property
    def ledger(self) -> Ledger:
        return self._inner.ledger

    @property
    def received(self) -> int:
        return self._inner.received + sum(map(len, self._kept))

    @property
    def settled(self) -> int:
        return self._inner.settled

    @property
    def within(self) -> bool:
        """Return whether it is JSON that has not ended."""
        return isinstance(self._inner, JsonText) and self._inner.within


def _matches(verdicts: Verdicts, start: int, end: int) -> list[Match]:
    found = [(rule, False) for rule in verdicts.found] + [(rule, True) for rule in verdicts.failed]
    return [Match(start, end, rule.tag, rule.family, failed) for rule, failed in found]
