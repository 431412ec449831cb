"""A whole answer: asked for, governed, and asked for once more if it was not spoken as a pack wants it (semantics,
rule 46)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial

from ordinance.policy.vocabulary import Verdict
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.whole import Governed
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import Usage
from ordinance.runtime.manners import mends, missed
from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import Answer, Errand
from ordinance.serve.door.answering_server import AnsweringServer
from ordinance.serve.door.awaited_verdict import unless_refused
from ordinance.serve.door.delivery import WholeDelivery
from ordinance.serve.door.doors import Door
from ordinance.serve.door.service import Service
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.keys import Client

#: Asks the server behind with a body, for an errand, and gives what it says to an answer.
Ask = Callable[[bytes, Errand, Answer], Coroutine[None, None, None]]


class WholeAnswer:
    """The answer to one ``request`` of a ``client``, which a ``server`` gives that is asked by ``ask``. ``usage`` are
    the tokens of all that was asked so far."""

    def __init__(
        self,
        service: Service,
        door: Door,
        exchange: Exchange,
        request: Request,
        client: Client,
        server: AnsweringServer,
        ask: Ask,
    ) -> None:
        self.server = server
        self.usage: Usage | None = None
        self._service = service
        self._door = door
        self._exchange = exchange
        self._request = request
        self._client = client
        self._ask = ask

    async def take(self, body: bytes, session: Session) -> Governed | None:
        """Return the answer to what goes upstream as ``body``; None if a judge refused the prompt meanwhile. Raises
        ``Problem`` and ``ClientGone``."""
        first = self._awaited(session, self.server)
        errand = self.server.errand(self._request, self._client, speaks=self._door.speaks)
        if not await unless_refused(session, first, partial(self._ask, body, errand)):
            return None
        answer: Governed = await first.end()
        slots = to_ask_for(self._request, answer)
        if not slots:
            return answer
        again = await self._service.adapting.once_more(self._door.api, body, session, slots)
        return answer if again is None or not self._has_room() else await self._once_more(again, answer)

    async def _once_more(self, body: bytes, first: Governed) -> Governed:
        """Ask once more, and return the better answer. Whatever goes wrong with the second, there is the first."""
        server, counted = AnsweringServer(), self.usage
        second = self._awaited(first.session.again(), server)
        try:
            await self._ask(body, server.errand(self._request, self._client, speaks=False), second)
            answer: Governed = await second.end()
        except Problem as problem:
            self.usage = counted
            first.session.asked_again = {"released": "first", "problem": problem.code}
            return first
        self.usage = joined(counted, answer)
        if not better(answer, first):
            first.session.asked_again = {"released": "first"}
            return Governed(first.session, first.body, self.usage)
        self.server = server
        answer.session.asked_again = {"released": "second"}
        return Governed(answer.session, answer.body, self.usage)

    def _awaited(self, session: Session, server: AnsweringServer) -> WholeDelivery:
        def govern(raw: bytes) -> Governed:
            return self._door.whole(self._door.api, raw, self._request, session, self._note)

        limit = self._service.settings.limits.answer_bytes
        return WholeDelivery(limit, govern, partial(server.begun, self._exchange, session), waits=session.waits)

    def _note(self, usage: Usage | None) -> None:
        self.usage = usage

    def _has_room(self) -> bool:
        """Return whether the limits of the key have room for one more question, which then counts as a request."""
        client = self._client
        return client.limits is None or self._service.rates.further(client.sha256, client.limits)


def to_ask_for(request: Request, answer: Governed) -> frozenset[str]:
    """Return the slots because of which the ``answer`` is to be asked for once more; none if it is not: because no pack
    asks for it, because something was removed from it, or because a second one could be more than another wording."""
    session = answer.session
    if session.outcome().verdict >= Verdict.WITHHOLD or session.fallback or answer.called or answer.cut:
        return frozenset()
    tools = request.body.get("tools") or request.body.get("functions")
    if request.choices != 1 or request.structure is not None or tools:
        return frozenset()
    return missed(session.manner(), _states(session))


def better(second: Governed, first: Governed) -> bool:
    """Return whether the ``second`` answer is released: it missed fewer slots, kept one that the ``first`` missed, is
    complete, and nothing was removed from it."""
    if second.session.outcome().verdict >= Verdict.WITHHOLD or second.called or second.cut:
        return False
    return mends(_states(second.session), _states(first.session))


def joined(first: Usage | None, second: Governed) -> Usage | None:
    """Return the tokens of both answers together. Of a second one from which something was removed only those of the
    prompt count: the others would count what nobody sees (semantics, rule 16)."""
    if second.usage is None:
        return first
    first = first or Usage()
    removed = second.session.outcome().verdict >= Verdict.WITHHOLD
    prompt = first.prompt_tokens + second.usage.prompt_tokens
    completion = (first.completion_tokens or 0) + (0 if removed else second.usage.completion_tokens or 0)
    return Usage(prompt, completion, prompt + completion)


def _states(session: Session) -> Mapping[str, str]:
    return {each["slot"]: each["state"] for each in session.spoken().get("adapters", ())}
