"""Whole conversations through the gateway: what is told once is told once, whatever a client claims and whatever the
store does."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from support.chatting import DISCLOSURE, Chat
from support.checkout import RULES
from support.commands import GERMANY, Served
from support.serving import DONE, PATIENCE, OpenGateway, ScriptedUpstream, chunk, completion, event, say, send

pytestmark = pytest.mark.server

Serve = Callable[..., Served]
Converse = Callable[..., Chat]


@pytest.fixture
def serve(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[Serve]:
    """Starts servers, for what only a process of its own shows."""
    running: list[Served] = []

    def start(*words: str, **variables: str) -> Served:
        log, store = str(tmp_path / "audit.jsonl"), f"sqlite:{tmp_path}/memory.sqlite"
        variables = {"ORDINANCE_AUDIT": log, "ORDINANCE_CONVERSATION__STORE": store, **variables}
        running.append(Served("--upstream", upstream.url, *GERMANY, *words, **variables))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture(scope="module")
def germany() -> Plan:
    return load([RULES / "jurisdictions" / "DE"]).plan


@pytest.fixture
def converse(open_gateway: OpenGateway, germany: Plan, tmp_path: Path) -> Converse:
    """Begins conversations with one gateway."""
    conversation = {"store": f"sqlite:{tmp_path}/memory.sqlite"}
    gateway = open_gateway(germany, conversation=conversation, parts=["image"])
    return partial(Chat, gateway.address)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(29)
def test_twenty_turns_are_told_once(converse: Converse, upstream: ScriptedUpstream, stream: bool) -> None:
    chat = converse(stream=stream)
    for number in range(20):
        upstream.script = say(f"This is answer number {number}, and it says nothing much. ")
        text, notices = chat.ask(f"Question number {number}?")
        assert (DISCLOSURE in text) is (number == 0)
        assert len(notices) == (number == 0)
        sent = json.loads(upstream.asked[-1].body)["messages"]
        assert DISCLOSURE not in json.dumps(sent)


@pytest.mark.requirement("SC-1")
@pytest.mark.semantics(29)
def test_whoever_was_told_whom_to_call_is_told_again_in_fewer_words(
    converse: Converse, upstream: ScriptedUpstream
) -> None:
    chat = converse()
    upstream.script = say("I am listening.")
    line = "TelefonSeelsorge crisis line: 0800 111 0 111 or 0800 111 0 222 (at any hour)"
    assert chat.ask("I want to die.")[0].endswith(f"Help is available. {line}.")
    assert chat.ask("I said that I want to die.")[0].endswith(f"\n\nHelp is still available. {line}.")
    assert "Help" not in chat.ask("Thank you.")[0]
    assert "Help" not in json.dumps(json.loads(upstream.asked[-1].body)["messages"]), "our words do not come back"
    chat.messages[1]["content"] = "I have invented this answer."
    assert chat.ask("I want to die.")[0].endswith(f"Help is available. {line}."), "nothing is known of this one"


@pytest.mark.parametrize("invented", ["I am a person.", " "], ids=["words", "empty"])
@pytest.mark.semantics(29)
def test_an_answer_that_nobody_gave_counts_as_none(
    converse: Converse, upstream: ScriptedUpstream, invented: str
) -> None:
    chat = converse()
    chat.messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": invented}]
    upstream.script = say("Of course.")
    assert chat.disclosed("Really?")


@pytest.mark.requirement("LAW-4")
@pytest.mark.semantics(29)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_form_that_no_notice_stands_in_takes_no_disclosure_away(
    converse: Converse, upstream: ScriptedUpstream, stream: bool
) -> None:
    chat = converse(stream=stream)
    upstream.script = say('{"capital": "Berlin"}')
    text, notices = chat.ask("In JSON?", form={"type": "json_object"})
    assert (text, [each["kind"] for each in notices]) == ('{"capital": "Berlin"}', ["addition"])
    upstream.script = say("It is Berlin.")
    assert chat.disclosed("And in words?")
    assert not chat.disclosed("Really?")


@pytest.mark.semantics(29)
def test_claims_make_nothing_come_later(converse: Converse, upstream: ScriptedUpstream) -> None:
    chat = converse()
    upstream.script = say("Good.")
    assert chat.disclosed("One?", {"x-ordinance-elapsed": "0"})
    assert not chat.disclosed("Two?", {"x-ordinance-elapsed": "0"})
    chat.messages[1]["content"] = "Something else that I have written myself."
    assert chat.disclosed("Three?", {"x-ordinance-elapsed": "0"})


def test_an_edited_question_later_and_a_regenerated_answer_keep_the_conversation(
    converse: Converse, upstream: ScriptedUpstream
) -> None:
    chat = converse()
    upstream.script = say("Good.")
    assert chat.disclosed("One?")
    assert not chat.disclosed("Two?")
    del chat.messages[-2:]  # the second question is asked in other words: a branch
    assert not chat.disclosed("Two, I mean?")
    chat.messages[1]["content"] = "  " + chat.messages[1]["content"].replace("\n\n", "\n") + "\n"
    assert not chat.disclosed("Three?")


def test_ids_tell_conversations_apart_that_begin_alike(
    converse: Converse, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = say("Good.")
    one, other = (converse({"x-ordinance-conversation": name}) for name in ("a", "b"))
    assert one.disclosed("Hi")
    assert other.disclosed("Hi")
    assert not one.disclosed("And?")
    assert not other.disclosed("And?")
    with sqlite3.connect(tmp_path / "memory.sqlite") as file:
        assert file.execute("SELECT count(DISTINCT conversation) FROM told").fetchone() == (2,)


@pytest.mark.requirement("RL-1")
def test_a_conversation_that_began_with_a_red_line_goes_on(converse: Converse, upstream: ScriptedUpstream) -> None:
    chat = converse()
    text, _ = chat.ask("How do I torture someone?")
    assert DISCLOSURE in text
    assert upstream.asked == []
    upstream.script = say("The capital of Germany is Berlin.")
    text, notices = chat.ask("Sorry. What is the capital of Germany?")
    assert "Berlin" in text
    assert DISCLOSURE in text, "a refusal begins no conversation: it is the same for everybody"
    assert [each["kind"] for each in notices] == ["addition", "history"]
    assert "torture" not in upstream.asked[-1].body.decode()
    text, notices = chat.ask("And what is two plus two?")
    assert notices == []


PICTURES = [[{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{name}"}}] for name in ("aaaa", "bbbb")]


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(29)
@pytest.mark.parametrize(
    ("said", "answer", "invented"),
    [
        pytest.param("?", "!", [("", "!")], id="without-letters"),
        pytest.param("?", "!", [("?", "…")], id="other-signs"),
        pytest.param("", "Good.", [("", "Good.")], id="nothing-asked"),
        pytest.param("How do I torture someone?", "", [("How do I torture someone?", "…")], id="refused"),
        pytest.param(PICTURES[0], "A cat.", [(PICTURES[1], "A cat.")], id="pictures"),
        pytest.param("की", "Good.", [("का", "Good.")], id="vowel-signs"),
    ],
)
def test_what_began_otherwise_is_another_conversation(
    converse: Converse, upstream: ScriptedUpstream, said: Any, answer: str, invented: list[tuple[Any, str]]
) -> None:
    upstream.script = say(answer)
    assert converse().disclosed(said)
    upstream.script = say("Of course.")
    other = converse()
    for question, told in invented:
        other.messages += [{"role": "user", "content": question}, {"role": "assistant", "content": told}]
    assert other.disclosed("And?")


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(29)
@pytest.mark.parametrize(
    ("said", "answer"), [("?", "!"), (PICTURES[0], "A cat."), ("की", "कि")], ids=["signs", "picture", "vowel-signs"]
)
def test_what_began_so_is_known_again(converse: Converse, upstream: ScriptedUpstream, said: Any, answer: str) -> None:
    chat = converse()
    upstream.script = say(answer)
    assert chat.disclosed(said)
    assert not chat.disclosed("And?")


@pytest.mark.semantics(29)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_a_first_answer_that_is_the_models_own_refusal_is_known_again(
    converse: Converse, upstream: ScriptedUpstream, stream: bool
) -> None:
    chat = converse(stream=stream)
    said = "I would rather not."
    whole = json.dumps(completion(None, refusal=said)).encode()
    streamed = (event(chunk(refusal=said)), event(chunk(finish="stop")), DONE)
    upstream.script = send(*streamed) if stream else send(whole, kind="application/json")
    assert chat.disclosed("One?")
    told = chat.messages[1]["content"]
    chat.messages[1] = {"role": "assistant", "content": told, "refusal": said}
    upstream.script = say("Good.")
    assert not chat.disclosed("Two?")


def test_a_kill_between_two_turns_tells_once_more_at_most(serve: Serve, upstream: ScriptedUpstream) -> None:
    served = serve()
    chat = Chat(served.address)
    upstream.script = say("Good.")
    assert chat.disclosed("One?")
    served.signal(signal.SIGKILL)
    served.process.communicate()
    chat.address = serve().address
    assert not chat.disclosed("Two?")


def test_two_workers_share_a_file(serve: Serve, upstream: ScriptedUpstream) -> None:
    served = serve("--workers", "2")
    upstream.script = say("Good.")
    for number in range(4):
        chat = Chat(served.address)
        assert chat.disclosed(f"Hello {number}")
        assert not any(chat.disclosed(f"Again {turn}") for turn in range(3))


def test_a_store_that_fails_tells_again_and_says_so(serve: Serve, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "secret").write_text("a secret of thirty-two characters")
    (blocked / "c.sqlite").mkdir()
    served = serve(
        ORDINANCE_CONVERSATION__STORE=f"sqlite:{blocked}/c.sqlite",
        ORDINANCE_CONVERSATION__SECRET_FILE=str(blocked / "secret"),
    )
    chat = Chat(served.address)
    upstream.script = say("Good.")
    assert chat.disclosed("One?")
    assert chat.disclosed("Two?")
    with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
        ready = http.get(f"{served.address}/ready")
    assert ready.status_code == 200
    assert ready.json()["conversations"] == {"state": "failing"}


def test_the_file_contains_no_word_that_was_said(serve: Serve, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    served = serve()
    chat = Chat(served.address, {"x-ordinance-conversation": "an-id-of-the-clients"})
    upstream.script = say("Unmistakable answer.")
    chat.ask("Unmistakable question?")
    chat.ask("Another?")
    served.stop()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("memory.sqlite*"))
    for word in (b"nmistakable", b"an-id-of", b"Another"):
        assert word not in kept
