"""Messages through the real client, streaming and whole: governed as chat is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.problems import Problem
from support.blocks import COUNTS, Block, framed, upstream_events
from support.governing import whole
from support.plans import expressions, mask, plan
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, Wire
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED

OPENING = f"{MACHINE['en']}\n\n"
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[Any]:
    from anthropic import Anthropic  # slow to import, and most tests of this file need none

    with Anthropic(base_url=gateway.address, api_key="k", max_retries=0, timeout=PATIENCE) as one:
        yield one


def message(*blocks: Block, **more: Any) -> dict[str, Any]:
    """An upstream's whole answer."""
    content: list[dict[str, Any]] = []
    for index, block in enumerate(blocks):
        text = "".join(block[-1])
        if block[0] == "call":
            content.append({"type": "tool_use", "id": f"call_{index}", "name": block[1], "input": json.loads(text)})
        elif block[0] == "thinking":
            content.append({"type": "thinking", "thinking": text, "signature": "up"})
        else:
            content.append({"type": "text", "text": text})
    top = {"id": "chatcmpl-up", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
    return {**top, "content": content, "usage": COUNTS, **more}


def say(upstream: ScriptedUpstream, *blocks: Block, **ending: Any) -> None:
    async def script(wire: Wire) -> None:
        if wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(*map(framed, upstream_events(MESSAGES, blocks, **ending)))
        else:
            await wire.json(message(*blocks, **ending))

    upstream.script = script


def ask(client: Any, stream: bool, **fields: Any) -> Any:
    """The final message, however it is asked for."""
    if not stream:
        return client.messages.create(**{**ASK, **fields})
    with client.messages.stream(**{**ASK, **fields}) as events:
        return events.get_final_message()


def text_of(said: Any) -> str:
    return "".join(block.text for block in said.content if block.type == "text")


STREAM = pytest.mark.parametrize("stream", [False, True])


@STREAM
def test_a_harmless_answer(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("thinking", ["H", "m."]), ("text", ["Good ", "day."]), ("call", "f", ['{"a":', " 1}"]),
        stop_reason="tool_use")  # fmt: skip
    said = ask(client, stream)
    assert text_of(said) == f"{OPENING}Good day."
    assert [block.thinking for block in said.content if block.type == "thinking"] == ["Hm."]
    assert [block.signature for block in said.content if block.type == "thinking"] != ["up"]
    assert [(block.name, block.input) for block in said.content if block.type == "tool_use"] == [("f", {"a": 1})]
    assert (said.stop_reason, said.usage.input_tokens, said.usage.output_tokens) == ("tool_use", 3, 5)
    assert said.id != "chatcmpl-up"


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(16)
@STREAM
def test_an_omission(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("text", ["See the ", FORBIDDEN, "!"]))
    said = ask(client, stream)
    assert text_of(said) == f"{OPENING}See the ⟦…⟧!\n\n{OMITTED['en']}"
    assert (said.stop_reason, said.usage.input_tokens, said.usage.output_tokens) == ("end_turn", 0, 0)


@pytest.mark.semantics(7)
@STREAM
def test_a_refusal(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("text", ["An ", RED_LINE, " here."]))
    said = ask(client, stream)
    assert said.stop_reason == "refusal"
    assert text_of(said).startswith(OPENING + ("An \n\n" if stream else "") + REFUSED["en"])


@pytest.mark.semantics(7)
@STREAM
def test_a_refused_prompt_has_the_same_shape_and_asks_nobody(
    client: Any, upstream: ScriptedUpstream, stream: bool
) -> None:
    said = ask(client, stream, system=[{"type": "text", "text": "opaque "}, {"type": "text", "text": "red line"}])
    assert said.stop_reason == "refusal"
    assert text_of(said).startswith(OPENING + REFUSED["en"])
    assert upstream.asked == []


@pytest.mark.semantics(9)
@STREAM
def test_a_region_in_a_call(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("call", "f", ["{}"]), ("call", "g", ['{"a": "x ', f'{FORBIDDEN}"', "}"]), stop_reason="tool_use")
    said = ask(client, stream)
    assert said.stop_reason == "refusal"
    assert [block.name for block in said.content if block.type == "tool_use"] == (["f", "g"] if stream else ["f"])
    assert FORBIDDEN not in said.model_dump_json()
    assert OMITTED["en"] in text_of(said)


@STREAM
@pytest.mark.parametrize(
    ("given", "reason", "sequence"),
    [
        ({"stop_reason": "max_tokens"}, "max_tokens", None),
        ({"stop_reason": "stop_sequence", "stop_sequence": "END"}, "stop_sequence", "END"),
        ({"stop_reason": "stop_sequence", "stop_sequence": "other"}, "end_turn", None),
        ({"stop_reason": None}, "end_turn", None),
        ({"stop_reason": "tool_use"}, "end_turn", None),
        ({"stop_reason": "refusal"}, "refusal", None),
        ({"stop_reason": "pause_turn"}, "end_turn", None),
    ],
)
def test_why_an_answer_ended(
    client: Any, upstream: ScriptedUpstream, given: dict[str, Any], reason: str, sequence: str | None, stream: bool
) -> None:
    say(upstream, ("text", ["Good day"]), **given)
    said = ask(client, stream, stop_sequences=["END"])
    assert (said.stop_reason, said.stop_sequence) == (reason, sequence)


@pytest.mark.semantics(9)
@STREAM
def test_a_structured_answer_keeps_its_form(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    say(upstream, ("thinking", ["A forbidden"]), ("text", ['{"a": "the ', FORBIDDEN, '."}']))
    form = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    said = ask(client, stream, output_config=form)
    assert text_of(said) == '{"a": "the ⟦…⟧."}'
    assert [block.type for block in said.content] == ["thinking", "text"]
    assert said.content[0].thinking == "A forbidden"


@STREAM
def test_an_error_of_the_upstreams(client: Any, upstream: ScriptedUpstream, stream: bool) -> None:
    async def script(wire: Wire) -> None:
        if stream:
            await wire.head()
            events = upstream_events(MESSAGES, [("text", ["Good "])])[:4]
            await wire.send(*map(framed, [*events, {"type": "error", "error": {"type": "x", "message": "canary"}}]))
        else:
            await wire.json({"type": "error", "error": {"type": "x", "message": "canary"}}, status=500)

    upstream.script = script
    from anthropic import APIError

    with pytest.raises(APIError) as caught:
        ask(client, stream)
    assert "canary" not in str(caught.value)
    assert "upstream_failed" in str(caught.value)
    body: Any = caught.value.body
    assert body["error"]["type"] == "api_error"


def test_the_events_of_the_client_tell_the_same_text(client: Any, upstream: ScriptedUpstream) -> None:
    say(upstream, ("text", ["See the ", FORBIDDEN, "!"]), ("call", "f", ["{}"]))
    with client.messages.stream(**ASK) as events:
        streamed = "".join(events.text_stream)
        assert streamed == text_of(events.get_final_message())


def test_the_metadata_stands_in_the_last_event_that_tells_why(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    say(upstream, ("text", ["Good day."]))
    answer = httpx2.post(
        gateway.address + MESSAGES.path, json={**ASK, "stream": True}, timeout=PATIENCE, trust_env=False
    )
    frames = answer.text.split("\n\n")
    assert '"ordinance":{' in frames[-3]
    assert frames[-3].startswith("event: message_delta")
    assert answer.text.count('"ordinance"') == 1
    assert frames[-2:] == ['event: message_stop\ndata: {"type":"message_stop"}', ""]


def test_texts_of_one_kind_are_one_in_a_whole_answer() -> None:
    answer = whole(MESSAGES, message(("text", [FORBIDDEN[:5]]), ("call", "f", ["{}"]), ("text", [FORBIDDEN[5:]])))
    assert answer["content"][0]["text"] == f"⟦…⟧\n\n{OMITTED['en']}"
    assert answer["ordinance"]["verdict"] == "withhold"


def test_an_answer_that_says_nothing_has_an_empty_text() -> None:
    assert whole(MESSAGES, message())["content"] == [{"type": "text", "text": ""}]


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"type": "message", "content": "x"}, {"type": "message", "content": [{"type": "tool_use", "input": []}]},
     {"type": "error", "error": {"message": "canary"}}],
)  # fmt: skip
def test_what_is_no_answer_of_the_protocol_is_a_problem(answer: Any) -> None:
    with pytest.raises(Problem) as caught:
        whole(MESSAGES, answer)
    assert "canary" not in str(MESSAGES.problem_body(caught.value))


CODES = plan(
    [mask("DE/codes", "code", channels=frozenset({Channel.PROMPT}), placeholders={"en": "personal code"})],
    {"code": expressions((), (r"\b77[0-9]{4}\b",))},
)


@pytest.mark.semantics(16)
@pytest.mark.parametrize(("question", "counted"), [("hi", COUNTS["input_tokens"]), ("I am 770001.", 0)])
def test_a_stream_begins_with_the_input_tokens_unless_the_prompt_was_masked(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, question: str, counted: int
) -> None:
    say(upstream, ("text", ["Day."]))
    gateway = open_gateway(CODES)
    asked = {"model": "m", "messages": [{"role": "user", "content": question}], "max_tokens": 9, "stream": True}
    told = httpx2.post(f"{gateway.address}{MESSAGES.path}", json=asked, trust_env=False, timeout=PATIENCE).text
    events = [json.loads(line[6:]) for line in told.splitlines() if line.startswith("data: ")]
    assert events[0]["message"]["usage"] == {"input_tokens": counted, "output_tokens": 0}
    assert events[-2]["usage"]["input_tokens"] == counted
