"""Responses through the real client, streaming and whole: governed as chat is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pydantic
import pytest

from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.problems import Problem
from support.blocks import Block, framed, upstream_events
from support.governing import whole
from support.serving import PATIENCE, RunningGateway, ScriptedUpstream, Wire
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED

if TYPE_CHECKING:
    import openai

OPENING = f"{MACHINE['en']}\n\n"


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    import openai  # slow to import, and most tests of this file need none

    with openai.OpenAI(base_url=f"{gateway.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE) as one:
        yield one


def response(*blocks: Block, **more: Any) -> dict[str, Any]:
    """An upstream's whole answer."""
    found: dict[str, Any] = upstream_events(RESPONSES, blocks, **more)[-1]["response"]
    return found


def say(upstream: ScriptedUpstream, *blocks: Block, **ending: Any) -> None:
    async def script(wire: Wire) -> None:
        if wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(*map(framed, upstream_events(RESPONSES, blocks, **ending)))
        else:
            await wire.json(response(*blocks, **ending))

    upstream.script = script


def ask(client: openai.OpenAI, stream: bool, **fields: Any) -> Any:
    """The final response, however it is asked for."""
    asked = {"model": "m", "input": "hi", **fields}
    if not stream:
        return client.responses.create(**asked)
    with client.responses.stream(**asked) as events:
        return events.get_final_response()


STREAM = pytest.mark.parametrize("stream", [False, True])


@STREAM
def test_a_harmless_answer(client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("thinking", ["H", "m."]), ("text", ["Good ", "day."]), ("call", "f", ['{"a":', " 1}"]))
    said = ask(client, stream)
    assert said.output_text == f"{OPENING}Good day."
    assert (said.status, said.incomplete_details, said.usage.total_tokens) == ("completed", None, 8)
    thoughts = [item.content[0].text for item in said.output if item.type == "reasoning"]
    calls = [(item.name, item.arguments, item.call_id) for item in said.output if item.type == "function_call"]
    assert thoughts == ["Hm."]
    assert calls == [("f", '{"a": 1}', "call_2")]
    assert said.model_extra["ordinance"]["verdict"] == "disclose"
    asked = upstream.asked[-1].json
    assert (asked["store"], asked["input"]) == (False, "hi")
    assert said.id != "resp_up"


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(16)
@STREAM
def test_an_omission(client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("text", ["See the ", FORBIDDEN, "!"]))
    said = ask(client, stream)
    assert said.output_text == f"{OPENING}See the ⟦…⟧!\n\n{OMITTED['en']}"
    assert (said.status, said.usage) == ("completed", None)


@pytest.mark.semantics(7)
@STREAM
def test_a_refusal_is_incomplete_because_of_the_content_filter(
    client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool
) -> None:
    say(upstream, ("text", ["An ", RED_LINE, " here."]))
    said = ask(client, stream)
    assert (said.status, said.incomplete_details.reason) == ("incomplete", "content_filter")
    assert said.output_text.startswith(OPENING + ("An \n\n" if stream else "") + REFUSED["en"])
    assert said.model_extra["ordinance"]["verdict"] == "refuse"


@pytest.mark.semantics(7)
@STREAM
def test_a_refused_prompt_has_the_same_shape_and_asks_nobody(
    client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool
) -> None:
    said = ask(client, stream, input=[{"role": "user", "content": [{"type": "input_text", "text": RED_LINE}]}])
    assert (said.status, said.incomplete_details.reason) == ("incomplete", "content_filter")
    assert said.output_text.startswith(OPENING + REFUSED["en"])
    assert upstream.asked == []


@pytest.mark.semantics(9)
@STREAM
def test_a_removed_call_is_not_in_the_final_answer(
    client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool
) -> None:
    say(upstream, ("call", "f", ["{}"]), ("call", "g", ['{"a": "x ', f'{FORBIDDEN}"', "}"]))
    said = ask(client, stream)
    assert [item.name for item in said.output if item.type == "function_call"] == ["f"]
    assert said.incomplete_details.reason == "content_filter"


