"""An upstream behind TLS: whose certificates count, and what is said where one does not; the key from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.errors import SettingsError
from ordinance.serve.behind.upstream import Upstream
from ordinance.settings.sections import UpstreamSettings
from ordinance.settings.sources import load
from support.certificates import OPENSSL, Certificate, certificate
from support.serving import PATIENCE, LoopThread, OpenGateway, ScriptedUpstream, say

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes certificates, is not installed"),
]


@pytest.fixture
def known(tmp_path: Path) -> Certificate:
    return certificate(tmp_path, "127.0.0.1")


@pytest.fixture
def secured(loop_thread: LoopThread, known: Certificate) -> Iterator[ScriptedUpstream]:
    server = ScriptedUpstream(loop_thread, known.server)
    yield server
    server.stop()


def ask(address: str) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi."}]}
    return httpx2.post(f"{address}/v1/chat/completions", json=body, trust_env=False, timeout=PATIENCE)


def ready(address: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{address}/ready", trust_env=False, timeout=PATIENCE).json()
    return found


def test_an_authority_of_ones_own_is_trusted(
    open_gateway: OpenGateway, secured: ScriptedUpstream, known: Certificate, tmp_path: Path
) -> None:
    secured.script = say("Hello.")
    (tmp_path / "token").write_text("sesame\n")
    upstream = {"url": secured.url, "ca": known.file, "key_file": tmp_path / "token"}
    gateway = open_gateway(url=secured.url, upstream=upstream)
    assert "Hello." in ask(gateway.address).text
    assert ready(gateway.address)["upstream"] == "reachable"
    assert {asked.headers["authorization"] for asked in (*secured.asked, *secured.listed)} == {"Bearer sesame"}


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "self-signed certificate"), ("127.0.0.1", "IP address mismatch"), ("other.example", "self-signed")],
)
def test_a_certificate_that_does_not_count_is_named(
    open_gateway: OpenGateway,
    loop_thread: LoopThread,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    why: str,
) -> None:
    """Nobody vouches for it; it names another host; another authority is trusted."""
    shown = certificate(tmp_path, "model.example" if name == "127.0.0.1" else "127.0.0.1")
    trusted = {"": None, "127.0.0.1": shown.file}.get(name, tmp_path / f"{name}.pem")
    if name == "other.example":
        certificate(tmp_path, name)
    server = ScriptedUpstream(loop_thread, shown.server)
    gateway = open_gateway(url=server.url, upstream={"url": server.url, **({"ca": trusted} if trusted else {})})
    for _ in range(3):
        answer = ask(gateway.address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_certificate")
    told = ready(gateway.address)
    assert (told["upstream"], told["upstream_problem"], told["ready"]) == ("unreachable", "upstream_certificate", False)
    lines = [line for line in capfd.readouterr().err.splitlines() if "certificate" in line]
    assert len(lines) == 1, "once, and not for each request"
    assert why in lines[0]
    assert "upstream.ca" in lines[0]
    server.stop()
    assert server.asked == []


def test_of_several_servers_one_that_nobody_vouches_for_is_left_out_and_named(
    open_gateway: OpenGateway,
    secured: ScriptedUpstream,
    upstream: ScriptedUpstream,
    capfd: pytest.CaptureFixture[str],
) -> None:
    both = {
        "a": {"url": secured.url, "models": ["m"], "key": "of-a"},
        "b": {"url": upstream.url, "models": ["m"], "key": "of-b"},
    }
    gateway = open_gateway(upstreams=both)
    for _ in range(2):
        assert "Hello." in ask(gateway.address).text
    assert secured.asked == []
    assert {asked.headers["authorization"] for asked in (*upstream.asked, *upstream.listed)} == {"Bearer of-b"}
    (told,) = [line for line in capfd.readouterr().err.splitlines() if "certificate of" in line]
    assert "'upstreams.a.ca'" in told


def test_a_server_that_is_not_there_is_no_matter_of_certificates(
    open_gateway: OpenGateway, secured: ScriptedUpstream
) -> None:
    gateway = open_gateway(url=secured.url.replace("https", "http"))
    assert ready(gateway.address)["upstream_problem"] == "upstream_unreachable"


@pytest.mark.parametrize(
    ("setting", "said"), [("ca", "does not contain certificates"), ("key_file", "does not contain a key")]
)
@pytest.mark.parametrize("content", [None, b"", b"\xff\x00"])
def test_a_file_that_cannot_be_used_stops_the_start(
    tmp_path: Path, setting: str, said: str, content: bytes | None
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        Upstream(UpstreamSettings.model_validate({"url": "https://model.example", setting: file}))


def test_paths_are_relative_to_the_file_and_one_key_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "ordinance.yaml"
    file.write_text(json.dumps({"upstream": {"url": "https://model.example", "ca": "own.pem", "key_file": "token"}}))
    upstream = load({}, file).upstream
    assert upstream is not None
    assert (upstream.ca, upstream.key_file) == (tmp_path / "own.pem", tmp_path / "token")
    file.write_text(json.dumps({"upstream": {"url": "https://model.example", "key": "a", "key_file": "token"}}))
    with pytest.raises(SettingsError, match="keep one"):
        load({}, file)
