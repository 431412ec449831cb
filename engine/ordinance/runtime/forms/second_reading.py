"""The second reading: what rules would find in a text as it leaves, where a form would change it (semantics, rule 41).

A change is made only where nothing that any rule looks for touches it, in the text as it was and in the text as it
would be. So the rules find in what leaves what they found in what the model said.
"""

from __future__ import annotations

from copy import copy

from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.redact.activation import Activation
from ordinance.runtime.redact.continuation import Beginning
from ordinance.runtime.redact.forgery import Forgery
from ordinance.runtime.text.paragraphs import Paragraphs

#: Stands for what was left out: a character that no rule looks for.
GAP = "\ufffc"

#: So much may wait to be read: an answer without anything to rewrite pays nothing until then.
_MOST_UNREAD = 2048


class SecondReading:
    """Follows one text as it leaves. ``allows`` asks what a change would do."""

    def __init__(self, activation: Activation, beginning: Beginning) -> None:
        self._at = 0
        self._unread: list[str] = []  # what has left and is read once a change asks for it
        self._waits = 0
        self._wordings = activation.wordings
        self._automata: list[Automaton] = [activation.answer, *(each.nearby.automaton for each in activation.nearby)]
        self._matchers = [Matcher(automaton) for automaton in self._automata]
        self._matchers[0].resume(beginning.matcher, 0)
        before = beginning.readings[0]
        for matcher in self._matchers[1:]:
            for at, char in enumerate(before, -len(before)):
                matcher.feed(char, at)
        self._paragraphs = copy(beginning.paragraphs)
        self._forgery = Forgery(activation.wordings, self._paragraphs)
        self._forgery.resume(beginning.reading, 0)

    def read(self, text: str) -> None:
        """Take what leaves."""
        self._unread.append(text)
        self._waits += len(text)
        if self._waits > _MOST_UNREAD:
            self._read()

    def _read(self) -> None:
        text = "".join(self._unread)
        self._unread.clear()
        self._waits = 0
        for at, char in enumerate(text, self._at):
            for matcher in self._matchers:
                matcher.feed(char, at)
            _follow(self._paragraphs, self._forgery, char)
        self._at += len(text)
        self._forgery.forget(self._at)

    def allows(self, old: str, new: str, after: str, *, ended: bool) -> bool | None:
        """Return whether ``new`` may leave instead of ``old``, the next of the text, behind which stands ``after``;
        ``ended``: and nothing else. None if more has to come before that is known."""
        self._read()
        found = [self._touched(text, after, ended=ended) for text in (old, new)]
        return False if True in found else None if None in found else True

    def _touched(self, text: str, after: str, *, ended: bool) -> bool | None:
        """Return whether anything that is looked for touches ``text``."""
        probes = [Matcher(automaton) for automaton in self._automata]
        for probe, matcher in zip(probes, self._matchers, strict=True):
            probe.resume(matcher.place(self._at), self._at)
        paragraphs = copy(self._paragraphs)
        forgery = Forgery(self._wordings, paragraphs)
        forgery.resume(self._forgery.place(), self._at)
        end = self._at + len(text)
        for at, char in enumerate(text + after, self._at):
            for probe in probes:
                if any(match.start <= end and match.end >= self._at for match in probe.feed(char, at)):
                    return True
            _follow(paragraphs, forgery, char)
            if forgery.regions():
                return True
            if at >= end and not _alive(probes, forgery, end):
                return False
        if not ended:
            return None
        found = (match for probe in probes for match in probe.close())
        if any(match.start <= end and match.end >= self._at for match in found):
            return True
        paragraphs.close()
        forgery.feed()
        return bool(forgery.regions())


def _follow(paragraphs: Paragraphs, forgery: Forgery, char: str) -> None:
    paragraphs.feed(char)
    forgery.feed()
    forgery.read(char)


def _alive(probes: list[Matcher], forgery: Forgery, end: int) -> bool:
    """Return whether something that begins up to ``end`` may still be found."""
    reading = forgery.place()
    if reading is not None and reading.begun:
        return True
    oldest = (probe.oldest() for probe in probes)
    return any(probe.closing for probe in probes) or any(start is not None and start <= end for start in oldest)
