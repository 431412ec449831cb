"""nginx in front, with the file that ships: TLS, and a stream that passes as it comes."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import OPENSSL, certificate
from support.checkout import ROOT
from support.commands import PATIENCE as LONG
from support.commands import Served
from support.outside import STREAM, until
from support.ports import free_port
from support.serving import DONE, ScriptedUpstream, Wire, chunk, event, say

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
NAME = "chat.example.org"

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificate, is not installed"),
]


class Front:
    """nginx with the file that ships, on a free port, in front of ``behind`` (a port)."""

    def __init__(self, folder: Path, behind: int) -> None:
        self.port = free_port()
        self.certificate = certificate(folder, NAME)
        text = (ROOT / "deploy" / "nginx" / "ordinance.conf").read_text("utf-8")
        for shipped, here in (
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("server 127.0.0.1:8080;", f"server 127.0.0.1:{behind};"),
            (f"/etc/nginx/tls/{NAME}.pem", str(self.certificate.file)),
            (f"/etc/nginx/tls/{NAME}.key", str(self.certificate.key)),
        ):
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, here)
        (folder / "ordinance.conf").write_text(text)
        places = "".join(
            f"{each}_temp_path {folder / each};\n" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nerror_log {folder / 'errors'};\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{places}include {folder / 'ordinance.conf'};\n}}\n"
        )
        self._process = subprocess.Popen(
            [NGINX or "", "-p", folder, "-e", folder / "errors", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE
        )
        until(self._listens)

    def _listens(self) -> bool:
        assert self._process.poll() is None, self._process.communicate()[1]
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.certificate.file))
        context.check_hostname = False  # it is reached by its address here; the certificate itself is checked
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=LONG)

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=LONG)


@pytest.fixture
def front(tmp_path: Path, upstream: ScriptedUpstream) -> Iterator[Front]:
    served = Served("--upstream", upstream.url, "--jurisdiction", "EE", ORDINANCE_HOSTS=json.dumps([NAME]))
    try:
        one = Front(tmp_path, served.port)
        try:
            yield one
        finally:
            one.stop()
    finally:
        served.stop()


def test_a_stream_passes_as_it_comes(front: Front, upstream: ScriptedUpstream) -> None:
    seen: list[bool] = []

    async def script(wire: Wire) -> None:
        if wire.asked.path == "/v1/models":
            await say("")(wire)
            return
        await wire.head()
        await wire.send(event(chunk(content="The first words. ")))
        # The rest comes when the client has read the first words, and not otherwise.
        for _ in range(int(LONG * 10)):
            if seen:
                break
            await asyncio.sleep(0.1)
        await wire.send(event(chunk(content="The last.", finish="stop")), DONE)

    upstream.script = script
    connection = front.connect()
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(STREAM), {"host": NAME, "content-type": "application/json"}
    )
    answer = connection.getresponse()
    assert answer.status == 200
    text = b""
    while b"first" not in text:
        piece = answer.read1()
        assert piece
        text += piece
    assert b"last" not in text
    seen.append(True)
    text += answer.read()
    connection.close()
    assert b"last" in text
    assert text.rstrip().endswith(b"[DONE]")


def test_a_whole_answer_passes_and_another_name_does_not(front: Front, upstream: ScriptedUpstream) -> None:
    upstream.script = say("Hello.")
    for name, status in ((NAME, 200), ("rebound.example", 421)):
        connection = front.connect()
        body = json.dumps({**STREAM, "stream": False})
        connection.request("POST", "/v1/chat/completions", body, {"host": name, "content-type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
        connection.close()


def test_readiness_is_for_this_machine(front: Front) -> None:
    connection = front.connect()
    connection.request("GET", "/ready", headers={"host": NAME})
    assert json.loads(connection.getresponse().read())["policy"].startswith("EE")
    connection.close()
