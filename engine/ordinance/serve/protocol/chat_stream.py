"""A chat completion on a stream: upstream's chunks in, governed chunks out. No HTTP in here.

A chunk leaves at once, but for one: when every choice has finished, the newest chunk waits, because the last one
that the upstream sends carries the ``ordinance`` object. A chunk that would carry nothing is not sent, for the
number of empty chunks would count what is held.
"""

from __future__ import annotations

from typing import Any

from ordinance.runtime.session import Session, Stream
from ordinance.serve.protocol.chat import (
    FILTERED,
    ChatRequest,
    Choice,
    Head,
    govern_delta,
    read_reply,
    with_metadata,
    with_usage,
)
from ordinance.serve.protocol.problems import Problem, malformed

Chunk = dict[str, Any]


class ChatStream:
    """The governed side of one streamed completion. Every method gives the chunks that may leave now.

    Feed ``event`` until ``over``, or until the upstream ends; then call ``end`` or ``fail``, once.
    """

    def __init__(self, request: ChatRequest, session: Session, head: Head) -> None:
        self._request = request
        self._session = session
        self._head = head
        self._open: dict[int, Stream] = {}
        self._finished: set[int] = set()
        self._refused: set[int] = set()
        self._waiting: Chunk | None = None

    @property
    def complete(self) -> bool:
        """Every choice that has begun has finished, and one has."""
        return bool(self._finished) and not self._open

    @property
    def _counted(self) -> bool:
        """Every choice that was asked for has finished: token counts can no longer count what is withheld later."""
        return len(self._finished) == self._request.choices

    @property
    def over(self) -> bool:
        """No choice remains and one was refused: whatever the upstream still has to say is not needed."""
        return bool(self._refused) and self._counted

    def event(self, data: str) -> list[Chunk]:
        """Govern the data of one event. Raises ``Problem`` where it is no chunk of this protocol."""
        reply = read_reply(data)
        choices = [governed for choice in reply.choices if (governed := self._choice(choice)) is not None]
        if not choices and not (self._counted and reply.usage is not None):
            return []
        leaving = self._take_waiting()
        chunk = self._head.chunk(choices)
        if not self.complete:
            return [*leaving, chunk]
        self._waiting = with_usage(chunk, self._session, reply.usage if self._counted else None)
        return leaving

    def _choice(self, choice: Choice) -> dict[str, Any] | None:
        """The governed form of one choice in a chunk; None where nothing of it may leave now."""
        said = choice.said
        if choice.index in self._finished:
            if choice.index not in self._refused and (said.content or said.calls_tool):
                raise malformed("a choice went on after its end")
            return None
        stream = self._open.get(choice.index)
        if stream is None:
            stream = self._open[choice.index] = self._request.open(self._session, choice.index)
        text, reason = govern_delta(stream, said, choice.reason if choice.finish_reason else None)
        if reason is not None:
            del self._open[choice.index]
            self._finished.add(choice.index)
            if stream.refused or said.calls_tool:
                self._refused.add(choice.index)
        if not text and reason is None and said.role is None:
            return None
        return _choice(choice.index, text, reason, role=said.role is not None)

    def end(self) -> list[Chunk]:
        """The upstream said that it is done, or no choice remains: the last chunks. Raises ``Problem``."""
        if not self._open and not self._finished:
            raise malformed("it ended without an answer")
        leaving = self._take_waiting()
        for index, stream in sorted(self._open.items()):
            text = stream.close()
            leaving.append(self._head.chunk([_choice(index, text, FILTERED if stream.refused else "stop")]))
        self._open.clear()
        with_metadata(leaving[-1], self._session)
        return leaving

    def fail(self, problem: Problem) -> list[Chunk]:
        """The answer cannot go on: what is held stays here, each open choice is told, and the error comes last."""
        leaving = self._take_waiting()
        for index, stream in sorted(self._open.items()):
            leaving.append(self._head.chunk([_choice(index, stream.fault(problem.code), None)]))
        self._open.clear()
        return [*leaving, with_metadata(problem.body(), self._session)]

    def _take_waiting(self) -> list[Chunk]:
        waiting, self._waiting = self._waiting, None
        return [] if waiting is None else [waiting]


def refused_stream(request: ChatRequest, session: Session, head: Head) -> list[Chunk]:
    """The chunks for a prompt that a red line refused; the upstream was not asked."""
    chunks = [
        head.chunk([_choice(index, request.open(session, index).close(), FILTERED, role=True)])
        for index in range(request.choices)
    ]
    with_metadata(chunks[-1], session)
    return chunks


def _choice(index: int, text: str, reason: str | None, *, role: bool = False) -> dict[str, Any]:
    """One choice of a chunk. A first delta has its text even when that is empty, as clients expect."""
    delta = {"role": "assistant"} if role else {}
    if text or role:
        delta["content"] = text
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