@STREAM
def test_why_an_answer_ended_early(client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    say(upstream, ("text", ["Good day"]), **cut)
    said = ask(client, stream)
    assert (said.status, said.incomplete_details.reason) == ("incomplete", "max_output_tokens")


class Shape(pydantic.BaseModel):
    a: str


@pytest.mark.semantics(9)
@STREAM
def test_a_structured_answer_keeps_its_form(client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("thinking", ["A forbidden"]), ("text", ['{"a": "the ', FORBIDDEN, '."}']))
    said: Any
    if stream:
        with client.responses.stream(model="m", input="hi", text_format=Shape) as events:
            said = events.get_final_response()
    else:
        said = client.responses.parse(model="m", input="hi", text_format=Shape)
    assert said.output_parsed == Shape(a="the ⟦…⟧.")
    assert [item.type for item in said.output] == ["reasoning", "message"]
    assert said.output[0].content[0].text == "A forbidden"


@STREAM
def test_an_error_of_the_upstreams(client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    async def script(wire: Wire) -> None:
        if stream:
            await wire.head()
            events = upstream_events(RESPONSES, [("text", ["Good "])])[:5]
            failed = {"type": "response.failed", "response": {"status": "failed", "error": {"message": "canary"}}}
            await wire.send(*map(framed, [*events, failed]))
        else:
            await wire.json({"error": {"message": "canary"}}, status=500)

    upstream.script = script
    import openai

    with pytest.raises(openai.APIError) as caught:
        ask(client, stream)
    assert "canary" not in str(caught.value)
    assert caught.value.code == "upstream_failed"


@pytest.mark.requirement("TR-3")
@STREAM
def test_log_probabilities_leave_with_their_text(
    client: openai.OpenAI, upstream: ScriptedUpstream, stream: bool
) -> None:
    words = ["Good", " day", " forbidden", " flag", " now"]
    entries = [{"token": word, "logprob": -1.0, "bytes": list(word.encode()), "top_logprobs": []} for word in words]

    async def script(wire: Wire) -> None:
        events = upstream_events(RESPONSES, [("text", words)])
        if wire.asked.json.get("stream"):
            deltas = iter(entries)
            for one in events:
                if one["type"] == "response.output_text.delta":
                    one["logprobs"] = [next(deltas)]
            await wire.head()
            await wire.send(*map(framed, events))
        else:
            events[-1]["response"]["output"][0]["content"][0]["logprobs"] = entries
            await wire.json(events[-1]["response"])

    upstream.script = script
    said = ask(client, stream, include=["message.output_text.logprobs"], top_logprobs=2)
    assert upstream.asked[-1].json["include"] == ["message.output_text.logprobs"]
    parts = [part for item in said.output for part in item.content]
    assert [token.token for part in parts for token in part.logprobs] == ["Good", " day"]


def test_the_events_of_the_client_tell_the_same_text(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    say(upstream, ("text", ["See the ", FORBIDDEN, "!"]))
    deltas = []
    with client.responses.stream(model="m", input="hi") as events:
        for one in events:
            if one.type == "response.output_text.delta":
                deltas.append(one.delta)
                assert one.snapshot == "".join(deltas)
        assert "".join(deltas) == events.get_final_response().output_text


def test_texts_of_one_kind_are_one_in_a_whole_answer() -> None:
    answer = whole(RESPONSES, response(("text", [FORBIDDEN[:5]]), ("call", "f", ["{}"]), ("text", [FORBIDDEN[5:]])))
    assert answer["output"][0]["content"][0]["text"] == f"⟦…⟧\n\n{OMITTED['en']}"
    assert answer["ordinance"]["verdict"] == "withhold"


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"status": "completed", "output": [{"content": "x"}]}, {"status": "in_progress"}, {"status": "queued"},
     {"error": {"message": "x"}, "status": "completed"}, {"status": "completed", "output": [
         {"type": "function_call", "name": "f", "arguments": {}}]}],
)  # fmt: skip
def test_what_is_no_answer_of_the_protocol_is_a_problem(answer: Any) -> None:
    with pytest.raises(Problem):
        whole(RESPONSES, answer)


def test_a_namespace_is_one_of_the_requests_own() -> None:
    tools = [{"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "function", "name": "f"}]}]
    answer = response(("call", "f", ["{}"]), ("call", "f", ["{}"]))
    answer["output"][0]["namespace"], answer["output"][1]["namespace"] = "n", "other"
    calls = whole(RESPONSES, answer, tools=tools)["output"]
    assert [call.get("namespace") for call in calls if call["type"] == "function_call"] == ["n", None]
    assert json.dumps(answer).count("other") == 1
