"""What rules do beyond withholding, from outside: over real HTTP, to the upstream and back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx2
import pytest

from ordinance.detection import Declaration
from ordinance.detectors.builtin import prepare_identifier
from ordinance.policy.plan import NoticeTemplate, Plan
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion
from support.plans import SAYING, mask, plan, refuse, withhold
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, say, send

pytestmark = pytest.mark.server

CODE, WRONG = "38001085718", "38001085719"
TOLD = "\n\nMasked: personal code."
MASKED = NoticeTemplate("masked", {"en": "Masked: {type}."}, {})


def policy(**more: Any) -> Plan:
    rules = (
        mask("DE/codes", "code", channels=frozenset({Channel.PROMPT, Channel.ANSWER}), notice=MASKED, type="code",
             label={"en": "personal code"}, placeholders={"en": "personal code"}, **more),
        refuse("baseline/red", "red"),
        withhold("DE/readable", effect=Effect.MARK, kind=NoticeKind.ADDITION, type="machine_readable"),
        withhold("DE/reminder", effect=Effect.SAY, kind=NoticeKind.ADDITION, notice=SAYING,
                 occasion=Occasion.EVERY_HOURS, hours=3),
    )  # fmt: skip
    red = prepare_identifier(Declaration("identifier", ("iban",)))
    return plan(rules, {"code": prepare_identifier(Declaration("identifier", ("isikukood",))), "red": red})


def ask(gateway: RunningGateway, text: str, *, elapsed: str | None = "60", **fields: Any) -> httpx2.Response:
    headers = {} if elapsed is None else {"x-ordinance-elapsed": elapsed}
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}]
    body = {"model": "m", "messages": [*said, {"role": "user", "content": text}], **fields}
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        return client.post("/v1/chat/completions", json=body, headers=headers)


def content(answer: httpx2.Response, *, stream: bool) -> str:
    if not stream:
        return str(answer.json()["choices"][0]["message"]["content"])
    data = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for one in data for choice in json.loads(one)["choices"])


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_is_masked_for_the_upstream_and_the_answer_says_so(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    upstream.script = say("I know [personal code].", [3, 9])
    answer = ask(open_gateway(policy()), f"Who is {CODE}, not {WRONG}?", stream=stream)
    (asked,) = upstream.asked
    assert CODE not in asked.body.decode()
    assert asked.json["messages"][-1]["content"] == f"Who is [personal code], not {WRONG}?"
    assert content(answer, stream=stream) == f"I know [personal code].{TOLD}"


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_masked_on_its_way_out(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    upstream.script = say(f"It is {CODE}.")
    answer = ask(open_gateway(policy()), "Who?", stream=stream)
    assert content(answer, stream=stream) == f"It is [personal code].{TOLD}"
    assert CODE not in answer.text


@pytest.mark.semantics(7)
def test_a_red_line_in_a_prompt_that_would_be_masked_refuses_before_the_upstream(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    answer = ask(open_gateway(policy()), f"{CODE} pays to DE89 3704 0044 0532 0130 00")
    assert content(answer, stream=False).startswith("We do not help")
    assert not upstream.asked


@pytest.mark.parametrize("stream", [False, True])
def test_a_mark_is_in_a_header_and_in_the_metadata(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    answer = ask(open_gateway(policy()), "Hello", stream=stream)
    assert answer.headers["x-ordinance-marks"] == "machine_readable"
    assert '"type":"machine_readable"' in answer.text
    assert content(answer, stream=stream) == "Hello."


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize(
    ("elapsed", "said"),
    [("10799", False), ("10800", True), (None, True), ("", True), ("-5", True), ("soon", True), ("9" * 50, True)],
)
def test_the_reminder_comes_back_when_the_claimed_time_is_over_or_unknown(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, elapsed: str | None, said: bool
) -> None:
    answer = ask(open_gateway(policy()), "Hello", elapsed=elapsed)
    assert ("You are talking to a machine." in content(answer, stream=False)) is said


def test_the_operators_own_messages_are_not_masked_where_a_key_says_that_they_are(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    secret = "a-key-of-an-office"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    keys = [{"name": "office", "sha256": digest, "system_messages_are_ours": True}]
    gateway = open_gateway(policy(), keys=keys)
    said = [{"role": "system", "content": f"Answer for {CODE}."}, {"role": "user", "content": f"I am {CODE}."}]
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        answer = client.post(
            "/v1/chat/completions",
            json={"model": "m", "messages": said},
            headers={"authorization": f"Bearer {secret}"},
        )
    assert answer.status_code == 200
    (asked,) = upstream.asked
    assert [message["content"] for message in asked.json["messages"]] == [
        f"Answer for {CODE}.", "I am [personal code].",
    ]  # fmt: skip


def test_a_completions_prompt_is_masked_too(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = send(
        json.dumps({"id": "c", "object": "text_completion", "created": 1, "model": "m",
                    "choices": [{"index": 0, "text": " is known.", "finish_reason": "stop"}]}).encode(),
        kind="application/json",
    )  # fmt: skip
    gateway = open_gateway(policy())
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        answer = client.post("/v1/completions", json={"model": "m", "prompt": f"The owner of {CODE}"})
    assert upstream.asked[0].json["prompt"] == "The owner of [personal code]"
    assert "Masked: personal code." in answer.json()["choices"][0]["text"]


@pytest.mark.requirement("RL-3")
@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": f"I am {CODE[:5]}"}, {"type": "text", "text": CODE[5:]}],
        json.dumps({"note": f'"{CODE}"'}).replace(CODE[0], "\\u0033", 1),
    ],
)
def test_what_cannot_be_masked_string_by_string_is_not_sent(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, content: Any
) -> None:
    with httpx2.Client(base_url=open_gateway(policy()).address, timeout=PATIENCE, trust_env=False) as client:
        body = {"model": "m", "messages": [{"role": "user", "content": content}]}
        answer = client.post("/v1/chat/completions", json=body).json()
    assert not upstream.asked
    assert answer["choices"][0]["finish_reason"] == "content_filter"
    assert [notice["kind"] for notice in answer["ordinance"]["notices"]][-2:] == ["fault", "addition"]
