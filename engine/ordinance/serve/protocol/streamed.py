"""Answers on a stream: upstream's events in, governed events out.

What may leave leaves at once, but for one event: when every choice has finished, the newest waits, because the last one
carries the ``ordinance`` object. An event that would carry nothing is not sent, for the number of empty events would
count what is held. An event whose text passes unchanged goes on byte for byte.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ordinance.runtime.session import Session
from ordinance.serve.protocol.api import Api
from ordinance.serve.protocol.asked import Request
from ordinance.serve.protocol.choice import GovernedChoice
from ordinance.serve.protocol.plain import Plain, harmless, learn
from ordinance.serve.protocol.problems import Problem, malformed
from ordinance.serve.protocol.said import CONTENT, Said, Top
from ordinance.serve.protocol.whole import with_metadata, with_usage

Event = dict[str, Any]

_ENCODE = msgspec.json.Encoder().encode
#: Events in which forms are looked for: several where there are several choices, or where the first says more.
_TRIES = 8


class AnswerStream:
    """The governed side of one answer. Every method gives the events that may leave now, as JSON.

    Feed ``event`` until ``over``, or until the upstream ends; then call ``end`` or ``fail``, once.
    """

    def __init__(self, api: Api, request: Request, session: Session, top: Top) -> None:
        self._api = api
        self._request = request
        self._session = session
        self._top = top
        self._adopted = False
        self._choices: dict[int, GovernedChoice] = {}
        self._open = 0
        self._waiting: Event | None = None
        self._plain: list[tuple[Plain, GovernedChoice]] = []
        asked = request.body.get("logprobs")
        self._tries = _TRIES if asked is None or asked is False else 0  # tokens are laid along all of the text

    @property
    def complete(self) -> bool:
        """Every choice that was asked for has finished: nothing is missing if the upstream ends now, and token counts
        can no longer count what is withheld later."""
        return len(self._choices) == self._request.choices and not self._open

    @property
    def _resting(self) -> bool:
        """Every choice that has begun has finished, and one has: the answer may be over."""
        return bool(self._choices) and not self._open

    @property
    def over(self) -> bool:
        """No choice remains and one was ended: whatever the upstream still has to say is not needed."""
        return self.complete and any(choice.filtered for choice in self._choices.values())

    def event(self, data: bytes) -> list[bytes]:
        """Govern the data of one event. Raises ``Problem`` where it is no event of this protocol."""
        for plain, choice in self._plain:
            text = plain.text_in(data)
            if text is None:
                continue
            if choice.finished:
                break
            stream = choice.stream
            out = stream.feed(text)
            if stream.ended:
                self._open -= 1
                return self._leave([(plain.index, choice.passed(out))], None)
            if not out:
                return []
            return [data if out == text and plain.verbatim else plain.with_text(out)]
        return self._read(data)

    def _read(self, data: bytes) -> list[bytes]:
        reply = self._api.read_reply(data)
        if not self._adopted and reply.choices:
            self._adopted = True
            if harmless(reply.top, self._session):
                self._top = replace(reply.top, model=self._request.model) if self._request.adapter else reply.top
        leaving = [(index, out) for index, said in reply.choices if (out := self._govern(index, said)) is not None]
        plain = len(reply.choices) == 1 and self._learn(data, *reply.choices[0])
        if not leaving and not (self.complete and reply.usage is not None):
            return []
        events = self._leave(leaving, reply.usage)
        if plain and not self._resting and leaving[0][1] == Said(reply.choices[0][1].texts):
            events[-1] = data
        return events

    def _govern(self, index: int, said: Said) -> Said | None:
        """The governed form of what is said of a choice; None where nothing of it may leave now."""
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = GovernedChoice(self._request, self._session, index)
            self._open += 1
        elif choice.finished:
            if not choice.filtered and (any(said.texts.values()) or said.calls):
                raise malformed("a choice went on after its end")
            return None
        out = choice.take(said)
        if choice.finished:
            self._open -= 1
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

    def _leave(self, choices: list[tuple[int, Said]], usage: Any) -> list[bytes]:
        leaving = self._take_waiting()
        event = self._written(choices)
        if not self._resting:
            return [*map(_ENCODE, leaving), _ENCODE(event)]
        self._waiting = with_usage(event, self._session, usage if self.complete else None)
        return list(map(_ENCODE, leaving))

    def _written(self, choices: list[tuple[int, Said]]) -> Event:
        return self._top.over(self._api.chunk_kind, [self._api.write_chunk(index, said) for index, said in choices])

    def end(self) -> list[bytes]:
        """The upstream said that it is done, or no choice remains: the last events. Raises ``Problem``."""
        if not self._choices:
            raise malformed("it ended without an answer")
        leaving = self._take_waiting()
        for index, choice in sorted(self._choices.items()):
            if not choice.finished:
                leaving.append(self._written([(index, choice.end())]))
        self._open = 0
        with_metadata(leaving[-1], self._session)
        return list(map(_ENCODE, leaving))

    def fail(self, problem: Problem) -> list[bytes]:
        """The answer cannot go on: what is held stays here, each open choice is told, and the error comes last."""
        leaving = self._take_waiting()
        for index, choice in sorted(self._choices.items()):
            if not choice.finished:
                leaving.append(self._written([(index, choice.fail(problem.code))]))
        self._open = 0
        return list(map(_ENCODE, [*leaving, with_metadata(problem.body(), self._session)]))

    def _take_waiting(self) -> list[Event]:
        waiting, self._waiting = self._waiting, None
        return [] if waiting is None else [waiting]


def refused_stream(api: Api, request: Request, session: Session, top: Top) -> list[bytes]:
    """The events for a prompt that a red line refused; the upstream was not asked."""
    events = [
        top.over(api.chunk_kind, [api.write_chunk(index, GovernedChoice(request, session, index).take(
            Said(role=True, finish="stop")))])
        for index in range(request.choices)
    ]  # fmt: skip
    with_metadata(events[-1], session)
    return list(map(_ENCODE, events))
