"""Everything that can go wrong around an answer: red lines hold, nothing held leaves, and the record is true.

A fault ends one request and is told there; the others notice nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.loading.load import load
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from support.commands import Served
from support.faulty import faulty as faulty_plugin
from support.faulty import packs
from support.packs import TODAY
from support.serving import (
    DONE,
    PATIENCE,
    LoopThread,
    OpenGateway,
    RunningGateway,
    Script,
    ScriptedUpstream,
    Wire,
    chunk,
    completion,
    event,
    posting,
    say,
    send,
    send_and_wait,
)
from support.small_plan import FORBIDDEN, MACHINE, RED_LINE, SENTENCE, small_plan
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.semantics(13)]
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
#: Begins a phrase of the law, so it waits.
HELD = event(chunk(content="See the forbidden"))
#: An event up to its text.
EVENT = b'data: {"choices":[{"delta":{"content":"'


def ask(gateway: RunningGateway, **fields: Any) -> httpx2.Response:
    return httpx2.post(
        f"{gateway.address}/v1/chat/completions", json=ASK | fields, timeout=PATIENCE * 2, trust_env=False
    )


def said(answer: httpx2.Response) -> str:
    """The content of an answer, streamed or not."""
    if not answer.headers["content-type"].startswith("text/event-stream"):
        return str(answer.json()["choices"][0]["message"]["content"])
    events = [json.loads(one) for one in re.findall(r"^data: (\{.*\})$", answer.text, re.MULTILINE)]
    return "".join(c["delta"].get("content", "") for one in events for c in one.get("choices", ()))


def records(log: Path, count: int) -> list[dict[str, Any]]:
    """The audit log once it has so many lines: a record is written when its answer has left."""
    deadline = time.monotonic() + PATIENCE
    while len(lines := log.read_text().splitlines()) < count:
        assert time.monotonic() < deadline, "a record is missing"
        time.sleep(0.01)
    assert len(lines) == count
    return [json.loads(line) for line in lines]


# detectors


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("faulty")
    plugins = [faulty_plugin(folder)]
    return load(packs(folder), plugins=plugins, on=TODAY, budget=Budget(seconds=1.0, processes=2)).plan


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("deed", ["RAISE", "EXIT", "CRASH", "HANG", "STUCK"])
def test_a_detector_that_fails_ends_one_answer_for_a_red_line_and_is_told_for_a_law(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, faulty: Plan, tmp_path: Path, deed: str, stream: bool
) -> None:
    gateway = open_gateway(faulty, jurisdiction="XA", audit=tmp_path / "audit.jsonl")
    told = "A part of this answer could not be checked"
    upstream.script = say(f"Fine. A RED-{deed} canary. More.", range(3, 30, 4))
    refused = ask(gateway, stream=stream)
    upstream.script = say(f"Fine. A LAW-{deed} canary. More.", range(3, 30, 4))
    withheld = ask(gateway, stream=stream)
    upstream.script = say("Fine. All is well.")
    untouched = ask(gateway, stream=stream)

    assert said(refused).startswith(f"Fine. \n\n{told}" if stream else told)
    assert said(withheld).startswith(f"Fine. ⟦…⟧{'More.' if deed == 'RAISE' else ''}\n\n{told}")
    assert said(untouched) == "Fine. All is well."
    assert '"content_filter"' in refused.text
    assert '"content_filter"' not in withheld.text
    assert "canary" not in refused.text + withheld.text
    first, second, third = records(tmp_path / "audit.jsonl", 3)
    assert (first["verdict"], first["failed"], first["rules"]) == ("refuse", ["baseline/violence"], [])
    assert (second["verdict"], second["failed"]) == ("withhold", ["XA/words"])
    assert (third["verdict"], third["failed"], third["notices"]) == ("pass", [], [])
    assert first["notices"] == second["notices"] == ["fault"]


def test_other_requests_notice_nothing_of_a_detector_that_hangs_with_the_interpreters_lock(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    faulty = load(packs(tmp_path), plugins=[faulty_plugin(tmp_path)], on=TODAY, budget=Budget(1.0, processes=2)).plan

    async def script(wire: Wire) -> None:
        text = wire.asked.json["messages"][0]["content"]
        await say(text, range(4, len(text), 4))(wire)

    upstream.script = script
    gateway = open_gateway(faulty, jurisdiction="XA")

    def about(text: str) -> tuple[str, float]:
        began = time.monotonic()
        answer = ask(gateway, messages=[{"role": "user", "content": text}], stream=True)
        return said(answer), time.monotonic() - began

    def both_have_started() -> bool:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(about, ["Both processes. Have started."] * 4))
        return started(faulty) == 2

    until(both_have_started)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(about, "Fine. A LAW-STUCK canary.")
        time.sleep(0.3)
        took = []
        while not hanging.done():
            text, seconds = about("A LAW here. All is well.")
            assert text.startswith("A ⟦…⟧ here. All is well.")
            took.append(seconds)
        text, seconds = hanging.result()
    assert text.startswith("Fine. ⟦…⟧")
    assert seconds >= 1
    assert len(took) >= 2
    assert sorted(took)[len(took) // 2] < 0.5, "half of them would have waited behind it"


def started(plan: Plan) -> int:
    """How many processes of the plugin answer."""
    attached: Any = next(iter(plan.plugins.values()))
    return len(attached.pool._bench._processes)


def test_many_streams_share_few_processes(open_gateway: OpenGateway, upstream: ScriptedUpstream, faulty: Plan) -> None:
    upstream.script = say("A LAW here. All is well. RED-SLOW. And so on.", range(4, 44, 4))
    slow = open_gateway(faulty, jurisdiction="XA")
    for text in map(content, all_at_once(slow, 20)):
        assert text.startswith("A ⟦…⟧ here. All is well. \n\n")
        assert "This service does not answer that: serious violence." in text
    upstream.script = say("A LAW here. All is well.", range(4, 24, 4))
    assert all("A ⟦…⟧ here. All is well." in content(one) for one in all_at_once(slow, 200))


# the upstream


async def endless(wire: Wire) -> None:
    """An answer that goes on until the other side has gone."""
    await wire.head()
    while not wire.closing:
        await wire.send(event(chunk(content="and so on ")))
        await asyncio.sleep(0.005)
    wire.asked.gone.set()


def closed_after(*packets: bytes, kind: str = "text/event-stream") -> Script:
    """Write these packets and close the connection in the middle of the body."""

    async def script(wire: Wire) -> None:
        await wire.head(kind=kind)
        await wire.send(*packets)
        wire.break_off()

    return script


#: How an upstream may tell where its answer ends.
FRAMING = pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "until it closes"])
SPOILED = {
    "mid-event": (send(HELD, b'data: {"choices":[{"ind'), "upstream_truncated"),
    "mid-answer": (send(HELD), "upstream_truncated"),
    "closes mid-event": (closed_after(HELD, EVENT), "upstream_truncated"),
    "closes mid-answer": (closed_after(HELD), "upstream_truncated"),
    "garbage": (send(HELD, bytes(range(256)) * 8 + b"\n\n"), "upstream_truncated"),
    "no JSON": (send(HELD, b"data: nonsense\n\n"), "upstream_malformed"),
    "half a character, then the end": (send(HELD, EVENT + b"\xe2\x82"), "upstream_truncated"),
    "half a character in an event": (send(HELD, EVENT + b'\xe2\x82"}}]}\n\n'), "upstream_malformed"),
    "half of a pair": (send(HELD, EVENT + b'\\ud83d"}}]}\n\n'), "upstream_malformed"),
    "a line of 10 MB": (send(HELD, b"data: " + b"x" * 10_000_000 + b"\n\n"), "upstream_malformed"),
    "a line of 10 MB that never ends": (send(HELD, *[b"x" * 100_000] * 100), "upstream_malformed"),
    "falls silent": (send_and_wait(HELD), "upstream_timeout"),
    "never ends": (endless, "upstream_timeout"),
}  # fmt: skip


@pytest.mark.requirement("TR-8")
@FRAMING
@pytest.mark.parametrize("name", SPOILED)
def test_an_upstream_that_breaks_off_releases_nothing_held_and_is_recorded(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, name: str, chunked: bool
) -> None:
    upstream.script, code = SPOILED[name]
    upstream.chunked = chunked
    log = tmp_path / "audit.jsonl"
    gateway = open_gateway(audit=log, upstream={"idle_seconds": 0.3, "total_seconds": 1})
    answer = ask(gateway, stream=True)
    last = json.loads(answer.text.strip().rpartition("data: ")[2])
    assert answer.status_code == 200
    assert last["error"]["code"] == code
    assert "[DONE]" not in answer.text
    assert "forbidden" not in answer.text
    assert said(answer).endswith("Notice fault.")
    (record,) = records(log, 1)
    assert (record["status"], record["problem"], record["verdict"]) == (200, code, "refuse")
    assert "fault" in record["notices"]
    assert record["balanced"] is True


#: Faults before anything was said, and what a request of each API is.
FIRST = {
    "no JSON": (send(b"data: nonsense\n\n"), "upstream_malformed"),
    "no event": (send(b"x" * 1_100_000), "upstream_malformed"),
    "nothing": (send(), "upstream_truncated"),
    "closes": (closed_after(), "upstream_truncated"),
    "silent": (send_and_wait(), "upstream_timeout"),
}
ASKED_BY = {
    "/v1/chat/completions": ASK,
    "/v1/completions": {"prompt": "x"},
    "/v1/responses": {"input": "hi"},
    "/v1/messages": ASK | {"max_tokens": 9},
}


@pytest.mark.parametrize("path", ASKED_BY)
@pytest.mark.parametrize("name", FIRST)
def test_a_fault_in_the_first_event_is_recorded_and_told_as_later_ones_are(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, name: str, path: str
) -> None:
    upstream.script, code = FIRST[name]
    gateway = open_gateway(audit=tmp_path / "audit.jsonl", upstream={"idle_seconds": 0.5})
    asked = ASKED_BY[path] | {"stream": True}
    answer = httpx2.post(gateway.address + path, json=asked, timeout=PATIENCE * 2, trust_env=False)
    assert answer.status_code == 200
    assert "Notice fault." in answer.text
    assert "[DONE]" not in answer.text
    *_, last = (json.loads(one) for one in re.findall(r"^data: (\{.*\})$", answer.text, re.MULTILINE))
    assert code in json.dumps(last)
    assert '"verdict":"refuse"' in answer.text
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert (record["status"], record["problem"], record["verdict"]) == (200, code, "refuse")
    assert "fault" in record["notices"]


WHOLE = {
    "no JSON": (send(b"nonsense", kind="application/json"), "upstream_malformed"),
    "no choices": (send(b'{"choices":[]}', kind="application/json"), "upstream_malformed"),
    "an error": (send(b'{"error":{"message":"x"}}', kind="application/json"), "upstream_failed"),
    "closes": (closed_after(b'{"choices":[', kind="application/json"), "upstream_truncated"),
    "silent": (send_and_wait(b'{"choices":[', kind="application/json"), "upstream_timeout"),
    "of another type": (send(b"{}", kind="text/event-stream"), "upstream_malformed"),
    "one choice twice": (
        send(json.dumps(completion() | {"choices": completion("a")["choices"] * 2}).encode(), kind="application/json"),
        "upstream_malformed",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_that_is_none_is_recorded_as_refused(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, name: str
) -> None:
    upstream.script, code = WHOLE[name]
    gateway = open_gateway(audit=tmp_path / "audit.jsonl", upstream={"idle_seconds": 0.5})
    answer = ask(gateway, n=2)
    assert answer.status_code in (502, 504)
    assert answer.json()["error"]["code"] == code
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert (record["problem"], record["verdict"], record["notices"][-1]) == (code, "refuse", "fault")


def test_an_answer_that_never_began_has_no_verdict_but_its_problem(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = send(b"busy", status=503)
    gateway = open_gateway(audit=tmp_path / "audit.jsonl")
    ask(gateway, stream=True)
    ask(gateway)
    assert {(r["problem"], r["verdict"]) for r in records(tmp_path / "audit.jsonl", 2)} == {("upstream_busy", "pass")}


@pytest.mark.parametrize("script", [send_and_wait(b'{"choices":['), send(b'{"choices":[' + b" " * 10_000_000), send(b'{"choices":[{"message":{"content":"\xe2\x82', kind="application/json")], ids=["silent", "10 MB", "half"])  # fmt: skip  # noqa: E501
def test_a_whole_answer_that_breaks_off_is_no_answer(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, script: Any
) -> None:
    upstream.script = script
    gateway = open_gateway(audit=tmp_path / "audit.jsonl", upstream={"idle_seconds": 0.3})
    answer = ask(gateway)
    assert answer.status_code in (502, 504)
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert (record["status"], record["problem"]) == (answer.status_code, answer.json()["error"]["code"])


def packets(text: bytes, size: int) -> Iterable[bytes]:
    return (text[at : at + size] for at in range(0, len(text), size))


@pytest.mark.parametrize("size", [1, 3, 40, 10_000], ids=["bytes", "threes", "forties", "one packet"])
def test_events_may_share_a_packet_or_be_spread_over_many(
    gateway: RunningGateway, upstream: ScriptedUpstream, size: int
) -> None:
    parts = ("Gr", "üß", " dich. The €", "\u200b 👩‍🚀 forb", "idden fl", "ag.")
    events = [json.dumps(chunk(content=part), ensure_ascii=False) for part in parts]
    wire = "".join(f"data: {one}\n\n" for one in events).encode() + event(chunk(finish="stop")) + DONE
    upstream.script = send(*packets(wire, size))
    answer = ask(gateway, stream=True)
    assert f"{MACHINE['en']}\n\nGrüß dich. The €\u200b 👩‍🚀 ⟦…⟧." in said(answer)
    assert answer.text.endswith("data: [DONE]\n\n")


# the client


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
def test_a_client_that_vanishes_is_recorded_as_gone_and_stops_the_upstream(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, reset: bool
) -> None:
    upstream.script = endless
    gateway = open_gateway(audit=tmp_path / "audit.jsonl")
    body = json.dumps(ASK | {"stream": True}).encode()
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(posting(body))
        assert b"and so on" in b"".join(client.recv(65536) for _ in range(4))
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert record["status"] == 499
    assert upstream.asked[-1].gone.wait(PATIENCE)


def test_what_left_the_answer_of_a_client_that_vanishes_is_recorded(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = send_and_wait(event(chunk(content=f"See the {FORBIDDEN} and so on.")))
    gateway = open_gateway(audit=tmp_path / "audit.jsonl")
    with httpx2.stream(
        "POST", f"{gateway.address}/v1/chat/completions", json=ASK | {"stream": True}, timeout=PATIENCE, trust_env=False
    ) as answer:
        assert "and so on" in next(text for text in answer.iter_text() if text)
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert (record["status"], record["verdict"]) == (499, "withhold")
    assert "DE/flags" in record["rules"]


@FRAMING
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("begun", [False, True], ids=["before the first byte", "in the middle"])
def test_answers_that_outlast_the_grace_period_end_with_a_word(
    open_gateway: OpenGateway,
    upstream: ScriptedUpstream,
    loop_thread: LoopThread,
    tmp_path: Path,
    stream: bool,
    begun: bool,
    chunked: bool,
) -> None:
    asked = threading.Event()
    upstream.chunked = chunked

    async def script(wire: Wire) -> None:
        if begun and stream:
            await wire.head()
            await wire.send(HELD)
        elif begun:
            await wire.head(kind="application/json")
            await wire.send(b'{"choices":[')
        asked.set()
        await wire.until_gone()

    upstream.script = script
    gateway = open_gateway(audit=tmp_path / "audit.jsonl")
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, gateway, stream=stream)
        assert asked.wait(PATIENCE)
        time.sleep(0.1)
        loop_thread.run(gateway.service.behind.end())
        answer = asking.result()
    assert answer.status_code == (200 if stream and begun else 503)
    assert '"code":"stopping"' in answer.text
    assert "forbidden" not in answer.text
    assert ("Notice fault." in answer.text) is (stream and begun)
    (record,) = records(tmp_path / "audit.jsonl", 1)
    assert (record["status"], record["problem"]) == (answer.status_code, "stopping")


# many


#: Client, gateway and upstream share one machine, which may be busy besides.
BUSY = {"connect_seconds": 60}
ROOM = {"connections": 1100, "idle_seconds": 300}


async def converse(port: int, number: int, count: int) -> bytes:
    """One streamed answer, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": f"{number} of {count}"}]}
    writer.write(posting(json.dumps(body).encode(), connection="close"))
    received = await reader.read(-1)
    writer.close()
    return received


