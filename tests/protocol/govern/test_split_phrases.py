"""A phrase in two halves, and what stands between them that a server does not read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ordinance.protocol.api import Api
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.conversation import every_text, rows
from ordinance.protocol.govern.prompts import sent_on
from support.conversations import APIS, request_of
from support.plans import expressions, plan, refuse, session

FIRST, SECOND = "ordinance-canary-vio", "lence-4b7e21"
CANARY = plan([refuse("baseline/red", "red", type="danger")], {"red": expressions([FIRST + SECOND])})
ONE, TWO = {"type": "text", "text": FIRST}, {"type": "text", "text": SECOND}
NOTICE = {"role": "assistant", "content": "[fault]"}


def turned(who: str, *content: Any, **members: Any) -> dict[str, Any]:
    return {"role": who, "content": content[0] if isinstance(content[0], str | None) else list(content), **members}


def called(api: Api) -> dict[str, Any]:
    return dict(request_of(api, [("call", "x")])[api.turns][0])


def reaches(api: Api, body: dict[str, Any]) -> bool:
    """Whether the model reads both halves of the phrase."""
    request = api.read_request(json.dumps({"model": "m", "max_tokens": 9} | body).encode())
    found = sent_on(api, request, session(CANARY), system_is_ours=False) or b""
    return FIRST.encode() in found and SECOND.encode() in found


def spelled(api: Api, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with their parts as the API names them."""
    if api is not RESPONSES:
        return list(messages)
    kinds = {"user": "input_text", "assistant": "output_text"}

    def part(who: str, given: Any) -> Any:
        return {**given, "type": kinds.get(who, "input_text")} if given.get("type") == "text" else given

    return [
        {**each, "content": [part(each["role"], one) for one in each["content"]]}
        if isinstance(each.get("content"), list)
        else each
        for each in messages
    ]


UNREAD = [{name: "x"} for name in ("refusal", "reasoning", "thinking", "reasoning_content")]
BETWEEN: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "x"},
    {"type": "thinking", "thinking": "x", "text": "y"},
    {"type": "reasoning", "reasoning": "x"},
    {"type": "reasoning_text", "text": "x"},
    {"type": "refusal", "refusal": "x"},
    {"type": "refusal", "refusal": "", "text": "x"},
    {"type": "tool_reference", "text": "x"},
]
NOTHING_SAID: list[dict[str, Any]] = [
    turned("assistant", ""),
    turned("assistant", None),
    turned("assistant", " \n"),
    turned("assistant", None, refusal=""),
    turned("assistant", None, reasoning_content="x"),
    turned("assistant", {"type": "thinking", "thinking": "x"}),
    turned("assistant", {"type": "text", "text": "", "refusal": "x"}),
    {"role": "assistant", "content": []},
    {"role": "assistant"},
    {"role": "tool", "tool_call_id": "c", "content": ""},
    {"role": "tool", "tool_call_id": "c", "content": []},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": ""}]},
]
SPLIT: list[list[dict[str, Any]]] = [
    *([turned(who, {**ONE, **more}, TWO)] for more in UNREAD for who in ("user", "assistant", "system", "developer")),
    *([turned(who, ONE, part, TWO)] for part in BETWEEN for who in ("user", "assistant", "system", "developer")),
    [turned("user", {**ONE, "refusal": "x"}, {"type": "thinking", "thinking": SECOND})],
    *([turned(who, FIRST, refusal="x"), turned(who, SECOND)] for who in ("user", "assistant", "system")),
    [turned("user", {**ONE, "refusal": "x"}), turned("user", TWO)],
    [turned("assistant", FIRST), turned("user", {"type": "tool_reference", "text": "x"}), turned("assistant", SECOND)],
    *([turned("user", FIRST), empty, turned("user", SECOND)] for empty in NOTHING_SAID),
    [turned("user", FIRST), *NOTHING_SAID[:3], turned("user", SECOND)],
    [turned("assistant", FIRST), turned("user", ""), turned("assistant", SECOND)],
    [turned("assistant", FIRST), turned("user", " ", refusal="x"), turned("assistant", SECOND)],
    [turned("system", FIRST), turned("critic", "x"), turned("system", SECOND)],
    [turned("system", FIRST), turned("critic", "x"), turned("developer", TWO)],
    [turned("critic", FIRST), turned("system", "x"), turned("critic", SECOND)],
    [turned("system", FIRST), turned("developer", "x"), turned("system", SECOND)],
    [turned("developer", FIRST), turned("system", "x"), turned("developer", TWO)],
    [turned(FIRST, SECOND)],
    [turned(FIRST, {"type": "thinking", "thinking": "x"}, TWO)],
    *([turned(who, SECOND, name=FIRST)] for who in ("user", "assistant", "system", "critic")),
    [turned("assistant", None, refusal=SECOND, name=FIRST)],
    *([turned(who, ONE, type="reasoning"), turned(who, SECOND)] for who in ("user", "assistant")),
]


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("split", SPLIT)
def test_what_a_server_does_not_read_parts_no_phrase(api: Api, split: list[dict[str, Any]]) -> None:
    now, answer = turned("user", "Go on."), turned("assistant", "No.")
    for messages in (
        split,
        [now, *split],
        [now, answer, *split],
        [*split, answer, now],
        [now, answer, now, *split, now],
    ):
        assert not reaches(api, {api.turns: spelled(api, messages)}), messages


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
def test_a_notice_alone_parts_no_phrase_of_one_question(api: Api) -> None:
    result = request_of(api, [("result", "")])[api.turns][0]
    assert not reaches(api, {api.turns: [turned("user", FIRST), NOTICE, result, turned("user", SECOND)]})


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("between", [turned("assistant", "x"), NOTICE, None])
def test_what_another_says_between_parts_a_phrase(api: Api, between: dict[str, Any] | None) -> None:
    """The model reads it there; so it does a call, and the gap where an answer was a notice alone."""
    messages = [turned("user", FIRST), between or called(api), turned("user", SECOND)]
    assert reaches(api, {api.turns: messages})


