"""Commands that need no network reach none; the embedded model is reached on loopback; and the tracer is no ornament:
what does reach out is seen, and stopped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from egress.conftest import Watched
from support.checkout import RULES
from support.commands import GERMANY, PATIENCE, command, environment
from support.resolver import Resolver
from support.tracing import Tracer

pytestmark = [pytest.mark.slow, pytest.mark.requirement("DET-1")]

#: An address of nobody's: reserved for documentation.
ELSEWHERE = "192.0.2.1"
#: What a dependency could do that wants to tell somebody.
_TELLS = f"""\
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as telling:
        try:
            telling.connect(("{ELSEWHERE}", 443))
            telling.send(b"hello")
        except OSError as error:
            print("stopped:", error.strerror, flush=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as telling:
    try:
        telling.sendto(b"hello", ("{ELSEWHERE}", 53))
    except OSError as error:
        print("stopped:", error.strerror, flush=True)
try:
    socket.getaddrinfo("telemetry.example", 443)
except OSError as error:
    print("no such name", flush=True)
"""

WORDS: tuple[tuple[str | Path, ...], ...] = (
    ("check", RULES), ("test", GERMANY[3]), ("apply", *GERMANY), ("print", RULES), ("explain", RULES),
    ("diff", RULES, RULES), ("fmt", RULES, "--check"), ("settings", "--schema"), ("witness", "-", "-"),
    ("plugins",), ("--version",),
)  # fmt: skip


@pytest.mark.parametrize("words", WORDS, ids=lambda words: str(words[0]))
def test_commands_reach_nothing(words: tuple[str | Path, ...], tmp_path: Path) -> None:
    tracer = Tracer(tmp_path / "trace")
    subprocess.run(
        [*tracer.words, *command(*words)], env=environment(), input=b'{"answer": "Hi."}\n', capture_output=True,
        check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert tracer.calls() == []


def test_the_embedded_model_is_reached_on_loopback_alone(watched: Watched) -> None:
    served, tracer = watched("--embedded", *GERMANY)
    try:
        body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
        answer = httpx2.post(f"{served.address}/v1/chat/completions", json=body, trust_env=False, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
    finally:
        served.stop()
    assert {host for host, _ in tracer.bound()} == {"127.0.0.1"}
    ((host, _),) = tracer.reached()
    assert host == "127.0.0.1"


def test_what_reaches_out_is_seen_and_stopped(tmp_path: Path) -> None:
    """The check is checked."""
    resolver = Resolver("127.0.0.53", {})
    tracer = Tracer(tmp_path / "trace")
    done = subprocess.run([*tracer.words, sys.executable, "-c", _TELLS], capture_output=True, text=True, check=True)
    resolver.stop()
    assert done.stdout.count("stopped: Network is unreachable") == 3, done.stdout
    assert "no such name" in done.stdout
    assert tracer.reached() == {(ELSEWHERE, 443), (ELSEWHERE, 53), ("127.0.0.53", 53)}
    assert resolver.asked == {"telemetry.example"}


def test_a_dependency_of_the_gateway_that_reaches_out_is_seen_and_stopped(tmp_path: Path, watched: Watched) -> None:
    """As a package would that somebody has poisoned: it runs in the gateway's own processes."""
    (tmp_path / "sitecustomize.py").write_text(_TELLS)
    resolver = Resolver("127.0.0.53", {})
    path = f"{tmp_path}:{environment()['PYTHONPATH']}"
    served, tracer = watched("--upstream", "http://127.0.0.1:9/v1", *GERMANY, PYTHONPATH=path)
    try:
        assert "stopped: Network is unreachable" in served.said
    finally:
        served.stop()
        resolver.stop()
    assert {(ELSEWHERE, 443), (ELSEWHERE, 53)} < tracer.reached()
