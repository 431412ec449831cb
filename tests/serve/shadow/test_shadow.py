"""The next policy beside the one in force: what it would have done is counted and recorded, no more."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.embeddings import EMBEDDINGS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.serve.door.numbers import numbers
from ordinance.serve.door.policies import policies_of
from ordinance.serve.metrics.exposition import exposition
from ordinance.serve.shadow import shadow
from ordinance.serve.shadow.judging_process import JudgingProcess
from ordinance.serve.shadow.overheard import Room, Tap
from ordinance.settings.model import Settings
from support.blocks import framed, upstream_events
from support.commands import PATIENCE, Served
from support.governing import ASKED
from support.packs import JURISDICTION, write_charter, write_jurisdiction
from support.processes import children
from support.scraping import metrics_address, read, scraped
from support.serving import DONE, OpenGateway, RunningGateway, ScriptedUpstream, Wire, chunk, event, say, send
from support.waiting import until

pytestmark = pytest.mark.server

APIS = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)
#: What only the next policy leaves out, what only the one in force does, and what both do not.
NEXT, NOW, NEITHER = "Take y123 home.", "Take x123 home.", "Good day."
OTHER = JURISDICTION.replace("X[0-9]{3}", "Y[0-9]{3}").replace("see x123", "see y123").replace("x123", "y123")


def write(folder: Path, text: str) -> Path:
    write_charter(folder / "charter")
    write_jurisdiction(folder / "XA", text)
    return folder


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The policy in force, and the next one, which looks for other codes."""
    folder = tmp_path_factory.mktemp("packs")
    return {"now": write(folder / "now", JURISDICTION), "next": write(folder / "next", OTHER)}


OpenOne = Callable[..., RunningGateway]


@pytest.fixture(scope="module")
def open_one(
    start_gateway: OpenGateway, shared_upstream: ScriptedUpstream, packs: dict[str, Path]
) -> Iterator[OpenOne]:
    running: list[RunningGateway] = []

    def start(**more: Any) -> RunningGateway:
        values: dict[str, Any] = {
            "packs": [packs["now"]], "jurisdiction": "XA", "conversation": {"store": "none"},
            "keys": [{"name": "staff", "sha256": KEY, "attested": {"stage": "draft"}}], **more,
        }  # fmt: skip
        policies = policies_of(Settings.model_validate(values))
        running.append(start_gateway(policies, shared_upstream.url, values))
        return running[-1]

    yield start
    for one in running:
        one.stop()


KEY = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of "foo"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "audit.jsonl"


@pytest.fixture(scope="module")
def shadowed(open_one: OpenOne, packs: dict[str, Path], log: Path) -> RunningGateway:
    gateway = open_one(shadow=[packs["next"]], audit=str(log), routes={"embeddings": "pass"})
    until(lambda: state(gateway)["state"] == "ready", seconds=PATIENCE)
    return gateway


@pytest.fixture(scope="module")
def plain(open_one: OpenOne) -> RunningGateway:
    return open_one()


def state(gateway: RunningGateway) -> dict[str, Any]:
    return gateway.service.shadow.state() or {"state": "", "digests": []}


def shown(gateway: RunningGateway, word: str = "shadow") -> dict[str, float]:
    """What is counted about the shadow, if it is not 0."""
    found = read(exposition(numbers(gateway.service)))
    return {name: number for name, number in found.items() if number and word in name and "info" not in name}


def ask(gateway: RunningGateway, api: Api = CHAT, **fields: Any) -> httpx2.Response:
    body = {"model": "m", **ASKED.get(api.path, {}), **fields}
    headers = {"authorization": "Bearer foo"}
    return httpx2.post(gateway.address + api.path, json=body, headers=headers, trust_env=False, timeout=PATIENCE)


def judged(gateway: RunningGateway, count: int, since: float = 0) -> None:
    until(lambda: sum(shown(gateway, "shadow_answers").values()) - since >= count, seconds=PATIENCE)