def all_at_once(gateway: RunningGateway, count: int) -> list[bytes]:
    async def all_of_them() -> list[bytes]:
        port = int(gateway.address.rpartition(":")[2])
        return await asyncio.gather(*(converse(port, number, count) for number in range(count)))

    return asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE * 12))


def together(middle: threading.Event | None = None, refusing: int = 7) -> Any:
    """A script that begins every answer, and goes on when all have begun. Each ``refusing``-th ends at a red line."""
    begun: list[str] = []
    all_begun = asyncio.Event()

    async def script(wire: Wire) -> None:
        number, _, count = wire.asked.json["messages"][0]["content"].partition(" of ")
        await wire.head()
        await wire.send(event(chunk(content=f"Answer {number}. Look at the forb")))
        begun.append(number)
        if len(begun) == int(count):
            if middle is not None:
                await asyncio.to_thread(middle.wait, PATIENCE)
            all_begun.set()
        await asyncio.wait_for(all_begun.wait(), PATIENCE * 6)
        await wire.send(event(chunk(content="idden ")), event(chunk(content="flag. And")))
        if int(number) % refusing == 0:
            await wire.send(event(chunk(content=f" the {RED_LINE} canary")))
        await wire.send(event(chunk(content=f" {number} again.")), event(chunk(finish="stop")), DONE)

    return script