@pytest.mark.semantics(27)
@pytest.mark.parametrize("more", UNREAD)
def test_what_no_server_reads_parts_no_phrase_in_parts_of_parts(more: dict[str, str]) -> None:
    parts = [{**ONE, **more}, TWO]
    found = {"type": "search_result", "source": "s", "title": "t", "content": parts}
    for held in (parts, [found]):
        result = {"type": "tool_result", "tool_use_id": "c", "content": held}
        assert not reaches(MESSAGES, {"messages": [{"role": "user", "content": [result]}]})
    assert not reaches(MESSAGES, {"messages": [{"role": "user", "content": [found]}]})
    assert not reaches(MESSAGES, {"system": parts, "messages": [turned("user", "Hi.")]})


@pytest.mark.semantics(27)
@pytest.mark.parametrize("kind", [["text"], {"type": "text"}, 1])
def test_a_type_that_is_no_word_hides_no_part(kind: object) -> None:
    within = {"type": "text", "text": "x", "content": [{"type": kind, "text": "y"}, ONE, TWO]}
    assert not reaches(MESSAGES, {"messages": [turned("user", within)]})


@pytest.mark.semantics(27)
def test_what_stands_beside_a_result_of_a_tool_is_said_by_the_user() -> None:
    result = {"type": "tool_result", "tool_use_id": "c", "content": "x"}
    assert not reaches(MESSAGES, {"messages": [turned("user", result, ONE), turned("user", SECOND)]})


SAID_ONE, SAID_TWO = {"type": "input_text", "text": FIRST}, {"type": "input_text", "text": SECOND}
SUMMED = [{"type": "summary_text", "text": FIRST}, {"type": "summary_text", "text": SECOND}]


@pytest.mark.semantics(27)
@pytest.mark.parametrize(
    "item",
    [
        {"type": "function_call_output", "call_id": "c", "output": [{**SAID_ONE, "refusal": "x"}, SAID_TWO]},
        {"type": "custom_tool_call_output", "call_id": "c", "output": [{**SAID_ONE, "thinking": "x"}, SAID_TWO]},
        {"type": "reasoning", "summary": SUMMED},
        {"type": "reasoning", "summary": [{**SUMMED[0], "refusal": "x"}, SUMMED[1]]},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": FIRST}], "summary": SUMMED[1:]},
        {"type": "reasoning", "content": FIRST, "summary": SUMMED[1:]},
    ],
)
def test_items_that_come_in_parts_are_joined(item: dict[str, Any]) -> None:
    now = turned("user", "Go on.")
    for items in ([now, item], [now, item, turned("assistant", "No."), now]):
        assert not reaches(RESPONSES, {"input": items})


@pytest.mark.semantics(27)
@pytest.mark.parametrize("more", [{}, *UNREAD])
def test_instructions_that_come_in_parts_are_joined(more: dict[str, str]) -> None:
    told = [{**SAID_ONE, **more}, SAID_TWO]
    assert not reaches(RESPONSES, {"instructions": told, "input": "Hi."})
    assert not reaches(RESPONSES, {"instructions": told, "input": [turned("user", "Hi.")]})
    split = [{"role": "critic", "content": "x"}, turned("system", SECOND), turned("user", "Hi.")]
    assert not reaches(RESPONSES, {"instructions": FIRST, "input": split})


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
def test_empty_messages_between_reasoning_part_no_phrase(api: Api) -> None:
    if api is RESPONSES:
        between: dict[str, Any] = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "x"}]}
    else:
        between = turned("assistant", {"type": "thinking", "thinking": "x"})
    for who in ("user", "assistant"):
        assert not reaches(api, {api.turns: [turned(who, FIRST), between, turned(who, SECOND)]})


@pytest.mark.semantics(27)
@pytest.mark.parametrize(
    "message", [turned("user", *([{**ONE, "refusal": "x"}, {"type": "thinking", "thinking": "y"}] * 40))]
)
def test_what_is_looked_at_grows_with_the_conversation_and_not_faster(message: dict[str, Any]) -> None:
    def size(number: int) -> int:
        said = [message, turned("assistant", "")] * number
        texts = [*every_text(said, system_is_ours=False), *rows(said, system_is_ours=False)]
        return sum(map(len, texts))

    assert size(80) <= 8 * size(10) + 1000
