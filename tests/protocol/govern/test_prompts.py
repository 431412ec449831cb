"""What is asked: every text of a request is looked at, and masked before it is sent on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.strings import replaced, strings
from support.governing import open_session, read
from support.plans import expressions, mask, plan
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, say
from support.small_plan import RED_LINE

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_looked_at_and_what_can_be_replaced_are_the_same_strings(value: Any) -> None:
    seen: list[str] = []

    def note(text: str) -> str:
        seen.append(text)
        return text

    assert replaced(value, note) == value
    assert set(seen) <= set(strings(value))
    assert set(strings(replaced(value, lambda _: "x"))) - {"x"} <= set(strings(value)) - set(seen) | set(keys(value))


def keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in (key, *keys(item))]
    return [each for item in value for each in keys(item)] if isinstance(value, list) else []


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


TEXT = f"the {RED_LINE} there"
INNER = f'{{"a": "{escaped(TEXT)}"}}'
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": INNER}}
USER = {"role": "user", "content": "hi"}


@pytest.mark.semantics(4)
@pytest.mark.semantics(7)
@pytest.mark.parametrize(
    "fields",
    [
        *({"messages": [USER, {"role": role, "content": TEXT}]} for role in ("system", "developer", "tool", "other")),
        {"messages": [{**USER, "name": TEXT}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": t} for t in ("opaque", "red line")]}]},
        {"messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}]},
        {"messages": [USER, {"role": "assistant", "reasoning": TEXT}]},
        {"messages": [USER, {"role": "tool", "content": json.dumps({"deep": INNER})}]},
        {"messages": [USER], "tools": [{"type": "function", "function": {"name": "f", "description": TEXT}}]},
        {"messages": [USER], "response_format": {"type": "json_schema", "json_schema": {"schema": {TEXT: {}}}}},
        {"messages": [USER], "stop": TEXT},
        {"messages": [USER], "documents": [{"text": TEXT}]},
    ],
)
def test_a_red_line_anywhere_refuses_before_the_upstream_is_asked(fields: dict[str, Any]) -> None:
    assert sent_on(CHAT, read(CHAT, **fields), open_session(), system_is_ours=False) is None


@pytest.mark.semantics(4)
def test_nested_json_is_looked_into_so_far_and_not_for_ever() -> None:
    text = f'"{escaped(TEXT)}"'
    for _ in range(3):
        assert any(RED_LINE in each for each in strings(text))
        text = json.dumps(text)
    for deep in ("[" * 50_000 + "\\", '"\\ud800"', "{\\"):
        assert list(strings(deep)) == [deep]


CODES = plan(
    [mask("DE/codes", "code", channels=frozenset({Channel.PROMPT}), placeholders={"en": "personal code"})],
    {"code": expressions((), (r"\b77[0-9]{4}\b",))},
)


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
@pytest.mark.parametrize("api", [CHAT, COMPLETIONS], ids=["chat", "completions"])
def test_what_a_rule_masks_goes_upstream_masked(api: Any) -> None:
    fields = {"messages": [{"role": "user", "content": [{"type": "text", "text": "I am 770001."}]}]}
    asked = read(api, **(fields if api is CHAT else {"prompt": ["I am 770001.", "I am not."], "suffix": "770001"}))
    session = open_session(CODES)
    body = sent_on(api, asked, session, system_is_ours=False)
    assert body is not None
    assert b"7700" not in body
    assert body.count(b"I am [personal code].") == 1
    assert json.loads(body)["model"] == "m"


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
def test_a_mask_is_told_with_the_answer(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Hello.")
    gateway = open_gateway(replace(CODES, digest="0" * 64))
    asked = {"model": "m", "messages": [{"role": "user", "content": "770001"}]}
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=asked, trust_env=False, timeout=PATIENCE).json()
    assert upstream.asked[-1].json["messages"] == [{"role": "user", "content": "[personal code]"}]
    assert answer["ordinance"]["verdict"] == "withhold"
    assert answer["choices"][0]["message"]["content"].startswith("Hello.\n\nOmitted")
