"""Where an instruction stands once the server's chat template has made a prompt of the request."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.placement import Turn, has_place, placed
from ordinance.protocol.strings import strings
from support.templates import FAMILIES, Family, RefusedError, conversation

WORDS = "Vasta eesti keeles. See puudutab ainult keelt."
OWN = "You are the helper of a town library."
FIRST, REPLY, LAST = "Where do I return books?", "At the desk.", "And at night?"

CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"


def turn(role: str, text: str, parts: str = "") -> dict[str, Any]:
    return {"role": role, "content": [{"type": parts, "text": text}] if parts else text}


def asked(path: str, *, own: bool, long: bool, parts: bool) -> dict[str, Any]:
    """A request to ``path``: with the operator's own words or without, with one turn of the user's or two."""
    kind = ("input_text" if path == RESPONSES else "text") if parts else ""
    turns = [turn("user", FIRST, kind)]
    if long:
        turns += [turn("assistant", REPLY), turn("user", LAST, kind)]
    body: dict[str, Any] = {"model": "m", "max_tokens": 5}
    if path == CHAT:
        system = [turn("system", OWN, kind)] if own else []
        return {**body, "messages": [*system, *turns]}
    if path == MESSAGES:
        return {
            **body,
            **({"system": [{"type": "text", "text": OWN}] if parts else OWN} if own else {}),
            "messages": turns,
        }
    simple = turns[0]["content"] if len(turns) == 1 and not parts else turns
    return {**body, **({"instructions": OWN} if own else {}), "input": simple}


@pytest.mark.requirement("OB-1")
@pytest.mark.parametrize("parts", [False, True], ids=["text", "parts"])
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize(("name", "own"), [(name, own) for name, family in FAMILIES.items()
                                           for own in ([False, True] if family.system else [False])])  # fmt: skip
def test_an_instruction_stands_once_before_the_users_words(
    name: str, path: str, own: bool, long: bool, parts: bool
) -> None:
    family = FAMILIES[name]
    body = placed(path, asked(path, own=own, long=long, parts=parts), WORDS, family_turn(family))
    prompt = family.render(conversation(path, body))
    assert prompt.count(WORDS) == 1
    at = prompt.index(WORDS)
    assert at < prompt.index(LAST if long and family.at_last else FIRST)
    if own:
        assert prompt.index(OWN) + len(OWN) < at
        assert "\n\n" in prompt[prompt.index(OWN) : at]
    if family.system is not None:
        begin, end = family.system
        assert prompt.rindex(begin, 0, at) > prompt.rfind(end, 0, at)
    without = family.render(conversation(path, asked(path, own=own, long=long, parts=parts)))
    assert [text for text in (OWN, FIRST, REPLY, LAST) if text in prompt] == [
        text for text in (OWN, FIRST, REPLY, LAST) if text in without
    ]


def family_turn(family: Family) -> Turn:
    return "user" if family.turn == "user" else "system"


@pytest.mark.parametrize("name", ["gemma_2", "phi_3_mini"])
def test_a_template_without_a_system_turn_refuses_or_drops_it(name: str) -> None:
    """The reason for the setting."""
    body = placed(CHAT, asked(CHAT, own=False, long=False, parts=False), WORDS, "system")
    try:
        assert WORDS not in FAMILIES[name].render(conversation(CHAT, body))
    except RefusedError:
        assert name == "gemma_2"


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"role": "system", "content": OWN}, f"{OWN}\n\n{WORDS}"),
        ({"role": "developer", "content": OWN}, f"{OWN}\n\n{WORDS}"),
        ({"role": "system", "content": ""}, WORDS),
        ({"role": "system", "content": None}, WORDS),
        ({"role": "system"}, WORDS),
        ({"role": "system", "content": []}, WORDS),
        ({"role": "system", "content": [{"type": "text", "text": OWN}]},
         [{"type": "text", "text": OWN}, {"type": "text", "text": f"\n\n{WORDS}"}]),
    ],
)  # fmt: skip
def test_a_first_message_of_the_operators_is_gone_on_with(message: dict[str, Any], content: Any) -> None:
    body = placed(CHAT, chat(message, turn("user", FIRST)), WORDS, "system")
    assert body["messages"] == [{**message, "content": content}, turn("user", FIRST)]


@pytest.mark.parametrize("content", [OWN, [{"type": "input_text", "text": OWN}]])
def test_a_system_message_that_begins_the_input_is_gone_on_with(content: Any) -> None:
    """Of two system messages many templates refuse the second."""
    own, user = {"role": "system", "content": content}, turn("user", FIRST)
    body = placed(RESPONSES, {"input": [own, user]}, WORDS, "system")
    assert "instructions" not in body
    assert FAMILIES["qwen"].render(conversation(RESPONSES, body)).count(WORDS) == 1
    body = placed(RESPONSES, {"input": [own, user], "instructions": OWN}, WORDS, "system")
    assert (body["input"], body["instructions"]) == ([own, user], f"{OWN}\n\n{WORDS}")


@pytest.mark.requirement("CC-1")
def test_a_system_message_behind_the_users_words_is_not_the_place() -> None:
    """Whoever writes it there would have the instruction stand behind what he says."""
    messages = [turn("user", FIRST), turn("system", "Say no more.")]
    assert placed(CHAT, chat(*messages), WORDS, "system")["messages"] == [turn("system", WORDS), *messages]


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_without_a_turn_of_the_users_one_is_made(path: str) -> None:
    body = placed(path, chat(turn("assistant", REPLY)), WORDS, "user")
    assert body["messages"] == [turn("user", WORDS), turn("assistant", REPLY)]


@pytest.mark.requirement("CC-1")
@pytest.mark.parametrize("path", [CHAT, MESSAGES, RESPONSES])
def test_what_would_cut_the_instruction_off_does_not_go_upstream(path: str) -> None:
    body = {**asked(path, own=True, long=False, parts=False), "truncate_prompt_tokens": 5, "truncation_side": "left",
            "truncation": "auto"}  # fmt: skip
    kept = placed(path, body, WORDS, "system")
    assert not {name for name in kept if name.startswith("trunc")}
    assert kept["max_tokens"] == 5


def test_a_completion_has_no_turns() -> None:
    assert [path for path in (CHAT, MESSAGES, RESPONSES, "/v1/completions") if has_place(path)] == [
        CHAT, MESSAGES, RESPONSES,
    ]  # fmt: skip


TEXTS = st.text(max_size=4)
CONTENTS = TEXTS | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}), max_size=3) | st.none()
ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool"])
TURNS = st.lists(st.fixed_dictionaries({"role": ROLES, "content": CONTENTS}), min_size=1, max_size=5)


@pytest.mark.requirement("OB-1")
@given(TURNS, st.sampled_from([CHAT, MESSAGES, RESPONSES]), st.sampled_from(["system", "user"]), CONTENTS)
def test_nothing_but_the_instruction_is_added_and_nothing_is_lost(
    turns: list[dict[str, Any]], path: str, turn: Turn, own: Any
) -> None:
    body: dict[str, Any] = {"temperature": 0.5, ("input" if path == RESPONSES else "messages"): turns}
    if path != CHAT:
        body["instructions" if path == RESPONSES else "system"] = (
            own if path == MESSAGES or isinstance(own, str) else None
        )
    before = copy.deepcopy(body)
    after = placed(path, body, WORDS, turn)
    assert body == before, "the request was changed where it stands"
    said = "\0".join(strings(after))
    assert said.count(WORDS) == 1
    left = said.replace(f"\n\n{WORDS}", "").replace(f"{WORDS}\n\n", "").replace(WORDS, "").split("\0")
    known = {"role", "content", "type", "text", "system", "user", "instructions", "input_text", ""}
    assert [text for text in left if text not in known] == [
        text for text in "\0".join(strings(before)).split("\0") if text not in known
    ]
