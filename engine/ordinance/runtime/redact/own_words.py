"""The engine's own words in what a client sends back, so that the model does not read them (semantics, rule 28).

Clients send a whole conversation at each turn, and models imitate what they seem to have said. A notice is known by the
same letters as one that the model forges (``wordings``); here it may be short, stand within a paragraph, or be cut off
at the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from weakref import WeakKeyDictionary

from ordinance.policy.plan import Plan
from ordinance.runtime.redact.signs import RETURNED_MARKER
from ordinance.runtime.redact.wordings import (
    LEAST_WORDS,
    State,
    Wordings,
    guard_alike,
    templates_of,
    texts_of,
    wordings_of,
    words,
)

#: What the model reads in the place of a marker, and of an answer of which nothing else is left.
GAP = "…"

#: Cutting may join what stood around into another notice. Nothing that the engine wrote takes so many rounds.
_MOST_ROUNDS = 4

_WORD = re.compile(r"\w+")
#: Characters of a word by which most words are known to begin no notice, and how many such beginnings are remembered.
_HEAD, _MOST_HEADS = 4, 65_536
#: Characters by which nearly all others are known too: with many notices most words may begin one.
_FAR = 24
#: Places from which no notice was reached are remembered up to so many: bounded memory, about 10 MB.
_MOST_FAILED = 65_536
_PARAGRAPH = re.compile(r"\S[^\r\n]*(?:(?:\r\n|[\r\n])[^\S\r\n]*\S[^\r\n]*)*")
_BREAK = re.compile(r"\r\n|[\r\n]")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Returned:
    """A text as the model may read it, whether anything was taken out of it, and which of the engine's notices were:
    whether one offered ``contacts``, whether one told that something old (``history``) was left out."""

    text: str
    changed: bool = False
    contacts: bool = False
    history: bool = False


class OwnWords:
    """The notices and markers that the engine can have written under one plan. No two of a process have the same
    ``number``, so what was found out about a text is remembered by it."""

    def __init__(self, plan: Plan) -> None:
        self.number = next(_numbers)
        engine = plan.engine_notices
        contacts = [text for name in ("contacts", "contacts_unknown") for text in texts_of(engine[name])]
        self._long = wordings_of(plan)
        self._heads: dict[str, bool] = {}
        trees = self._long.trees
        self._any = Wordings(templates_of(plan), trees, 1)
        self._contacts = Wordings(contacts, trees, 1)
        self._history = Wordings(texts_of(engine["history"]), trees, 1)

    def cut(self, text: str) -> Returned:
        """Take the engine's own words out of ``text``, which a model is said to have written, until nothing changes. A
        marker becomes a gap; a text that goes on changing is a gap as a whole."""
        now, contacts, history = text, False, False
        for _ in range(_MOST_ROUNDS):
            spans = self._spans(now)
            if not spans and not RETURNED_MARKER.search(now):
                return Returned(now, now != text, contacts, history)
            found = [now[start:end] for start, end in spans]
            contacts = contacts or any(_fits(self._contacts, each) for each in found)
            history = history or any(_fits(self._history, each) for each in found)
            now = RETURNED_MARKER.sub(GAP, _without(now, spans))
        return Returned(GAP, True, contacts, history)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Find where notices stand in ``text``: whole paragraphs first, then within the others."""
        found: list[tuple[int, int]] = []
        length = len(text.rstrip())
        for paragraph in _PARAGRAPH.finditer(text):
            start, end = paragraph.span()
            if _fits(self._any, paragraph[0]):
                found.append((start, end))
            elif self._long.start is not None:
                within = self._within(paragraph[0], last=end >= length)
                found += [(start + one, start + other) for one, other in within]
        return found

    def _within(self, text: str, *, last: bool) -> Iterator[tuple[int, int]]:
        """Find where notices stand in a paragraph, the longest at each place; in the ``last`` one also what was cut
        off.

        ``failed`` are places and states from which no notice was reached, so that all searches together take time in
        proportion to the text."""
        failed: set[tuple[int, State]] = set()
        end = 0
        for word in _WORD.finditer(text):
            start = word.start()
            if start >= end and self._begins(text, start):
                if len(failed) > _MOST_FAILED:
                    failed.clear()
                found = _longest(self._long, text, start, last, failed)
                if found:
                    end = found
                    yield start, end

    def _begins(self, text: str, start: int) -> bool:
        """Say whether a notice may begin in ``text`` at ``start``."""
        head = text[start : start + _HEAD]
        known = self._heads.get(head)
        if known is None:
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            known = self._heads[head] = self._long.begins(head)
        return known and self._long.begins(text[start : start + _FAR])


_known: WeakKeyDictionary[Plan, OwnWords] = WeakKeyDictionary()


def own_words(plan: Plan) -> OwnWords:
    """Return the notices and markers of ``plan``, made once."""
    found = _known.get(plan)
    if found is None:
        found = _known[plan] = OwnWords(plan)
    return found


def share_words(whole: Plan, part: Plan) -> None:
    """Let ``part``, which is ``whole`` with fewer rules, know every notice and marker of ``whole``."""
    _known[part] = own_words(whole)
    guard_alike(whole, part)


def _fits(wordings: Wordings, text: str) -> bool:
    """Say whether ``text`` is one notice, or so much of the beginning of one that it can be nothing else."""
    state = wordings.reached(text)
    return state is not None and state is not wordings.start and (state.complete or _many(text))


def _many(text: str) -> bool:
    """Say whether ``text`` has as many words as a notice; signs alone are none."""
    return words(" ".join(each for each in text.split() if any(map(str.isalnum, each)))) >= LEAST_WORDS


def _longest(wordings: Wordings, text: str, start: int, last: bool, failed: set[tuple[int, State]]) -> int:
    """Find the end of the longest notice that begins at ``start``; 0 if none does."""
    state = wordings.start
    end, passed = 0, list[tuple[int, State]]()
    for at in range(start, min(len(text), start + wordings.reach)):
        found = wordings.symbols(text[at])
        for letter in found:
            state = None if state is None else wordings.step(state, letter)
        if state is None or (at, state) in failed:
            break
        passed.append((at, state))
        if found and state.complete and not text[at + 1 : at + 2].isalnum():
            end = at + 1
            passed.clear()
    else:
        if last and at == len(text) - 1 and _many(text[start:]):
            return len(text)
    failed.update(passed)
    return end


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return ``text`` without these places and the signs around them (emphasis, a full stop, what begins a quoted
    line). What stood in different paragraphs or lines still does."""
    pieces, at = list[str](), 0
    for start, end in spans:
        pieces.append(text[at : _back(text, at, start)])
        at = end
        while at < len(text) and _is_sign(text[at]):
            at += 1
    pieces.append(text[at:])
    kept, space = list[str](), ""
    for piece in pieces:
        body = piece.strip()
        if not body:
            space += piece
            continue
        begins = piece.index(body)
        breaks = len(_BREAK.findall(space + piece[:begins]))
        kept += ["\n" * min(breaks, 2) or " ", body] if kept else [body]
        space = piece[begins + len(body) :]
    return "".join(kept)


def _back(text: str, least: int, at: int) -> int:
    """Find where the signs before ``at`` begin, or the line if nothing else stands in it; not before ``least``."""
    while at > least and _is_sign(text[at - 1]):
        at -= 1
    line = at
    while line > least and text[line - 1] not in "\r\n" and not text[line - 1].isalnum():
        line -= 1
    return line if line == 0 or text[line - 1] in "\r\n" else at


def _is_sign(char: str) -> bool:
    return not char.isalnum() and not char.isspace()
