"""What a request says of its own form: its type, where it ends. What could be read in two ways is turned away."""

from __future__ import annotations

import json
import re
import socket

import httpx2
import pytest

from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream

pytestmark = pytest.mark.server

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
COUNT = "/v1/messages/count_tokens"
PATHS = pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages", COUNT]
)


@pytest.mark.requirement("CC-1")
@PATHS
@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data",
        "text/plain; application/json", "application/json2", "application/vnd.api+json", "text/json", "", None,
    ],
)  # fmt: skip
def test_a_body_that_does_not_say_it_is_json_is_not_read(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, kind: str | None
) -> None:
    """A page of another site can send a body without a type, or as plain text, without asking first."""
    headers = {} if kind is None else {"content-type": kind}
    answer = httpx2.post(gateway.address + path, content=BODY, headers=headers, timeout=PATIENCE, trust_env=False)
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "media_type"
    assert "application/json" in answer.json()["error"]["message"]
    assert upstream.asked == []


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_json_is_read_however_it_is_written(gateway: RunningGateway, upstream: ScriptedUpstream, kind: str) -> None:
    url = f"{gateway.address}/v1/chat/completions"
    answer = httpx2.post(url, content=BODY, headers={"content-type": kind}, timeout=PATIENCE, trust_env=False)
    assert answer.status_code == 200


def test_two_types_are_not_one(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    lines = [("content-type", "application/json"), ("content-type", "text/plain"), ("content-length", str(len(BODY)))]
    assert converse(gateway, request(lines)).startswith(b"HTTP/1.1 415 ")


def test_a_key_is_asked_for_first(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(keys=[{"name": "a", "sha256": "0" * 64}])
    url = f"{gateway.address}/v1/chat/completions"
    assert httpx2.post(url, content=BODY, timeout=PATIENCE, trust_env=False).status_code == 401


def request(lines: list[tuple[str, str]], body: bytes = BODY, path: str = "/v1/chat/completions") -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in [("host", "localhost"), *lines])
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def converse(gateway: RunningGateway, sent: bytes) -> bytes:
    """What comes to the end of the connection, which the other side closes soon or is asked to by a second request."""
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(sent)
        client.settimeout(3)
        received = b""
        try:
            while piece := client.recv(65536):
                received += piece
        except TimeoutError:
            received += b"\n(open)"
        except ConnectionResetError:
            pass
    return received


SMUGGLED = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/health", "/nothing"])
@pytest.mark.parametrize("first", ["content-length", "transfer-encoding"])
def test_two_lengths_close_the_connection(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, first: str
) -> None:
    lines = [("content-type", "application/json"), ("content-length", "4"), ("transfer-encoding", "chunked")]
    lines = lines if first == "content-length" else [lines[0], lines[2], lines[1]]
    answer = converse(gateway, request(lines, CHUNKED + SMUGGLED, path))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer.lower()
    assert b'"code":"two_lengths"' in answer
    assert answer.count(b"HTTP/1.1 ") == 1, "what follows is no request"
    assert b"(open)" not in answer
    assert upstream.asked == []


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", "\n ", "\r\n    "])
@pytest.mark.parametrize("name", ["x-any", "content-type", "transfer-encoding"])
def test_a_folded_header_is_no_http(gateway: RunningGateway, upstream: ScriptedUpstream, fold: str, name: str) -> None:
    value = {"x-any": f"a{fold}b", "content-type": f"application/json;{fold}charset=utf-8"}.get(name, f"{fold}chunked")
    lines = [("content-type", "application/json")] * (name != "content-type") + [(name, value)]
    body = CHUNKED if name == "transfer-encoding" else BODY
    if name != "transfer-encoding":
        lines.append(("content-length", str(len(BODY))))
    answer = converse(gateway, request(lines, body))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"(open)" not in answer
    assert upstream.asked == []


def test_a_fold_is_looked_for_in_every_head_and_in_no_body(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The head of a second request on a connection; a body that has lines which begin with space."""
    lines = [("content-type", "application/json"), ("content-length", str(len(BODY) + 8))]
    first = request(lines, BODY.replace(b"{", b"{\n \n\t\r\n  ", 1))
    folded = request([("x-any", "a\r\n b"), ("content-length", "0")], b"")
    answer = converse(gateway, first + folded)
    assert re.findall(rb"HTTP/1.1 (\d+) ", answer) == [b"200", b"400"]
    assert len(upstream.asked) == 1


def test_a_head_may_come_byte_by_byte(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    lines = [("content-type", "application/json"), ("content-length", str(len(BODY))), ("connection", "close")]
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(lines):
            client.sendall(bytes([byte]))
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
