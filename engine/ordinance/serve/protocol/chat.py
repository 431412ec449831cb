"""Chat completions: what a request says, and how an answer is governed. No HTTP in here.

Requests go upstream as they came, less the fields that ask for text which the answer may not carry. Answers are
built anew from the fields named below; whatever else an upstream sends (reasoning, refusals, audio, log
probabilities, token ids, fingerprints) is not read and does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.session import Session, Stream
from ordinance.serve.protocol.problems import bad_request, malformed, upstream_failed

#: Choices that one request may ask for, as in the OpenAI API.
MOST_CHOICES = 128
#: Asked upstream they would only cost time: their answers do not pass.
_NOT_ASKED = frozenset({"logprobs", "top_logprobs", "prompt_logprobs", "return_token_ids"})
_OPERATORS_ROLES = frozenset({"system", "developer"})
_FINISH_REASONS = frozenset({"stop", "length", "content_filter"})
FILTERED = "content_filter"


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request that was read.

    ``body`` is what goes upstream. ``turn`` counts from 1. ``prefix`` is the text of a trailing assistant message,
    which the answer may continue; ``continues`` if the request says that it does.
    """

    body: Mapping[str, Any]
    streaming: bool
    choices: int
    turn: int
    prefix: str
    continues: bool
    model: str

    def open(self, session: Session, index: int) -> Stream:
        """The governed stream of one choice."""
        if not 0 <= index < self.choices:
            raise malformed("it has a choice that was not asked for")
        return session.stream(index, prefix=self.prefix, certain=self.continues)


def read_request(raw: bytes) -> ChatRequest:
    """Read a request's body. Raises ``Problem`` (400) where it is none."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_request("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not a JSON object.")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise bad_request("`messages` must be a list of at least one message object.", "messages")
    choices = body.get("n")
    if choices is None:
        choices = 1
    if not isinstance(choices, int) or isinstance(choices, bool) or not 1 <= choices <= MOST_CHOICES:
        raise bad_request(f"`n` must be a whole number from 1 to {MOST_CHOICES}.", "n")
    streaming = body.get("stream")
    if streaming is not None and not isinstance(streaming, bool):
        raise bad_request("`stream` must be true or false.", "stream")
    last = messages[-1]
    model = body.get("model")
    return ChatRequest(
        body={name: value for name, value in body.items() if name not in _NOT_ASKED},
        streaming=bool(streaming),
        choices=choices,
        turn=sum(message.get("role") == "assistant" for message in messages) + 1,
        prefix=_text(last.get("content")) if last.get("role") == "assistant" else "",
        continues=body.get("continue_final_message") is True,
        model=model if isinstance(model, str) else "",
    )


def prompt_texts(request: ChatRequest, *, system_is_ours: bool) -> Iterator[str]:
    """Every string of a request, wherever it stands, and the joined text of messages that come in parts.

    ``system_is_ours``: the key attests that system messages are the operator's own, so they are left out.
    """
    for name, value in request.body.items():
        if name != "messages":
            yield from _strings(value)
    for message in request.body["messages"]:
        if system_is_ours and message.get("role") in _OPERATORS_ROLES:
            continue
        yield from _strings(message)
        if isinstance(message.get("content"), list):
            yield _text(message["content"])


def _strings(value: object) -> Iterator[str]:
    """All strings in a JSON value, keys too: a schema's property names reach the model."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case list(items):
                waiting.extend(reversed(items))
            case dict(members):
                waiting.extend(reversed([part for member in members.items() for part in member]))


def _text(content: object) -> str:
    """A message's text, from a string or from its parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


class Usage(msgspec.Struct, frozen=True):
    """Token counts. Their details count text that does not pass, and are not read."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Said(msgspec.Struct, frozen=True):
    """A message or a delta."""

    role: str | None = None
    content: str | None = None
    tool_calls: list[Any] | None = None
    function_call: dict[str, Any] | None = None

    @property
    def calls_tool(self) -> bool:
        return bool(self.tool_calls or self.function_call)


_NOTHING = Said()


class Choice(msgspec.Struct, frozen=True):
    """One of the answers; ``message`` in a whole one, ``delta`` on a stream."""

    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None

    @property
    def said(self) -> Said:
        return self.delta or self.message or _NOTHING

    @property
    def reason(self) -> str:
        """The reason to pass on: one that clients know; a tool call's is no longer true once the call is gone."""
        return self.finish_reason if self.finish_reason in _FINISH_REASONS else "stop"


class Reply(msgspec.Struct, frozen=True):
    """The part of a completion, or of a chunk, that is read."""

    id: str = ""
    created: int | float = 0
    model: str = ""
    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None


_DECODER = msgspec.json.Decoder(Reply)


def read_reply(raw: bytes | str) -> Reply:
    """An upstream's completion or chunk. Raises ``Problem`` (502) where it is none."""
    try:
        reply = _DECODER.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise malformed("it is not the JSON of this protocol") from None
    if reply.error is not None:
        raise upstream_failed()
    return reply


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top of a completion and of every chunk of it."""

    id: str
    created: int
    model: str

    def of(self, reply: Reply) -> Head:
        """This head with the upstream's own values where it gave any."""
        return Head(reply.id[:200] or self.id, int(reply.created) or self.created, reply.model or self.model)

    def completion(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return self._object("chat.completion", choices)

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return self._object("chat.completion.chunk", choices)

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices}


def govern_whole(raw: bytes, request: ChatRequest, session: Session, head: Head) -> dict[str, Any]:
    """The governed completion for an upstream's whole one. Raises ``Problem`` (502)."""
    reply = read_reply(raw)
    indexes = [choice.index for choice in reply.choices]
    if not indexes or len(set(indexes)) != len(indexes):
        raise malformed("it has no choices, or one twice")
    choices = []
    for choice in reply.choices:
        stream = request.open(session, choice.index)
        text, reason = govern_delta(stream, choice.said, choice.reason)
        choices.append(_whole_choice(choice.index, text, reason))
    completion = head.of(reply).completion(choices)
    return with_metadata(with_usage(completion, session, reply.usage), session)


def refused_whole(request: ChatRequest, session: Session, head: Head) -> dict[str, Any]:
    """The completion for a prompt that a red line refused; the upstream was not asked."""
    choices = [_whole_choice(index, request.open(session, index).close(), FILTERED) for index in range(request.choices)]
    return with_metadata(head.completion(choices), session)


def _whole_choice(index: int, text: str, reason: str | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


def govern_delta(stream: Stream, said: Said, reason: str | None) -> tuple[str, str | None]:
    """Feed what was said: the text that may leave now, and the reason if the choice ends with it."""
    text = stream.feed(said.content) if said.content else ""
    if stream.refused:
        return text + stream.close(), FILTERED
    if said.calls_tool:
        return text + stream.fault("tool_call"), FILTERED
    if reason is None:
        return text, None
    text += stream.close()
    return text, FILTERED if stream.refused else reason


def with_usage(message: dict[str, Any], session: Session, usage: Usage | None) -> dict[str, Any]:
    """``message`` with its token counts, unless they would count what was taken out."""
    if usage is not None and session.outcome().verdict < Verdict.WITHHOLD:
        message["usage"] = msgspec.structs.asdict(usage)
    return message


def with_metadata(message: dict[str, Any], session: Session) -> dict[str, Any]:
    """``message`` with what Ordinance did to the answer."""
    message["ordinance"] = session.metadata()
    return message
