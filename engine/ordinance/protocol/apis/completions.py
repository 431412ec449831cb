"""Completions: what a request says, and how an answer is read and written.

A choice continues its own prompt (semantics, rule 10). With `echo` the prompt stands in the answer's text, and is
governed as all of it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import msgspec

from ordinance.protocol import fields, routes
from ordinance.protocol.api import Choices
from ordinance.protocol.apis.chunks import Chunks, Separate, answer_of, problem_event
from ordinance.protocol.apis.envelope import Envelope, check, decode, token_ids
from ordinance.protocol.apis.logprobs import TokenWords, read_token
from ordinance.protocol.asked import (
    MOST_CHOICES,
    Request,
    read_body,
    read_count,
    read_flag,
    read_model,
    read_stops,
    trimmed,
)
from ordinance.protocol.conversation import Message
from ordinance.protocol.finish import said_own
from ordinance.protocol.parts import NO_PARTS, Words
from ordinance.protocol.problems import Problem, bad_request, part_refused
from ordinance.protocol.said import CONTENT, Reply, Said, Token, Top, Usage
from ordinance.protocol.strings import replaced, strings
from ordinance.protocol.structured import structure_of


def _prompts(body: dict[str, Any]) -> list[str]:
    """Read the prompts of a request. Raises ``Problem`` (400)."""
    prompt = body.get("prompt")
    prompts = prompt if isinstance(prompt, list) else [prompt]
    texts = [each for each in prompts if isinstance(each, str)]
    if not texts or len(texts) < len(prompts):
        raise bad_request("`prompt` must be a text or a list of texts; token ids cannot be checked.", "prompt")
    if body.get("prompt_embeds") is not None:
        raise part_refused("embeddings are never accepted, because they cannot be checked", "prompt_embeds")
    return texts


class _Logprobs(msgspec.Struct, frozen=True):
    """As the API has them, or ``content`` in the form of chats, as llama.cpp writes it here too."""

    content: list[TokenWords] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


class _Choice(msgspec.Struct, frozen=True):
    index: int = 0
    text: str | None = None
    logprobs: _Logprobs | None = None
    token_ids: Any = None
    finish_reason: str | None = None
    stop_reason: Any = None


class _Answer(Envelope, frozen=True):
    choices: list[_Choice] = msgspec.field(default_factory=list)


_DECODER = msgspec.json.Decoder(_Answer)


def _read(raw: bytes) -> Reply:
    answer = decode(_DECODER, raw)
    check(answer)
    return Reply([_read_choice(choice) for choice in answer.choices], answer.usage, answer.top())


def _read_choice(choice: _Choice) -> tuple[int, Said]:
    said = Said({} if choice.text is None else {CONTENT: choice.text}, finish=choice.finish_reason or None)
    if choice.logprobs is not None:
        said.tokens[CONTENT] = list(_tokens(choice.logprobs))
    said.token_ids = token_ids(choice.token_ids)
    said.own = said_own(choice.finish_reason, choice.stop_reason)
    said.stop = choice.stop_reason if isinstance(choice.stop_reason, str) else None
    return choice.index, said


def _tokens(found: _Logprobs) -> Iterator[Token]:
    yield from map(read_token, found.content or ())
    values, tops = found.token_logprobs or [], found.top_logprobs
    for number, text in enumerate(found.tokens or ()):
        top = (tops[number] if tops is not None and number < len(tops) else None) or {}
        alternatives = None if tops is None else [(token, value or 0.0) for token, value in top.items()]
        yield Token(text, values[number] if number < len(values) else None, alternatives)


def _write(index: int, said: Said) -> dict[str, Any]:
    tokens = said.tokens.get(CONTENT)
    choice: dict[str, Any] = {
        "index": index,
        "text": said.texts.get(CONTENT, ""),
        "logprobs": _write_tokens(tokens) if tokens else None,
        "finish_reason": said.finish,
    }
    if said.stop is not None:
        choice["stop_reason"] = said.stop
    if said.token_ids is not None:
        choice["token_ids"] = said.token_ids
    return choice


def _write_with_logprobs(index: int, said: Said) -> dict[str, Any]:
    """Write a choice whose log probabilities were asked for: lists, even if none may leave."""
    choice = _write(index, said)
    return {**choice, "logprobs": choice["logprobs"] or _write_tokens([])}


def _write_tokens(tokens: list[Token]) -> dict[str, Any]:
    """Offsets count in the released text, without what was added to it."""
    tops = [None if token.alternatives is None else dict(token.alternatives) for token in tokens]
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": None if tops and all(top is None for top in tops) else tops,
        "text_offset": [token.offset for token in tokens],
    }


class _PlainChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    index: int = 0
    logprobs: None = None
    finish_reason: None = None
    stop_reason: None = None
    token_ids: None = None
    prompt_token_ids: None = None
    prompt_logprobs: None = None


class _PlainChunk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    created: int
    model: str
    choices: tuple[_PlainChoice]
    object: Literal["text_completion"]
    system_fingerprint: str | None = None
    usage: None = None


_PLAIN_DECODER = msgspec.json.Decoder(_PlainChunk)


class Completions:
    """``POST /v1/completions``; see ``Api``."""

    path = routes.COMPLETIONS
    prefix = "cmpl-"
    turns = ""

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        body = read_body(raw)
        prompts = _prompts(body)
        choices = read_count(body) * len(prompts)
        if choices > MOST_CHOICES:
            raise bad_request(f"`prompt` times `n` must be at most {MOST_CHOICES} choices.", "prompt")
        body = fields.COMPLETIONS.of(body)
        return Request(
            body=body,
            streaming=read_flag(body, "stream"),
            choices=choices,
            turn=1,
            readings=tuple(trimmed([prompt]) for prompt in prompts),
            model=read_model(body),
            structure=structure_of(body),
            stops=read_stops(body),
        )

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        raise TypeError("a completion has no conversation")

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        """Every string of a request. Nothing in it is marked as a system message."""
        return strings(dict(request.body))

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        """Every string, but no name of a member."""
        found: dict[str, Any] = replaced(dict(request.body), mask)
        return found

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        return _read(raw)

    def reader(self, request: Request) -> Separate:
        return Separate(request, _read, _PLAIN_DECODER, b'"text"')

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        asked = request.body.get("logprobs")
        write = _write if asked is None or asked is False else _write_with_logprobs
        return answer_of("text_completion", write, top, choices, usage)

    def writer(self, request: Request) -> Chunks:
        return Chunks("text_completion", _write)

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        return problem.body()

    def problem_event(self, problem: Problem) -> bytes:
        return problem_event(problem)


COMPLETIONS = Completions()
