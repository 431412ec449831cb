"""A judge before each of the four APIs: a red line's text leaves by none of them, however a client goes about it. Over
real HTTP, before a model that ends where a request says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from ordinance.protocol.apis.responses import RESPONSES
from ordinance.serve.door.policies import policies_of
from support.asking import PATHS, Seen, body, post
from support.judged_packs import FIRES, settings
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.serving import LoopThread, RunningGateway, ScriptedUpstream
from support.steered import CALL, CHAT, COMPLETIONS, CONTENT, THOUGHT, letters, script

pytestmark = [pytest.mark.server, pytest.mark.requirement("RL-1"), pytest.mark.semantics(30)]

EVERY_API = pytest.mark.parametrize("path", PATHS)
OF_TURNS = pytest.mark.parametrize("path", [path for path in PATHS if path != COMPLETIONS])
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
FIRST = "This is the first sentence."
#: So much of the marker is what the judge finds.
LEAST = "judge-canary-weapons-0.9"


@pytest.fixture(scope="module")
def judge() -> Iterator[JudgeServer]:
    server = JudgeServer(seconds=30.0)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(
    loop_thread: LoopThread,
    shared_upstream: ScriptedUpstream,
    judge: JudgeServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("judged")
    own = settings(folder, installed(folder), judge)
    given = {name: getattr(own, name) for name in ("judges", "judge", "plugins", "packs")}
    running = RunningGateway(loop_thread, policies_of(own), shared_upstream.url, {"jurisdiction": None, **given})
    with httpx2.Client(base_url=running.address, timeout=60, trust_env=False) as one:
        yield one
    running.stop()


def readable(seen: Seen) -> str:
    return "".join((seen.text, seen.calls, json.dumps(seen.stop), json.dumps(seen.ordinance)))


@EVERY_API
@STREAM
def test_a_prompt_that_the_judge_finds_is_refused(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    upstream.script = script(*letters("Never heard."))
    seen = post(client, path, body(path, said=f"Tell me {FIRES}. ", stream=stream))
    assert "Never heard" not in readable(seen)
    assert seen.kinds[0] == "red_line"
    assert seen.ordinance["verdict"] == "refuse"


@pytest.mark.parametrize(
    ("path", "part"),
    [(path, part) for path in PATHS for part in (CONTENT, THOUGHT, CALL) if part == CONTENT or path != COMPLETIONS],
)
@STREAM
def test_what_the_judge_finds_in_an_answer_does_not_leave(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool, part: str
) -> None:
    said = json.dumps({"a": f"The {FIRES}."}) if part == CALL else f"{FIRST} Then {FIRES}. And more."
    upstream.script = script(*letters(said, part), *letters("The end."))
    seen = post(client, path, body(path, stream=stream))
    assert LEAST not in readable(seen)
    assert "And more" not in readable(seen)
    assert "red_line" in seen.kinds
    assert (FIRST in seen.text) is (stream and part != CALL)


@EVERY_API
@STREAM
def test_a_judge_that_says_nothing_of_an_answer_ends_it(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    upstream.script = script(*letters(f"{FIRST} Then judge-fault-prose. And more."))
    seen = post(client, path, body(path, stream=stream))
    assert "judge-fault" not in readable(seen)
    assert seen.kinds == ["fault"]


# of those who want it all the same


@EVERY_API
@pytest.mark.slow
def test_letter_by_letter(client: httpx2.Client, upstream: ScriptedUpstream, path: str) -> None:
    """The end one token later each time."""
    said = f"Very well: {FIRES}."
    upstream.script = script(*letters(said))
    for limit in range(said.index("0."), len(said) + 1):
        seen = post(client, path, body(path, limit=limit, stream=limit % 2 == 0))
        assert LEAST not in readable(seen)


@EVERY_API
@pytest.mark.slow
def test_a_stop_within_it(client: httpx2.Client, upstream: ScriptedUpstream, path: str) -> None:
    upstream.script = script(*letters(f"Very well: {FIRES}. And so on."))
    for stop in ("93", "3.", ".", " And"):
        for stream in (False, True):
            seen = post(client, path, body(path, stop=[stop], stream=stream))
            assert LEAST not in readable(seen)


@EVERY_API
@pytest.mark.slow
def test_one_token_more_than_what_is_known(client: httpx2.Client, upstream: ScriptedUpstream, path: str) -> None:
    """The answer goes on from what the client has, one letter at a time: the judge reads what it goes on from."""
    known = FIRES[:-6]
    upstream.script = script(*letters(FIRES))
    for _ in range(8):
        seen = post(client, path, body(path, said="Go on. ", begun=known, limit=1, stream=len(known) % 2 == 0))
        if seen.text[:1] != FIRES[len(known) : len(known) + 1]:
            break
        known += seen.text[0]
    assert len(known) > len(FIRES) - 6, "it does go on"
    assert LEAST not in known


@OF_TURNS
def test_what_was_answered_before_does_not_come_back_to_the_model(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str
) -> None:
    turns = [
        {"role": "user", "content": "What was it?"},
        {"role": "assistant", "content": f"It was {FIRES}."},
        {"role": "user", "content": "And in your own words?"},
    ]
    upstream.script = script(*letters("In my own words."))
    asked = {**body(path), ("input" if path == RESPONSES.path else "messages"): turns}
    seen = post(client, path, asked)
    assert seen.ordinance["history"]["left_out"] == 1
    assert FIRES.encode() not in upstream.asked[-1].body


def test_an_answer_that_the_server_stored_cannot_be_gone_on_from(
    client: httpx2.Client, upstream: ScriptedUpstream
) -> None:
    """The judge could not read what it would go on from."""
    asked: dict[str, Any] = {**body(RESPONSES.path, said="Go on."), "previous_response_id": "resp_1"}
    reply = client.post(RESPONSES.path, json=asked)
    assert reply.status_code == 400
    assert "previous_response_id" in reply.text
    assert upstream.asked == []


@STREAM
def test_of_several_choices_each_is_judged(client: httpx2.Client, upstream: ScriptedUpstream, stream: bool) -> None:
    upstream.script = script(*letters(f"{FIRST} Then {FIRES}."))
    reply = client.post(CHAT, json={**body(CHAT), "n": 3, "stream": stream})
    assert reply.status_code == 200
    assert LEAST not in reply.text
    assert reply.text.count('"content_filter"') == 3


@EVERY_API
def test_the_same_text_asked_for_again_has_the_same_end(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str
) -> None:
    """What a judge has found is never remembered as cleared."""
    upstream.script = script(*letters(f"Here: {FIRES}."))
    for number in range(6):
        seen = post(client, path, body(path, said=f"Question {number % 2}. ", stream=number > 2))
        assert "red_line" in seen.kinds
        assert LEAST not in readable(seen)


MESSAGES = "/v1/messages"
HI = [{"role": "user", "content": "hi"}]
CALLED = {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": FIRES})}}
TOOL: dict[str, Any] = {"name": "f", "parameters": {"type": "object", "properties": {"a": {"enum": [FIRES]}}}}
SCHEMA = {"name": "x", "description": FIRES, "schema": {"type": "object"}}
TURN = [*HI, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "and?"}]
#: A request for each place in which what the judge finds may stand.
PLACES: list[tuple[str, dict[str, Any]]] = [
    (CHAT, {"messages": [{"role": "system", "content": f"So {FIRES}"}, *HI]}),
    (CHAT, {"messages": [{**HI[0], "name": FIRES}]}),
    (CHAT, {"messages": [{"role": FIRES, "content": "hi"}, *HI]}),
    (CHAT, {"messages": [{"role": "user", "content": [{"type": "text", "text": each} for each in ("hi", FIRES)]}]}),
    (CHAT, {"messages": [*HI, {"role": "assistant", "content": None, "tool_calls": [CALLED]},
                         {"role": "tool", "tool_call_id": "c", "content": "ok"}]}),
    (CHAT, {"messages": [*HI, {"role": "assistant", "content": None, "tool_calls": [{**CALLED, "id": FIRES}]},
                         {"role": "tool", "tool_call_id": FIRES, "content": "ok"}]}),
    (CHAT, {"messages": [TURN[0], {**TURN[1], "reasoning": FIRES}, TURN[2]]}),
    (CHAT, {"messages": HI, "tools": [{"type": "function", "function": TOOL}]}),
    (CHAT, {"messages": HI, "response_format": {"type": "json_schema", "json_schema": SCHEMA}}),
    (CHAT, {"messages": HI, "structured_outputs": {"choice": [FIRES]}}),
    (CHAT, {"messages": HI, "stop": [FIRES]}),
    (CHAT, {"messages": HI, "chat_template_kwargs": {"x": FIRES}}),
    (CHAT, {"messages": HI, "documents": [{"title": "t", "text": FIRES}]}),
    (CHAT, {"messages": HI, "user": FIRES}),
    (MESSAGES, {"max_tokens": 9, "messages": HI, "system": [{"type": "text", "text": FIRES}]}),
    (MESSAGES, {"max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "a", "content": FIRES}, {"type": "text", "text": "hi"}]}]}),
    (MESSAGES, {"max_tokens": 9, "messages": HI, "stop_sequences": [FIRES]}),
    (MESSAGES, {"max_tokens": 9, "messages": HI, "tools": [{"name": "f", "description": FIRES, "input_schema": {}}]}),
    (RESPONSES.path, {"input": "hi", "instructions": FIRES}),
    (RESPONSES.path, {"input": [*HI, {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                                {"type": "function_call_output", "call_id": "c", "output": FIRES}]}),
    (RESPONSES.path, {"input": "hi", "text": {"format": {"type": "json_schema", "name": "x", "description": FIRES}}}),
    (COMPLETIONS, {"prompt": ["hi", FIRES]}),
    (COMPLETIONS, {"prompt": "hi", "suffix": FIRES}),
    (COMPLETIONS, {"prompt": FIRES, "echo": True, "max_tokens": 0}),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("path", "asked"), PLACES)
def test_a_request_is_judged_wherever_it_stands(
    client: httpx2.Client, upstream: ScriptedUpstream, path: str, asked: dict[str, Any]
) -> None:
    """It is refused; or it is not sent to the model, and the rest is answered."""
    upstream.script = script(*letters("Never heard."))
    reply = client.post(path, json={"model": "m", **asked})
    assert reply.status_code == 200, reply.text
    refused = reply.json()["ordinance"]["verdict"] == "refuse"
    sent = [each for each in upstream.asked if FIRES.encode() in each.body]
    assert refused or not sent
    assert ("Never heard" in reply.text) is not refused
