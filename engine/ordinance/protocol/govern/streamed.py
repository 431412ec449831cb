"""Answers on a stream: upstream's events in, governed events out.

What may leave leaves at once, but for one event: when every choice has finished, the newest waits, because the last one
carries the ``ordinance`` object. An event that would carry nothing is not sent, for the number of empty events would
count what is held. An event whose text passes unchanged goes on byte for byte.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ordinance.protocol.api import Api, Choices
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.govern.plain import Plain, harmless, learn
from ordinance.protocol.govern.whole import counts
from ordinance.protocol.problems import Problem, malformed
from ordinance.protocol.said import CONTENT, Said, Top, Usage
from ordinance.protocol.sse import framed
from ordinance.runtime.session import Session

#: Events in which forms are looked for: several where there are several choices, or where the first says more.
_TRIES = 8


class AnswerStream:
    """The governed side of one answer. Every method gives the events that may leave now, as they stand on the wire.

    Feed ``event`` until ``over``, or until the upstream ends; then call ``end`` or ``fail``, once. ``open`` are the
    choices that have begun and not finished: while there are some, it is not over. ``limit`` is how many bytes of text
    all choices together may say; what says more is no answer.
    """

    def __init__(self, api: Api, request: Request, session: Session, top: Top, limit: float = math.inf) -> None:
        self._api = api
        self._reader = api.reader(request)
        self._writer = api.writer(request)
        self._request = request
        self._session = session
        self._top = top
        self._left = limit
        self._adopted = False
        self._choices: dict[int, GovernedChoice] = {}
        self.open = 0
        self._in_blocks = request.in_blocks
        self._waiting: tuple[Choices, Usage | None] | None = None
        self._plain: list[tuple[Plain, GovernedChoice]] = []
        asked = request.body.get("logprobs")  # tokens are laid along all of the text
        self._tries = _TRIES if api.plain_key and (asked is None or asked is False) else 0

    @property
    def complete(self) -> bool:
        """Every choice that was asked for has finished: nothing is missing if the upstream ends now, and token counts
        can no longer count what is withheld later."""
        return len(self._choices) == self._request.choices and not self.open

    @property
    def _resting(self) -> bool:
        """Every choice that has begun has finished, and one has: the answer may be over."""
        return bool(self._choices) and not self.open

    @property
    def over(self) -> bool:
        """No choice remains and one was ended: whatever the upstream still has to say is not needed."""
        return self.complete and any(choice.filtered for choice in self._choices.values())

    def event(self, data: bytes) -> bytes:
        """Govern the data of one event. Raises ``Problem`` where it is no event of this protocol."""
        if self._in_blocks:
            more = self._reader.more(data)
            if more is not None and not self._resting:
                return self._more(*more)
        passing = self.passing(framed(data)) if self._plain else None
        return self._read(data) if passing is None else passing

    def passing(self, event: bytes) -> bytes | None:
        """Govern an event in its bytes, if it has a known form and its choice goes on. Returns None for any other
        bytes; then nothing has been done."""
        for plain, choice in self._plain:
            text = plain.text_in(event)
            if text is None:
                continue
            if choice.finished:
                return None
            self._count(text)
            out = choice.more(CONTENT, text)
            if choice.stream.ended:
                self.open -= 1
                return self._leave([(plain.index, choice.passed(out))], None)
            if not out:
                return b""
            return event if out == text and plain.verbatim else plain.with_text(out)
        return None

    def _more(self, name: str, text: str) -> bytes:
        """More of the text that is open: an answer in blocks has one choice."""
        choice = self._choices[0]
        self._count(text)
        out = choice.more(name, text)
        if choice.stream.ended:
            self.open -= 1
            return self._leave([(0, choice.passed(out, name))], None)
        return self._writer.more(self._top, name, out) if out else b""

    def _count(self, text: str) -> None:
        """Count ``text``, which the model has said. Raises ``Problem`` if that is too much."""
        self._left -= len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        if self._left < 0:
            raise malformed("it is over the limit")

    def _read(self, data: bytes) -> bytes:
        reply = self._reader.read(data)
        if not self._adopted and reply.choices:
            self._adopted = True
            if harmless(reply.top, self._session):
                self._top = replace(reply.top, model=self._request.model) if self._request.adapter else reply.top
        leaving = [(index, out) for index, said in reply.choices if (out := self._govern(index, said)) is not None]
        plain = len(reply.choices) == 1 and self._learn(data, *reply.choices[0])
        counted = self.complete and reply.usage is not None and not self._in_blocks  # by an event of its own
        if not leaving and not counted:
            return b""
        if plain and not self._resting and leaving[0][1] == Said(reply.choices[0][1].texts):
            return self._take_waiting() + framed(data)
        return self._leave(leaving, reply.usage)

    def _govern(self, index: int, said: Said) -> Said | None:
        """Return the governed form of what is said of a choice; None if nothing of it may leave now."""
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = GovernedChoice(self._request, self._session, index)
            self.open += 1
        elif choice.finished:
            if not choice.filtered and (any(said.texts.values()) or said.calls):
                raise malformed("a choice went on after its end")
            return None
        for text in said.texts.values():
            self._count(text)
        for call in said.calls:
            self._count(call.name + call.arguments)
        out = choice.take(said)
        if choice.finished:
            self.open -= 1
        return None if out.empty else out

    def _learn(self, data: bytes, index: int, said: Said) -> bool:
        """Find the form that a choice's events have when they say nothing but text. True if this one has it, and
        leaves in it byte for byte."""
        if not self._tries or not said.texts.get(CONTENT) or said.tokens:
            return False
        self._tries -= 1
        found = learn(self._api, data, self._session, self._request.model if self._request.adapter else "")
        if found is None or found.top != self._top:
            return False
        self._plain.append((found, self._choices[index]))
        return found.verbatim

    def _leave(self, choices: Choices, usage: Usage | None) -> bytes:
        leaving = self._take_waiting()
        if not self._resting:
            return leaving + self._writer.write(self._top, choices, None, None)
        self._waiting = choices, counts(self._session, usage) if self.complete else None
        return leaving

    def end(self) -> bytes:
        """End the stream, because the upstream said so or no choice remains. Returns the last events. Raises
        ``Problem``."""
        if not self._choices:
            raise malformed("it ended without an answer")
        last = [] if self._waiting is None else [self._waiting]
        last += [([(index, choice.end())], None) for index, choice in self._unfinished()]
        self.open = 0
        leaving = b"".join([self._writer.write(self._top, *each, None) for each in last[:-1]])
        leaving += self._writer.write(self._top, *last[-1], self._session.metadata())
        return leaving + self._writer.done

    def fail(self, problem: Problem) -> bytes:
        """End an answer that cannot go on: held text is dropped, each open choice gets its notice, and the error comes
        last."""
        if self._in_blocks and self._waiting is not None:
            for _, said in self._waiting[0]:
                said.finish = None  # such an answer ends once: with the error
        leaving = self._take_waiting()
        if not self._choices:  # the first event was none: it is told where an answer would have begun
            self._choices[0] = GovernedChoice(self._request, self._session, 0)
        for index, choice in self._unfinished():
            leaving += self._writer.write(self._top, [(index, choice.fail(problem.code))], None, None)
        self.open = 0
        return leaving + self._writer.problem(problem, self._session.metadata())

    def _unfinished(self) -> list[tuple[int, GovernedChoice]]:
        return [(index, choice) for index, choice in sorted(self._choices.items()) if not choice.finished]

    def _take_waiting(self) -> bytes:
        waiting, self._waiting = self._waiting, None
        return b"" if waiting is None else self._writer.write(self._top, *waiting, None)


def refused_stream(api: Api, request: Request, session: Session, top: Top) -> bytes:
    """Return the events for a prompt that a red line refused; the upstream was not asked."""
    writer = api.writer(request)
    said = [
        (index, GovernedChoice(request, session, index).take(Said(role=True, finish="stop", own=True)))
        for index in range(request.choices)
    ]
    leaving = b"".join([writer.write(top, [each], None, None) for each in said[:-1]])
    return leaving + writer.write(top, said[-1:], None, session.metadata()) + writer.done
