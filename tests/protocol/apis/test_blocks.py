"""Answers that come as a sequence of blocks, by both protocols of that kind: what leaves, in which order, and that
where the upstream cut makes no difference."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.api import Api
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.governed_stream import GovernedStream, refused_stream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem, truncated
from ordinance.protocol.sse import TAIL
from ordinance.runtime.match.matcher import Matcher, matches_in
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin, follow
from support.blocks import BLOCK_APIS, Block, Told, framed, read_back, upstream_events
from support.governing import OWN, LongWay, open_session, read, wire
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED
from support.strategies import cuttings

BOTH = pytest.mark.parametrize("api", BLOCK_APIS, ids=["responses", "messages"])
REFUSAL = {RESPONSES.path: "content_filter", MESSAGES.path: "refusal"}
END = {RESPONSES.path: "completed", MESSAGES.path: "end_turn"}


def told(api: Api, *blocks: Block, ending: dict[str, Any] | None = None, turn: int = 2, **fields: Any) -> Told:
    return read_back(api, wire(api, upstream_events(api, blocks, **(ending or {})), turn=turn, **fields))


@BOTH
def test_what_is_harmless_leaves_as_it_came(api: Api) -> None:
    said = told(api, ("thinking", ["H", "m."]), ("text", ["Good ", "day."]), ("call", "f", ['{"a"', ": 1}"]))
    assert said.blocks == [("thinking", "Hm."), ("text", "Good day."), ("call", '{"a": 1}')]
    assert (said.names, said.reason, said.counts) == (["f"], END[api.path], (3, 5))
    assert said.metadata is not None
    assert said.metadata["verdict"] == "pass"


@pytest.mark.requirement("LAW-4")
@pytest.mark.semantics(17)
@BOTH
def test_what_stands_before_an_answer_comes_after_thoughts(api: Api) -> None:
    said = told(api, ("thinking", ["Hm."]), ("text", ["Day."]), turn=1)
    assert said.blocks == [("thinking", "Hm."), ("text", f"{MACHINE['en']}\n\nDay.")]


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(8)
@BOTH
def test_an_omission_is_told_in_the_text_and_in_the_metadata_and_counts_are_not(api: Api) -> None:
    said = told(api, ("thinking", ["Hm."]), ("text", [f"See the {FORBIDDEN[:5]}", f"{FORBIDDEN[5:]}!"]))
    assert said.text() == f"See the ⟦…⟧!\n\n{OMITTED['en']}"
    assert said.metadata is not None
    assert [notice["text"] for notice in said.metadata["notices"]] == [OMITTED["en"]]
    assert said.counts in (None, (0, 0))


@pytest.mark.semantics(7)
@BOTH
@pytest.mark.parametrize("where", ["thinking", "text"])
def test_a_red_line_ends_the_answer(api: Api, where: str) -> None:
    said = told(api, (where, ["An ", RED_LINE, ", then more."]), ("text", ["And more."]))
    assert said.reason == REFUSAL[api.path]
    assert REFUSED["en"] in said.text()
    assert "more" not in said.text() + said.text("thinking")
    assert said.kinds == ([where, "text"] if where == "thinking" else ["text"])


@pytest.mark.semantics(9)
@BOTH
def test_a_region_in_a_call_ends_the_answer_and_the_notice_follows(api: Api) -> None:
    said = told(api, ("call", "f", ["{}"]), ("call", "g", ['{"a": "the ', f'{FORBIDDEN}"', "}"]), ("text", ["More."]))
    assert said.reason == REFUSAL[api.path]
    assert said.kinds == ["call", "call", "text"]
    assert said.blocks[0] == ("call", "{}")
    assert said.blocks[1] == ("call", '{"a": "the ')
    assert said.text().startswith(OMITTED["en"])


@pytest.mark.semantics(9)
def test_the_input_of_a_custom_call_is_a_text_and_never_edited() -> None:
    said = told(RESPONSES, ("custom", "run", ["print ", f'"{FORBIDDEN[:9]}', f"{FORBIDDEN[9:]}", '"']))
    assert said.blocks[0] == ("custom", 'print "')
    assert said.reason == "content_filter"
    harmless = told(RESPONSES, ("custom", "run", ["print ", '"x', '\\u0021"']))
    assert harmless.blocks == [("custom", 'print "x\\u0021"')]


def test_a_refusal_of_the_models_own_is_governed() -> None:
    said = told(RESPONSES, ("refusal", ["No ", FORBIDDEN, "."]))
    assert said.blocks[0] == ("refusal", "No ⟦…⟧.")


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@BOTH
def test_what_is_held_of_a_block_leaves_at_its_end(api: Api) -> None:
    """Else it would come behind the call."""
    said = told(api, ("text", ["See the forbidden"]), ("call", "f", ["{}"]), ("text", ["Good."]))
    assert said.blocks == [("text", "See the forbidden"), ("call", "{}"), ("text", "Good.")]


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(10)
@BOTH
@pytest.mark.parametrize("kind", ["text", "thinking"])
@pytest.mark.parametrize("between", [("call", "f", ["{}"]), None])
def test_a_phrase_that_is_cut_over_blocks_is_not_completed(api: Api, kind: str, between: Block | None) -> None:
    for at in range(1, len(FORBIDDEN)):
        blocks = [(kind, ["See the " + FORBIDDEN[:at]]), (kind, [FORBIDDEN[at:] + " now."])]
        said = told(api, *([blocks[0], between, blocks[1]] if between else blocks))
        assert FORBIDDEN not in said.text(kind)
        assert said.text(kind).startswith(f"See the {FORBIDDEN[:at]}⟦…⟧ now.")


@pytest.mark.semantics(10)
@BOTH
def test_a_phrase_that_is_cut_over_many_blocks_is_not_completed(api: Api) -> None:
    """Each letter in a block, after one whose end would hide where a word begins."""
    said = told(api, ("text", ["x"]), *(("text", [letter]) for letter in FORBIDDEN))
    assert "⟦…⟧" in said.text()


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(10)
@BOTH
@pytest.mark.parametrize("kind", ["text", "thinking"])
def test_a_phrase_that_begins_in_the_conversation_is_not_completed(api: Api, kind: str) -> None:
    before = {"role": "assistant", "content": "The forbidden"}
    conversation = [{"role": "user", "content": "x"}, before]
    asked: dict[str, Any] = {"input": conversation} if api is RESPONSES else {"messages": conversation}
    said = told(api, (kind, [" fl", "ag", "!"]), ("text", ["Good."]), **asked)
    assert said.text(kind).startswith("⟦…⟧!")


@pytest.mark.semantics(10)
@BOTH
def test_a_block_may_begin_anew(api: Api) -> None:
    """What would run into the last word of the block before stands alone in its own."""
    said = told(api, ("text", ["x"]), ("call", "f", ["{}"]), ("text", [f"{FORBIDDEN}."]))
    assert said.blocks[2][1].startswith("⟦…⟧.")


@pytest.mark.semantics(10)
@given(st.text(f"{FORBIDDEN} x", max_size=20) | st.just(FORBIDDEN), st.data())
def test_a_block_continues_every_join_of_the_blocks_before(text: str, data: st.DataObject) -> None:
    """In the last block is found what is found behind the blocks before, from any of them on, or alone."""
    *before, last = data.draw(cuttings(f"a {text}"))
    session = open_session()
    activation = activate(session.plan, session.activation.rules)
    followed = begin(activation)
    for said in before:
        followed = follow(activation, followed, said)
    matcher = Matcher(activation.answer)
    matcher.resume(followed.matcher, 0)
    found = [match for at, char in enumerate(last) for match in matcher.feed(char, at)] + matcher.close()
    expected = set()
    for start in range(len(before) + 1):
        reading = "".join(before[start:])
        matches = matches_in(activation.answer, reading + last)
        expected |= {(match.end - len(reading), match.tag) for match in matches if match.end > len(reading)}
    assert {(match.end, match.tag) for match in found} == expected


PHRASES = re.compile(rf"(?<!\w)({FORBIDDEN}|{RED_LINE})(?!\w)")
TEXT = st.text(f"{FORBIDDEN}é😀. \n", max_size=30)


@st.composite
def sequences(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Blocks with their whole text; phrases are likely."""
    phrase = st.sampled_from([FORBIDDEN, RED_LINE, f"The {FORBIDDEN}. ", FORBIDDEN[:6], FORBIDDEN[6:]])
    text = st.lists(st.one_of(TEXT, phrase), min_size=1, max_size=4).map("".join).filter(bool)
    return draw(st.lists(st.tuples(st.sampled_from(["text", "thinking", "call"]), text), min_size=1, max_size=5))


