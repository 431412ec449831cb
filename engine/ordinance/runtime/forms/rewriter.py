"""Rewrites a text as it comes: unit by unit, each where prose is, if the witness and the second reading let it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ordinance.runtime.forms.form import WIDEST, Form, Quotes
from ordinance.runtime.forms.plugin_passages import Asking, Passages
from ordinance.runtime.forms.running_prose import RunningProse
from ordinance.runtime.forms.second_reading import GAP
from ordinance.substance.comparing import compare
from ordinance.substance.protected_spans import State

#: Signs of quotations that are rewritten, and how many characters the second reading is shown of what follows one.
_SIGNS = '"„“”«»'
_LOOKED = 24
#: So many answers of the witness are remembered.
_MOST_KNOWN = 512


@dataclass(frozen=True, slots=True)
class Forms:
    """What an answer is rewritten in: ``forms`` in the order in which they are tried, and how ``quotes`` are written,
    which belong to the slot `spelling`. ``passages`` are for the forms of plugins. ``language`` is the tag of the text,
    for the witness."""

    forms: tuple[Form, ...]
    quotes: Quotes | None = None
    passages: Passages | None = None
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.forms or self.quotes or self.passages)


class Piece(NamedTuple):
    """What leaves instead of so many characters of the text; ``slots``, if that is another form of them."""

    text: str
    length: int
    slots: tuple[str, ...] = ()


class Reading(Protocol):
    """Reads what leaves, and says whether something else may."""

    def read(self, text: str) -> None:
        """Take what leaves."""

    def allows(self, old: str, new: str, after: str, *, ended: bool) -> bool | None:
        """Return whether ``new`` may leave instead of ``old``, behind which stands ``after``; None if that is not known
        yet, unless the text has ``ended``."""


class Rewriter:
    """Feed it a text, which goes on from ``before``, in any cutting; the pieces that come out say the same.

    ``left`` are slots of which some unit was left as it was, because a form failed, or the witness or the second
    reading objected; ``unanswered`` those of which a plugin's form failed.
    """

    def __init__(self, forms: Forms, reading: Reading, before: str = "") -> None:
        self._forms = forms
        self._quotes = forms.quotes
        self._reading = reading
        self._prose = RunningProse(before)
        self._before = before[-WIDEST:]
        self._text = ""
        self._known: dict[tuple[str, str], State] = {}  # what the witness has said in this text
        self.left: set[str] = set()
        self.unanswered: set[str] = set()
        self._asking = None if forms.passages is None else Asking(forms.passages, forms.language)

    @property
    def waiting(self) -> int:
        """How many characters wait."""
        return len(self._text)

    def take(self, text: str) -> Iterator[Piece]:
        """Yield the pieces that are certain with ``text``."""
        self._text += text
        return self._decide(ended=False)

    def end(self) -> Iterator[Piece]:
        """Yield what is left: the text ends here, or something stands here that is not the model's."""
        return self._decide(ended=True)

    def gap(self) -> None:
        """Note that something was left out here."""
        self._reading.read(GAP)
        self._prose.feed(GAP)
        self._before = GAP

    def drop(self) -> int:
        """Drop what waits; return how much that was."""
        length, self._text = len(self._text), ""
        return length

    def _decide(self, *, ended: bool) -> Iterator[Piece]:
        while self._text:
            at = self._next()
            if at:
                yield self._leave(at)
                continue
            if not self._prose.free and not self._is_quote():
                yield self._leave(1)
                continue
            found = self._unit(ended=ended)
            if found is None:
                return
            yield found

    def _next(self) -> int:
        """Return how many characters stand before the next place where a unit may begin."""
        context = len(self._before)
        whole, at = self._before + self._text, len(self._text)
        passages = () if self._forms.passages is None else (self._forms.passages,)
        for form in (*self._forms.forms, *passages):
            match = form.start.search(whole, context)
            if match is not None:
                at = min(at, match.start() - context)
        if self._quotes is not None:
            at = min([at, *(place for sign in _SIGNS if (place := self._text.find(sign)) >= 0)])
        return at

    def _is_quote(self) -> bool:
        sign = self._text[0]
        return self._quotes is not None and sign in _SIGNS and (self._prose.opens(sign) or self._prose.closes(sign))

    def _unit(self, *, ended: bool) -> Piece | None:
        """Return the piece that leaves next: a unit in another form, or a character. None if it waits."""
        if self._quotes is not None and self._is_quote():
            return self._quote(self._quotes, ended=ended)
        context = len(self._before)
        whole = self._before + self._text
        for form in self._forms.forms:
            if not form.start.match(whole, context):
                continue
            seen = whole[: context + form.width]
            certain = ended or len(seen) == context + form.width
            if not certain and form.open.match(whole, context):
                return None
            match = form.unit.match(seen, context)
            if match is None or not match.end() - context:
                continue
            unit = self._text[: match.end() - context]
            new = self._rewriting(form, unit)
            if new is None:
                continue
            after = seen[match.end() :]
            allowed = self._reading.allows(unit, new, after, ended=ended and len(seen) == len(whole))
            if allowed is None and not certain:
                return None
            if allowed:
                return self._change(unit, new, form.slot)
            self.left.add(form.slot)
        passages = self._forms.passages
        if passages is None or self._asking is None or not passages.start.match(whole, context):
            return self._leave(1)
        return self._passage(passages, self._asking, whole, ended=ended)

    def _passage(self, passages: Passages, asking: Asking, whole: str, *, ended: bool) -> Piece | None:
        """Return the passage that leaves next, as plugins have written it, or as it is. None if it waits."""
        context = len(self._before)
        seen = whole[: context + passages.width + _LOOKED]
        certain = ended or len(seen) == context + passages.width + _LOOKED
        if not certain and passages.open.match(whole, context):
            return None
        end = passages.end(seen, context, self._prose, self._forms.forms)
        unit = whole[context:end]
        if not unit:
            return self._leave(1)
        found = asking.rewritten(unit)
        allowed: bool | None = bool(found.slots)
        if allowed:
            last = ended and len(seen) == len(whole)
            allowed = self._reading.allows(unit, found.text, seen[end:], ended=last)
            if allowed is None and not certain:
                return None
        asking.forget()
        self.left |= found.left if allowed else found.left.union(found.slots)
        self.unanswered |= found.unanswered
        return self._change(unit, found.text, *found.slots) if allowed else self._leave(len(unit))

    def _rewriting(self, form: Form, unit: str) -> str | None:
        """Return what stands instead of ``unit``, if the form says something and the witness does not object."""
        try:
            new = form.rewrite(self._before[-form.width :], unit)
        except Exception:  # whatever a form does, the text stays as it was
            self.left.add(form.slot)
            return None
        if not isinstance(new, str) or new == unit:
            return None
        if form.lossless:
            return new
        state = self._known.get((unit, new))
        if state is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            state = self._known[unit, new] = compare(unit, new, self._forms.language).state
        if state is State.SOUND or (form.proven and state is State.CANNOT_TELL):
            return new
        self.left.add(form.slot)
        return None

    def _quote(self, quotes: Quotes, *, ended: bool) -> Piece | None:
        sign = self._text[0]
        new = quotes.opening if self._prose.opens(sign) else quotes.closing
        if sign == new.strip():
            return self._leave(1)
        after = self._text[1:_LOOKED]
        allowed = self._reading.allows(sign, new, after, ended=ended and len(self._text) <= _LOOKED)
        if allowed is None and not ended and len(self._text) < _LOOKED:
            return None
        if allowed:
            return self._change(sign, new, "spelling")
        self.left.add("spelling")
        return self._leave(1)

    def _change(self, unit: str, new: str, *slots: str) -> Piece:
        self._reading.read(new)
        return Piece(new, self._pass(len(unit)), slots)

    def _leave(self, length: int) -> Piece:
        text = self._text[:length]
        self._reading.read(text)
        return Piece(text, self._pass(length))

    def _pass(self, length: int) -> int:
        text = self._text[:length]
        self._prose.take(text)
        self._before = (self._before + text)[-WIDEST:]
        self._text = self._text[length:]
        return length
