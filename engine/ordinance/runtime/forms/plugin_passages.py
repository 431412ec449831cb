"""Passages: what the forms of plugins are shown of a text, one after the other, and what of their answers is made.

A plugin's code may mean anything, so the witness alone does not decide: no word may become another (semantics,
rule 43).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from ordinance.detection import Form as GivenForm
from ordinance.runtime.forms.form import NARROWEST, WIDEST, Form
from ordinance.runtime.forms.running_prose import RunningProse
from ordinance.runtime.match.segments import DetectorError
from ordinance.substance.comparing import compare
from ordinance.substance.spelling_alone import differ_in_spelling_alone

#: What no passage contains: signs that open, close or belong to what is not prose.
_NO_PROSE = r"\s`\"„“”«»‹›‚‘「」『』《》〈〉<>{}\[\]§@/\\_$#|*=~^"
_WORD = f"[^{_NO_PROSE}]"
_LAST_WORD = re.compile(r"\S*\Z")


@dataclass(frozen=True, slots=True)
class Passages:
    """``forms`` of plugins by slot, in their order, and how many characters a passage has at most: as many as the
    narrowest of them sees. A passage is of a line as many whole words as fit, without what the engine rewrites itself.
    ``open`` matches what may still become another passage."""

    forms: tuple[tuple[str, Callable[[str], str]], ...]
    width: int
    start: re.Pattern[str]
    open: re.Pattern[str]
    unit: re.Pattern[str]

    def end(self, text: str, at: int, prose: RunningProse, own: Iterable[Form]) -> int:
        """Return where the passage ends that begins ``at``, a place of ``text`` in ``prose``; ``at`` if none does."""
        match = self.unit.match(text, at)
        if match is None:
            return at
        end = min([match.end(), *(_first_change(form, text, at, match.end()) for form in own)])
        prose = copy(prose)
        for place in range(at, end):
            prose.feed(text[place])
            if not prose.free:
                end = place
                break
        if end == match.end():
            return end
        word = _LAST_WORD.search(text, at, end)
        return at + len(text[at : word.start() if word else end].rstrip())


def passages_of(given: Iterable[tuple[str, GivenForm]]) -> Passages | None:
    """Return what forms of plugins are shown, each for a slot; None if there are none. Raises ``ValueError`` for a
    width that is none."""
    brought = tuple(given)
    if not brought:
        return None
    width = min(form.width for _, form in brought)
    if not NARROWEST <= width <= WIDEST:
        raise ValueError(f"the width of a form is from {NARROWEST} to {WIDEST}")
    return Passages(
        tuple((slot, form.rewrite) for slot, form in brought),
        width,
        start=re.compile(rf"(?<!\S){_WORD}"),
        open=re.compile(rf"(?:{_WORD}|[^\S\n])*\Z"),
        unit=re.compile(rf"(?:{_WORD}|[^\S\n]){{0,{width - 1}}}{_WORD}(?!\S)"),
    )


class Rewritten(NamedTuple):
    """What plugins made of a passage: its ``text`` then, and the ``slots`` for which it is another; ``left`` are those
    that the engine did not let them make, ``unanswered`` those of which nothing came."""

    text: str
    slots: tuple[str, ...]
    left: frozenset[str]
    unanswered: frozenset[str]


class Asking:
    """Asks the forms about the passages of one text. One that failed and may do so for long is not asked again."""

    def __init__(self, passages: Passages, language: str) -> None:
        self._forms = passages.forms
        self._language = language
        self._gone: set[str] = set()
        self._last: tuple[str, Rewritten] | None = None

    def rewritten(self, passage: str) -> Rewritten:
        """Return what becomes of ``passage``; until ``forget``, asked again about the same one, the same."""
        if self._last is None or self._last[0] != passage:
            self._last = passage, self._asked(passage)
        return self._last[1]

    def forget(self) -> None:
        """Note that the passage has left."""
        self._last = None

    def _asked(self, passage: str) -> Rewritten:
        text, slots, left, unanswered = passage, list[str](), set[str](), set[str]()
        for slot, rewrite in self._forms:
            new = None if slot in self._gone else self._answer(slot, rewrite, text)
            if new is None:
                unanswered.add(slot)
            elif new != text and all(self._is_form(each, new) for each in {text, passage}):
                text = new
                slots.append(slot)
            elif new != text:
                left.add(slot)
        return Rewritten(text, tuple(slots), frozenset(left | unanswered), frozenset(unanswered))

    def _answer(self, slot: str, rewrite: Callable[[str], str], text: str) -> str | None:
        try:
            new = rewrite(text)
        except Exception as fault:  # whatever a form does, the text stays as it was
            if isinstance(fault, DetectorError) and fault.lasting:
                self._gone.add(slot)
            return None
        return new if isinstance(new, str) else None

    def _is_form(self, a: str, b: str) -> bool:
        return differ_in_spelling_alone(a, b) and compare(a, b, self._language).same


def _first_change(form: Form, text: str, start: int, end: int) -> int:
    """Return the first place from ``start`` to ``end`` at which the engine's own ``form`` rewrites something."""
    for begun in form.start.finditer(text, start, end):
        at = begun.start()
        unit = form.unit.match(text, at, at + form.width)
        if (
            unit is not None
            and unit.end() > at
            and form.rewrite(text[max(0, at - form.width) : at], unit[0]) is not None
        ):
            return at
    return end
