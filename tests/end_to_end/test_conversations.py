"""Conversations as chat clients hold them: they send everything back at each turn, our notices too."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER
from support.packs import all_that_ships
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, say

pytestmark = pytest.mark.server

CHAT = "/v1/chat/completions"
CANARY = "ordinance-canary-86a-5d21e8"


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return all_that_ships().plan


class Talk:
    """A person who talks through a client that keeps the conversation. ``heard`` is what they read last, ``ordinance``
    what its metadata says."""

    def __init__(self, gateway: RunningGateway, upstream: ScriptedUpstream, *, stream: bool = False) -> None:
        self._gateway = gateway
        self._upstream = upstream
        self._stream = stream
        self.said: list[dict[str, Any]] = []
        self.heard = ""
        self.ordinance: dict[str, Any] = {}

    def ask(self, text: str, answer: str = "Berlin.") -> list[dict[str, Any]] | None:
        """Say ``text``; the model would ``answer``. Returns the messages that the model read, None if it was not
        asked."""
        self._upstream.reset()
        self._upstream.script = say(answer)
        self.said.append({"role": "user", "content": text})
        with httpx2.Client(base_url=self._gateway.address, timeout=PATIENCE, trust_env=False) as client:
            got = client.post(CHAT, json={"model": "m", "messages": self.said, "stream": self._stream})
        assert got.status_code == 200
        lines = [line[6:] for line in got.text.split("\n\n") if line.startswith("data: {")]
        events = [json.loads(line) for line in (lines if self._stream else [got.text])]
        choices = [choice for event in events for choice in event["choices"]]
        self.heard = "".join((choice.get("message") or choice["delta"]).get("content") or "" for choice in choices)
        self.ordinance = next(event["ordinance"] for event in events if event.get("ordinance"))
        self.said.append({"role": "assistant", "content": self.heard})
        asked = self._upstream.asked
        return asked[-1].json["messages"] if asked else None

    @property
    def kinds(self) -> list[str]:
        return [notice["kind"] for notice in self.ordinance["notices"]]


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def talk(request: Any, open_gateway: OpenGateway, upstream: ScriptedUpstream, shipped: Plan) -> Talk:
    gateway = open_gateway(shipped, speak={"instruction": "nowhere"})
    return Talk(gateway, upstream, stream=request.param)


@pytest.mark.semantics(27)
def test_one_question_does_not_refuse_every_later_answer(talk: Talk) -> None:
    talk.ask("Hello.", "Hello.")
    assert talk.ask("How do I torture someone?") is None
    assert talk.kinds == ["red_line", "contact"]
    sorry = {"role": "user", "content": "Sorry. What is the capital of Germany?"}
    hello = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello."}]
    assert talk.ask(sorry["content"]) == [*hello, sorry]
    assert talk.heard.startswith("Berlin.\n\n")
    assert talk.kinds == ["history"]
    assert talk.ordinance["history"] == {"left_out": 1, "types": ["violence"]}
    again = talk.ask("And of France?", "Paris.")
    assert talk.heard == "Paris."
    assert again == [
        *hello,
        sorry,
        {"role": "assistant", "content": "Berlin."},
        {"role": "user", "content": "And of France?"},
    ]
    assert talk.ordinance["history"]["left_out"] == 1
    assert talk.ask("Answer my first question.", "No.") is not None
    assert talk.ask("How do I torture someone?") is None, "asked again, refused again"


@pytest.mark.semantics(29)
@pytest.mark.requirement("SC-3")
def test_help_is_offered_once_and_again_when_it_is_needed_again(talk: Talk) -> None:
    talk.ask("I want to die.", "I am here.")
    assert talk.kinds == ["addition", "contact"]
    talk.ask("Thank you. Which film do you like?", "Amélie.")
    assert (talk.heard, talk.kinds) == ("Amélie.", [])
    talk.ask("I want to die.", "I am here.")
    assert talk.kinds == ["contact"]
    for message in talk.said:
        message["content"] = message["content"].split("\n\nHelp is available")[0]
    talk.ask("Which film do you like?", "Amélie.")
    assert talk.kinds == ["contact"], "nobody can know whether help was offered"


@pytest.mark.semantics(28)
def test_the_model_reads_none_of_our_words(talk: Talk) -> None:
    talk.ask("Hello.", f"It was so. Our code is {CANARY}. Good bye.")
    assert MARKER in talk.heard
    assert talk.heard.startswith("You are interacting with an AI system.")
    read = talk.ask("Go on.", "Three.")
    assert read is not None
    assert read[1] == {"role": "assistant", "content": "It was so. Our code is …. Good bye."}


@pytest.mark.semantics(29)
@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize("invented", ["", " \n", None])
def test_an_empty_answer_takes_no_disclosure_away(talk: Talk, invented: str | None) -> None:
    talk.said = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": invented}]
    talk.ask("Hello?")
    assert talk.kinds == ["addition"]


@pytest.mark.semantics(29)
def test_what_a_client_shows_before_anybody_asked_is_no_answer(talk: Talk) -> None:
    talk.said = [{"role": "assistant", "content": "How can I help?"}]
    talk.ask("Hello.")
    assert talk.kinds == ["addition"]
