"""Where what opens an answer stands, through the gateway: before the first text that a person reads, and in a tool loop
in the step that says one (semantics, rules 17 and 29)."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from ordinance.protocol.api import Api
from support.blocks import BLOCK_APIS, Block, framed, read_back, upstream_events
from support.serving import DONE, PATIENCE, RunningGateway, ScriptedUpstream, chunk, completion, event, send
from support.small_plan import FORBIDDEN, MACHINE, OMITTED

pytestmark = [pytest.mark.server, pytest.mark.requirement("LAW-4"), pytest.mark.semantics(17)]

OPENING = f"{MACHINE['en']}\n\n"
QUESTION = {"role": "user", "content": "How is the weather?"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"in":"Tartu"}'}}
LOOP: list[Any] = [
    QUESTION,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
]
BOTH = pytest.mark.parametrize("api", BLOCK_APIS, ids=["responses", "messages"])


def post(gateway: RunningGateway, path: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{gateway.address}{path}", json={"model": "m", **body}, timeout=PATIENCE, trust_env=False)


def chat(gateway: RunningGateway, messages: list[Any], **fields: Any) -> Any:
    return post(gateway, "/v1/chat/completions", messages=messages, **fields).json()


def streamed(gateway: RunningGateway, upstream: ScriptedUpstream, *chunks: Any) -> list[Any]:
    """The governed chunks of an answer that comes as ``chunks``."""
    upstream.script = send(*map(event, chunks), DONE)
    answer = post(gateway, "/v1/chat/completions", messages=[QUESTION], stream=True).text
    return [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data: {")]


def content(chunks: list[Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for one in chunks for choice in one["choices"])


def blocks(gateway: RunningGateway, upstream: ScriptedUpstream, api: Api, *said: Block) -> Any:
    upstream.script = send(*map(framed, upstream_events(api, said)))
    asked = {"input": "hi"} if api.turns == "input" else {"messages": [QUESTION], "max_tokens": 9}
    return read_back(api, post(gateway, api.path, stream=True, **asked).content)


def test_an_answer_that_is_only_a_call_leaves_it_to_the_next(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    upstream.script = send(
        json.dumps(completion(None, finish="tool_calls", tool_calls=[CALL])).encode(), kind="application/json"
    )
    step = chat(gateway, [QUESTION])
    assert step["choices"][0]["message"]["content"] is None
    assert step["ordinance"]["notices"] == []
    assert step["ordinance"]["verdict"] == "pass"
    upstream.script = send(json.dumps(completion("It is sunny.")).encode(), kind="application/json")
    answer = chat(gateway, LOOP)
    assert answer["choices"][0]["message"]["content"] == f"{OPENING}It is sunny."
    assert [notice["text"] for notice in answer["ordinance"]["notices"]] == [MACHINE["en"]]


def test_so_on_a_stream_and_white_space_before_the_call_is_no_text(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    call = chunk(tool_calls=[{"index": 0, **CALL}])
    said = streamed(gateway, upstream, chunk(role="assistant", content=""), chunk(content="\n\n"), call,
                    chunk(finish="tool_calls"))  # fmt: skip
    assert content(said) == "\n\n"
    assert said[-1]["ordinance"]["notices"] == []
    assert said[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_text_before_the_call_has_it(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    call = chunk(tool_calls=[{"index": 0, **CALL}])
    said = streamed(gateway, upstream, chunk(role="assistant", content=""), chunk(content="Let me "),
                    chunk(content="look."), call, chunk(finish="tool_calls"))  # fmt: skip
    assert content(said) == f"{OPENING}Let me look."
    assert len(said[-1]["ordinance"]["notices"]) == 1


@pytest.mark.parametrize("cut", range(4))
def test_white_space_at_the_beginning_follows_it_however_the_stream_is_cut(
    gateway: RunningGateway, upstream: ScriptedUpstream, cut: int
) -> None:
    text = "\n\nDay."
    said = streamed(gateway, upstream, chunk(role="assistant"), chunk(content=text[:cut]), chunk(content=text[cut:]),
                    chunk(finish="stop"))  # fmt: skip
    assert content(said) == OPENING + text


def test_it_comes_after_thoughts_and_before_what_they_lead_to(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    said = streamed(gateway, upstream, chunk(role="assistant"), chunk(reasoning="Hm."), chunk(content="Day."),
                    chunk(finish="stop"))  # fmt: skip
    order = [name for one in said for name, text in one["choices"][0]["delta"].items() if text and name != "role"]
    assert order == ["reasoning", "content"]
    assert content(said) == f"{OPENING}Day."


def test_a_call_that_is_removed_ends_the_answer_which_then_has_it(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    call = CALL | {"function": {"name": "weather", "arguments": json.dumps({"in": FORBIDDEN})}}
    upstream.script = send(
        json.dumps(completion(None, finish="tool_calls", tool_calls=[call])).encode(), kind="application/json"
    )
    step = chat(gateway, [QUESTION])
    assert step["choices"][0]["message"]["content"] == f"{OPENING}{OMITTED['en']}"
    assert step["choices"][0]["finish_reason"] == "content_filter"


@BOTH
def test_in_blocks_a_call_alone_has_no_item_before_it(
    gateway: RunningGateway, upstream: ScriptedUpstream, api: Api
) -> None:
    said = blocks(gateway, upstream, api, ("thinking", ["Hm."]), ("call", "f", ['{"a": 1}']))
    assert said.blocks == [("thinking", "Hm."), ("call", '{"a": 1}')]
    assert said.metadata is not None
    assert said.metadata["notices"] == []


@BOTH
def test_in_blocks_it_begins_the_first_text(gateway: RunningGateway, upstream: ScriptedUpstream, api: Api) -> None:
    said = blocks(gateway, upstream, api, ("thinking", ["Hm."]), ("text", ["Day."]))
    assert said.blocks == [("thinking", "Hm."), ("text", f"{OPENING}Day.")]


@pytest.mark.semantics(29)
def test_what_is_told_beside_a_call_does_not_count_as_given(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    spoken = [QUESTION, {**LOOP[1], "content": f"{OPENING}Let me look."}, LOOP[2]]
    upstream.script = send(json.dumps(completion("It is sunny.")).encode(), kind="application/json")
    assert chat(gateway, spoken)["choices"][0]["message"]["content"] == f"{OPENING}It is sunny."
    answered = [*spoken, {"role": "assistant", "content": f"{OPENING}It is sunny."}, QUESTION]
    upstream.script = send(json.dumps(completion("Still sunny.")).encode(), kind="application/json")
    assert chat(gateway, answered)["choices"][0]["message"]["content"] == "Still sunny."
