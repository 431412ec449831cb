"""Tool calls: cut anywhere, never edited; a region removes the call and ends the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.problems import Problem
from support.governing import finishes, joined, stream, whole
from support.serving import chunk, completion
from support.small_plan import FORBIDDEN, OMITTED, RED_LINE, REFUSED
from support.strategies import cuttings


def call(index: int = 0, arguments: str | None = None, **more: Any) -> dict[str, Any]:
    function = {name: more.pop(name) for name in ("name",) if name in more}
    if arguments is not None:
        function["arguments"] = arguments
    return chunk(tool_calls=[{"index": index, **more, "function": function}])


def opened(index: int = 0, name: str = "find") -> dict[str, Any]:
    return call(index, "", name=name, id=f"call_{index}", type="function")


END = chunk(finish="tool_calls")


def calls(events: list[dict[str, Any]]) -> dict[int, dict[str, str]]:
    """The calls as a client joins them."""
    found: dict[int, dict[str, str]] = {}
    for event in events:
        for choice in event["choices"]:
            for piece in choice["delta"].get("tool_calls", ()):
                known = found.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
                known["id"] += piece.get("id", "")
                known["name"] += piece["function"].get("name", "")
                known["arguments"] += piece["function"].get("arguments", "")
    return found


def escape(text: str, everywhere: bool) -> str:
    return "".join(f"\\u{ord(char):04x}" if everywhere or char == "b" else char for char in text)


CLEAN = '{"where": "Tallinn \\u00f5\\ud83d\\ude00", "why": "a forbidden thing, \\"flag\\"", "n": [1, 2.5e3, null]}'


@pytest.mark.semantics(6)
@pytest.mark.semantics(9)
@given(st.data())
def test_clean_arguments_come_out_as_they_were_for_every_cutting(data: st.DataObject) -> None:
    pieces = data.draw(cuttings(CLEAN))
    names = data.draw(cuttings("find_it"))
    events = [call(0, name=names[0], id="call_0", type="function"), *(call(0, name=name) for name in names[1:])]
    out = stream(CHAT, [*events, *(call(0, piece) for piece in pieces), END])
    assert calls(out) == {0: {"id": "call_0", "name": "find_it", "arguments": CLEAN}}
    assert finishes(out) == ["tool_calls"]
    assert out[-1]["ordinance"]["verdict"] == "pass"
    first = next(piece for one in out for piece in one["choices"][0]["delta"].get("tool_calls", ()))
    assert first["function"]["name"] == "find_it", "the name leaves whole, at the beginning"


@pytest.mark.requirement("TR-3")
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(9)
@given(st.data(), st.sampled_from([FORBIDDEN, RED_LINE]), st.booleans(), st.sampled_from(["value", "key", "bare"]))
def test_a_region_removes_the_call_and_ends_the_answer_for_every_cutting(
    data: st.DataObject, secret: str, everywhere: bool, where: str
) -> None:
    hidden = escape(secret, everywhere)
    arguments = {
        "value": f'{{"a": "see the {hidden} there"}}',
        "key": f'{{"{hidden}": 1}}',
        "bare": f'{{"a": {secret}}}',
    }[where]
    out = stream(
        CHAT, [chunk(content="Well. "), opened(), *(call(0, piece) for piece in data.draw(cuttings(arguments)))]
    )
    gone = calls(out).get(0, {}).get("arguments", "")
    assert arguments.startswith(gone)
    assert len(gone) <= arguments.index(hidden if where != "bare" else secret)
    with pytest.raises(json.JSONDecodeError):
        json.loads(gone)
    assert finishes(out) == ["content_filter"]
    notice = OMITTED["en"] if secret == FORBIDDEN else REFUSED["en"]
    assert joined(out).startswith("Well. \n\n" + notice)
    assert out[-1]["ordinance"]["verdict"] == ("withhold" if secret == FORBIDDEN else "refuse")
    assert [told["text"] for told in out[-1]["ordinance"]["notices"]].count(notice) == 1
    assert all("usage" not in one for one in out)


@pytest.mark.semantics(9)
@given(st.data())
def test_a_name_is_governed_as_well(data: st.DataObject) -> None:
    names = data.draw(cuttings(f"do {FORBIDDEN}"))
    out = stream(CHAT, [*(call(0, name=name, id="call_0") for name in names), call(0, "{}")])
    assert calls(out) == {}
    assert finishes(out) == ["content_filter"]


@pytest.mark.semantics(9)
def test_parallel_calls_are_told_apart_and_a_clean_one_stays() -> None:
    clean = [opened(0), opened(1, "look"), call(1, '{"b":'), call(0, '{"a": 1}'), call(1, "2}")]
    out = stream(CHAT, [*clean, END])
    assert {index: one["arguments"] for index, one in calls(out).items()} == {0: '{"a": 1}', 1: '{"b":2}'}
    out = stream(CHAT, [opened(0), call(0, '{"a": 1}'), opened(1), call(1, f'{{"b": "{FORBIDDEN}"}}')])
    assert calls(out)[0]["arguments"] == '{"a": 1}'
    assert "forb" not in json.dumps(out)
    assert finishes(out) == ["content_filter"]


def test_what_is_free_leaves_at_once_and_what_is_held_waits() -> None:
    out = stream(CHAT, [opened(), call(0, '{"a": "the '), call(0, "forb"), call(0, 'ear"}'), END])
    pieces = [
        piece["function"].get("arguments") for one in out for piece in one["choices"][0]["delta"].get("tool_calls", ())
    ]
    assert pieces == ['{"a": "the ', 'forbear"}']


@pytest.mark.semantics(9)
def test_a_whole_answer_loses_the_call_and_keeps_what_came_before() -> None:
    clean = {"id": "call_a", "type": "function", "function": {"name": "find", "arguments": CLEAN}}
    dirty = {"id": "call_b", "type": "function", "function": {"name": "find", "arguments": f'{{"a": "{FORBIDDEN}"}}'}}
    governed = whole(CHAT, completion("Hm.", finish="tool_calls", tool_calls=[clean, dirty, clean]))
    message = governed["choices"][0]["message"]
    assert message["tool_calls"] == [clean]
    assert message["content"] == f"Hm.\n\n{OMITTED['en']}"
    assert governed["choices"][0]["finish_reason"] == "content_filter"
    assert "usage" not in governed
    untouched = completion("", finish="tool_calls", tool_calls=[clean])
    untouched["choices"][0]["message"]["content"] = None
    governed = whole(CHAT, untouched)
    assert governed["choices"][0]["message"] == {"role": "assistant", "content": None, "tool_calls": [clean]}
    assert governed["choices"][0]["finish_reason"] == "tool_calls"
    assert governed["ordinance"]["verdict"] == "pass"


def test_the_call_of_older_clients() -> None:
    events = [chunk(function_call={"name": "find", "arguments": ""}), chunk(function_call={"arguments": '{"a"'})]
    out = stream(CHAT, [*events, chunk(function_call={"arguments": ":1}"}), chunk(finish="function_call")])
    told = [one["choices"][0]["delta"].get("function_call") for one in out]
    assert told == [{"name": "find", "arguments": '{"a"'}, {"arguments": ":1}"}, None]
    assert finishes(out) == ["function_call"]
    dirty = {"name": "find", "arguments": f'"{FORBIDDEN}"'}
    governed = whole(CHAT, completion("", finish="function_call", function_call=dirty))
    assert "function_call" not in governed["choices"][0]["message"]
    assert governed["choices"][0]["finish_reason"] == "content_filter"


@pytest.mark.parametrize("id", ["call_9-x:0", "", "with blank", "x" * 200, "é"])
def test_an_id_passes_where_it_says_nothing(id: str) -> None:
    out = stream(CHAT, [call(0, "{}", name="find", id=id), END])
    passed = calls(out)[0]["id"]
    assert (passed == id) == (id == "call_9-x:0")
    assert passed


def test_a_name_that_is_said_again_is_one_and_one_that_goes_on_is_a_problem() -> None:
    again = [opened(), *(call(0, part, name="find", id="call_0") for part in ("{", "}")), END]
    assert calls(stream(CHAT, again))[0] == {"id": "call_0", "name": "find", "arguments": "{}"}
    with pytest.raises(Problem):
        stream(CHAT, [opened(), call(0, "{"), call(0, name="more")])


def test_a_reason_that_names_calls_is_true_only_if_one_left() -> None:
    assert finishes(stream(CHAT, [chunk(content="Hi."), END])) == ["stop"]


@pytest.mark.semantics(6)
@pytest.mark.parametrize("arguments", ["{}", '{{"a": 1}} {}', '{{"a": "{}', '["x", "{}', "12 {}"])
def test_arguments_that_are_no_complete_json_were_cut_whatever_a_server_says(arguments: str) -> None:
    """Servers say `tool_calls` of a call that ran into `max_tokens`, and some send on what is no JSON."""
    said = arguments.format(FORBIDDEN[:-1])
    out = stream(CHAT, [opened(), call(0, said), END])
    assert FORBIDDEN[:-1] not in json.dumps(out)
    assert finishes(out) == ["content_filter"]
    made = {"id": "call_a", "type": "function", "function": {"name": "find", "arguments": said}}
    assert FORBIDDEN[:-1] not in json.dumps(whole(CHAT, completion("", finish="tool_calls", tool_calls=[made])))


@pytest.mark.parametrize("index", [-1, 128, 38001085718])
def test_a_call_of_no_plain_number_is_a_problem(index: int) -> None:
    call = {"index": index, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    with pytest.raises(Problem, match="cannot be read"):
        stream(CHAT, [chunk(tool_calls=[call])])