def failed(gateway: RunningGateway) -> float:
    return shown(gateway, "shadow_failed").get('ordinance_failures_total{kind="shadow_failed"}', 0)


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_next_policy_would_have_done_is_counted_by_rule_and_recorded(
    shadowed: RunningGateway, upstream: ScriptedUpstream, log: Path, stream: bool
) -> None:
    before, counted = shown(shadowed), sum(shown(shadowed, "shadow_answers").values())
    ids = []
    for said in (NEITHER, NEXT, NOW):
        upstream.script = say(said, [3, 8])
        ids.append(ask(shadowed, stream=stream).headers["request-id"])
    judged(shadowed, 3, counted)
    found = {name: number - before.get(name, 0) for name, number in shown(shadowed).items()}
    assert {name: number for name, number in found.items() if number} == {
        'ordinance_shadow_answers_total{change="same"}': 1,
        'ordinance_shadow_answers_total{change="stricter"}': 1,
        'ordinance_shadow_answers_total{change="looser"}': 1,
        'ordinance_shadow_rules_total{rule="XA/words",change="added"}': 1,
        'ordinance_shadow_rules_total{rule="XA/words",change="gone"}': 1,
    }
    (new,) = state(shadowed)["digests"]
    until(lambda: sum(each["event"] == "shadow" and each["request"] in ids for each in lines(log)) == 2)
    recorded = {each["request"]: each for each in lines(log) if each["event"] == "shadow"}
    assert ids[0] not in recorded, "what does not differ is only counted"
    assert recorded[ids[1]]["shadow"] == [
        {"digest": new, "kind": "stricter", "verdict": {"old": "pass", "new": "withhold"},
         "rules": {"gone": [], "added": ["XA/words"]}}
    ]  # fmt: skip
    assert recorded[ids[2]]["shadow"][0]["rules"] == {"gone": ["XA/words"], "added": []}
    one = recorded[ids[1]]
    assert (one["digest"], one["key"], one["stream"]) == (shadowed.service.plan.digest, "staff", stream)
    assert not re.search("home|y123|x123", log.read_text("utf-8"))


def test_a_request_for_vectors_is_judged_too(shadowed: RunningGateway, upstream: ScriptedUpstream) -> None:
    async def script(wire: Wire) -> None:
        await wire.json({"object": "list", "data": [{"index": 0, "embedding": [1.0]}]})

    upstream.script = script
    counted = sum(shown(shadowed, "shadow_answers").values())
    assert ask(shadowed, EMBEDDINGS, input="hi").status_code == 200
    judged(shadowed, 1, counted)


def events(api: Api, text: str) -> bytes:
    """What an upstream sends for a stream that says ``text``, without a cut."""
    half = len(text) // 2
    if api is CHAT:
        said = [chunk(role="assistant", content=""), chunk(content=text[:half]), chunk(content=text[half:])]
        return b"".join(map(event, [*said, chunk(finish="stop")])) + DONE
    if api is COMPLETIONS:
        top = {"id": "cmpl-up", "object": "text_completion", "created": 1700000000, "model": "m"}
        choices = [{"index": 0, "text": text, "finish_reason": None}, {"index": 0, "text": "", "finish_reason": "stop"}]
        return b"".join(event({**top, "choices": [each]}) for each in choices) + DONE
    return b"".join(map(framed, upstream_events(api, [("text", [text[:half], text[half:]])])))


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_the_same_bytes_leave_with_and_without_it_however_a_stream_is_cut(
    shadowed: RunningGateway, plain: RunningGateway, upstream: ScriptedUpstream, api: Api
) -> None:
    counted, asked = sum(shown(shadowed, "shadow_answers").values()), 0

    @settings(max_examples=8, phases=[Phase.generate])
    @given(st.lists(st.sampled_from([NEXT, NOW, NEITHER, "x12", "y123"]), min_size=1, max_size=4), st.data())
    def alike(texts: list[str], data: st.DataObject) -> None:
        nonlocal asked
        wire = events(api, " ".join(texts))
        cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=8)))
        upstream.script = send(*(wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)))
        asked += 1
        first, second = (bare(ask(gateway, api, stream=True)) for gateway in (plain, shadowed))
        assert first == second

    alike()
    judged(shadowed, asked, counted)


def bare(answer: httpx2.Response) -> tuple[int, bytes]:
    """The bytes without the id and the time that Ordinance itself gave the answer."""
    assert answer.status_code == 200
    return answer.status_code, re.sub(
        rb"[0-9a-f]{24,}|\"(created|created_at|completed_at)\":[0-9]+", b"", answer.content
    )


