"""SIGHUP reads the keys anew: one that was taken away is gone at once, and what does not load changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.errors import PolicyError, SettingsError
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.serve.behind.upstream import Upstream
from ordinance.serve.door.current_policy import Renewal, Standing
from ordinance.serve.door.policies import Policies
from ordinance.serve.http.keys import Client
from ordinance.settings.differences import changes
from ordinance.settings.model import Settings
from support.checkout import RULES
from support.commands import GERMANY, Served, environment, run
from support.commands import PATIENCE as LONG
from support.outside import WHOLE, Held, ready, until
from support.scraping import metrics_address, read, scraped
from support.serving import PATIENCE, LoopThread, OpenGateway, RunningGateway, ScriptedUpstream, say
from support.small_plan import small_plan


def key(name: str, **more: Any) -> dict[str, Any]:
    """A key that is called like its holder."""
    return {"name": name, "sha256": digest(name), **more}


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def status(address: str, secret: str) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx2.post(
        f"{address}/v1/chat/completions", json=WHOLE, headers=headers, timeout=PATIENCE, trust_env=False
    ).status_code


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_leaked_key_is_gone_and_a_new_one_works(upstream: ScriptedUpstream, tmp_path: Path, workers: str) -> None:
    upstream.script = say("Hello.")
    settings = tmp_path / "ordinance.yaml"

    def write(*keys: dict[str, Any], more: str = "") -> None:
        settings.write_text(f"audit: audit.jsonl\njurisdiction: DE\nkeys: {json.dumps(keys)}\n{more}")

    write(key("stays"), key("leaked"))
    served = Served("--upstream", upstream.url, *GERMANY, "--config", settings, "--workers", workers)
    try:
        assert [status(served.address, name) for name in ("stays", "leaked", "new")] == [200, 200, 401]
        write(key("stays"), key("new"), more="limits: {body_bytes: 4096}\n")
        served.signal(signal.SIGHUP)
        until(lambda: all(status(served.address, "leaked") == 401 for _ in range(8)))
        until(lambda: all(status(served.address, "new") == 200 for _ in range(8)))
        assert status(served.address, "stays") == 200

        write(key("stays"), {"name": "wrong", "sha256": "short"})
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] == "settings" for _ in range(8)))
        assert [status(served.address, name) for name in ("stays", "leaked", "new")] == [200, 401, 200]
    finally:
        _, errors = served.stop()
    assert errors.count("SIGHUP: keys and policy are read again\n") == 2
    assert errors.count("keys: added 'new'; removed 'leaked'\n") == 1
    assert errors.count("these settings have changed too and need a restart: limits.body_bytes\n") == 1
    failed = "keys and policy were not replaced; the last good ones stay in force: error[settings]"
    assert errors.count(failed) == int(workers), "each for itself: it may be the only one"
    assert not any(digest(name) in errors for name in ("stays", "leaked", "new"))
    assert "Traceback" not in errors


#: What each process that starts while the file HOLD is there waits for, before it reads anything.
_WAITS = """\
import os, sys, time
while "--multiprocessing-fork" in sys.orig_argv and os.path.exists({hold!r}):
    time.sleep(0.01)
