"""What an operator watches: counted where answers end, summed over workers, without a word of anybody's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.errors import SituationError
from ordinance.serve.door.numbers import numbers
from ordinance.serve.metrics.exposition import exposition
from support.commands import GERMANY, Served, run
from support.commands import PATIENCE as LONG
from support.outside import until
from support.processes import running, workers_of
from support.scraping import metrics_address, read, scraped
from support.serving import OpenGateway, RunningGateway, ScriptedUpstream, Wire, completion, say, send_and_wait
from support.small_plan import RED_LINE, SENTENCE

pytestmark = pytest.mark.server

CHAT = "/v1/chat/completions"
#: Marks of whoever asks or answers. None may be seen in what an operator watches.
CANARY = "canary"
UUID, TRACE = "01890a5d-ac96-774b-bcce-b302099a8057", "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {
    "x-request-id": f"{CANARY}-of-a-client", "traceparent": f"00-{CANARY}-of-a-trace-01", "tracestate": f"a={CANARY}",
    "user-agent": CANARY, "x-ordinance-conversation": CANARY, "x-ordinance-speak": CANARY, "accept-language": CANARY,
    "cookie": f"a={CANARY}", "x-anything": CANARY,
}  # fmt: skip


def ask(address: str, said: str = "hi", headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": said}], **fields}
    return httpx2.post(address + CHAT, json=body, headers=headers, trust_env=False, timeout=LONG)


def shown(gateway: RunningGateway) -> dict[str, float]:
    """The numbers of a gateway in this process that are not 0."""
    return {name: number for name, number in read(exposition(numbers(gateway.service))).items() if number}


def answers(**labels: str) -> str:
    told = {"jurisdiction": "DE", "verdict": "disclose", "api": "chat/completions", **labels}
    pairs = ",".join(f'{name}="{value}"' for name, value in told.items())
    return f"ordinance_answers_total{{{pairs}}}"


def test_an_answer_is_counted_once_with_what_came_of_it(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway()
    upstream.script = say("Good day.")
    ask(gateway.address)
    ask(gateway.address, stream=True)
    upstream.script = say(f"Well. {SENTENCE} So.")
    ask(gateway.address, stream=True)
    ask(gateway.address, RED_LINE)
    until(lambda: sum(value for name, value in shown(gateway).items() if "answers_total" in name) == 4)
    found = shown(gateway)
    assert found[answers()] == 2
    assert found[answers(verdict="withhold")] == 1
    assert found[answers(verdict="refuse")] == 1
    assert found['ordinance_rules_total{rule="small/red",effect="refuse"}'] == 1
    assert found['ordinance_rules_total{rule="DE/machine",effect="say"}'] >= 3
    assert found["ordinance_upstream_seconds_count"] == 3, "of a refused request the server was not asked"
    assert found["ordinance_added_seconds_count"] == 4
    assert 0 < found["ordinance_added_seconds_sum"] < LONG
    assert not any("failures" in name for name in found)


@pytest.mark.semantics(16)
def test_what_waited_is_counted_only_of_streams_from_which_nothing_was_removed(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway()
    held = "for"  # the beginning of what the law of this plan leaves out
    upstream.script = say(f"This is {held}tunate.", [8, 10, 11])
    ask(gateway.address, stream=True)
    until(lambda: shown(gateway).get("ordinance_held_characters_count") == 1)
    assert shown(gateway)["ordinance_held_characters_sum"] == len(held)
    upstream.script = say(f"Well. {SENTENCE} So.")
    ask(gateway.address, stream=True)
    ask(gateway.address, RED_LINE, stream=True)
    upstream.script = say("Good day.")
    ask(gateway.address)
    until(lambda: sum(value for name, value in shown(gateway).items() if "answers_total" in name) == 4)
    assert shown(gateway)["ordinance_held_characters_count"] == 1


def test_a_stream_that_runs_is_seen_and_one_that_is_left_is_a_failure(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway()
    upstream.script = send_and_wait(b'data: {"choices":[{"index":0,"delta":{"content":"Hi. "}}]}\n\n')
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with httpx2.stream("POST", gateway.address + CHAT, json=body, trust_env=False, timeout=LONG) as answer:
        assert answer.status_code == 200
        until(lambda: shown(gateway).get("ordinance_streams") == 1)
    until(lambda: "ordinance_streams" not in shown(gateway))
    until(lambda: shown(gateway).get('ordinance_failures_total{kind="client_gone"}') == 1)
    assert "ordinance_upstream_seconds_count" not in shown(gateway), "an answer that was left is none that was timed"


def test_what_goes_wrong_is_counted_by_its_code_at_every_door(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway()

    async def broken(wire: Wire) -> None:
        await wire.json({"error": CANARY}, 500)

    upstream.script = broken
    assert ask(gateway.address).status_code == 502
    assert ask(gateway.address, messages=CANARY).status_code == 400
    assert httpx2.get(f"{gateway.address}/metrics", trust_env=False).status_code == 404
    assert httpx2.get(f"{gateway.address}/health", headers={"host": CANARY}, trust_env=False).status_code == 421
    kinds = ("upstream_failed", "invalid_request", "closed_door", "other_host")
    until(lambda: {f'ordinance_failures_total{{kind="{kind}"}}' for kind in kinds} <= shown(gateway).keys())
    assert not any("answers_total" in name and 'verdict="pass"' in name for name in shown(gateway))


def test_a_policy_that_does_not_load_is_seen(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    def load() -> Any:
        raise SituationError("no such policy.")

    gateway = open_gateway(load=load)
    before = shown(gateway)
    assert "ordinance_policy_stale" not in before
    assert before[f'ordinance_policy_info{{digest="{"0123456789abcdef" * 4}"}}'] == 1
    asyncio.run(gateway.service.standing.renew())
    assert shown(gateway)["ordinance_policy_stale"] == 1


def test_two_workers_are_one_and_one_that_was_killed_is_not_forgotten(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = say("Good day.")
    served = Served(
        "--upstream", upstream.url, *GERMANY, "--workers", "2",
        ORDINANCE_METRICS__PORT="0", ORDINANCE_AUDIT=str(tmp_path / "log"),
    )  # fmt: skip
    try:
        address = metrics_address(served)
        until(lambda: read(scraped(address)).get("ordinance_processes") == 2)
        for number in range(12):
            assert ask(served.address, stream=number % 2 == 0).status_code == 200
        name = answers(verdict="disclose")
        until(lambda: read(scraped(address)).get(name) == 12)

        workers = sorted(workers_of(served.process.pid))
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: not running(workers[0]))
        until(lambda: read(scraped(address)).get("ordinance_processes") == 2)
        assert read(scraped(address))[name] == 12
        ask(served.address)
        until(lambda: read(scraped(address)).get(name) == 13)
        assert read(scraped(address))["ordinance_held_characters_count"] == 6
    finally:
        served.stop()


@pytest.mark.requirement("PR-1")
def test_no_word_of_a_request_an_answer_or_a_header_is_seen(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    served = Served(
        "--upstream", upstream.url, *GERMANY, ORDINANCE_METRICS__PORT="0",
        ORDINANCE_AUDIT=str(tmp_path / "log"),
    )  # fmt: skip
    try:
        address = metrics_address(served)
        upstream.script = say(f"The {CANARY} of an answer. ordinance-{CANARY}-86a-5d21e8 is there. The end.")
        for stream in (False, True):
            asked = ask(
                served.address, f"The {CANARY} of a question.", HEADERS, model=CANARY, user=CANARY, stream=stream
            )
            assert asked.status_code == 200
            assert asked.headers["x-request-id"] == HEADERS["x-request-id"], "it is the client's, who gets it back"
        assert upstream.asked[-1].headers["x-request-id"] == asked.headers["request-id"]
        assert "traceparent" not in upstream.asked[-1].headers
        httpx2.get(f"{served.address}/{CANARY}", headers=HEADERS, trust_env=False)
        ask(served.address, CANARY, {"authorization": f"Bearer {CANARY}"}, messages=CANARY)

        async def broken(wire: Wire) -> None:
            await wire.json({"error": {"message": CANARY}}, 400, x_request_id=CANARY)

        upstream.script = broken
        ask(served.address, CANARY, HEADERS)
        until(lambda: read(scraped(address)).get('ordinance_failures_total{kind="upstream_refused"}') == 1)
        text = scraped(address)
        assert answers(verdict="withhold") in text
    finally:
        output, errors = served.stop()
    assert CANARY not in text
    assert CANARY not in output + errors
    assert CANARY not in (tmp_path / "log").read_text()


def test_ids_of_a_client_go_on_and_stand_in_the_record_if_they_are_no_words_and_no_addresses(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    gateway = open_gateway(audit=str(log))

    async def script(wire: Wire) -> None:
        await wire.json(completion("Good day."))

    upstream.script = script
    traced = f"00-{TRACE}-00f067aa0ba902b7-01"
    first = ask(gateway.address, headers={"x-request-id": UUID, "traceparent": traced})
    second = ask(gateway.address, headers={"x-request-id": "order-7"})
    third = ask(gateway.address, headers={"x-request-id": "two words"})
    until(lambda: log.exists() and log.read_bytes().count(b"\n") == 3)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert [each["request"] for each in records] == [each.headers["request-id"] for each in (first, second, third)]
    assert first.headers["x-request-id"] == UUID
    assert second.headers["x-request-id"] == "order-7"
    assert third.headers["x-request-id"] == third.headers["request-id"]
    assert [each.get("x_request_id") for each in records] == [UUID, None, None]
    assert [each.get("trace") for each in records] == [TRACE, None, None]
    assert upstream.asked[0].headers["traceparent"] == traced
    assert [each.headers["x-request-id"] for each in upstream.asked] == [
        UUID, second.headers["request-id"], third.headers["request-id"]
    ]  # fmt: skip


def test_the_address_is_not_the_one_for_requests() -> None:
    done = run("serve", "--upstream", "http://127.0.0.1:9", "--port", "18080", ORDINANCE_METRICS__PORT="18080")
    assert done.returncode == 2
    assert "'metrics.port': must be another port than `port`, which is for requests" in done.stderr
