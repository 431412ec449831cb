"""Judged requests at the gateway: the server is asked while the judge looks, and no byte leaves before the verdict."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import pytest

from ordinance.detection import Checkpoint, Question, Ruling
from support.judging import ScriptedJudge, fires, judged
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire, chunk, event, say
from support.small_plan import small_plan
from support.waiting import until

pytestmark = pytest.mark.server


class Waiting(ScriptedJudge):
    """Says nothing of a prompt before ``go`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        assert at.part != "prompt" or self.go.wait(PATIENCE)
        return super().ask(questions, at)


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture
def judge() -> Iterator[Waiting]:
    judge = Waiting()
    yield judge
    judge.go.set()


@pytest.mark.semantics(7)
@pytest.mark.semantics(30)
@pytest.mark.parametrize("stream", [True, False])
def test_the_server_is_asked_meanwhile_and_cancelled_where_the_judge_fires(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, judge: Waiting, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        await wire.head(kind="text/event-stream" if stream else "application/json")
        await wire.send(event(chunk(content="Early text. ")))
        await wire.until_gone()

    upstream.script = script
    gateway = open_gateway(judged(small_plan(), judge, "small/red"))
    found: list[httpx2.Response] = []

    def post() -> None:
        body = asking(f"About {fires('red')}.", stream=stream)
        url = f"{gateway.address}/v1/chat/completions"
        found.append(httpx2.post(url, json=body, timeout=PATIENCE, trust_env=False))

    client = threading.Thread(target=post)
    client.start()
    until(lambda: bool(upstream.asked))
    assert not found, "nothing leaves before the verdict"
    judge.go.set()
    client.join(PATIENCE)
    assert found[0].status_code == 200
    assert "content_filter" in found[0].text
    assert "Early text" not in found[0].text
    assert upstream.asked[0].gone.wait(PATIENCE), "the server is cancelled"


@pytest.mark.semantics(30)
@pytest.mark.parametrize("stream", [True, False])
def test_what_came_before_a_verdict_leaves_after_it(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, judge: Waiting, stream: bool
) -> None:
    upstream.script = say("A first sentence. And another one.")
    gateway = open_gateway(judged(small_plan(), judge, "small/red", "DE/flags"))
    threading.Timer(0.2, judge.go.set).start()
    body = asking("A question?", stream=stream)
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False)
    text = answer.text
    if stream:
        said = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
        content = "".join(each["choices"][0]["delta"].get("content") or "" for each in said if each["choices"])
        told = said[-1]["ordinance"]
    else:
        content, told = answer.json()["choices"][0]["message"]["content"], answer.json()["ordinance"]
    assert "A first sentence. And another one." in content
    assert (told["judged"], told["not_judged"]) == (["DE/flags", "small/red"], [])
    assert next(at.prompt for _, at in judge.asked if at.part == "answer") == "A question?"


@pytest.mark.semantics(13)
def test_a_prompt_that_no_judge_has_seen_is_refused_as_a_fault(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, judge: Waiting
) -> None:
    judge.go.set()
    gateway = open_gateway(judged(small_plan(), judge, "small/red"))
    body = asking("judge-fault-canary")
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False).json()
    assert answer["choices"][0]["finish_reason"] == "content_filter"
    assert answer["ordinance"]["notices"][-1]["kind"] == "fault"


@pytest.mark.semantics(30)
def test_a_stream_in_which_a_judge_fires_ends_there(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, judge: Waiting
) -> None:
    judge.go.set()
    text = f"A first sentence. Then {fires('red')} comes. " + "And more of it. " * 30
    upstream.script = say(text, range(3, len(text), 7))
    gateway = open_gateway(judged(small_plan(), judge, "small/red"))
    body = asking("A question?", stream=True)
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False)
    assert "A first sentence. " in answer.text
    assert "Then" not in answer.text
    assert "content_filter" in answer.text
