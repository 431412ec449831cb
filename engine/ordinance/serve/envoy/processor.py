"""The service that Envoy calls: each stream is one request, and goes through the doors of the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import cast

import grpc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as calls
from envoy.service.ext_proc.v3.external_processor_pb2 import ProcessingRequest, ProcessingResponse
from starlette.types import ASGIApp

from ordinance.protocol.problems import Problem
from ordinance.serve.envoy.talk import Talk, misconfigured
from ordinance.serve.http.exchange import LAST_WORDS_SECONDS, ClientGone, Exchange
from ordinance.serve.http.stderr import log_defect, tell

#: How often the operator is told the same of Envoy's filter, in seconds.
_TOLD_EVERY = 60.0


class Processor(calls.ExternalProcessorServicer):  # type: ignore[misc]  # it has no types
    """Answers streams with ``app``; ``failed`` is told the code of a problem that comes before the doors."""

    def __init__(self, app: ASGIApp, failed: Callable[[str], None]) -> None:
        self._app = app
        self._failed = failed
        self._told: dict[str, float] = {}

    async def Process(  # noqa: N802 - gRPC's name
        self,
        _: AsyncIterator[ProcessingRequest],
        context: grpc.aio.ServicerContext[ProcessingRequest, ProcessingResponse],
    ) -> None:
        """Serve one stream. It ends well only after a whole response: on anything else Envoy closes the request."""

        async def read() -> ProcessingRequest | None:
            message = await context.read()
            return None if message is grpc.aio.EOF else cast(ProcessingRequest, message)

        async def write(message: ProcessingResponse) -> None:
            try:
                await context.write(message)
            except (grpc.aio.InternalError, grpc.aio.UsageError):  # the stream has ended meanwhile
                raise ClientGone from None

        talk = Talk(read, write)
        listening = asyncio.ensure_future(talk.listen())
        serving = asyncio.ensure_future(self._serve(talk))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:  # Envoy, or the client, has gone: the request still gets its record
            talk.leave()
            await asyncio.wait({serving}, timeout=LAST_WORDS_SECONDS)
            raise
        finally:
            for task in (listening, serving):
                task.cancel()
            await asyncio.gather(listening, serving, return_exceptions=True)
        if not talk.finished:
            await context.abort(grpc.StatusCode.ABORTED, "ordinance: the request was not answered")

    async def _serve(self, talk: Talk) -> None:
        try:
            scope = await talk.begin()
            if talk.wrong:
                self._failed(misconfigured().code)
                await Exchange(scope, talk.receive, talk.send).problem(misconfigured())
            else:
                await self._app(scope, talk.receive, talk.send)
        except ClientGone:
            pass
        except Problem as problem:  # the first message says that there is nothing to govern
            self._failed(problem.code)
            await self._refuse(talk, problem)
        except Exception as error:
            log_defect(error)
        if talk.wrong:
            self._tell(talk.wrong)

    async def _refuse(self, talk: Talk, problem: Problem) -> None:
        with suppress(ClientGone):
            await Exchange({"type": "http", "headers": []}, talk.receive, talk.send).problem(problem)

    def _tell(self, wrong: str) -> None:
        now = time.monotonic()
        if self._told.get(wrong, 0.0) <= now:
            self._told[wrong] = now + _TOLD_EVERY
            tell(f"Envoy's ext_proc filter is not set up as docs/envoy.md says: {wrong}", "error")
