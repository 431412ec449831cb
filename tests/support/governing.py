"""An API under test without HTTP: what a request and an upstream's words become."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ordinance.policy.plan import Plan
from ordinance.protocol.api import Api, Reader
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.asked import Request
from ordinance.protocol.forms import Form
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.whole import govern_whole
from ordinance.protocol.said import Reply, Top
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.serving import chunk
from support.small_plan import small_plan

OWN = Top("own", 1, "asked")
PLAN = small_plan()
APIS: tuple[Api, ...] = (CHAT, COMPLETIONS)
ASKED: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/completions": {"prompt": "x: "},
    "/v1/responses": {"input": "hi"},
    "/v1/messages": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
}


def unframed(wire: bytes) -> list[dict[str, Any]]:
    """The JSON of every event on a wire, without the word that ends a stream."""
    lines = [line.removeprefix(b"data: ") for line in wire.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def open_session(plan: Plan = PLAN, *, whole: bool = False, turn: int = 2) -> Session:
    return Session(plan, situate(plan, jurisdiction="DE", turn=turn), "en", whole=whole)


def read(api: Api, **fields: Any) -> Request:
    asked = ASKED[api.path]
    return api.read_request(json.dumps({"model": "m", **asked, **fields}).encode())


def stream(api: Api, events: Iterable[Any], plan: Plan = PLAN, **fields: Any) -> list[dict[str, Any]]:
    """The governed events for these of the upstream, to the end."""
    request, session = read(api, stream=True, **fields), open_session(plan)
    sent_on(api, request, session, system_is_ours=False)
    answer = GovernedStream(api, request, session, OWN)
    sent = b"".join([answer.event(json.dumps(event).encode()) for event in events])
    return unframed(sent + answer.end())


def wire(api: Api, events: Iterable[Any], plan: Plan = PLAN, turn: int = 2, **fields: Any) -> bytes:
    """The governed bytes for these events of the upstream, to the end."""
    request, session = read(api, stream=True, **fields), open_session(plan, turn=turn)
    sent_on(api, request, session, system_is_ours=False)
    answer = GovernedStream(api, request, session, OWN)
    out = b""
    for event in events:
        if answer.over:
            break
        out += answer.event(json.dumps(event).encode())
    return out + answer.end()


def whole(api: Api, answer: Any, plan: Plan = PLAN, **fields: Any) -> dict[str, Any]:
    """The governed form of an upstream's whole answer."""
    request, session = read(api, **fields), open_session(plan, whole=True)
    sent_on(api, request, session, system_is_ours=False)
    return govern_whole(api, json.dumps(answer).encode(), request, session).written(OWN)


class LongWay:
    """A reader that knows no forms, so that every event is read whole."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.forms: list[Form] = []

    def read(self, data: bytes) -> Reply:
        return self._reader.read(data)


def piece(text: str = "", index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """An upstream's event of a completion."""
    choice = {"index": index, "text": text, "logprobs": None, "finish_reason": finish, **more}
    return {"id": "cmpl-up", "object": "text_completion", "created": 1700000000, "model": "m", "choices": [choice]}


def said(api: Api, text: str, **more: Any) -> dict[str, Any]:
    """An event of either API that says ``text``; ``more`` stands in its choice."""
    event = chunk(content=text) if api is CHAT else piece(text)
    event["choices"][0] |= more
    return event


def joined(events: Iterable[dict[str, Any]], *names: str, index: int = 0) -> str:
    """What the events of one choice say, in the members ``names`` of their deltas (the text, unless named)."""
    parts = []
    for event in events:
        for choice in event.get("choices", ()):
            if choice["index"] == index:
                words = choice.get("delta", choice)
                parts += [words.get(name) or "" for name in names or ("content", "text")]
    return "".join(parts)


def finishes(events: Iterable[dict[str, Any]], index: int = 0) -> list[str]:
    choices = [choice for event in events for choice in event.get("choices", ()) if choice["index"] == index]
    return [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
