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
#: Fields that do not go upstream: what they ask for does not pass, or they decide what an answer continues.
_NOT_ASKED = frozenset(
    {"logprobs", "top_logprobs", "prompt_logprobs", "return_token_ids", "echo", "prompt", "chat_template"}
)
#: How servers join the parts of a message, and messages of one role.
_JOINTS = ("", "\n", " ")
#: Where a message has text, besides its content.
_TEXTS = ("text", "thinking", "reasoning", "reasoning_content", "refusal")
_OPERATORS_ROLES = frozenset({"system", "developer"})
_FINISH_REASONS = frozenset({"stop", "length", "content_filter"})
FILTERED = "content_filter"


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request that was read.

    ``body`` is what goes upstream. ``turn`` counts from 1. ``readings`` are what the answer may continue, if it may:
    the last words of the request as a server may join and trim them.
    """

    body: Mapping[str, Any]
    streaming: bool
    choices: int
    turn: int
    readings: tuple[str, ...]
    model: str

    def open(self, session: Session, index: int) -> Stream:
        """The governed stream of one choice."""
        if not 0 <= index < self.choices:
            raise malformed("it has a choice that was not asked for")
        return session.stream()


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
    model = body.get("model")
    return ChatRequest(
        body={name: value for name, value in body.items() if name not in _NOT_ASKED},
        streaming=bool(streaming),
        choices=choices,
        turn=sum(message.get("role") == "assistant" for message in messages) + 1,
        readings=_readings(messages, continued=body.get("continue_final_message") not in (None, False)),
        model=model if isinstance(model, str) and model else "default",
    )


def _readings(messages: list[dict[str, Any]], *, continued: bool) -> tuple[str, ...]:
    """What an answer may continue: the assistant messages at the end, or with ``continued`` the last message whatever
    its role. Servers trim it, or not, and join parts and messages in one of several ways."""
    trailing: list[str] = []
    for message in reversed(messages):
        if message.get("role") != "assistant" and not (continued and message is messages[-1]):
            break
        trailing[:0] = _texts(message)
    texts = [text for text in trailing if text]
    joined = [joint.join(texts) for joint in _JOINTS] + texts[-1:]
    return tuple(dict.fromkeys(form for text in joined for form in (text, text.rstrip()) if form))


def _texts(message: dict[str, Any]) -> list[str]:
    """The texts of a message, in the order in which a template writes them."""
    found = [message[name] for name in _TEXTS if isinstance(message.get(name), str)]
    content = message.get("content")
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, dict):
            found += [part[name] for name in _TEXTS if isinstance(part.get(name), str)]
        elif isinstance(part, str):
            found.append(part)
    return found


def refuses_prompt(request: ChatRequest, session: Session, *, system_is_ours: bool) -> bool:
    """Look at all that is asked. True if a red line refuses it: then the upstream is not asked."""
    if request.readings:
        session.continue_from(request.readings)
    return session.screen(prompt_texts(request, system_is_ours=system_is_ours))


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
            yield from (joint.join(_texts({"content": message["content"]})) for joint in _JOINTS)


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

    choices: list[Choice] = []
    usage: Usage | None = None
    error: Any = None
    object: Any = None


_DECODER = msgspec.json.Decoder(Reply)


def read_reply(raw: bytes | str) -> Reply:
    """An upstream's completion or chunk. Raises ``Problem`` (502) where it is none."""
    try:
        reply = _DECODER.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise malformed("it is not the JSON of this protocol") from None
    if reply.error is not None or reply.object == "error":  # older servers write the flat form
        raise upstream_failed()
    return reply


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the top of a completion and of every chunk of it: our own id and time, and the model that was
    asked for, since an upstream's could carry text."""

    id: str
    created: int
    model: str

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
    completion = head.completion(choices)
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
