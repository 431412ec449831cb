"""Answers on a stream: the upstream's bytes in, governed events out.

What may leave leaves at once, but for one event: when every choice has finished, the newest waits, because the last one
carries the ``ordinance`` object. An event that would carry nothing is not sent, for the number of empty events would
count what is held. An event whose text passes unchanged goes on byte for byte.
"""

from __future__ import annotations

import math
from dataclasses import replace

from ordinance.protocol.api import Api, Choices
from ordinance.protocol.asked import Request
from ordinance.protocol.forms import Form
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.govern.whole import counts, told_of
from ordinance.protocol.problems import Problem, malformed
from ordinance.protocol.said import Said, Top, Usage
from ordinance.protocol.sse import TAIL, BadEventError, EventParser, framed
from ordinance.runtime.session import Session

#: The data of the event that ends a stream.
_DONE = b"[DONE]"


class GovernedStream:
    """The governed side of one answer. Every method gives the events that may leave now, as they are on the wire.

    Give ``take`` the upstream's bytes until ``over``, until ``done``, or until the upstream ends; then call ``end`` or
    ``fail``, once. ``done``: the upstream said that it has said all. ``open`` are the choices that have begun and not
    finished: while there are some, it is not over. ``limit`` is how many bytes of text all choices together may say;
    what says more is no answer. ``event_limit`` bounds the bytes of one event; ``pending`` are the bytes of the one
    that is not complete yet.
    """

    def __init__(
        self,
        api: Api,
        request: Request,
        session: Session,
        top: Top,
        limit: float = math.inf,
        event_limit: float = math.inf,
    ) -> None:
        self._api = api
        self._parser = EventParser(event_limit)
        self._event_limit = event_limit
        self._reader = api.reader(request)
        self._writer = api.writer(request)
        self._request = request
        self._session = session
        self._top = top
        self._named = bool(request.adapter)
        self._left = limit
        self._adopted = False
        self._choices: dict[int, GovernedChoice] = {}
        self._taken = b""  # of a piece that is being taken: what has left of it
        self._midway = False  # an event is being read: what of it has left is not known
        self._waiting: tuple[Choices, Usage | None] | None = None
        self._held = self._most_held = 0  # characters that wait now, and the most that did before text left
        self.usage: Usage | None = None  # as the upstream said it last
        self.open = 0
        self.done = False
        self.pending = 0

    @property
    def most_held(self) -> int:
        """Return the most characters of the model's that waited at once, after any event."""
        return max(self._most_held, self._held)

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

    def answers_as(self, model: str) -> None:
        """Show ``model`` as the one that answers, whatever the upstream calls it. Before the first piece."""
        self._top, self._named = replace(self._top, model=model), True

    def take(self, piece: bytes) -> bytes:
        """Govern bytes of the upstream, cut anywhere. Raises ``Problem`` where they are no events of this protocol."""
        if self._parser.between and len(piece) <= self._event_limit:
            out = self._more(piece)  # most often a piece is one event of a form that is known
            if out is not None:
                return out
        try:
            for data in self._parser.feed(piece):
                if data.strip() == _DONE:
                    self.done = True
                    break
                self._taken += self.event(data)
                if not self.open and self.over:
                    break
        except BadEventError as error:
            raise malformed(str(error)) from None
        self.pending = self._parser.pending
        taken, self._taken = self._taken, b""
        return taken

    def event(self, data: bytes) -> bytes:
        """Govern the data of one event. Raises ``Problem`` where it is no event of this protocol."""
        forms = self._reader.forms
        more = self._more(forms[0].lead + data + TAIL) if forms else None
        if more is not None:
            return more
        self._midway = True
        more = self._read(data)
        self._midway = False
        return more

    def _more(self, event: bytes) -> bytes | None:
        """Govern an event that has a known form on the wire, if its choice goes on. Returns None for any other bytes;
        then nothing has been done."""
        for form in self._reader.forms:
            text = form.text_in(event)
            if text:
                break
        else:
            return None
        choice = self._choices[form.index]
        if choice.finished:
            return None
        self._count(text)
        out = choice.more(text, form.name)
        if choice.stream.ended:
            self.open -= 1
            return self._leave([(form.index, choice.passed(out, form.name))], None)
        if not out:
            self._held += len(text)
            return b""
        if out == text and (form.verbatim or self._may_stand(form)):
            return event
        self._note_held()
        return self._writer.more(self._top, form.index, form.name, out)

    def _may_stand(self, form: Form) -> bool:
        """Whether events of this form may go on as they came: they have the top of all others, which was looked at, and
        nothing else around their text could be read as part of an answer."""
        if form.verbatim is None:
            form.verbatim = form.top == self._top and harmless_around(form, self._session)
        return form.verbatim

    def _note_held(self) -> None:
        """Note how much waits, now that some may have left."""
        self._most_held = self.most_held
        self._held = self._session.held

    def _count(self, text: str) -> None:
        """Count ``text``, which the model has said. Raises ``Problem`` if that is too much."""
        self._left -= len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
        if self._left < 0:
            raise malformed("it is over the limit")

    def _read(self, data: bytes) -> bytes:
        reply = self._reader.read(data)
        self.usage = reply.usage or self.usage
        if not self._adopted and reply.choices:
            self._adopted = True
            if harmless(reply.top, self._session):
                self._top = replace(reply.top, model=self._top.model) if self._named else reply.top
        leaving = [(index, out) for index, said in reply.choices if (out := self._govern(index, said)) is not None]
        self._note_held()
        counted = self.complete and reply.usage is not None and not self._request.in_blocks  # by an event of its own
        if not leaving and not counted:
            return b""
        if len(leaving) == 1 and not self._resting and leaving[0][1] == Said(reply.choices[0][1].texts):
            event = framed(data)
            alike = next((form for form in self._reader.forms if form.text_in(event)), None)
            if alike is not None and self._may_stand(alike):
                return self._take_waiting() + event
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

    def _leave(self, choices: Choices, usage: Usage | None) -> bytes:
        leaving = self._take_waiting()
        if not self._resting:
            asked = counts(self._session, usage) if self._request.in_blocks else None  # of what was asked, at the begin
            return leaving + self._writer.write(self._top, choices, asked, None)
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
        leaving += self._writer.write(self._top, *last[-1], told_of(self._session, self._top))
        return leaving + self._writer.done

    def fail(self, problem: Problem) -> bytes:
        """End an answer that cannot go on: held text is dropped, each open choice gets its notice, and the error comes
        last."""
        if self._request.in_blocks and self._waiting is not None:
            for _, said in self._waiting[0]:
                said.finish = None  # such an answer ends once: with the error
        leaving = self._taken + self._take_waiting()
        if not self._choices:  # the first event was none: it is told where an answer would have begun
            self._choices[0] = GovernedChoice(self._request, self._session, 0)
        for index, choice in self._unfinished():
            leaving += self._writer.write(self._top, [(index, choice.fail(problem.code))], None, None)
        self.open = 0
        if self._midway and self._session.marking is not None:
            self._session.marking.leave_unsigned()
        return leaving + self._writer.problem(problem, told_of(self._session, self._top))

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
    return leaving + writer.write(top, said[-1:], None, told_of(session, top)) + writer.done


def harmless(top: Top, session: Session) -> bool:
    """Whether an upstream's own words at the top of its answer may stand there."""
    words = [top.id, top.model, top.fingerprint or "", str(top.created)]
    return bool(top.id and top.model) and all(len(word) < 200 and session.clean(word) for word in words)


def harmless_around(form: Form, session: Session) -> bool:
    """Whether nothing around the text of such events could be read as part of an answer. ``form.top`` is harmless."""
    around = form.around
    if b"\\" in around:
        return False
    try:
        words = around.decode()
    except UnicodeDecodeError:
        return False
    # What is the answer's alone was looked at by itself, so that the rest is the same for all answers, and remembered.
    return session.clean(words.replace(form.top.id, "", 1).replace(str(form.top.created), "", 1))