def test_when_it_is_off_nothing_is_kept(plain: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say(NOW)
    assert plain.service.shadow.tap(b"body") is None
    assert "shadow" not in httpx2.get(f"{plain.address}/ready", trust_env=False).json()
    assert ask(plain).status_code == 200
    assert shown(plain) == {}


def test_what_does_not_load_stops_nothing_and_is_told(
    open_one: OpenOne, upstream: ScriptedUpstream, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write(tmp_path / "broken", JURISDICTION.replace("scope", "scoop"))
    gateway = open_one(shadow=[broken])
    until(lambda: state(gateway)["state"] == "failing", seconds=PATIENCE)
    told = capsys.readouterr().err
    assert "the shadow policy does not load and judges nothing: error[policy]: " in told
    assert "XA.ord:" in told, "the place"
    upstream.script = say(NEITHER)
    before = failed(gateway)
    assert ask(gateway).status_code == 200
    until(lambda: failed(gateway) == before + 1)
    ready = httpx2.get(f"{gateway.address}/ready", trust_env=False)
    assert (ready.status_code, ready.json()["shadow"]) == (200, {"state": "failing", "problem": "policy"})


def test_one_that_is_stuck_delays_nobody_and_is_replaced(
    shadowed: RunningGateway, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "JUDGING_SECONDS", 0.5)
    monkeypatch.setattr(shadow, "RESTART_SECONDS", 0.01)
    upstream.script = say(NOW)
    before = failed(shadowed)
    stuck = shadowed_pid(shadowed)
    os.kill(stuck, signal.SIGSTOP)
    began = time.monotonic()
    for stream in (False, True):
        assert ask(shadowed, stream=stream).status_code == 200
    assert time.monotonic() - began < PATIENCE / 4
    until(lambda: failed(shadowed) > before, seconds=PATIENCE)
    until(lambda: state(shadowed)["state"] == "ready" and shadowed_pid(shadowed) != stuck, seconds=PATIENCE)
    monkeypatch.undo()
    counted = sum(shown(shadowed, "shadow_answers").values())
    ask(shadowed)
    judged(shadowed, 1, counted)


def test_one_that_is_stuck_while_a_long_answer_is_sent_to_it_is_not_waited_for(packs: dict[str, Path]) -> None:
    settings = Settings.model_validate({"packs": [packs["now"]], "shadow": [packs["next"]]})
    process = JudgingProcess(settings, None, 0.2)
    try:
        os.kill(process.pid, signal.SIGSTOP)
        assert not process.send(b"x" * 8_000_000)
    finally:
        process.close()


def shadowed_pid(gateway: RunningGateway) -> int:
    watch = gateway.service.shadow._watch
    assert watch is not None
    process = watch._process
    return 0 if process is None else process.pid


def test_what_waits_is_bounded_and_the_answer_leaves_whole(
    shadowed: RunningGateway, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.script = say("Good day. " * 200)
    whole = ask(shadowed).json()["choices"][0]["message"]["content"]
    room = Room(1000)
    monkeypatch.setattr(shadowed.service.shadow, "_room", room)
    before = failed(shadowed)
    for stream in (False, True):
        answer = ask(shadowed, stream=stream)
        assert stream or answer.json()["choices"][0]["message"]["content"] == whole
    until(lambda: failed(shadowed) == before + 2)
    assert room._taken == 0, "what is not kept takes no room"


def test_room_is_given_back_once() -> None:
    room = Room(100)
    first, second = Tap(room, b"x" * 40), Tap(room, b"y" * 70)
    assert (first.full, second.full) == (False, True)
    first.keep(b"z" * 60)
    assert not room.take(1)
    first.keep(b"!")
    assert (first.full, first.pieces) == (True, [])
    for tap in (first, second, first):
        tap.close()
    assert room.take(100)


def test_a_client_that_leaves_and_an_upstream_that_breaks_leave_no_room_taken(
    shadowed: RunningGateway, upstream: ScriptedUpstream
) -> None:
    async def broken(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Take ")))
        wire.break_off()

    room = shadowed.service.shadow._room
    until(lambda: room._taken == 0, seconds=PATIENCE)
    upstream.script = broken
    assert b"upstream_truncated" in ask(shadowed, stream=True).content
    until(lambda: room._taken == 0)


def test_one_that_is_killed_is_counted_and_started_again(shadowed: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The last of the tests that ask it: it is not waited for until it judges again."""
    upstream.script = say(NOW)
    before, gone = failed(shadowed), shadowed_pid(shadowed)
    os.kill(gone, signal.SIGKILL)
    assert ask(shadowed).status_code == 200
    until(lambda: failed(shadowed) > before, seconds=PATIENCE)
    until(lambda: shadowed_pid(shadowed) not in (0, gone), seconds=PATIENCE)


@pytest.mark.slow
def test_a_reload_reads_it_anew_in_every_worker(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    now, then = write(tmp_path / "now", JURISDICTION), write(tmp_path / "next", JURISDICTION)
    log = tmp_path / "audit.jsonl"
    upstream.script = say(NEXT)
    served = Served(
        *("--pack", now, "--shadow", then, "--workers", "2", "--jurisdiction", "XA", "--upstream", upstream.url),
        ORDINANCE_METRICS__PORT="0", ORDINANCE_AUDIT=str(log),
    )  # fmt: skip
    try:
        address = metrics_address(served)

        def seen(word: str) -> set[str]:
            found = read(scraped(address))
            return {name for name, number in found.items() if word in name and number}

        def post() -> None:
            body = {"model": "m", **ASKED[CHAT.path]}
            httpx2.post(served.address + CHAT.path, json=body, trust_env=False, timeout=PATIENCE)

        def answered(change: str) -> bool:
            post()
            return f'ordinance_shadow_answers_total{{change="{change}"}}' in seen("shadow_answers")

        until(lambda: len(seen("shadow_info")) == 1, seconds=PATIENCE)
        first = seen("shadow_info")
        until(lambda: answered("same"), seconds=PATIENCE)
        write(then, OTHER)
        served.signal(signal.SIGHUP)
        until(lambda: seen("shadow_info") not in (first, set()), seconds=PATIENCE)
        assert len(children(served.process.pid)) >= 2
    finally:
        served.stop()
