"""Nothing leaves the building: no socket but the configured ones, watched by the interpreter's own audit events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from support.checkout import RULES
from support.commands import ENGINE, GERMANY, Served, command, environment
from support.judged_packs import values
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.serving import RunningGateway, ScriptedUpstream

pytestmark = pytest.mark.server

#: Imported by every interpreter that has it on its path; writes down each attempt to reach or look up an address.
WATCH = """\
import os
import sys

EVENTS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"}


def watch(event, arguments):
    if event in EVENTS:
        with open(os.environ["WATCHED_SOCKETS"], "a") as file:
            place = arguments[1] if event == "socket.connect" else arguments[:2]
            file.write(f"{event} {place}\\n")


sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path: Path) -> Mapping[str, str]:
    """The variables under which a command's sockets are written down."""
    (tmp_path / "sitecustomize.py").write_text(WATCH, "utf-8")
    (tmp_path / "sockets").touch()
    path = os.pathsep.join((str(tmp_path), str(ENGINE)))
    return {"PYTHONPATH": path, "WATCHED_SOCKETS": str(tmp_path / "sockets")}


def sockets(watched: Mapping[str, str]) -> list[str]:
    return Path(watched["WATCHED_SOCKETS"]).read_text("utf-8").splitlines()


@pytest.mark.requirement("DET-1")
@pytest.mark.parametrize("words", [("check", RULES), ("test", RULES), ("apply", "--jurisdiction", "DE")])
def test_commands_that_need_no_network_touch_none(words: tuple[str | Path, ...], watched: Mapping[str, str]) -> None:

    done = subprocess.run(
        command(*words), env=environment(**watched), input=b'{"answer": "Hi."}\n', capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert sockets(watched) == []


@pytest.mark.requirement("DET-1")
def test_the_gateway_connects_to_the_upstream_and_to_nothing_else(
    upstream: ScriptedUpstream, watched: Mapping[str, str]
) -> None:
    served = Served("--upstream", upstream.url, *GERMANY, **watched)
    try:
        body = {"messages": [{"role": "user", "content": "hi"}]}
        for route in ("/health", "/ready", "/v1/models"):
            httpx2.get(served.address + route, trust_env=False)
        answer = httpx2.post(f"{served.address}/v1/chat/completions", json=body, trust_env=False)
        assert answer.status_code == 200
    finally:
        served.stop()
    port = int(upstream.url.rpartition(":")[2].partition("/")[0])
    reached = {line for line in sockets(watched) if line.startswith("socket.connect")}
    assert reached == {f"socket.connect ('127.0.0.1', {port})"}
    looked_up = {line for line in sockets(watched) if line not in reached}
    assert all("'127.0.0.1'" in line for line in looked_up)


@pytest.mark.requirement("DET-1")
def test_a_configured_judge_is_the_one_more_address(
    upstream: ScriptedUpstream, watched: Mapping[str, str], tmp_path: Path
) -> None:
    judge = JudgeServer(seconds=2.0)
    settings = tmp_path / "ordinance.json"
    settings.write_text(json.dumps(values(tmp_path, installed(tmp_path), judge)))
    try:
        served = Served("--upstream", upstream.url, "--config", settings, **watched)
        try:
            body = {"messages": [{"role": "user", "content": "hi"}]}
            httpx2.post(f"{served.address}/v1/chat/completions", json=body, trust_env=False)
            httpx2.get(f"{served.address}/ready", trust_env=False)
        finally:
            served.stop()
    finally:
        judge.stop()
    port = int(upstream.url.rpartition(":")[2].partition("/")[0])
    reached = {line for line in sockets(watched) if line.startswith("socket.connect")}
    assert reached == {f"socket.connect ('127.0.0.1', {each})" for each in (port, judge.port)}
    assert len(judge.seen) >= 6, "the canaries, the prompt, the answer"


def test_the_watch_would_see_a_connection(watched: Mapping[str, str]) -> None:
    """The check is checked."""

    code = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    subprocess.run([sys.executable, "-c", code], env=environment(**watched), check=True)
    assert sockets(watched) == ["socket.connect ('127.0.0.1', 9)"]


@pytest.mark.requirement("DET-1")
def test_the_doctor_connects_to_the_server_that_it_examines_and_to_nothing_else(
    gateway: RunningGateway, watched: Mapping[str, str]
) -> None:
    done = subprocess.run(
        command("doctor", gateway.address), env=environment(**watched), capture_output=True, check=False
    )
    assert done.returncode == 1, "its policy is not the one that ships"
    port = int(gateway.address.rpartition(":")[2])
    reached = {line for line in sockets(watched) if line.startswith("socket.connect")}
    assert reached == {f"socket.connect ('127.0.0.1', {port})"}
    assert all("'127.0.0.1'" in line for line in sockets(watched))
