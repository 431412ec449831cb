"""The actor on a socket: its routes, its errors, and the pace at which it speaks."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from support.actor import chat, messages, responses
from support.actor.lines import Asked, Line
from support.actor.part import perform
from support.serving import DONE, Wire

KEY = "the-actors-key"
MODEL, UNDERSTUDY = "actor", "understudy"
#: A question that fails as often as it says, and a pause between the pieces of an answer that was asked for so.
_FAILS = re.compile(r"Fail with (\d{3}) (once|always)")
_SLOWLY = "Speak slowly."
PAUSE = 0.5
_ID: dict[str, Any] = {"x_request_id": "req_actor", "request_id": "req_actor"}


class Api(NamedTuple):
    """How a protocol is read and written."""

    read: Callable[[dict[str, Any]], Asked]
    whole: Callable[[dict[str, Any], Asked, Line], dict[str, Any]]
    events: Callable[[dict[str, Any], Asked, Line], Iterator[dict[str, Any]]]
    named: bool = False


APIS = {
    "/v1/chat/completions": Api(chat.read, chat.whole, chat.events),
    "/v1/completions": Api(chat.read_prompt, chat.whole_text, chat.text_events),
    "/v1/responses": Api(responses.read, responses.whole, responses.events, named=True),
    "/v1/messages": Api(messages.read, messages.whole, messages.events, named=True),
}
_NAMED = [{"id": name, "object": "model", "created": 1700000000, "owned_by": "actor"} for name in (MODEL, UNDERSTUDY)]


class Refused(Exception):  # noqa: N818 - it is an answer
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, kind: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.param = status, kind, param


class Actor:
    """A script for ``ScriptedUpstream``."""

    def __init__(self) -> None:
        self._failed: Counter[str] = Counter()

    async def __call__(self, wire: Wire) -> None:
        path = wire.asked.path.partition("?")[0]
        try:
            self._admit(wire.asked.headers)
            if path == "/v1/models":
                await wire.json({"object": "list", "data": _NAMED})
            elif path == f"/v1/models/{MODEL}":
                await wire.json(_NAMED[0])
            elif path == "/v1/messages/count_tokens":
                await wire.json({"input_tokens": messages.read({"max_tokens": None, **wire.asked.json}).tokens})
            elif path in APIS:
                await self._answer(wire, APIS[path])
            else:
                raise Refused(404, f"There is no {path}.", "not_found_error")
        except Refused as error:
            await wire.json(_error(path, error), error.status, **_ID, retry_after="0")

    def _admit(self, headers: dict[str, str]) -> None:
        if KEY not in (headers.get("authorization", "").removeprefix("Bearer "), headers.get("x-api-key")):
            raise Refused(401, "The API key is wrong.", "authentication_error")

    async def _answer(self, wire: Wire, api: Api) -> None:
        body = wire.asked.json
        asked = api.read(body)
        self._check(body, asked)
        line = perform(asked)
        if not body.get("stream"):
            await wire.json(api.whole(body, asked, line), **_ID)
            return
        await wire.head(**_ID)
        pause = PAUSE if _SLOWLY in asked.latest("system") else 0
        for event in api.events(body, asked, line):
            name = f"event: {event['type']}\n" if api.named else ""
            await wire.send(f"{name}data: {json.dumps(event)}\n\n".encode())
            await asyncio.sleep(pause)
        if not api.named:
            await wire.send(DONE)

    def _check(self, body: dict[str, Any], asked: Asked) -> None:
        """Raise what is wrong with a request, or what its question asks to be wrong."""
        if asked.model not in (MODEL, UNDERSTUDY):
            raise Refused(404, f"There is no model {asked.model}.", "not_found_error", "model")
        if not 0 <= (body.get("temperature") or 0) <= 2:
            raise Refused(
                400, "temperature must be from 0 to 2, got another value.", "invalid_request_error", "temperature"
            )
        question = asked.latest("user")
        if (fails := _FAILS.search(question)) and (fails[2] == "always" or not self._failed[question]):
            self._failed[question] += 1
            raise Refused(int(fails[1]), "As you asked.", _KINDS.get(int(fails[1]), "api_error"))


_KINDS = {429: "rate_limit_error", 500: "api_error", 503: "overloaded_error"}


def _error(path: str, error: Refused) -> dict[str, Any]:
    if path.startswith("/v1/messages"):
        return {"type": "error", "error": {"type": error.kind, "message": str(error)}, "request_id": "req_actor"}
    told = {"message": str(error), "type": error.kind, "param": error.param, "code": error.status}
    return {"error": told}
