"""A client that chooses where the model ends recovers no more of what must not leave than a start that is too short to
say which phrase it begins (semantics, rule 6). Over real HTTP, before a model that does as it is told, by all APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ordinance.detection import Declaration
from ordinance.detectors.builtin import prepare_identifier
from ordinance.policy.plan import Plan, Scope
from ordinance.protocol import fields
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.finish import CLASSIFIED, FORCING, NEUTRAL, forces, kind_of, said_own
from ordinance.runtime.redact.ends import LEAST
from support.asking import PATHS, Seen, body, post
from support.blocks import read_back, upstream_events
from support.governing import whole, wire
from support.plans import ENGINE, expressions, mask, plan, refuse, withhold
from support.serving import DONE, PATIENCE, LoopThread, RunningGateway, ScriptedUpstream, chunk, completion, event, send
from support.steered import CALL, CHAT, COMPLETIONS, END, THOUGHT, Token, letters, script

CUT = ENGINE["cut"].texts["en"]
SENTENCE, RED, SPAN = "ordinance-canary-86a-5d21e8", "ordinance-canary-weapons-7f3a9c", "how the quick brown fox jumps"
CODE = "37605030299"
SECRETS = (SENTENCE, RED, SPAN)
EVERY_API = pytest.mark.parametrize("path", PATHS)
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
EVERY_SECRET = pytest.mark.parametrize("secret", SECRETS, ids=["sentence", "red", "span"])


def policy() -> Plan:
    rules = (
        withhold("DE/symbols", "sentence", scope=Scope("sentence", 400)),
        refuse("baseline/red", "red"),
        withhold("DE/span", "span"),
        mask("DE/codes", "code"),
    )
    found = {"sentence": expressions((SENTENCE,)), "red": expressions((RED,)), "span": expressions((SPAN,))}
    return plan(rules, {**found, "code": prepare_identifier(Declaration("identifier", ("isikukood",)))})


@pytest.fixture(scope="module")
def client(loop_thread: LoopThread, shared_upstream: ScriptedUpstream) -> Iterator[httpx2.Client]:
    running = RunningGateway(loop_thread, policy(), shared_upstream.url, {})
    with httpx2.Client(base_url=running.address, timeout=PATIENCE, trust_env=False) as one:
        yield one
    running.stop()


def beginning(secret: str, *seen: str) -> int:
    """How many of the secret's first characters can be read in any of these texts."""
    return next(size for size in range(len(secret), -1, -1) if any(secret[:size] in text for text in seen))


def readable(seen: Seen) -> tuple[str, ...]:
    return seen.text, seen.calls, json.dumps(seen.stop), json.dumps(seen.ordinance)


