"""What is turned away before it comes to a door."""

from __future__ import annotations

import json
import socket

import httpx2
import pytest

from ordinance.serve.door.front_checks import expected_hosts
from ordinance.settings.model import Settings
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, posting

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def post(gateway: RunningGateway, target: str, host: str = "localhost") -> tuple[int, str]:
    """Status and error code of a request whose target stands on the wire as it is written here."""
    request = posting(json.dumps(ASK).encode(), path=target, host=host, connection="close")
    with socket.create_connection(("127.0.0.1", int(gateway.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(request)
        received = b"".join(iter(lambda: client.recv(65536), b""))
    answer = json.loads(received.partition(b"\r\n\r\n")[2])
    return int(received.split(b" ")[1]), answer.get("error", {}).get("code", "")


@pytest.mark.parametrize(
    "target",
    ["/v1%2fchat/completions", "/v1/chat%2Fcompletions", "/v1/chat/completion%73", "/%761/chat/completions", "/%"],
)
def test_a_path_with_an_escape_is_a_closed_door(
    gateway: RunningGateway, upstream: ScriptedUpstream, target: str
) -> None:
    assert post(gateway, target) == (404, "closed_door")
    assert upstream.asked == []
    assert post(gateway, "/v1/chat/completions?x=%2f") == (200, "")


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/v1/chat/completions", "POST"), ("POST", "/health", "GET, HEAD")])  # fmt: skip  # noqa: E501
def test_405_says_what_is_allowed(gateway: RunningGateway, method: str, path: str, allowed: str) -> None:
    answer = httpx2.request(method, gateway.address + path, trust_env=False)
    assert answer.status_code == 405
    assert ", ".join(sorted(answer.headers["allow"].split(", "))) == allowed


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]", "[::1]:80"])
def test_loopback_goes_by_loopback_names(gateway: RunningGateway, host: str) -> None:
    assert post(gateway, "/v1/chat/completions", host) == (200, "")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:8080", "[::2]", "[", "", "@localhost", "192.168.0.1"]  # noqa: E501
)  # fmt: skip
def test_another_hosts_name_is_turned_away(gateway: RunningGateway, upstream: ScriptedUpstream, host: str) -> None:
    if host == "@localhost":
        assert post(gateway, "/v1/chat/completions", "localhost@evil.example") == (421, "other_host")
    else:
        assert post(gateway, "/v1/chat/completions", host) == (421, "other_host")
    assert upstream.asked == []


def test_an_operator_can_add_names(open_gateway: OpenGateway) -> None:
    gateway = open_gateway(hosts=["Desk.example"])
    assert post(gateway, "/v1/chat/completions", "desk.example:8080") == (200, "")
    assert post(gateway, "/v1/chat/completions", "localhost") == (200, "")
    assert post(gateway, "/v1/chat/completions", "evil.example") == (421, "other_host")


def test_keys_and_other_addresses_need_no_names() -> None:
    def settings(**values: object) -> Settings:
        return Settings.model_validate({"upstream": {"url": "http://x"}, **values})

    key = {"name": "desk", "sha256": "0" * 64}
    assert expected_hosts(settings(keys=[key], hosts=["a"])) is None
    assert expected_hosts(settings(host="0.0.0.0")) is None
    assert expected_hosts(settings(host="0.0.0.0", hosts=["a.example"])) == frozenset({"a.example", "0.0.0.0"})
    assert expected_hosts(settings()) == frozenset({"127.0.0.1"})
