"""Plugins of a running server: what is allowed is asked and shown; what is wrong leaves the last good policy."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.errors import PluginError
from ordinance.loading.load import load
from ordinance.plugins.budget import Budget
from support.allowing import CODE, allowed, entry, write_plugin, write_settings
from support.checkout import ROOT
from support.commands import Served, run, run_here
from support.packs import TODAY, asking, write_jurisdiction
from support.ports import free_port
from support.processes import children
from support.scraping import read, scraped
from support.serving import PATIENCE, ScriptedUpstream, say

pytestmark = [pytest.mark.server, pytest.mark.requirement("DET-1")]

DEEDS = {
    "sys.exit": "sys.exit(0)",
    "os._exit": "os._exit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "a crash": "ctypes.string_at(0)",
    "a hang": "time.sleep(600)",
}
PLACES = ("at import", "asked")
HOSTILE = """\
import ctypes, os, sys, time
from ordinance.plugin import Segments, hookimpl

def deed(here):
    if here == {place!r}:
        {deed}

@hookimpl
def detector(asked):
    deed("asked")
    return Segments(lambda passage: [])

deed("at import")
"""


def pack(folder: Path) -> Path:
    return write_jurisdiction(folder, asking("detector acme.codes"))


def hostile(folder: Path, place: str, deed: str) -> Path:
    return write_plugin(folder, HOSTILE.format(place=place, deed=DEEDS[deed]))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("deed", list(DEEDS))
def test_the_load_ends_with_the_plugins_name_and_leaves_no_process(tmp_path: Path, deed: str, place: str) -> None:
    """W3, W4."""
    before = children(os.getpid())
    plugin = allowed(hostile(tmp_path / "acme", place, deed))
    budget = Budget(start=3.0 if deed == "a hang" else 60.0)
    began = time.monotonic()
    with pytest.raises(PluginError) as raised:
        load([pack(tmp_path / "XA")], plugins=[plugin], on=TODAY, budget=budget)
    assert time.monotonic() - began < PATIENCE * 3
    assert "acme-ordinance" in raised.value.message
    assert "defect" not in raised.value.message + raised.value.help
    assert children(os.getpid()) == before


@pytest.mark.parametrize("place", PLACES)
def test_check_is_not_green_when_it_checked_nothing(tmp_path: Path, place: str) -> None:
    """W3: it printed nothing and exited 0."""
    settings = write_settings(tmp_path / "ordinance.yaml", entry(hostile(tmp_path / "acme", place, "os._exit")))
    done = run("check", "--on", str(TODAY), "--config", settings, pack(tmp_path / "XA"))
    assert done.returncode == 1, done
    assert "error[plugin]" in done.stderr
    assert "acme-ordinance" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plugin_beside_the_engine_is_refused_and_does_not_run(tmp_path: Path) -> None:
    """W2: a plugin that no rule asked changed the engine when it was imported."""
    mark = tmp_path / "mark"
    site = write_plugin(tmp_path / "site", f"open({str(mark)!r}, 'w')")
    done = run("check", "--on", str(TODAY), pack(tmp_path / "XA"), PYTHONPATH=f"{site}:{ROOT / 'engine'}")
    assert done.returncode == 1
    assert "acme-ordinance 1.2.0 is installed beside the engine" in done.stderr
    assert "ordinance plugin install" in done.stderr
    assert not mark.exists()


def test_what_a_plugin_prints_at_import_does_not_reach_a_program(tmp_path: Path) -> None:
    code = f"import sys\nprint('noise', flush=True)\nprint('noise', file=sys.stderr, flush=True)\n{CODE}"
    settings = write_settings(tmp_path / "ordinance.yaml", entry(write_plugin(tmp_path / "acme", code)))
    done = run("check", "--on", str(TODAY), "--config", settings, "--format", "json", pack(tmp_path / "XA"))
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    (plugin,) = report["plugins"]
    assert (plugin["name"], plugin["version"], plugin["state"]) == ("acme-ordinance", "1.2.0", "ready")
    shown = run("check", "--on", str(TODAY), pack(tmp_path / "XA"), ORDINANCE_CONFIG=str(settings))
    assert "  plugin acme-ordinance 1.2.0: ready" in shown.stdout


def test_the_settings_are_held_against_what_lies_in_the_folders(tmp_path: Path) -> None:
    right = entry(write_plugin(tmp_path / "acme"))
    assert run("settings", "--config", write_settings(tmp_path / "right.yaml", right)).returncode == 0
    done = run("settings", "--config", write_settings(tmp_path / "wrong.yaml", {**right, "sha256": "0" * 64}))
    assert done.returncode == 1
    assert f"`sha256: {right['sha256']}`" in done.stderr


def test_commands_know_the_plugins_of_the_settings(tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "ordinance.yaml", entry(write_plugin(tmp_path / "acme")))
    of = pack(tmp_path / "XA")
    words = ("--config", settings, "--on", str(TODAY))
    assert run("test", *words, of).returncode == 0
    explained = run("explain", *words, "--pack", of, "--jurisdiction", "XA", "--", "See the codes there.")
    assert "detector acme.codes" in explained.stdout
    applied = run("apply", *words, "--pack", of, "--jurisdiction", "XA", given='{"answer": "See the codes there."}\n')
    assert json.loads(applied.stdout)["rules"] == ["XA/words"]
    assert run("print", *words, of).returncode == 0
    assert run("diff", *words, of, of).returncode == 0
    without = run("test", "--on", str(TODAY), of)
    assert without.returncode == 1
    assert "`plugins`" in without.stdout + without.stderr


SLOW = """import time
from ordinance.plugin import Segments, hookimpl