def cut(data: st.DataObject, blocks: list[tuple[str, str]]) -> list[Block]:
    found: list[Block] = []
    for kind, text in blocks:
        said = json.dumps({"a": text}) if kind == "call" else text
        pieces = data.draw(cuttings(said))
        found.append((kind, "f", pieces) if kind == "call" else (kind, pieces))
    return found


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@BOTH
@given(st.data())
def test_every_cutting_gives_the_same_blocks(api: Api, data: st.DataObject) -> None:
    blocks = data.draw(sequences())
    one = told(api, *cut(data, blocks))
    other = told(api, *cut(data, blocks))
    assert (one.blocks, one.names, one.reason) == (other.blocks, other.names, other.reason)
    assert one.metadata == other.metadata
    for kind in ("text", "thinking"):
        assert not PHRASES.search(one.text(kind))


@pytest.mark.requirement("TR-8")
@BOTH
@given(st.data())
def test_every_cutting_of_the_bytes_gives_the_same_answer(api: Api, data: st.DataObject) -> None:
    blocks = cut(data, data.draw(sequences()))
    sent = b"".join(map(framed, upstream_events(api, blocks)))
    ends = sorted(data.draw(st.sets(st.integers(0, len(sent)), max_size=12)) | {0, len(sent)})
    request, session = read(api, stream=True), open_session()
    sent_on(api, request, session, system_is_ours=False)
    answer, out = GovernedStream(api, request, session, OWN), b""
    for start, end in itertools.pairwise(ends):
        if not answer.over:
            out += answer.take(sent[start:end])
    got, expected = read_back(api, out + answer.end()), told(api, *blocks)
    assert (got.blocks, got.reason, got.metadata) == (expected.blocks, expected.reason, expected.metadata)