def content(wire: bytes) -> str:
    events = [json.loads(one) for one in re.findall(rb"^data: (\{.*\})\r?$", wire, re.MULTILINE)]
    return "".join(c["delta"].get("content", "") for one in events for c in one.get("choices", ()))


def test_a_thousand_streams_at_once(open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script = together()
    gateway = open_gateway(audit=tmp_path / "audit.jsonl", upstream=BUSY, limits=ROOM)
    answers = all_at_once(gateway, 1000)
    for number, answer in enumerate(answers):
        text = content(answer)
        assert f"Answer {number}. Look at the ⟦…⟧. And" in text, (number, answer[:400])
        assert (f" {number} again." in text) is (number % 7 != 0)
        assert b"canary" not in answer
        assert b"idden" not in answer
        assert b"[DONE]" in answer
    verdicts = [record["verdict"] for record in records(tmp_path / "audit.jsonl", 1000)]
    assert (verdicts.count("refuse"), verdicts.count("withhold")) == (143, 857)


def test_a_policy_replaced_during_many_streams_changes_none_of_them(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, loop_thread: LoopThread, tmp_path: Path
) -> None:
    replaced = threading.Event()
    upstream.script = together(replaced)
    lax = replace(small_plan(), digest="f" * 64, rules=small_plan().rules[:1])
    gateway = open_gateway(load=lambda: lax, audit=tmp_path / "audit.jsonl", upstream=BUSY)

    def renew() -> None:
        deadline = time.monotonic() + PATIENCE * 6
        while len(upstream.asked) < 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        loop_thread.run(gateway.service.standing.renew())
        replaced.set()

    renewing = threading.Thread(target=renew)
    renewing.start()
    answers = all_at_once(gateway, 200)
    renewing.join()
    for number, answer in enumerate(answers):
        assert f"Answer {number}. Look at the ⟦…⟧. And" in content(answer)
    assert {record["digest"] for record in records(tmp_path / "audit.jsonl", 200)} == {small_plan().digest}
    upstream.script = say(f"{SENTENCE} And the {RED_LINE}.")
    text = said(ask(gateway, stream=True))
    assert FORBIDDEN in text, "the new policy knows no flags"
    assert RED_LINE not in text


# a long load


def resident(pid: int) -> float:
    """The memory of a process, in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_memory_is_flat(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """A short load; `make soak` is a long one in which everything dies besides."""
    count = 900
    words = "the law of this land says that a flag and no more may be shown here every day without cost"

    async def script(wire: Wire) -> None:
        chance = random.Random(wire.asked.body)
        text = " ".join(chance.choices(words.split(), k=60)) + ". ordinance-canary-86a-5d21e8 "
        if chance.random() < 0.1:
            await send(event(chunk(content=text)), b"data: nonsense\n\n")(wire)
        else:
            await say(text, range(4, len(text), 4))(wire)

    upstream.script = script
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    served = Served("--upstream", upstream.url, "--locale", "de-DE", "--config", settings)
    try:
        load_for(served, range(max(300, count // 10)))
        upstream.asked.clear()
        before = resident(served.process.pid)
        for start in range(0, count, 300):
            load_for(served, range(start, start + 300))
            upstream.asked.clear()
        after = resident(served.process.pid)
    finally:
        served.stop()
    assert after - before < max(6.0, before * 0.05), f"from {before:.1f} to {after:.1f} MiB in {count} requests"


def load_for(served: Served, numbers: Iterable[int]) -> None:
    """A request for each number: streamed or not, some by clients that go away."""
    with httpx2.Client(base_url=served.address, trust_env=False, timeout=PATIENCE) as http:
        for number in numbers:
            body = ASK | {"stream": number % 3 != 0, "seed": number}
            if number % 10 == 1:
                with http.stream("POST", "/v1/chat/completions", json=body) as answer:
                    next(answer.iter_raw())
            else:
                http.post("/v1/chat/completions", json=body)
