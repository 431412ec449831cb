"""Through Envoy a client reads the same bytes however the model server's answer was cut, and the same as from the
gateway: by each API, streamed and whole."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ordinance.protocol.routes import CHAT, COMPLETIONS, MESSAGES, RESPONSES
from support.asking import body, post
from support.envoys import Governed
from support.serving import (
    DONE,
    PATIENCE,
    LoopThread,
    RunningGateway,
    Script,
    ScriptedUpstream,
    Wire,
    chunk,
    event,
)
from support.small_plan import FORBIDDEN, SENTENCE, small_plan

TEXT = f"Good morning. {SENTENCE} It is late. Good night."
#: What differs from answer to answer: ids and times, and never a word.
_OWN = re.compile(r'"(id|item_id|response_id|message_id|created|created_at|completed_at)":"?[\w-]+"?')


@pytest.fixture(scope="module")
def direct(loop_thread: LoopThread, shared_upstream: ScriptedUpstream) -> Iterator[RunningGateway]:
    running = RunningGateway(loop_thread, small_plan(), shared_upstream.url, {})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=PATIENCE * 2, trust_env=False) as made:
        yield made


def _pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    ends = [*sorted({cut % len(raw) for cut in cuts} | {0}), len(raw)]
    return [raw[start:end] for start, end in itertools.pairwise(ends) if end > start]


def _script(raw: bytes, cuts: list[int], kind: str) -> Script:
    async def script(wire: Wire) -> None:
        await wire.head(kind=kind)
        await wire.send(*_pieces(raw, cuts))

    return script


def _events(path: str, words: list[str]) -> bytes:
    """An answer that streams ``words``, as the servers of each API write it."""
    if path == CHAT:
        told = [event(chunk(role="assistant", content=""))]
        told += [event(chunk(content=word)) for word in words]
        return b"".join([*told, event(chunk(finish="stop")), DONE])
    if path == COMPLETIONS:
        base = {"id": "cmpl-up", "object": "text_completion", "created": 1, "model": "m"}
        choices = [{"index": 0, "text": word, "finish_reason": None, "logprobs": None} for word in words]
        choices.append({"index": 0, "text": "", "finish_reason": "stop", "logprobs": None})
        return b"".join([*(event({**base, "choices": [choice]}) for choice in choices), DONE])
    named = _messages(words) if path == MESSAGES else _responses(words)
    return b"".join(b"event: " + each["type"].encode() + b"\n" + event(each) for each in named)


def _messages(words: list[str]) -> list[dict[str, Any]]:
    message: dict[str, Any] = {
        "id": "msg-up", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 0},
    }  # fmt: skip
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in words),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def _responses(words: list[str]) -> list[dict[str, Any]]:
    text = "".join(words)
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    item: dict[str, Any] = {
        "type": "message", "id": "msg_up", "role": "assistant", "status": "in_progress", "content": []
    }  # fmt: skip
    whole = {**item, "status": "completed", "content": [{**part, "text": text}]}
    response: dict[str, Any] = {
        "id": "resp_up", "object": "response", "created_at": 1, "model": "m", "status": "in_progress", "output": [],
        "usage": None, "incomplete_details": None, "error": None,
    }  # fmt: skip
    usage = {
        "input_tokens": 1, "output_tokens": 9, "total_tokens": 10, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    at = {"item_id": "msg_up", "output_index": 0, "content_index": 0}
    told: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.in_progress", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **at, "part": part},
        *({"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in words),
        {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": {**part, "text": text}},
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {
            "type": "response.completed",
            "response": {**response, "status": "completed", "output": [whole], "usage": usage},
        },
    ]
    return [{**each, "sequence_number": number} for number, each in enumerate(told)]


@pytest.mark.requirement("TR-8")
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS, RESPONSES, MESSAGES])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=some.lists(some.integers(1, len(TEXT) - 1), max_size=12), cuts=some.lists(some.integers(0, 9999)))
def test_the_same_text_for_every_cut_and_the_same_as_the_gateways(
    gateway: Governed,
    direct: RunningGateway,
    upstream: ScriptedUpstream,
    client: httpx2.Client,
    path: str,
    words: list[int],
    cuts: list[int],
) -> None:
    ends = [0, *sorted(set(words)), len(TEXT)]
    raw = _events(path, [TEXT[start:end] for start, end in itertools.pairwise(ends)])
    asked = body(path, stream=True)
    upstream.script = _script(raw, cuts, "text/event-stream")
    seen = post(client, path, asked, gateway.address)
    upstream.script = _script(raw, [], "text/event-stream")
    assert seen == post(client, path, asked, direct.address)
    assert FORBIDDEN not in seen.text
    assert "Good morning. ⟦…⟧ It is late." in seen.text or "⟦…⟧" in seen.text


@pytest.mark.requirement("TR-8")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=some.lists(some.integers(0, 99999), max_size=40))
def test_the_same_bytes_for_every_cut_of_the_bytes(
    gateway: Governed,
    direct: RunningGateway,
    upstream: ScriptedUpstream,
    client: httpx2.Client,
    cuts: list[int],
) -> None:
    """Byte for byte, but for what is each answer's own; and how they are packed into HTTP's chunks is not asked."""
    raw = _events(CHAT, re.findall(r"\S+\s*", TEXT))
    read = []
    for address, cut in ((gateway.address, cuts), (direct.address, [])):
        upstream.script = _script(raw, cut, "text/event-stream")
        reply = client.post(f"{address}{CHAT}", json=body(CHAT, stream=True))
        read.append(_OWN.sub("", reply.text))
    assert read[0] == read[1]


@pytest.mark.requirement("TR-8")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=some.lists(some.integers(0, 9999), max_size=20))
def test_the_same_whole_answer_for_every_cut(
    gateway: Governed,
    direct: RunningGateway,
    upstream: ScriptedUpstream,
    client: httpx2.Client,
    cuts: list[int],
) -> None:
    message = {"role": "assistant", "content": TEXT}
    answer = {
        "id": "up", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }  # fmt: skip
    read = []
    for address, cut in ((gateway.address, cuts), (direct.address, [])):
        upstream.script = _script(json.dumps(answer).encode(), cut, "application/json")
        read.append(_OWN.sub("", client.post(f"{address}{CHAT}", json=body(CHAT)).text))
    assert read[0] == read[1]


@pytest.mark.requirement("TR-8")
def test_text_leaves_while_the_model_still_speaks(gateway: Governed, upstream: ScriptedUpstream) -> None:
    """A held word over three deltas, and what is free leaves before the answer's end."""
    free, go_on = threading.Event(), threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good morning. Look at the for")))
        await wire.send(event(chunk(content="bidden fl")), event(chunk(content="ag there. ")))
        await asyncio.to_thread(go_on.wait, PATIENCE)
        await wire.send(event(chunk(content="Bye.")), event(chunk(finish="stop")), DONE)

    upstream.script = script
    text = ""
    with (
        httpx2.Client(timeout=PATIENCE, trust_env=False) as asking,
        asking.stream("POST", f"{gateway.address}{CHAT}", json=body(CHAT, stream=True)) as reply,
    ):
        for line in reply.iter_lines():
            text += line
            if "Good morning" in text and not free.is_set():
                free.set()
                go_on.set()
    assert free.is_set()
    assert "bidden" not in text
    assert "[DONE]" in text
