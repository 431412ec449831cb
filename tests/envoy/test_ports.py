"""Who may speak as Envoy: whoever has a certificate that counts, or is on this machine. Others may ask for health."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
import yaml
from envoy.service.ext_proc.v3 import external_processor_pb2 as messages
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as calls
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1 import health_pb2_grpc as asking

from ordinance.errors import ServeError
from ordinance.serve.envoy.certificates import _signs, credentials
from support.certificates import OPENSSL, Certificate, certificate
from support.checkout import ROOT
from support.commands import command, environment
from support.envoys import Change, OpenEnvoy, OpenExtProc, cluster_in
from support.ports import free_port
from support.serving import PATIENCE, ScriptedUpstream, say

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes certificates, is not installed")


@pytest.fixture
def ours(tmp_path: Path) -> Certificate:
    return certificate(tmp_path, "ordinance")


@pytest.fixture
def envoys(tmp_path: Path) -> Certificate:
    return certificate(tmp_path, "envoy")


def settings_of(ours: Certificate, envoys: Certificate) -> dict[str, str]:
    return {"certificate": str(ours.file), "key_file": str(ours.key), "ca": str(envoys.file)}


def with_certificate(shown: Certificate, trusted: Certificate) -> Change:
    """What the manual says for Envoy's cluster, with these files."""
    page = (ROOT / "docs" / "envoy.md").read_text("utf-8")
    (block,) = re.findall(r"```\n(transport_socket:.*?)```", page, re.DOTALL)
    for written, file in (("envoy.pem", shown.file), ("envoy.key", shown.key), ("ordinance-ca.pem", trusted.file)):
        assert block.count(f"/etc/envoy/tls/{written}") == 1
        block = block.replace(f"/etc/envoy/tls/{written}", str(file))

    def change(config: dict[str, Any]) -> None:
        cluster_in(config, "ordinance").update(yaml.safe_load(block))

    return change


def status(address: str) -> int:
    url = f"{address}/v1/chat/completions"
    return httpx2.post(url, json=ASK, timeout=PATIENCE, trust_env=False).status_code


@needs_openssl
def test_an_envoy_with_a_certificate_is_served_and_any_other_is_closed(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream, ours: Certificate,
    envoys: Certificate, tmp_path: Path,
) -> None:  # fmt: skip
    upstream.script = say("Hello.")
    port = free_port()
    open_ext_proc(port, ext_proc=settings_of(ours, envoys))
    (tmp_path / "others").mkdir()
    stranger = certificate(tmp_path / "others", "envoy")
    known = open_envoy(port, with_certificate(envoys, ours))
    known.until_processor()
    assert status(known.address) == 200
    upstream.reset()
    plain, wrong, deceived = (
        open_envoy(port), open_envoy(port, with_certificate(stranger, ours)),
        open_envoy(port, with_certificate(envoys, stranger)),
    )  # fmt: skip
    for envoy in (plain, wrong, deceived):
        assert status(envoy.address) in (500, 503)
    assert upstream.asked == []


@needs_openssl
def test_a_new_certificate_counts_without_a_restart_and_a_broken_one_does_not(
    open_ext_proc: OpenExtProc, ours: Certificate, envoys: Certificate, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    open_ext_proc(port, ext_proc=settings_of(ours, envoys))
    before = Path(ours.file).read_bytes()

    def serves(trusted: bytes) -> bool:
        shown = grpc.ssl_channel_credentials(trusted, envoys.key.read_bytes(), envoys.file.read_bytes())
        options = [("grpc.ssl_target_name_override", "ordinance")]
        with grpc.secure_channel(f"127.0.0.1:{port}", shown, options) as channel:
            try:
                asking.HealthStub(channel).Check(health.HealthCheckRequest(), timeout=PATIENCE)
            except grpc.RpcError:
                return False
        return True

    assert serves(before)
    key = ours.key.read_bytes()
    ours.key.write_bytes(b"no key\n")
    assert serves(before)
    assert "certificates of the port for Envoy cannot be used" in capfd.readouterr().err
    ours.key.write_bytes(key)
    certificate(ours.file.parent, "ordinance")
    assert serves(ours.file.read_bytes())
    assert not serves(before)


@needs_openssl
def test_what_nobody_could_read_is_read_again_once_somebody_may(ours: Certificate, envoys: Certificate) -> None:
    files = (ours.file, ours.key, envoys.file)
    found = []
    for mode in (0o644, 0o000, 0o600):
        time.sleep(0.05)  # the system's clock for files has steps
        ours.key.chmod(mode)
        found.append(_signs(files))
    assert found[0] != found[1] != found[2] != found[0]


def test_the_port_for_health_has_nothing_else(open_ext_proc: OpenExtProc) -> None:
    port = free_port()
    open_ext_proc(ext_proc={"health": f"127.0.0.1:{port}"})
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for service in ("", "liveness"):
            reply = asking.HealthStub(channel).Check(health.HealthCheckRequest(service=service), timeout=PATIENCE)
            assert reply.status == health.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as refused:
            list(calls.ExternalProcessorStub(channel).Process(iter([messages.ProcessingRequest()]), timeout=PATIENCE))
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_socket_in_a_file_has_the_permissions_that_are_set(tmp_path: Path) -> None:
    mode = "0606"
    path = tmp_path / "ext-proc.sock"
    process = subprocess.Popen(
        command("ext-proc", "--listen", f"unix:{path}", "--jurisdiction", "DE"),
        env=environment(ORDINANCE_AUDIT="/dev/null", ORDINANCE_SOCKET_MODE=mode),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        while "listening" not in (line := process.stdout.readline().decode()):
            assert line, process.communicate()[1]
        with grpc.insecure_channel(f"unix:{path}") as channel:
            reply = asking.HealthStub(channel).Check(health.HealthCheckRequest(), timeout=PATIENCE)
        assert reply.status == health.HealthCheckResponse.SERVING
        assert os.stat(path).st_mode == 0o140000 | int(mode, 8)
    finally:
        process.terminate()
        process.communicate(timeout=30)


@needs_openssl
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_certificates_that_cannot_be_used_are_an_error_at_the_start(
    tmp_path: Path, ours: Certificate, envoys: Certificate, broken: int
) -> None:
    (tmp_path / "broken").write_text("canary\n", "utf-8")
    files = [ours.file, ours.key, envoys.file]
    files[broken] = tmp_path / "broken"
    with pytest.raises(ServeError, match="cannot be used") as refused:
        credentials((files[0], files[1], files[2]))
    assert "ext_proc.ca" in refused.value.help
    assert "canary" not in str(refused.value)
