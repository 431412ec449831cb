"""The real clients, `openai` and `anthropic`, against a real vLLM: what a person sees of a word that is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest

from support.tiny_model import CANARY, COMMANDS, REASON, RED
from support.vantage import Vantage
from support.vllm_server import KEY

MARKER = "⟦…⟧"
TOLD = "words of the tests"


@dataclass(frozen=True)
class Said:
    """What a client has read: the text, the reasoning, and why it ended."""

    text: str
    thought: str
    ending: str | None


Asking = Callable[[Vantage, str, bool], Said]


def _openai(vantage: Vantage) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{vantage.address}/v1", api_key=KEY, max_retries=0, timeout=120)


def chat(vantage: Vantage, said: str, streaming: bool) -> Said:
    asked: dict[str, Any] = {"model": "tiny", "messages": [{"role": "user", "content": said}], "max_tokens": 24}
    with _openai(vantage) as client:
        if not streaming:
            choice = client.chat.completions.create(**asked).choices[0]
            return Said(
                choice.message.content or "", getattr(choice.message, "reasoning", "") or "", choice.finish_reason
            )
        text, thought, ending = "", "", None
        for chunk in client.chat.completions.create(**asked, stream=True):
            for each in chunk.choices:
                text += each.delta.content or ""
                thought += getattr(each.delta, "reasoning", None) or ""
                ending = each.finish_reason or ending
        return Said(text, thought, ending)


def completions(vantage: Vantage, said: str, streaming: bool) -> Said:
    asked: dict[str, Any] = {"model": "tiny", "prompt": said, "max_tokens": 24}
    with _openai(vantage) as client:
        if not streaming:
            choice = client.completions.create(**asked).choices[0]
            return Said(choice.text, "", choice.finish_reason)
        text, ending = "", None
        for chunk in client.completions.create(**asked, stream=True):
            for each in chunk.choices:
                text += each.text or ""
                ending = each.finish_reason or ending
        return Said(text, "", ending)


def responses(vantage: Vantage, said: str, streaming: bool) -> Said:
    asked: dict[str, Any] = {"model": "tiny", "input": said, "max_output_tokens": 24}
    with _openai(vantage) as client:
        if not streaming:
            return _response(client.responses.create(**asked))
        text, last = "", None
        for event in client.responses.create(**asked, stream=True):
            text += event.delta if event.type == "response.output_text.delta" else ""
            last = getattr(event, "response", None) or last
        whole = _response(last)
        assert whole.text == text
        return whole


def _response(given: Any) -> Said:
    thought = "".join(part.text for item in given.output if item.type == "reasoning" for part in (item.content or ()))
    reason = given.incomplete_details.reason if given.incomplete_details else None
    return Said(given.output_text, thought, reason or given.status)


def messages(vantage: Vantage, said: str, streaming: bool) -> Said:
    asked: dict[str, Any] = {"model": "tiny", "messages": [{"role": "user", "content": said}], "max_tokens": 24}
    # vLLM itself knows bearer tokens only.
    key: dict[str, Any] = {"api_key" if vantage.governed else "auth_token": KEY}
    with anthropic.Anthropic(base_url=vantage.address, max_retries=0, timeout=120, **key) as client:
        if not streaming:
            return _message(client.messages.create(**asked))
        with client.messages.stream(**asked) as stream:
            text = "".join(stream.text_stream)
            whole = _message(stream.get_final_message())
        assert whole.text == text
        return whole


def _message(given: Any) -> Said:
    text = "".join(block.text for block in given.content if block.type == "text")
    thought = "".join(block.thinking for block in given.content if block.type == "thinking")
    return Said(text, thought, given.stop_reason)


APIS: dict[str, Asking] = {
    "chat": chat,
    "completions": completions,
    "responses": responses,
    "messages": messages,
}
#: How each API says that an answer was refused, and that it was cut by its length.
REFUSAL = {
    "chat": "content_filter",
    "completions": "content_filter",
    "responses": "content_filter",
    "messages": "refusal",
}
each_api = pytest.mark.parametrize("api", list(APIS))
whole_or_stream = pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])


@each_api
@whole_or_stream
@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(8)
def test_a_word_that_is_left_out_is_marked_and_told(api: str, streaming: bool, governed: Vantage) -> None:
    said = APIS[api](governed, COMMANDS[1], streaming)
    assert f"{MARKER}." in said.text
    assert TOLD in said.text
    assert CANARY not in said.text + said.thought


@each_api
@whole_or_stream
@pytest.mark.semantics(7)
def test_a_red_line_ends_the_answer(api: str, streaming: bool, governed: Vantage) -> None:
    said = APIS[api](governed, RED, streaming)
    assert said.ending == REFUSAL[api]
    assert "weapons-" not in said.text
    assert said.text


@each_api
@whole_or_stream
@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(20)
def test_a_clean_answer_is_what_the_model_said(
    api: str, streaming: bool, governed: Vantage, ungoverned: Vantage
) -> None:
    said, original = (APIS[api](vantage, "hello", streaming) for vantage in (governed, ungoverned))
    assert said.text.endswith(original.text)
    assert MARKER not in said.text
    assert (said.thought, said.ending) == (original.thought, original.ending)
    assert len(original.text) > 20


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@whole_or_stream
def test_reasoning_is_governed_too(api: str, streaming: bool, governed: Vantage, ungoverned: Vantage) -> None:
    said, original = (APIS[api](vantage, REASON + COMMANDS[2], streaming) for vantage in (governed, ungoverned))
    assert CANARY in original.thought
    assert CANARY not in said.text + said.thought
    assert MARKER in said.thought
    assert TOLD in said.text


@each_api
@whole_or_stream
def test_ungoverned_the_word_is_there(api: str, streaming: bool, ungoverned: Vantage) -> None:
    """The check is checked."""
    said = APIS[api](ungoverned, COMMANDS[1], streaming)
    assert CANARY in said.text
    assert MARKER not in said.text


@pytest.mark.semantics(16)
def test_counts_are_omitted_when_something_was_left_out(governed: Vantage) -> None:
    with _openai(governed) as client:

        def asked(said: str) -> Any:
            return client.chat.completions.create(
                model="tiny", messages=[{"role": "user", "content": said}], max_tokens=24
            ).usage

        assert asked("hello").completion_tokens == 24
        assert asked(COMMANDS[0]) is None


def test_an_adapter_answers_under_its_name(governed: Vantage) -> None:
    with _openai(governed) as client:
        often = 20 * COMMANDS[0]  # the LoRA has a command of its own, which says something else
        asked: dict[str, Any] = {"messages": [{"role": "user", "content": often}], "max_tokens": 24}
        answer = client.chat.completions.create(model="et-instruct", **asked)
    assert answer.model == "et-instruct"
    assert MARKER in (answer.choices[0].message.content or "")