@pytest.mark.requirement("TR-8")
@BOTH
@given(st.data())
def test_the_short_way_gives_what_the_long_way_gives(api: Api, data: st.DataObject) -> None:
    blocks = cut(data, data.draw(sequences()))
    found = []
    for short in (True, False):
        request, session = read(api, stream=True), open_session()
        sent_on(api, request, session, system_is_ours=False)
        answer, out = GovernedStream(api, request, session, OWN), b""
        if not short:
            answer._reader = LongWay(answer._reader)
        for event in upstream_events(api, blocks):
            out += b"" if answer.over else answer.event(json.dumps(event, separators=(",", ":")).encode())
        found.append(read_back(api, out + answer.end()))
    assert found[0] == found[1]


VALUES: list[Any] = [
    None,
    0,
    5,
    -1,
    10**6,
    "x",
    "text",
    "call",
    "tool_use",
    "function_call",
    "text_delta",
    [],
    {},
    [{}],
    FORBIDDEN,
]


def spoiled(data: st.DataObject, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events in another order, some twice, some missing, some with another value at some place."""
    found = data.draw(st.lists(st.sampled_from(events), max_size=len(events))) if data.draw(st.booleans()) else events
    found = json.loads(json.dumps([events[0], *found]))
    for _ in range(data.draw(st.integers(0, 3))):
        place: Any = data.draw(st.sampled_from(found))
        while True:
            key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if not (isinstance(place[key], dict | list) and place[key]) or data.draw(st.booleans()):
                break
            place = place[key]
        place[key] = data.draw(st.sampled_from(VALUES))
    return list(found)


@pytest.mark.requirement("TR-8")
@BOTH
@given(st.data())
def test_whatever_an_upstream_sends_what_leaves_is_well_formed(api: Api, data: st.DataObject) -> None:
    """Or the answer ends with an error; nothing raises anything else, and no phrase leaves."""
    events = spoiled(data, upstream_events(api, cut(data, data.draw(sequences()))))
    request, session = read(api, stream=True), open_session()
    sent_on(api, request, session, system_is_ours=False)
    answer, out = GovernedStream(api, request, session, OWN), b""
    try:
        for event in events:
            out += b"" if answer.over else answer.event(json.dumps(event, separators=(",", ":")).encode())
        out += answer.end()
    except Problem as problem:
        out += answer.fail(problem)
    said = read_back(api, out)
    assert said.metadata is not None
    for kind in ("text", "thinking", "refusal"):  # in a call an escape may part what looks like a phrase
        assert not PHRASES.search(said.text(kind))


@pytest.mark.parametrize(
    ("api", "spoil"),
    [
        (MESSAGES, lambda data: data.replace(b'"index":0', b'"index":1')),
        (MESSAGES, lambda data: data.replace(b'"text":"x"', b'"text":"x","text":"y"')),
        (MESSAGES, lambda data: data.replace(b'"text":"x"', b'"text":"x","z":"y"')),
        (MESSAGES, lambda data: data.replace(b'"x"', b'"x')),
        (MESSAGES, lambda data: data.replace(b'"x"', b'"\xff"')),
        (MESSAGES, lambda data: data[:-1]),
        (MESSAGES, lambda data: b""),
        (RESPONSES, lambda data: data.replace(b'"sequence_number":4', b'"sequence_number":')),
        (RESPONSES, lambda data: data.replace(b'"sequence_number":4', b'"sequence_number":4,"x":5')),
        (RESPONSES, lambda data: data.replace(b'"logprobs":[]', b'"logprobs":[{"token":"x"}]')),
        (RESPONSES, lambda data: data.replace(b'"x"', b'"x\\"')),
        (RESPONSES, lambda data: data.replace(b'"x"', b'null')),
        (RESPONSES, lambda data: data[:-2] + b"0}"),
    ],
)  # fmt: skip
def test_bytes_that_are_not_alike_go_the_long_way(api: Api, spoil: Callable[[bytes], bytes]) -> None:
    events = upstream_events(api, [("text", ["Good", "x"])])
    deltas = [event for event in events if "delta" in event and event["type"] != "message_delta"]
    for number, event in enumerate(deltas if api is RESPONSES else (), 3):
        event.update({"logprobs": [], "sequence_number": number, "zz": "z"})
    first, second = (json.dumps(event, separators=(",", ":")).encode() for event in deltas[:2])
    reader = api.reader(read(api, stream=True))
    for event in events[: events.index(deltas[0])]:
        reader.read(json.dumps(event).encode())
    reader.read(first)
    (form,) = reader.forms
    assert (form.name, form.text_in(form.lead + second + TAIL)) == ("content", "x")
    assert form.text_in(form.lead + spoil(second) + TAIL) is None


@BOTH
def test_an_answer_that_breaks_off_has_its_notice_and_the_error(api: Api) -> None:
    request, session = read(api, stream=True), open_session()
    sent_on(api, request, session, system_is_ours=False)
    answer = GovernedStream(api, request, session, OWN)
    events = upstream_events(api, [("text", ["See the forbidden"])])
    upto = next(at for at, event in enumerate(events) if "delta" in event) + 1
    out = b"".join([answer.event(json.dumps(event).encode()) for event in events[:upto]])
    said = read_back(api, out + answer.fail(truncated()))
    assert said.text().startswith("See the \n\nNotice fault.")
    assert said.error is not None
    assert said.error["code"] == "upstream_truncated"
    assert said.metadata is not None
    assert [notice["kind"] for notice in said.metadata["notices"]] == ["fault"]


@pytest.mark.parametrize(
    ("api", "event"),
    [
        (RESPONSES, {"type": "error", "message": "canary"}),
        (RESPONSES, {"type": "response.failed", "response": {"status": "failed", "error": {"message": "canary"}}}),
        (RESPONSES, {"type": "response.completed", "response": {"status": "failed"}}),
        (RESPONSES, {"type": "response.completed"}),
        (RESPONSES, {"type": "response.output_text.delta", "delta": {"text": "canary"}}),
        (RESPONSES, {"type": "response.output_text.delta"}),
        (RESPONSES, {"type": "response.function_call_arguments.delta", "output_index": 7, "delta": "canary"}),
        (RESPONSES, {"output_text": "canary"}),
        (MESSAGES, {"type": "error", "error": {"type": "x", "message": "canary"}}),
        (MESSAGES, {"type": "content_block_delta", "delta": {"type": "text_delta", "text": ["canary"]}}),
        (MESSAGES, {"type": "content_block_start", "content_block": {"type": "tool_use", "input": "canary"}}),
        (MESSAGES, {"text": "canary"}),
        (MESSAGES, ["canary"]),
    ],
)
def test_what_is_no_event_of_the_protocol_is_a_problem(api: Api, event: Any) -> None:
    answer = GovernedStream(api, read(api, stream=True), open_session(), OWN)
    with pytest.raises(Problem) as caught:
        answer.event(json.dumps(event).encode())
    assert caught.value.status == 502
    assert "canary" not in json.dumps(api.problem_body(caught.value))


@BOTH
def test_a_call_that_goes_on_after_its_end_is_a_problem(api: Api) -> None:
    events = upstream_events(api, [("call", "f", ["{}"]), ("call", "g", ["{}"])])
    piece = next(event for event in events if "delta" in event)
    answer = GovernedStream(api, read(api, stream=True), open_session(), OWN)
    for event in events[:-2]:
        answer.event(json.dumps(event).encode())
    with pytest.raises(Problem):
        answer.event(json.dumps(piece).encode())


@pytest.mark.requirement("LAW-4")
@BOTH
def test_a_refused_prompt_on_a_stream(api: Api) -> None:
    session = open_session(turn=1)
    assert session.screen([RED_LINE])
    said = read_back(api, refused_stream(api, read(api, stream=True), session, OWN))
    assert said.text().startswith(MACHINE["en"])
    assert REFUSED["en"] in said.text()
    assert (said.reason, said.kinds) == (REFUSAL[api.path], ["text"])