def find(passage):
    time.sleep(1.3 if "codes" in passage.text else 0)
    return [(0, len(passage.text))] if "codes" in passage.text else []

@hookimpl
def detector(asked):
    return Segments(find)
"""


@pytest.mark.slow
def test_commands_give_plugins_the_time_of_the_settings(tmp_path: Path) -> None:
    """They gave the default, one second, so that a server's detector failed in `apply`, `check` and `test`."""
    allows = entry(write_plugin(tmp_path / "acme", SLOW))
    limits = {"detector_seconds": PATIENCE}
    patient = write_settings(tmp_path / "patient.yaml", allows, limits=limits)
    words = ("--on", str(TODAY), "--config", patient)
    of = pack(tmp_path / "XA")
    assert (run_here("check", *words, of).returncode, run_here("test", *words, of).returncode) == (0, 0)
    applied = run_here("apply", *words, "--pack", of, "--jurisdiction", "XA", given='{"answer": "See the codes."}\n')
    assert json.loads(applied.stdout)["rules"] == ["XA/words"]
    quick = write_settings(tmp_path / "quick.yaml", allows, limits={**limits, "plugin_seconds": 0.001})
    late = run_here("check", "--on", str(TODAY), "--config", quick, of)
    assert (late.returncode, "did not end within 0.001 s" in late.stderr) == (1, True)


@contextmanager
def serving(settings: Path, upstream: ScriptedUpstream, of: Path) -> Iterator[Served]:
    served = Served(
        "--config", settings, "--upstream", upstream.url, "--jurisdiction", "XA", "--pack", of, "--on", str(TODAY)
    )
    try:
        yield served
    finally:
        _, served_errors = served.stop()
        assert "Traceback" not in served_errors


def ready(served: Served) -> dict[str, Any]:
    state: dict[str, Any] = httpx2.get(f"{served.address}/ready", timeout=PATIENCE * 2, trust_env=False).json()
    return state


def until_stale(served: Served, code: str | None, digest: str = "") -> dict[str, Any]:
    """Wait until ``/ready`` says so, and shows another policy than ``digest``."""
    deadline = time.monotonic() + PATIENCE * 4
    while True:
        state = ready(served)
        if state.get("stale") == code and state["policy"] != digest:
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.1)


def ask(served: Served, upstream: ScriptedUpstream, text: str) -> dict[str, Any]:
    upstream.script = say(text)
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
    reply = httpx2.post(f"{served.address}/v1/chat/completions", json=body, timeout=PATIENCE * 2, trust_env=False)
    found: dict[str, Any] = reply.json()
    return found


