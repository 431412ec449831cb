"""Chat completions: what a request says, and how an answer is read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import msgspec

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Choices
from ordinance.protocol.apis.chunks import Chunks, Separate, answer_of, problem_event
from ordinance.protocol.apis.envelope import Envelope, check, decode, token_ids
from ordinance.protocol.apis.logprobs import TokenWords, read_token, write_token
from ordinance.protocol.asked import Request, read_body, read_count, read_flag, read_messages, read_model, read_stops
from ordinance.protocol.conversation import Message, all_masked, every_text, readings, turn_of
from ordinance.protocol.finish import said_own
from ordinance.protocol.parts import NO_PARTS, Words
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT, REFUSAL, Call, Reply, Said, Top, Usage
from ordinance.protocol.strings import replaced, strings
from ordinance.protocol.structured import structure_of


def _continues(body: dict[str, Any]) -> bool:
    """Whether a server may go on with the last message whatever its role: any value that one may read as yes counts."""
    return body.get("continue_final_message") not in (None, False) or (
        body.get("add_generation_prompt") not in (None, True)
    )


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Said(msgspec.Struct, frozen=True):
    """A message or a delta."""

    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    function_call: _Function | None = None


class _Logprobs(msgspec.Struct, frozen=True):
    content: list[TokenWords] | None = None
    refusal: list[TokenWords] | None = None


class _Choice(msgspec.Struct, frozen=True):
    """One of the answers; ``message`` in a whole one, ``delta`` on a stream."""

    index: int = 0
    message: _Said | None = None
    delta: _Said | None = None
    logprobs: _Logprobs | None = None
    token_ids: Any = None
    finish_reason: str | None = None
    stop_reason: Any = None


class _Answer(Envelope, frozen=True):
    choices: list[_Choice] = msgspec.field(default_factory=list)


_NOTHING = _Said()
_DECODER = msgspec.json.Decoder(_Answer)


def _read(raw: bytes) -> Reply:
    answer = decode(_DECODER, raw)
    check(answer)
    return Reply([_read_choice(choice) for choice in answer.choices], answer.usage, answer.top())


def _read_choice(choice: _Choice) -> tuple[int, Said]:
    words = choice.delta or choice.message or _NOTHING
    said = Said(role=words.role is not None, finish=choice.finish_reason or None)
    for name in ("reasoning", "reasoning_content", CONTENT, REFUSAL):
        text = getattr(words, name)
        if text is not None:
            said.texts[name] = text
    for position, call in enumerate(words.tool_calls or ()):
        said.calls.append(_call(position if call.index is None else call.index, call.id, call.function))
    if words.function_call is not None:
        said.calls.append(_call(None, None, words.function_call))
    if choice.logprobs is not None:
        for name, tokens in ((CONTENT, choice.logprobs.content), (REFUSAL, choice.logprobs.refusal)):
            if tokens is not None:
                said.tokens[name] = list(map(read_token, tokens))
    said.token_ids = token_ids(choice.token_ids)
    said.own = said_own(choice.finish_reason, choice.stop_reason)
    said.stop = choice.stop_reason if isinstance(choice.stop_reason, str) else None
    return choice.index, said


def _call(index: int | None, id: str | None, function: _Function | None) -> Call:
    function = function or _Function()
    return Call(index, id or "", function.name or "", function.arguments or "")


def _words(said: Said, *, whole: bool) -> dict[str, Any]:
    words: dict[str, Any] = {name: text for name, text in said.texts.items() if text or name == CONTENT}
    if said.calls:
        calls = [_write_call(call, whole=whole) for call in said.calls if call.index is not None]
        legacy = [call for call in said.calls if call.index is None]
        if calls:
            words["tool_calls"] = calls
        if legacy:
            words["function_call"] = _write_function(legacy[0], whole=whole)
    return words


def _write_call(call: Call, *, whole: bool) -> dict[str, Any]:
    opening = {"id": call.id, "type": "function"} if call.id else {}
    place = {} if whole else {"index": call.index}
    return {**place, **opening, "function": _write_function(call, whole=whole or bool(call.id))}


def _write_function(call: Call, *, whole: bool) -> dict[str, str]:
    name = {"name": call.name} if call.name else {}
    return {**name, "arguments": call.arguments} if whole or call.arguments or not name else name


def _around(index: int, said: Said) -> dict[str, Any]:
    """Return what a choice contains besides its words."""
    tokens = {name: list(map(write_token, found)) for name, found in said.tokens.items()}
    more: dict[str, Any] = {} if said.token_ids is None else {"token_ids": said.token_ids}
    if said.stop is not None:
        more["stop_reason"] = said.stop
    return {"index": index, "logprobs": tokens or None, "finish_reason": said.finish, **more}


def _write_whole(index: int, said: Said) -> dict[str, Any]:
    return {**_around(index, said), "message": {"role": "assistant", "content": None, **_words(said, whole=True)}}


def _write_with_logprobs(index: int, said: Said) -> dict[str, Any]:
    """Write a choice whose log probabilities were asked for: a list, even if none may leave."""
    choice = _write_whole(index, said)
    return {**choice, "logprobs": choice["logprobs"] or {CONTENT: []}}


def _write_chunk(index: int, said: Said) -> dict[str, Any]:
    """Write a chunk. A first delta has its text even if that is empty, as clients expect."""
    first = {"role": "assistant", "content": ""} if said.role else {}
    return {**_around(index, said), "delta": {**first, **_words(said, whole=False)}}


class _PlainDelta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    content: str
    role: Literal["assistant"] | None = None
    reasoning: None = None
    reasoning_content: None = None
    refusal: None = None
    tool_calls: Annotated[list[None], msgspec.Meta(max_length=0)] | None = None
    function_call: None = None


class _PlainChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: int = 0
    logprobs: None = None
    finish_reason: None = None
    stop_reason: None = None
    token_ids: None = None


class _PlainChunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    created: int
    model: str
    choices: tuple[_PlainChoice]
    object: Literal["chat.completion.chunk"]
    system_fingerprint: str | None = None
    usage: None = None
    prompt_token_ids: None = None


_PLAIN_DECODER = msgspec.json.Decoder(_PlainChunk)


class Chat:
    """``POST /v1/chat/completions``; see ``Api``."""

    path = routes.CHAT
    prefix = "chatcmpl-"
    turns = "messages"

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        body = read_body(raw)
        messages = read_messages(body, parts)
        body = {**fields.CHAT.of(body), "messages": messages}
        return Request(
            body=body,
            streaming=read_flag(body, "stream"),
            choices=read_count(body),
            turn=turn_of(messages),
            readings=(readings(messages, continued=_continues(body)),),
            model=read_model(body),
            structure=structure_of(body),
            stops=read_stops(body),
        )

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        body = {**request.body, "messages": list(messages)}
        return replace(request, body=body, readings=(readings(messages, continued=_continues(body)),))

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        """Every string of a request, wherever it stands, and the joined text of messages that come in parts."""
        for name, value in request.body.items():
            if name != "messages":
                yield from strings(value)
        yield from every_text(request.body["messages"], system_is_ours=system_is_ours)

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        """Every string, but no name of a member; not the operator's own messages."""
        messages = all_masked(request.body["messages"], mask, system_is_ours=system_is_ours)
        rest = {name: value for name, value in request.body.items() if name != "messages"}
        return {"messages": messages, **replaced(rest, mask)}

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        return _read(raw)

    def reader(self, request: Request) -> Separate:
        return Separate(request, _read, _PLAIN_DECODER, b'"content"')

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        write = _write_with_logprobs if request.body.get("logprobs") is True else _write_whole
        return answer_of("chat.completion", write, top, choices, usage)

    def writer(self, request: Request) -> Chunks:
        return Chunks("chat.completion.chunk", _write_chunk)

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        return problem.body()

    def problem_event(self, problem: Problem) -> bytes:
        return problem_event(problem)


CHAT = Chat()
