"""The doctor at a server whose certificate is by an authority of the operator's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.doctor.wire import server_at
from support.certificates import OPENSSL, certificate
from support.commands import run_here
from support.serving import LoopThread, ScriptedUpstream

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes certificates, is not installed"),
]


def test_it_says_what_to_set_and_then_trusts_the_authority(
    loop_thread: LoopThread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said to check that the server was running."""
    known = certificate(tmp_path, "127.0.0.1")
    server = ScriptedUpstream(loop_thread, known.server)
    try:
        done = run_here("doctor", server.url)
        assert done.returncode == 2
        assert "its certificate is not accepted here (self-signed certificate)" in done.stderr
        assert "set SSL_CERT_FILE" in done.stderr
        monkeypatch.setenv("SSL_CERT_FILE", str(known.file))
        assert server_at(server.url, None, 30).ask("GET", "/v1/models").status == 200
    finally:
        server.stop()