@pytest.mark.slow
def test_a_plugin_is_shown_where_it_takes_part(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    log, port = tmp_path / "audit.jsonl", free_port()
    settings = write_settings(
        tmp_path / "ordinance.yaml",
        entry(write_plugin(tmp_path / "acme")),
        audit=str(log),
        limits={"plugin_seconds": 8},
        metrics={"port": port},
    )
    with serving(settings, upstream, pack(tmp_path / "XA")) as served:
        assert "the plugin acme-ordinance 1.2.0: ready" in served.said
        (plugin,) = ready(served)["plugins"]
        assert (plugin["name"], plugin["state"], plugin["faults"]) == ("acme-ordinance", "ready", 0)
        answer = ask(served, upstream, "See the codes there.")
        assert "the codes" not in answer["choices"][0]["message"]["content"]
        assert answer["ordinance"]["plugins"] == ["acme-ordinance 1.2.0"]
        shown = read(scraped(f"http://127.0.0.1:{port}/metrics"))
        labels = '{plugin="acme-ordinance"}'
        assert shown[f"ordinance_plugin_seconds_count{labels}"] == 0, "the engine finds its phrases without asking it"
        assert shown[f"ordinance_plugin_faults_total{labels}"] == shown[f"ordinance_plugin_failing{labels}"] == 0
    assert json.loads(log.read_text("utf-8").splitlines()[0])["plugins"] == ["acme-ordinance 1.2.0"]


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["sys.exit", "os._exit", "a hang"])
def test_a_running_server_keeps_its_last_good_policy_and_can_be_told_again(
    upstream: ScriptedUpstream, tmp_path: Path, deed: str
) -> None:
    """W3, W4, W5: SIGHUP ended the server, or no later one did anything; an upgrade was two behaviours."""
    good = entry(write_plugin(tmp_path / "good"))
    bad = entry(hostile(tmp_path / "bad", "at import", deed))
    better = entry(
        write_plugin(tmp_path / "better", CODE.replace("the codes", "the ciphers"), version="1.3.0"), version="1.3.0"
    )
    path = tmp_path / "ordinance.yaml"
    more = {"audit": str(tmp_path / "audit.jsonl"), "limits": {"plugin_seconds": 8}}
    with serving(write_settings(path, good, **more), upstream, pack(tmp_path / "XA")) as served:
        first = ready(served)["policy"]
        write_settings(path, bad, **more)
        served.signal(signal.SIGHUP)
        assert until_stale(served, "plugin")["policy"] == first
        assert "the codes" not in json.dumps(ask(served, upstream, "See the codes there."))
        write_settings(path, better, **more)
        served.signal(signal.SIGHUP)
        state = until_stale(served, None, first)
        assert [each["version"] for each in state["plugins"]] == ["1.3.0"]
        assert "the ciphers" not in json.dumps(ask(served, upstream, "See the ciphers there."))
        assert "the codes" in json.dumps(ask(served, upstream, "See the codes there."))


@pytest.mark.slow
def test_files_that_change_under_a_running_server_change_nothing(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    """W5: after an upgrade in place and one crash, patterns were the old version's, sentences the new one's, under one
    digest."""
    code = """\
import os
from ordinance.plugin import Segments, hookimpl

def find(passage):
    if "crash" in passage.folded:
        os._exit(1)
    at = passage.folded.find("aaaa")
    return [] if at < 0 else [passage.span(at, at + 4)]

@hookimpl
def detector(asked):
    return Segments(find)
"""
    folder = write_plugin(tmp_path / "acme", code)
    more = {"audit": str(tmp_path / "audit.jsonl"), "limits": {"plugin_seconds": 8, "detector_processes": 1}}
    settings = write_settings(tmp_path / "ordinance.yaml", entry(folder), **more)
    with serving(settings, upstream, pack(tmp_path / "XA")) as served:
        first = ready(served)["policy"]
        assert "aaaa" not in json.dumps(ask(served, upstream, "An aaaa is said."))
        (folder / "acme_ordinance" / "__init__.py").write_text(code.replace("aaaa", "bbbb"), "utf-8")
        ask(served, upstream, "A crash. And so on.")
        for word in ("aaaa", "bbbb"):
            answer = ask(served, upstream, f"An {word} is said.")
            assert word not in answer["choices"][0]["message"]["content"], "nobody looked at it"
        assert ready(served)["plugins"][0]["cause"] == "sealed"
        served.signal(signal.SIGHUP)
        assert until_stale(served, "plugin")["policy"] == first