# the strategies of those who took it


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@EVERY_API
@STREAM
@EVERY_SECRET
def test_letter_by_letter(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    """The end one token later each time."""
    said = f"Very well: {secret}."
    upstream.script = script(*letters(said))
    for limit in range(2, len(said), 5):
        seen = post(client, path, body(path, limit=limit, stream=stream))
        assert beginning(secret, *readable(seen)) < LEAST
        begun = limit - said.index(secret)
        if LEAST <= begun < len(secret):
            assert seen.text.count("⟦…⟧") == 1
            assert CUT in seen.text
            assert seen.kinds == ["cut"]
            assert seen.ordinance["notices"][0]["causes"] == []
            assert seen.ordinance["verdict"] == "withhold"
            assert not seen.counted
            assert seen.reason in ("length", "max_tokens", "max_output_tokens")
        elif begun <= 0:
            assert seen.text == said[:limit]
            assert seen.ordinance["verdict"] == "pass"


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@EVERY_API
@STREAM
@EVERY_SECRET
def test_a_stop_within_the_phrase(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    upstream.script = script(*letters(f"Very well: {secret}."))
    for at in range(8, len(secret), 4):
        seen = post(client, path, body(path, stop=[secret[at : at + 3]], stream=stream))
        assert beginning(secret, *readable(seen)) < LEAST


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(10)
@EVERY_API
@STREAM
@EVERY_SECRET
def test_one_token_more_than_what_is_known(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    """The whole vocabulary as stops, as R1 has it, and where there are no ids, an end after one token."""
    upstream.script = script(*letters(secret))
    ids = {"stop_token_ids": sorted({token.id for token in letters(secret)})}
    for more in (ids, {}, {**ids, "include_stop_str_in_output": True}, {"stop": sorted(set(secret))[:4]}):
        known = ""
        while known != secret:
            seen = post(client, path, body(path, begun=known, limit=1, stream=stream, **more))
            assert seen.stop is None or isinstance(seen.stop, str)
            found = [char for char in (seen.stop, seen.text[:1]) if char == secret[len(known)]]
            if not found:
                break
            known += found[0]
        assert len(known) < LEAST


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@EVERY_API
@STREAM
@EVERY_SECRET
def test_a_list_of_stops_does_not_say_how_a_phrase_goes_on(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    upstream.script = script(*letters(secret))
    for at in range(LEAST - 2, len(secret), 6):
        for size in (1, 2, len(secret) - at):
            guesses = [secret[at : at + size], "qq", "-5d21e9", "ww"]
            seen = post(client, path, body(path, begun=secret[:at], stop=guesses, stream=stream))
            if at + size >= LEAST:
                assert seen.stop is None, (secret[:at], guesses)


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@STREAM
@pytest.mark.parametrize(
    "steer",
    [
        lambda token: {"logit_bias": {str(token.id): -100}},
        lambda token: {"bad_words": [token.text]},
        lambda token: {"allowed_token_ids": [each for each in range(200) if each != token.id]},
    ],
    ids=["logit_bias", "bad_words", "allowed_token_ids"],
)
@EVERY_SECRET
def test_an_end_that_only_the_request_explains(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, steer: Any, secret: str
) -> None:
    """The server says `stop`, and nothing of what made the model end."""
    upstream.script = script(*letters(secret))
    for token in letters(secret)[LEAST - 2 :: 5]:
        seen = post(client, path, body(path, stream=stream, **steer(token)))
        assert beginning(secret, *readable(seen)) < LEAST


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize("path", [CHAT, MESSAGES.path])
@STREAM
@EVERY_SECRET
def test_a_budget_that_ends_thoughts(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    upstream.script = script(*letters(secret, THOUGHT), *letters(" Hm."))
    for budget in range(8, len(secret), 5):
        thinking = {"type": "enabled", "budget_tokens": budget}
        more = {"thinking": thinking} if path == MESSAGES.path else {"thinking_token_budget": budget}
        seen = post(client, path, body(path, stream=stream, **more))
        assert beginning(secret, *readable(seen)) < LEAST


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(9)
@pytest.mark.parametrize("path", [CHAT, RESPONSES.path, MESSAGES.path])
@STREAM
@EVERY_SECRET
def test_a_call_that_is_cut(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, secret: str
) -> None:
    said = json.dumps({"a": secret})
    upstream.script = script(*letters(said, CALL))
    for limit in range(LEAST, len(said), 4):
        seen = post(client, path, body(path, limit=limit, stream=stream))
        assert beginning(secret, *readable(seen)) < LEAST


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(6)
@EVERY_API
@STREAM
def test_a_number_with_check_digits_is_no_number_to_compute(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    """Cut before its last digit, by whomever."""
    upstream.script = script(*letters(f"Her code is {CODE}, she says."))
    for more in ({"limit": len(f"Her code is {CODE}") - 1}, {"stop": [f"{CODE[-1]}, "]}):
        seen = post(client, path, body(path, stream=stream, **more))
        assert CODE[:-1] not in seen.text
        assert seen.ordinance["verdict"] == "withhold"
    upstream.script = script(*letters(f"Her code is {CODE[:-1]}"))
    seen = post(client, path, body(path, stream=stream))
    assert CODE[:-1] not in seen.text


@pytest.mark.semantics(6)
@EVERY_API
@STREAM
def test_the_models_own_end_takes_nothing(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    said = f"Very well: {SENTENCE[:-1]}"
    upstream.script = script(*letters(said))
    seen = post(client, path, body(path, stream=stream, temperature=0.5, seed=7, stop=[]))
    assert seen.text == said
    assert (seen.ordinance["verdict"], seen.kinds) == ("pass", [])


@pytest.mark.semantics(6)
@pytest.mark.parametrize("path", [RESPONSES.path, MESSAGES.path])
@pytest.mark.parametrize("forced", [False, True])
def test_a_block_that_another_follows_was_ended_by_the_model_unless_the_request_can(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, forced: bool
) -> None:
    """The thoughts are whole, and the words behind them are cut."""
    upstream.script = script(*letters(f"Hm: {SPAN[:-1]}", THOUGHT), *letters("Good day to you."))
    seen = post(client, path, body(path, stream=True, limit=len(SPAN) + 8, stop=["zz"] if forced else []))
    assert (SPAN[:-1] in seen.text) is not forced
    assert ("cut" in seen.kinds) is forced


@pytest.mark.semantics(6)
@STREAM
@pytest.mark.parametrize(
    ("finish", "own"),
    [("stop", True), ("tool_calls", True), ("length", False), ("abort", False), ("eos", False), (None, False)],
)
def test_only_a_reason_that_says_so_is_the_models_own(
    client: httpx2.Client, upstream: ScriptedUpstream, stream: bool, finish: str | None, own: bool
) -> None:
    said = f"Very well: {SPAN[:-1]}"
    if stream:
        upstream.script = send(event(chunk(content=said)), event(chunk(finish=finish)), DONE)
    else:
        upstream.script = send(json.dumps(completion(said, finish=finish)).encode(), kind="application/json")  # type: ignore[arg-type]
    seen = post(client, CHAT, body(CHAT, stream=stream))
    assert (SPAN[:-1] in seen.text) is own


@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    ("api", "ending", "own"),
    [
        (MESSAGES, {"stop_reason": "end_turn"}, True),
        (MESSAGES, {"stop_reason": "tool_use"}, True),
        (MESSAGES, {"stop_reason": "stop_sequence", "stop_sequence": "END"}, False),
        (MESSAGES, {"stop_reason": "end_turn", "stop_sequence": "END"}, False),
        (MESSAGES, {"stop_reason": "max_tokens"}, False),
        (MESSAGES, {"stop_reason": "pause_turn"}, False),
        (MESSAGES, {"stop_reason": "refusal"}, False),
        (MESSAGES, {"stop_reason": "other"}, False),
        (MESSAGES, {"stop_reason": None}, False),
        (RESPONSES, {}, True),
        (RESPONSES, {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, False),
        (RESPONSES, {"status": "incomplete"}, False),
        (RESPONSES, {"incomplete_details": {"reason": "other"}}, False),
    ],
)
def test_only_a_reason_that_says_so_is_the_models_own_in_blocks(api: Any, ending: dict[str, Any], own: bool) -> None:
    said = f"Very well: {SPAN[:-1]}"
    events = upstream_events(api, [("text", [said])], **ending)
    seen = read_back(api, wire(api, events, policy()))
    assert (SPAN[:-1] in seen.text()) is own
    last = events[-2]["delta"] if api is MESSAGES else {}
    answer = {**events[0].get("message", {}), "content": [{"type": "text", "text": said}], **last}
    if api is RESPONSES:
        answer = events[-1]["response"]
    assert (SPAN[:-1] in json.dumps(whole(api, answer, policy()))) is own


@pytest.mark.semantics(6)
@STREAM
def test_words_behind_a_call_are_not_ended_by_the_reason_of_the_call(
    client: httpx2.Client, upstream: ScriptedUpstream, stream: bool
) -> None:
    """A server says `tool_calls` also of an answer that it cut behind them."""
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "note", "arguments": "{}"}}
    said = f"And then: {SPAN[:-1]}"
    if stream:
        sent = [chunk(tool_calls=[call]), chunk(content=said), chunk(finish="tool_calls")]
        upstream.script = send(*map(event, sent), DONE)
    else:
        answer = completion(said, finish="tool_calls", tool_calls=[call])
        upstream.script = send(json.dumps(answer).encode(), kind="application/json")
    seen = post(client, CHAT, body(CHAT, stream=stream))
    assert SPAN[:LEAST] not in seen.text
    assert (seen.calls, seen.reason) == ("{}", "tool_calls")


@pytest.mark.semantics(6)
@STREAM
def test_arguments_that_are_not_complete_were_cut_whatever_the_reason(
    client: httpx2.Client, upstream: ScriptedUpstream, stream: bool
) -> None:
    function = {"name": "note", "arguments": f'{{"a": "{SPAN[:-1]}'}
    call = {"index": 0, "id": "c", "type": "function", "function": function}
    if stream:
        upstream.script = send(event(chunk(tool_calls=[call])), event(chunk(finish="tool_calls")), DONE)
    else:
        answer = completion(None, finish="tool_calls", tool_calls=[call])
        upstream.script = send(json.dumps(answer).encode(), kind="application/json")
    assert SPAN[:LEAST] not in post(client, CHAT, body(CHAT, stream=stream)).calls


@pytest.mark.semantics(9)
@STREAM
def test_strings_of_a_form_are_the_models_own_unless_the_request_can_close_them(
    client: httpx2.Client, upstream: ScriptedUpstream, stream: bool
) -> None:
    upstream.script = script(*letters(json.dumps({"a": SPAN[:-1]})))
    form = {"response_format": {"type": "json_object"}}
    assert SPAN[:-1] in post(client, CHAT, {**body(CHAT, stream=stream), **form}).text
    steered = post(client, CHAT, {**body(CHAT, stream=stream, logit_bias={"5": 1}), **form})
    assert SPAN[:LEAST] not in steered.text
    assert steered.kinds == ["cut"]


# which stop may be told


@pytest.mark.semantics(16)
@EVERY_API
@STREAM
def test_a_stop_that_says_nothing_is_told(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    upstream.script = script(*letters("Good day. END of it."))
    seen = post(client, path, body(path, stop=["zz", "END"], stream=stream))
    assert seen.text == "Good day. "
    assert seen.stop == (None if path == RESPONSES.path else "END")


@pytest.mark.semantics(16)
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@STREAM
def test_a_stop_that_stands_in_the_answer_is_judged_there(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    upstream.script = script(*letters(f"Very well: {SPAN}."))
    for at, told in ((LEAST - 1, True), (LEAST, False)):
        stop = SPAN[at - 4 : at]
        seen = post(client, path, body(path, stop=[stop], stream=stream, include_stop_str_in_output=True))
        assert seen.stop == (stop if told else None)
        assert (seen.text == f"Very well: {SPAN[:at]}") is told


# the table


def test_every_field_that_is_forwarded_is_classified_once() -> None:
    known = [fields.CHAT.names, fields.COMPLETIONS.names, fields.RESPONSES.names, fields.MESSAGES.names]
    assert frozenset().union(*known) - CLASSIFIED == set()
    assert CLASSIFIED - frozenset().union(*known) == set()
    tables = [set(FORCING), *map(set, NEUTRAL.values())]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert all(reason for reason in NEUTRAL)


@pytest.mark.parametrize("name", sorted(FORCING))
def test_a_field_forces_an_end_by_what_it_says(name: str) -> None:
    outer, _, inner = name.partition(".")
    for value in (None, [], {}, "", *FORCING[name]):
        assert not forces({outer: {inner: value} if inner else value}, None)
    for value in (True if name in ("ignore_eos", "use_beam_search") else 2, ["x"], {"1": 2}, "x"):
        assert forces({outer: {inner: value} if inner else value}, None)


def test_the_kind_of_an_end() -> None:
    assert [said_own(reason, None) for reason in ("stop", "length", "tool_calls", "x", None)] == [1, 0, 1, 0, 0]
    assert not said_own("stop", 0)
    assert not said_own("stop", "")
    assert kind_of(own=True, forced=False) is not kind_of(own=True, forced=True)
    assert kind_of(own=False, forced=False) is kind_of(own=True, forced=True)
    assert END not in {token.id for token in (*letters("x"), Token(11, "y"))}
