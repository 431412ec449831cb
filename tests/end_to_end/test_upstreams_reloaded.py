"""The set of inference servers changes while answers run: drained, removed, added, and with wrong settings."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.protocol.routes import CHAT
from ordinance.serve.door.numbers import numbers
from ordinance.serve.metrics.exposition import exposition
from ordinance.settings.model import Settings
from support import outside, several
from support.commands import GERMANY, Served
from support.commands import PATIENCE as LONG
from support.scraping import metrics_address, read, scraped
from support.serving import DONE, PATIENCE, LoopThread, ScriptedUpstream, Wire, chunk, event
from support.several import ASKED, Open, Site, error, models_asked, serving, settings_of
from support.small_plan import small_plan
from support.waiting import until

pytestmark = pytest.mark.server


class Streams:
    """Answers that have begun at a server and go on when they are let go."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._begun, self._go_on = threading.Semaphore(0), threading.Event()
        self._asking: list[threading.Thread] = []
        self.texts: list[str] = []

    async def script(self, wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Begun. ")))
        self._begun.release()
        await asyncio.to_thread(self._go_on.wait, LONG)
        await wire.send(event(chunk(content="Done.", finish="stop")), DONE)

    def begin(self, count: int, model: str) -> None:
        for _ in range(count):
            self._asking.append(threading.Thread(target=self._ask, args=(model,)))
            self._asking[-1].start()
        for _ in range(count):
            assert self._begun.acquire(timeout=LONG)

    def _ask(self, model: str) -> None:
        body = {**ASKED[CHAT], "model": model, "stream": True}
        self.texts.append(httpx2.post(self._address + CHAT, json=body, trust_env=False, timeout=LONG).text)

    def end(self) -> list[str]:
        self._go_on.set()
        for each in self._asking:
            each.join(LONG)
        return self.texts


class Operator:
    """Changes `upstreams` of a gateway in this process, and sends it a SIGHUP."""

    def __init__(self, site: Open, thread: LoopThread, upstreams: dict[str, Any], **settings: Any) -> None:
        self._thread = thread
        self._settings = settings
        self.upstreams = upstreams
        self.more: dict[str, Any] = {}
        self.site: Site = site(upstreams, load=small_plan, reread=self._read, **settings)

    def _read(self) -> Settings:
        audit = str(self.site.log)
        values = {"jurisdiction": "DE", "audit": audit, "conversation": {"store": "none"}, **self._settings}
        return Settings.model_validate({**values, "upstreams": self.upstreams, **self.more})

    def reload(self) -> None:
        self._thread.run(self.site.gateway.service.standing.renew())

    def numbers(self) -> dict[str, float]:
        return read(exposition(numbers(self.site.gateway.service)))


Operate = Callable[..., Operator]


@pytest.fixture
def operate(site: Open, loop_thread: LoopThread) -> Operate:
    return lambda upstreams, **settings: Operator(site, loop_thread, upstreams, **settings)


@pytest.fixture
def pool(operate: Operate, servers: tuple[ScriptedUpstream, ...]) -> Iterator[tuple[Operator, Streams]]:
    """Two servers of a model; three streams have begun, at both."""
    one, two, _ = servers
    operator = operate({"a": settings_of(one, "large"), "b": settings_of(two, "large")})
    streams = Streams(operator.site.gateway.address)
    one.script = two.script = serving("large", break_off=streams.script)
    streams.begin(3, "large")
    assert (len(one.asked), len(two.asked)) == (2, 1)
    one.script = two.script = serving("large")
    yield operator, streams
    streams.end()


def are_whole(texts: list[str]) -> bool:
    return all("Begun. " in text and "Done." in text and "[DONE]" in text for text in texts)


def test_a_drained_server_gets_nothing_new_and_its_streams_end(
    pool: tuple[Operator, Streams], servers: tuple[ScriptedUpstream, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    (operator, streams), (one, two, _) = pool, servers
    operator.upstreams["a"]["drain"] = True
    operator.reload()
    assert operator.site.states() == {"a": "drained", "b": "up"}
    assert operator.numbers()['ordinance_upstream_open{upstream="a"}'] == 2
    for _ in range(4):
        assert "I am large." not in operator.site.post("large").text
    assert (len(one.asked), len(two.asked)) == (2, 5)
    texts = streams.end()
    assert len(texts) == 3
    assert are_whole(texts)
    until(lambda: operator.numbers()['ordinance_upstream_open{upstream="a"}'] == 0)
    operator.upstreams["a"]["drain"] = False
    operator.reload()
    operator.site.post("large")
    assert len(one.asked) == 3
    told = capfd.readouterr().err
    assert told.count("the model server 'a' gets no new requests; 2 of this process run") == 1
    assert told.count("the model server 'a' gets requests again") == 1


def test_when_all_servers_of_a_model_are_drained_it_is_busy_or_another_model_answers(
    operate: Operate, servers: tuple[ScriptedUpstream, ...]
) -> None:
    operator = operate({"big": settings_of(servers[0], "large"), "tiny": settings_of(servers[2], "small")})
    operator.upstreams["big"]["drain"] = True
    operator.reload()
    assert error(operator.site.post("large")) == (503, "upstream_busy")
    assert operator.site.get("/ready").status_code == 200
    operator.upstreams["big"]["fallback"] = "small"
    operator.reload()
    answer = operator.site.post("large")
    assert answer.headers["x-ordinance-fallback"] == "small"
    assert operator.site.record(answer)["fallback"] == {"model": "small"}
    assert servers[0].asked == []
    operator.upstreams["tiny"]["drain"] = True
    operator.reload()
    until(lambda: operator.site.get("/ready").status_code == 503)
    assert operator.site.get("/ready").json()["upstream_problem"] == "upstream_busy"


def test_a_server_that_is_removed_ends_its_streams_and_one_that_is_added_answers(
    pool: tuple[Operator, Streams], servers: tuple[ScriptedUpstream, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    (operator, streams), (one, _, other) = pool, servers
    operator.upstreams = {"b": operator.upstreams["b"], "tiny": settings_of(other, "small")}
    operator.reload()
    assert set(operator.site.states()) == {"b", "tiny"}
    assert operator.site.post("small").status_code == 200
    assert operator.site.post("large").status_code == 200
    assert len(one.asked) == 2
    assert are_whole(streams.end())
    until(lambda: not operator.site.upstreams._leaving)
    assert "model servers: added 'tiny'; removed 'a'; running answers end where they began" in capfd.readouterr().err
    assert [each["id"] for each in operator.site.get("/v1/models").json()["data"]] == ["large", "small"]
    assert operator.numbers()['ordinance_upstream_requests_total{upstream="a"}'] == 2, "what was counted stays"


def test_another_address_under_the_same_name_is_another_server(
    pool: tuple[Operator, Streams], servers: tuple[ScriptedUpstream, ...]
) -> None:
    (operator, streams), (one, _, other) = pool, servers
    other.script = serving("large")
    operator.upstreams["a"] = settings_of(other, "large", key="another")
    operator.reload()
    for _ in range(2):
        operator.site.post("large")
    assert len(one.asked) == 2
    assert [each.headers["authorization"] for each in other.asked] == ["Bearer another"] * 2, "the other has a stream"
    assert not any("authorization" in each.headers for each in one.asked)
    assert are_whole(streams.end())


def test_a_key_file_is_read_again_and_one_that_cannot_be_read_changes_nothing(
    operate: Operate, servers: tuple[ScriptedUpstream, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    operator = operate({"a": settings_of(servers[0], "large", key_file=str(file))})
    operator.site.post("large")
    file.write_text("new\n")
    operator.reload()
    operator.site.post("large")
    assert [each.headers["authorization"] for each in servers[0].asked] == ["Bearer old", "Bearer new"]
    file.unlink()
    operator.upstreams["b"] = settings_of(servers[1], "small")
    operator.reload()
    assert operator.site.get("/ready").json()["stale"] == "settings"
    assert operator.site.post("large").status_code == 200
    assert operator.site.post("small").status_code == 404
    assert "'upstreams.a.key_file'" in capfd.readouterr().err
    file.write_text("new\n")
    operator.reload()
    assert operator.site.get("/ready").json()["stale"] is None
    assert operator.site.post("small").status_code == 200


def test_several_servers_do_not_become_one_without_a_restart(
    operate: Operate, servers: tuple[ScriptedUpstream, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    operator = operate({"a": settings_of(servers[0], "large")})
    operator.upstreams = {}
    operator.more = {"upstream": {"url": servers[2].url}}
    operator.reload()
    assert operator.site.post("large").status_code == 200
    assert servers[2].asked == []
    told = capfd.readouterr().err
    assert "need a restart" in told
    assert "upstreams" in told


def test_numbers_of_each_server(operate: Operate, servers: tuple[ScriptedUpstream, ...]) -> None:
    servers[0].script = serving("large", break_off=several.status(500))
    both = {"big": settings_of(servers[0], "large", fallback="small"), "tiny": settings_of(servers[2], "small")}
    operator = operate(both)
    for _ in range(3):
        assert operator.site.post("large").status_code == 200
    found = operator.numbers()
    assert found['ordinance_upstream_requests_total{upstream="big"}'] == 3
    assert found['ordinance_upstream_failures_total{upstream="big",kind="upstream_failed"}'] == 3
    assert found['ordinance_upstream_fallbacks_total{upstream="tiny"}'] == 3
    assert found['ordinance_upstream_up{upstream="big"}'] == 0
    assert found['ordinance_upstream_up{upstream="tiny"}'] == 1
    assert "127.0.0.1" not in exposition(numbers(operator.site.gateway.service))


# keys


def test_a_key_may_be_for_some_models_only(site: Open, servers: tuple[ScriptedUpstream, ...]) -> None:
    def key(name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "sha256": sha256(name.encode()).hexdigest(), **more}

    both = {"big": settings_of(servers[0], "large", fallback="small"), "tiny": settings_of(servers[2], "small")}
    open_site = site(both, keys=[key("everything"), key("large-only", models=["large"])])
    address = open_site.gateway.address

    def ask(name: str, model: str) -> httpx2.Response:
        headers, body = {"authorization": f"Bearer {name}"}, {**ASKED[CHAT], "model": model}
        return httpx2.post(address + CHAT, json=body, headers=headers, trust_env=False, timeout=PATIENCE)

    def get(name: str, path: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {name}"}
        return httpx2.get(address + path, headers=headers, trust_env=False, timeout=PATIENCE)

    assert ask("everything", "small").status_code == 200
    assert ask("large-only", "large").status_code == 200
    refused = ask("large-only", "small")
    assert error(refused) == (404, "model_not_found")
    assert refused.json() == ask("large-only", "nobodys").json(), "as if there were none"
    assert [each["id"] for each in get("large-only", "/v1/models").json()["data"]] == ["large"]
    assert get("large-only", "/v1/models/small").status_code == 404
    asked = {"authorization": "Bearer large-only"}
    counting = {"model": "small", **ASKED["/v1/messages"]}
    url = f"{address}/v1/messages/count_tokens"
    assert httpx2.post(url, json=counting, headers=asked, trust_env=False, timeout=PATIENCE).status_code == 404

    servers[0].script = serving("large", break_off=several.status(500))
    assert "I am small." in ask("everything", "large").text
    before = len(servers[2].asked)
    assert error(ask("large-only", "large")) == (502, "upstream_failed"), "nor by way of a fallback"
    assert len(servers[2].asked) == before


# workers


def test_two_workers_drain_a_server_under_open_streams(servers: tuple[ScriptedUpstream, ...], tmp_path: Path) -> None:
    one, two, _ = servers
    file = tmp_path / "ordinance.yaml"
    upstreams = {"a": settings_of(one, "large"), "b": settings_of(two, "large")}

    def write() -> None:
        file.write_text(json.dumps({"upstreams": upstreams, "metrics": {"port": 0}, "audit": str(tmp_path / "log")}))

    write()
    served = Served("--config", file, *GERMANY, "--workers", "2")
    streams = Streams(served.address)
    try:
        address = metrics_address(served)
        one.script = two.script = serving("large", break_off=streams.script)
        streams.begin(8, "large")
        one.script = two.script = serving("large")
        assert one.asked
        upstreams["a"]["drain"] = True
        write()
        served.signal(signal.SIGHUP)

        def drained() -> bool:
            states = [outside.ready(served)[1]["upstreams"] for _ in range(8)]
            return all(each[0]["state"] == "drained" and each[1]["state"] == "up" for each in states)

        outside.until(drained)
        before = len(one.asked)
        for _ in range(8):
            body = {**ASKED[CHAT], "model": "large"}
            answer = httpx2.post(served.address + CHAT, json=body, trust_env=False, timeout=PATIENCE)
            assert answer.status_code == 200
        assert len(one.asked) == before
        number = 'ordinance_upstream_open{upstream="a"}'
        outside.until(lambda: read(scraped(address)).get(number) == before)
        texts = streams.end()
        assert len(texts) == 8
        assert are_whole(texts)
        outside.until(lambda: read(scraped(address)).get(number) == 0)
        assert read(scraped(address))['ordinance_upstream_up{upstream="a"}'] == 1
    finally:
        streams.end()
        _, errors = served.stop()
    assert errors.count("the model server 'a' gets no new requests") == 2
    assert "Traceback" not in errors
    assert models_asked(two)[-8:] == ["large"] * 8
