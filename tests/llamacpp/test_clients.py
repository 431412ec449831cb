"""The real clients, ``openai`` and ``anthropic``, and plain HTTP, against llama.cpp's server behind the gateway."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest

#: What the law of Germany leaves out.
CANARY = "ordinance-canary-86a-5d21e8"
#: After these words the small model says them again.
AGAIN = f"{CANARY}\n" * 6
HI: Any = [{"role": "user", "content": "Say hi in one word."}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look up a word.",
        "parameters": {"type": "object", "properties": {"word": {"const": CANARY}}, "required": ["word"]},
    },
}
CONST: Any = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "string", "const": CANARY}}}


@pytest.fixture
def client(gateway: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway}/v1", api_key="none", max_retries=0, timeout=180)


def post(gateway: str, route: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{gateway}/v1/{route}", json=body, trust_env=False, timeout=180)


def test_its_list_of_models_is_passed_on_without_what_only_it_says(client: openai.OpenAI) -> None:
    (model,) = client.models.list().data
    assert model.id == "smol"
    assert "meta" not in model.model_dump(exclude_unset=True)
    assert client.models.retrieve("smol").id == "smol"


def test_a_chat_has_text_usage_and_log_probabilities(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="smol", messages=HI, max_tokens=8, seed=1, temperature=0, logprobs=True, top_logprobs=2
    )
    (choice,) = answer.choices
    assert choice.message.content
    assert (choice.finish_reason, answer.usage and answer.usage.completion_tokens) == ("length", 8)
    assert choice.logprobs is not None
    tokens = "".join(each.token for each in choice.logprobs.content or [])
    assert choice.message.content.endswith(f"\n\n{tokens}"), "behind the disclosure"
    assert answer.model_extra is not None
    assert answer.model_extra["ordinance"]["verdict"] == "disclose"


def test_a_completion_has_log_probabilities_in_the_form_of_completions(client: openai.OpenAI) -> None:
    """llama.cpp writes them in the form of chats."""
    answer = client.completions.create(model="smol", prompt="One, two,", max_tokens=4, temperature=0, logprobs=2)
    found = answer.choices[0].logprobs
    assert found is not None
    assert "".join(found.tokens or []) == answer.choices[0].text.partition("\n\n")[2]
    assert len(found.token_logprobs or []) == len(found.top_logprobs or []) == 4


def test_a_streamed_chat_says_the_same_and_ends_with_usage(client: openai.OpenAI) -> None:
    asked: Any = {"model": "smol", "messages": HI, "max_tokens": 8, "seed": 1, "temperature": 0}
    whole = client.chat.completions.create(**asked).choices[0].message.content
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    assert "".join(each.delta.content or "" for chunk in chunks for each in chunk.choices) == whole
    assert [each.finish_reason for chunk in chunks for each in chunk.choices if each.finish_reason] == ["length"]
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == [8]


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_law_leaves_out_does_not_pass(gateway: str, stream: bool) -> None:
    """Of plain text, and of structured output."""
    prompt: dict[str, Any] = {"model": "smol", "prompt": AGAIN, "max_tokens": 48, "temperature": 0, "stream": stream}
    for route, body in (("completions", prompt), ("chat/completions", {"messages": HI, "response_format": CONST})):
        answer = post(gateway, route, **body, stream=stream) if route != "completions" else post(gateway, route, **body)
        assert answer.status_code == 200, answer.text
        assert CANARY not in answer.text
        assert '"DE/symbols"' in answer.text, answer.text
        assert '"error"' not in answer.text


def test_the_canary_would_come(model: str) -> None:
    """The check is checked."""
    body = {"prompt": AGAIN, "max_tokens": 48, "temperature": 0}
    answer = httpx2.post(
        f"{model}/v1/completions", json=body, headers={"authorization": "Bearer a-key-of-the-tests"}, timeout=180,
        trust_env=False,
    )  # fmt: skip
    assert CANARY in answer.json()["choices"][0]["text"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_a_tool_passes_and_what_the_law_leaves_out_of_it_does_not(gateway: str, stream: bool) -> None:
    answer = post(
        gateway, "chat/completions", messages=HI, tools=[TOOL], tool_choice="required", max_tokens=96, stream=stream,
        temperature=0,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert "look_up" in answer.text or "verdict" in answer.text
    assert CANARY not in answer.text
    assert '"error"' not in answer.text


@pytest.mark.parametrize("stream", [False, True])
def test_responses_and_messages_pass(gateway: str, client: openai.OpenAI, stream: bool) -> None:
    claude = anthropic.Anthropic(base_url=gateway, api_key="none", max_retries=0, timeout=180)
    if stream:
        with client.responses.stream(model="smol", input="Hi", max_output_tokens=8) as events:
            final = events.get_final_response()
        with claude.messages.stream(model="smol", messages=HI, max_tokens=8) as pieces:
            message = pieces.get_final_message()
    else:
        final = client.responses.create(model="smol", input="Hi", max_output_tokens=8)  # type: ignore[assignment]
        message = claude.messages.create(model="smol", messages=HI, max_tokens=8)  # type: ignore[assignment]
    assert final.output_text
    assert final.usage is not None
    assert 0 < final.usage.output_tokens <= 8
    (block,) = message.content
    assert block.type == "text"
    assert block.text
    assert message.stop_reason in ("max_tokens", "end_turn")
    assert 0 < message.usage.output_tokens <= 8
    assert claude.messages.count_tokens(model="smol", messages=HI).input_tokens > 8


@pytest.mark.parametrize("stream", [False, True])
def test_what_it_refuses_is_told_with_the_name_of_the_field(gateway: str, stream: bool) -> None:
    many = post(gateway, "chat/completions", messages=HI, n=3, stream=stream)
    assert (many.status_code, many.json()["error"]["code"]) == (400, "upstream_refused"), "it has two slots"
    assert many.json()["error"]["param"] == "n"
    long = post(gateway, "chat/completions", messages=[{"role": "user", "content": "word " * 9000}], stream=stream)
    assert (long.status_code, long.json()["error"]["code"]) == (400, "upstream_refused")
    assert "word" not in long.text.replace("words", "")


def test_connections_are_kept_where_it_keeps_them(gateway: str) -> None:
    """It closes some connections after a stream, though it announced to keep them: no request may fail of that."""
    with httpx2.Client(base_url=gateway, trust_env=False, timeout=180) as http:
        for turn in range(30):
            body = {"messages": HI, "max_tokens": 2, "stream": turn % 2 == 0}
            answer = http.post("/v1/chat/completions", json=body)
            assert (answer.status_code, '"error"' in answer.text) == (200, False), answer.text


def test_ready_says_that_it_answers_and_the_record_has_its_model(gateway: str) -> None:
    ready = httpx2.get(f"{gateway}/ready", trust_env=False, timeout=60)
    assert (ready.status_code, json.loads(ready.text)["upstream"]) == (200, "reachable")