"""


def test_what_workers_can_read_and_the_process_that_loads_cannot_is_told(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """Each reads the settings for itself: a file may be half written by then, or gone."""
    upstream.script = say("Hello.")
    settings, hold = tmp_path / "ordinance.yaml", tmp_path / "hold"
    (tmp_path / "sitecustomize.py").write_text(_WAITS.format(hold=str(hold)))
    more = "audit: audit.jsonl\njurisdiction: DE\nmetrics: {port: 0}\n"
    settings.write_text(f"{more}keys: {json.dumps([key('leaked')])}\n")
    path = f"{tmp_path}:{environment()['PYTHONPATH']}"
    served = Served("--upstream", upstream.url, *GERMANY, "--config", settings, "--workers", "2", PYTHONPATH=path)
    try:
        metrics, policy = metrics_address(served), ready(served)[1]["policy"]
        hold.touch()
        settings.write_text(f"{more}keys: {json.dumps([key('new')])}\n")
        served.signal(signal.SIGHUP)
        until(lambda: all(status(served.address, "leaked") == 401 for _ in range(8)))
        settings.write_text(f"{more}keys: {json.dumps([key('new')])[:-9]}\n")
        hold.unlink()
        until(lambda: all(ready(served)[1]["stale"] == "settings" for _ in range(8)))
        assert [status(served.address, name) for name in ("leaked", "new")] == [401, 200]
        assert ready(served)[1]["policy"] == policy
        until(lambda: read(scraped(metrics)).get("ordinance_policy_stale") == 1)

        settings.write_text(f"{more}keys: {json.dumps([key('new')])}\n")
        served.signal(signal.SIGHUP)
        until(lambda: all(ready(served)[1]["stale"] is None for _ in range(8)))
    finally:
        _, errors = served.stop()
    kept = "the policy was not replaced; the last good one"
    assert errors.count(f"{kept} ({policy.rpartition('+')[2]}) stays in force: error[settings]: {settings}:") == 1
    assert errors.count("keys: added 'new'; removed 'leaked'\n") == 1
    assert "Traceback" not in errors


class Operator:
    """Changes keys and packs of a gateway in this process, and sends it a SIGHUP."""

    def __init__(self, open_gateway: OpenGateway, thread: LoopThread, *keys: dict[str, Any]) -> None:
        self._thread = thread
        self.keys: tuple[dict[str, Any], ...] = keys
        self.plan: Callable[[], Plan] = small_plan
        self.settings: Callable[[], Settings] = self._settings
        self.gateway: RunningGateway = open_gateway(
            load=lambda: self.plan(), reread=lambda: self.settings(), keys=list(keys)
        )

    def _settings(self) -> Settings:
        started = self.gateway.service.settings
        values = {"keys": list(self.keys), "jurisdiction": "DE", "audit": "/dev/null"}
        return Settings.model_validate({**values, "upstream": started.upstream})

    def reload(self) -> None:
        self._thread.run(self.gateway.service.standing.renew())

    def stale(self) -> Any:
        return httpx2.get(f"{self.gateway.address}/ready", trust_env=False).json()["stale"]

    def status(self, secret: str) -> int:
        return status(self.gateway.address, secret)


@pytest.fixture
def operate(open_gateway: OpenGateway, loop_thread: LoopThread) -> Callable[..., Operator]:
    return lambda *keys: Operator(open_gateway, loop_thread, *keys)


def raising(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def test_a_key_is_gone_before_the_policy_is_compiled_and_though_it_does_not_load(
    operate: Callable[..., Operator], loop_thread: LoopThread
) -> None:
    operator = operate(key("stays"), key("leaked"))
    loading, go_on = threading.Event(), threading.Event()

    def plan() -> Plan:
        loading.set()
        go_on.wait(LONG)
        raise PolicyError("XA.ord:3: it is wrong.", help="Write it right.")

    operator.plan, operator.keys = plan, (key("stays"),)
    reloading = loop_thread.begin(operator.gateway.service.standing.renew())
    assert loading.wait(LONG)
    assert [operator.status("leaked"), operator.status("stays")] == [401, 200]
    go_on.set()
    reloading.result(LONG)
    assert operator.stale() == "policy"
    assert operator.status("leaked") == 401


def test_of_a_thousand_keys_only_the_changed_are_looked_at_before_a_leaked_one_is_gone() -> None:
    tried: list[str] = []
    gone = False

    def settings(*names: str) -> Settings:
        return Settings.model_validate({"keys": [key(name) for name in names], "jurisdiction": "DE"})

    def policies(_: Settings) -> Policies:
        nonlocal gone
        gone = True
        raise PolicyError("XA.ord:3: it is wrong.", help="Write it right.")

    def try_out(_: Plan, client: Client) -> None:
        if not gone:
            tried.append(client.name)

    renewal = Renewal(policies, lambda: settings("stays", "new"))
    standing = Standing(Policies(small_plan()), settings("stays", "leaked"), try_out, renewal)
    tried.clear()
    asyncio.run(standing.renew())
    assert tried == ["new"], "each costs a millisecond"
    assert {client.name for client in standing.keyring.clients.values()} == {"stays", "new"}


def test_taking_the_last_key_away_opens_nothing(
    operate: Callable[..., Operator], capfd: pytest.CaptureFixture[str]
) -> None:
    operator = operate(key("only"))
    operator.keys = ()
    operator.reload()
    assert [operator.status("only"), operator.status("anything")] == [401, 401]
    assert (
        httpx2.post(f"{operator.gateway.address}/v1/chat/completions", json=WHOLE, trust_env=False).status_code == 401
    )
    assert "no key is left: nobody gets in" in capfd.readouterr().err
    operator.keys = (key("next"),)
    operator.reload()
    assert [operator.status("only"), operator.status("next")] == [401, 200]


def test_a_key_that_needs_the_new_policy_waits_for_it(operate: Callable[..., Operator]) -> None:
    operator = operate(key("desk"))
    without = replace(small_plan(), digest="e" * 64, dimensions={})
    operator.plan = lambda: without
    operator.reload()
    operator.keys = (key("desk"), key("school", attested={"purpose": "education"}))
    operator.plan = raising(PolicyError("XA.ord:3: it is wrong.", help="Write it right."))
    operator.reload()
    assert [operator.status("desk"), operator.status("school")] == [200, 401]
    operator.plan = small_plan
    operator.reload()
    assert [operator.status("desk"), operator.status("school")] == [200, 200]
    assert operator.stale() is None
    operator.plan = lambda: without
    operator.reload()
    assert operator.stale() == "situation", "the new packs do not know what a key attests"
    assert [operator.status("desk"), operator.status("school")] == [200, 200]


def test_a_policy_that_loads_does_not_hide_that_the_settings_were_wrong_meanwhile(
    operate: Callable[..., Operator], loop_thread: LoopThread
) -> None:
    operator = operate(key("desk"))
    loading, go_on = threading.Event(), threading.Event()

    def plan() -> Plan:
        loading.set()
        go_on.wait(LONG)
        return small_plan()

    operator.plan = plan
    reloading = loop_thread.begin(operator.gateway.service.standing.renew())
    assert loading.wait(LONG)
    operator.settings = raising(SettingsError("ordinance.yaml:3: it is wrong."))
    operator.reload()
    assert operator.stale() == "settings"
    go_on.set()
    reloading.result(LONG)
    assert operator.stale() == "settings", "the second SIGHUP changed nothing, and that is still so"


def test_a_reload_takes_only_the_policy_that_is_expected(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    upstream.script = say("Hello.")
    pack, settings = tmp_path / "EE.ord", tmp_path / "ordinance.yaml"
    shutil.copy(RULES / "jurisdictions" / "EE" / "EE.ord", pack)

    def write(expect: str) -> None:
        settings.write_text(f'audit: audit.jsonl\njurisdiction: EE\npacks: [EE.ord]\nexpect: "{expect}"\n')

    first = load([pack]).plan.digest
    write("0" * 64)
    refused = run("serve", "--upstream", upstream.url, "--config", settings, "--port", "0")
    assert refused.returncode == 1
    assert f"error[policy]: the policy has the digest {first}, but `expect` is 000" in refused.stderr
    write(first)
    served = Served("--upstream", upstream.url, "--config", settings)
    try:
        pack.write_text(pack.read_text("utf-8") + "\n# A word that nobody approved.\n", "utf-8")
        second = load([pack]).plan.digest
        assert second != first
        served.signal(signal.SIGHUP)
        until(lambda: ready(served)[1]["stale"] == "policy")
        assert ready(served)[1]["policy"].endswith(first[:16])
        write(second)
        served.signal(signal.SIGHUP)
        until(lambda: ready(served)[1]["policy"].endswith(second[:16]))
        assert ready(served)[1]["stale"] is None
    finally:
        _, errors = served.stop()
    assert errors.count(f"has the digest {second}, but `expect` is {first}") == 1
    assert "need a restart" not in errors


@pytest.mark.parametrize(
    ("error", "code"),
    [(SettingsError("ordinance.yaml:3: it is wrong."), "settings"), (KeyError("canary"), "defect")],
)
def test_settings_that_do_not_load_keep_keys_and_policy(
    operate: Callable[..., Operator], capfd: pytest.CaptureFixture[str], error: Exception, code: str
) -> None:
    operator = operate(key("desk"))
    operator.plan = lambda: replace(small_plan(), digest="e" * 64)
    operator.settings = raising(error)
    operator.reload()
    assert operator.stale() == code
    assert operator.gateway.service.plan.digest == small_plan().digest
    assert operator.status("desk") == 200
    said = capfd.readouterr().err
    assert "keys and policy were not replaced" in said
    assert "canary" not in said


def test_a_request_that_runs_goes_on_when_its_key_is_taken_away(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\njurisdiction: DE\n")
    served = Served("--upstream", upstream.url, *GERMANY, "--config", settings)
    try:
        held = Held(upstream, served)
        settings.write_text(f"audit: audit.jsonl\njurisdiction: DE\nkeys: {json.dumps([key('new')])}\n")
        served.signal(signal.SIGHUP)
        until(lambda: status(served.address, "nobody") == 401)
        assert "Done." in held.end()
    finally:
        served.stop()


def test_changes_are_named_and_no_value_is() -> None:
    before = Settings.model_validate({"keys": [key("a"), key("b"), key("c")], "port": 1, "limits": {"body_bytes": 5}})
    after = Settings.model_validate(
        {
            "keys": [key("a"), {"name": "b", "sha256": digest("other")}, key("d")],
            "port": 2,
            "upstream": {"url": "http://x", "key": "secret"},
        }
    )
    found = changes(before, after)
    assert found.of_keys == "added 'd'; removed 'c'; changed 'b'"
    assert found.others == ("port", "upstream", "limits.body_bytes")
    assert "secret" not in repr(found)
    assert changes(before, before) == changes(after, after)


def test_whoever_asks_whether_it_is_ready_does_not_ask_the_server_behind_each_time(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    trouble = Upstream.trouble

    async def counted(self: Upstream) -> str:
        nonlocal asked
        asked += 1
        return await trouble(self)

    monkeypatch.setattr(Upstream, "trouble", counted)
    upstream.script = say("")
    gateway = open_gateway()
    with httpx2.Client(base_url=gateway.address, trust_env=False, timeout=PATIENCE) as http:
        for _ in range(200):
            assert http.get("/ready").status_code == 200
    assert asked < 100
