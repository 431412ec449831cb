"""One request to a governed API: read, a session opened, the server asked, a governed answer out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ordinance.protocol.asked import Request
from ordinance.protocol.finish import steering
from ordinance.protocol.govern.echo import with_echo
from ordinance.protocol.govern.governed_stream import GovernedStream, refused_stream
from ordinance.protocol.govern.prompts import heard_and_unknown, sent_on
from ordinance.protocol.govern.transcript import Transcript, transcript_of
from ordinance.protocol.govern.whole import counts
from ordinance.protocol.problems import FAULTS, Problem, field_refused, internal, judge_busy, stopping
from ordinance.protocol.routes import MODELS
from ordinance.protocol.said import Top, Usage
from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import Answer, Errand
from ordinance.serve.door import http_headers
from ordinance.serve.door.answering_server import AnsweringServer
from ordinance.serve.door.awaited_verdict import unless_refused
from ordinance.serve.door.delivery import STREAM_HEADERS, StreamDelivery
from ordinance.serve.door.doors import Door
from ordinance.serve.door.numbers import effects_of
from ordinance.serve.door.policies import judges_of
from ordinance.serve.door.recall import Recall, recall
from ordinance.serve.door.service import Service
from ordinance.serve.door.times import Times, now
from ordinance.serve.door.whole_answer import WholeAnswer
from ordinance.serve.http import body_limits, tags
from ordinance.serve.http.correlation import REQUEST_ID, TRACEPARENT, is_wordless, request_id_in, traced_in
from ordinance.serve.http.exchange import ClientGone, Exchange
from ordinance.serve.http.keys import Client
from ordinance.serve.http.stderr import log_defect
from ordinance.serve.http.threads import HEARING, SCREENING, aside
from ordinance.serve.metrics.meter import CLIENT_GONE_STATUS
from ordinance.serve.shadow.overheard import Overheard, Tap


class Visit:
    """One request at a ``door``, from its first byte to its line in the audit log."""

    def __init__(self, service: Service, door: Door, exchange: Exchange) -> None:
        self._service = service
        self._door = door
        self._api = door.api
        self._exchange = exchange
        self._id = uuid.uuid4().hex
        self._began = now()
        self._times = Times()
        self._client = Client()
        self._request: Request | None = None
        self._session: Session | None = None
        self._problem: Problem | None = None
        self._recall: Recall | None = None
        self._governed: GovernedStream | None = None
        self._tap: Tap | None = None
        self._limited: Client | None = None  # whose limits the request was counted under
        self._usage: Usage | None = None
        self._acknowledged = False  # the record is written
        self._server = AnsweringServer()
        given = request_id_in(exchange.headers)
        self._traced = traced_in(exchange.headers)
        exchange.common |= {REQUEST_ID: given or self._id, http_headers.ANTHROPICS_ID: self._id}
        # An inference server may act on an id: a KV connector of vLLM reads addresses in it (decision 077).
        self._kept_id = given if is_wordless(given) else ""
        exchange.onward[REQUEST_ID] = self._kept_id or self._id
        self._tracing = service.tracer.begin(self._traced)
        onward = self._traced if self._tracing is None else self._tracing.onward
        if onward is not None:
            exchange.onward[TRACEPARENT] = onward.header

    async def serve(self) -> None:
        status, ended = CLIENT_GONE_STATUS, 0.0
        try:
            await self._serve()
            status, ended = self._exchange.status or 500, now()
            await self._learn_name(status)
        except ClientGone:
            pass
        finally:
            self._record(status, ended or now())
            if self._tap is not None:
                self._show(status, self._tap)

    async def _serve(self) -> None:
        try:
            self._client = await self._service.admit(self._exchange)
            self._enter(self._client)
            raw = await self._exchange.body(body_limits.most(self._service.settings))
            self._times.heard = now()
            await self._answer(raw)
        except Problem as problem:
            await self._fail(problem)
        except ClientGone:
            raise
        except asyncio.CancelledError:  # the server stops, and can wait no longer
            await self._stop()
        except Exception as error:
            log_defect(error)
            await self._fail(internal())
        finally:
            self._leave()

    def _enter(self, client: Client) -> None:
        """Count the request among those of its key. Raises ``Problem`` (429)."""
        if client.limits is not None:
            self._exchange.common |= self._service.rates.enter(client.sha256, client.limits)
            self._limited = client

    def _leave(self) -> None:
        """Give back what the key has under way, and count the tokens. Of an answer from which something was removed
        those of the prompt count alone: what is left of a limit can be read (semantics, rule 16)."""
        client, usage, session = self._limited, self._usage, self._session
        if client is None or client.limits is None:
            return
        tokens = 0 if usage is None else usage.prompt_tokens
        if usage is not None and session is not None and counts(session, usage) is not None:
            tokens = max(usage.total_tokens, tokens + (usage.completion_tokens or 0))
        self._service.rates.leave(client.sha256, client.limits, tokens)

    async def _stop(self) -> None:
        """Say that the server stops where nothing has been said yet; an answer that comes here has a client that does
        not take it."""
        self._problem = stopping()
        if self._exchange.status is None:
            await self._tell(self._problem)

    async def _fail(self, problem: Problem) -> None:
        """Answer with a problem; where a stream had begun, as its last event."""
        self._problem = problem
        if self._session is not None and problem.code in FAULTS:
            self._session.fail(problem.code)
        await self._tell(problem)

    async def _tell(self, problem: Problem) -> None:
        if self._exchange.status is None:
            body = self._api.problem_body(problem)
            await self._exchange.json(body, problem.status, problem.headers)
        else:
            await self._exchange.write(self._api.problem_event(problem), last=True)

    def _show(self, status: int, tap: Tap) -> None:
        """Show an answer that came to its end to the shadow policy."""
        session, service = self._session, self._service
        if status != 200 or self._problem is not None or session is None:
            tap.close()
            return
        try:
            claims = http_headers.claims_in(self._exchange.headers)
            heard = Overheard(
                api=self._api.path,
                body=tap.body,
                said=tuple(tap.pieces),
                client=self._client,
                wanted=claims.wanted,
                elapsed=claims.elapsed,
                slots=claims.asked,
                remembered=None if self._recall is None else self._recall.remembered,
                now=session.situation.now,
                digest=session.plan.digest,
                about=self._asked(),
            )
            service.shadow.take(heard, tap)
        except Exception as error:  # the answer has left, whatever is wrong with a shadow
            tap.close()
            service.shadow.failed(error)

    async def _answer(self, raw: bytes) -> None:
        self._tap = self._service.shadow.tap(raw)
        request = await aside(len(raw), False, self._read, raw)
        self._request = request
        transcript = await self._read_back(request, len(raw))
        self._session = session = await self._open(request, transcript, len(raw))
        self._exchange.common[http_headers.POLICY] = http_headers.policy_header(session)
        if (judges := judges_of(self._service.plan_of(self._client))) and judges.full:
            raise judge_busy()
        if session.marking is not None:
            session.marking.request = self._id
            session.marking.watermark = self._service.watermark(request.body)
            self._exchange.common[http_headers.MARKS] = http_headers.marks_header(session)
        request = await aside(len(raw), session.waits, with_echo, request, session)
        top = Top(f"{self._api.prefix}{self._id}", int(time.time()), request.model)
        session.prompt.defers = True
        body = await self._sent_on(len(raw), request, transcript, session)
        if body is not None and self._door.speaks:
            request, body = await self._service.adapting.adapt(self._exchange, self._api, request, body, session)
        if body is None:
            await self._refuse(request, session, top)
            return
        if self._service.audit.required:
            await self._service.audit.begin({**self._asked(), **session.under()})
        if request.streaming:
            errand = self._server.errand(request, self._client, speaks=True)
            limits = self._service.settings.limits
            stream = GovernedStream(self._api, request, session, top, limits.answer_bytes, limits.event_bytes)
            try:
                with self._service.meter.stream():
                    answered = await self._stream(body, errand, stream, session)
            finally:
                self._usage = stream.usage
        else:
            answered = await self._whole(body, request, session, top)
        if not answered:
            await self._refuse(request, session, top)

    async def _sent_on(
        self, size: int, request: Request, transcript: Transcript | None, session: Session
    ) -> bytes | None:
        """Return what goes upstream of a request of ``size`` bytes; see ``sent_on``. Only new text in it is
        screened."""
        ours = self._client.system_messages_are_ours
        heard, unknown = await aside(
            HEARING * size, False, heard_and_unknown, self._api, request, session, transcript, system_is_ours=ours
        )
        size += SCREENING * unknown
        waits = session.waits and unknown > 0
        return await aside(size, waits, sent_on, self._api, request, session, system_is_ours=ours, heard=heard)

    def _read(self, raw: bytes) -> Request:
        settings = self._service.settings
        body_limits.check_unread(raw, settings)
        request = self._api.read_request(raw, frozenset(settings.parts))
        body_limits.check_read(raw, request.body, settings)
        if settings.steering == "refuse" and (name := steering(request.body, request.structure)):
            raise field_refused(name)
        return request

    async def _read_back(self, request: Request, size: int) -> Transcript | None:
        """Read the conversation that the client sends back, under the keys and the policy in force now that the body
        has come."""
        self._client = self._service.keyring.admit_for(request.model, self._exchange.authorization)
        cutter = self._service.cutter(self._client, self._salt(request))
        return await aside(HEARING * size, False, transcript_of, self._api, request, cutter)

    async def _open(self, request: Request, transcript: Transcript | None, size: int) -> Session:
        tags.forget()
        claims = http_headers.claims_in(self._exchange.headers)
        service, client = self._service, self._client.sha256
        if service.recollection is not None:
            self._recall = await recall(service.recollection, client, claims, self._api, request, transcript, size)
        # Once more: the store may have been long in coming, and keys and policy in force belong together.
        self._client = service.keyring.admit_for(request.model, self._exchange.authorization)
        session = service.open(
            self._client,
            claims,
            turn=request.turn,
            whole=not request.streaming,
            salt=self._salt(request),
            remembered=None if self._recall is None else self._recall.remembered,
        )
        if self._recall is not None and self._recall.begins:
            session.keep_answers()
        return session

    def _salt(self, request: Request) -> bytes:
        """Return what keeps a request's texts apart from those of others. A server behind may tell keys apart where
        Ordinance has none; and a client that gives a salt wants none of its texts to be recognised without it."""
        key, own = self._exchange.authorization, request.body.get("cache_salt")
        return f"{key or ''}\0{own if isinstance(own, str) else ''}".encode("utf-8", "surrogatepass")

    async def _keep(self, session: Session) -> None:
        """Remember what the answer tells: before its end leaves, so that a client's next question finds it."""
        if self._recall is not None:
            await self._recall.keep(session)

    async def _acknowledge(self) -> None:
        """Have the record written before the answer's end leaves, if the settings ask for it. Raises ``Problem``: then
        the end must not leave."""
        if self._service.audit.acknowledges:
            await self._service.audit.end(self._recorded(200, now()))
            self._acknowledged = True

    async def _refuse(self, request: Request, session: Session, top: Top) -> None:
        if request.streaming:
            events = refused_stream(self._api, request, session, top)
            await self._keep(session)
            await self._acknowledge()
            self._times.ready = now()
            await self._exchange.start(200, STREAM_HEADERS)
            await self._exchange.write(events, last=True)
        else:
            refused = self._door.refused(self._api, request, session, top)
            await self._keep(session)
            await self._acknowledge()
            self._times.ready = now()
            await self._exchange.json(refused, headers=http_headers.notices_beside(request, session))

    async def _stream(self, body: bytes, errand: Errand, stream: GovernedStream, session: Session) -> bool:
        """Answer with a stream. Returns False if a judge refused the prompt meanwhile: then nothing was sent."""
        begun = partial(self._server.begun, self._exchange, session, stream)
        answer = StreamDelivery(self._exchange, stream, self._times, begun, waits=session.waits)
        try:
            if not await unless_refused(session, answer, partial(self._ask, body, errand, streaming=True)):
                return False
            last = await answer.end()
        except Problem as problem:
            if self._exchange.status is None:
                raise
            self._problem = problem
            last = answer.fail(problem)
        else:
            await self._keep(session)
            self._times.ready, self._governed = now(), stream
        await self._acknowledge()
        await self._exchange.write(last, last=True)
        return True

    async def _whole(self, body: bytes, request: Request, session: Session, top: Top) -> bool:
        """Answer in one piece. Returns False if a judge refused the prompt meanwhile."""
        ask = partial(self._ask, streaming=False)
        service, server = self._service, self._server
        whole = WholeAnswer(service, self._door, self._exchange, request, self._client, server, ask)
        try:
            answer = await whole.take(body, session)
        finally:
            self._usage = whole.usage
        if answer is None:
            return False
        self._session, self._server = answer.session, whole.server
        session = answer.session
        await self._keep(session)
        await self._acknowledge()
        written = answer.written(replace(top, model=session.fallback or top.model))
        self._times.ready = now()
        await self._exchange.json(written, headers=http_headers.notices_beside(request, session))
        return True

    async def _ask(self, body: bytes, errand: Errand, answer: Answer, *, streaming: bool) -> None:
        times = self._times
        if times.asked:  # once more
            times.governing += now() - times.complete
        else:
            times.asked = now()
            answer = answer if self._tap is None else self._tap.on(answer)
        behind, path = self._service.behind, self._api.path
        await behind.answer(self._exchange, path, body, answer, streaming=streaming, errand=errand)
        times.complete = now()

    async def _learn_name(self, status: int) -> None:
        """Once the answer has left: whether the server lists the model that has given it."""
        if status == 200 and self._request is not None:
            ask = partial(self._service.behind.read, self._exchange, "GET", MODELS)
            await self._service.names.learn(self._request.model, ask)

    def _recorded(self, status: int, ended: float) -> dict[str, Any]:
        record: dict[str, Any] = {**self._asked(), "status": status, "seconds": round(ended - self._began, 3)}
        record |= self._server.record()
        if self._problem is not None:
            record["problem"] = self._problem.code
        if self._session is not None:
            record |= self._session.record()
        if stale := self._service.standing.stale:
            record["stale"] = stale
        return record

    def _record(self, status: int, ended: float) -> None:
        record = self._recorded(status, ended)
        if not self._acknowledged:
            self._service.audit.write(record)
        self._count(record)
        if self._tracing is not None:
            times = self._times
            self._service.tracer.end(self._tracing, record, (self._began, ended), (times.asked, times.complete))

    def _count(self, record: Mapping[str, Any]) -> None:
        meter, times = self._service.meter, self._times
        meter.ended(record, {} if self._session is None else effects_of(self._session.plan))
        if times.ready:
            meter.answered(times.upstream, times.added)
        if self._governed is not None:
            meter.held(record, self._governed.most_held)

    def _trace(self) -> dict[str, str]:
        place = self._tracing or self._traced
        return {} if place is None else {"trace": place.trace}

    def _asked(self) -> dict[str, Any]:
        """Return what a record says about the request: who asks for what, and no word of it."""
        request = self._request
        return {
            "request": self._id,
            **({"x_request_id": self._kept_id} if self._kept_id else {}),
            **self._trace(),
            "key": self._client.name,
            "api": self._api.path.removeprefix("/v1/"),
            "model": None if request is None else self._service.names.shown(request.model),
            "stream": None if request is None else request.streaming,
        }
