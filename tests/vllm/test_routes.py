"""Deny by default, at every route of a real vLLM: those it shows, those it hides, and one that the test adds."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import httpx2
import pytest

from ordinance.protocol.routes import EMBEDDINGS, ROUTES, Treatment, is_listed, treatment
from support.tiny_model import CANARY, COMMANDS
from support.vantage import Vantage
from support.vllm_server import VllmServer

BODY = {"model": "tiny", "prompt": COMMANDS[0], "messages": [{"role": "user", "content": COMMANDS[0]}], "input": CANARY}
CLOSED = [
    pytest.param(method, re.sub(r"\{\w+\}", "resp_1", route.path), id=f"{method}-{route.path}")
    for route in ROUTES
    for method in route.methods
    if route.treatment is Treatment.CLOSED and method != "WEBSOCKET"
]
#: Other ways to write a path that a router might take for one that it has.
DISGUISED = (
    "/v1/chat/completions/", "//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/../batch",
    "/v1/Chat/Completions", "/v1/chat/completions;x", "/invocations/", "//invocations", "/./invocations",
    "/Invocations",
    "/v1/../invocations", "/invocations?x=/v1/chat/completions", "/%69nvocations", "/v1/chat/completions%2fbatch",
    "/v1/chat%2Fcompletions", "/v1/models/../../invocations", "/v1/responses/resp_1", "/v1/responses/resp_1/cancel",
    "/docs/", "/openapi.json/", "/metrics/", "/v1", "/", "", "*",
)  # fmt: skip


@pytest.fixture(scope="module")
def routes(server: VllmServer, ungoverned: Vantage) -> set[tuple[str, str]]:
    """The server's routes: those of its own description, and those that stand in its log alone."""
    described = ungoverned.get("/openapi.json").json()["paths"]
    found = {(method.upper(), path) for path, methods in described.items() for method in methods}
    for path, methods in re.findall(r"Route: (\S+), Methods: (.+)", server.log):
        found |= {(method.strip(), path) for method in methods.split(",")}
    return found


def seen(server: VllmServer, client: httpx2.Client) -> list[dict[str, str]]:
    """The requests that have come to vLLM since the last time."""
    requests: list[dict[str, str]] = client.get(f"{server.address}/harness/seen").json()
    return requests


def test_the_server_has_routes_that_it_does_not_describe(routes: set[tuple[str, str]], ungoverned: Vantage) -> None:
    """The check is checked: the description alone is not enough."""
    described = set(ungoverned.get("/openapi.json").json()["paths"])
    hidden = {path for _, path in routes} - described
    assert {"/v1/chat/completions/render", "/inference/v1/generate", "/docs"} <= hidden
    assert len(routes) > 30


def test_every_route_of_the_server_is_accounted_for(routes: set[tuple[str, str]]) -> None:
    assert [
        route for route in sorted(routes) if not is_listed(route[1], None if route[0] == "HEAD" else route[0])
    ] == []


def test_what_vllm_is_said_to_govern_it_has(routes: set[tuple[str, str]]) -> None:
    opened = {
        (method, each.path) for each in ROUTES for method in each.methods if each.treatment is not Treatment.CLOSED
    }
    # Ordinance answers two itself; vLLM has the third where it serves a model for vectors.
    assert opened - routes == {("GET", "/ready"), ("GET", "/v1/models/{model}"), ("POST", EMBEDDINGS)}


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_a_closed_route_is_closed(
    method: str, path: str, middleware: Vantage, server: VllmServer, client: httpx2.Client
) -> None:
    seen(server, client)
    reply = client.request(method, middleware.address + path, json=BODY)
    assert reply.status_code in (404, 405)
    assert CANARY not in reply.text
    assert [each for each in seen(server, client) if each["path"] != "/v1/models"] == []


def test_the_bypasses_are_there_ungoverned(ungoverned: Vantage) -> None:
    """The check is checked: the same requests answer where nobody stands before them."""
    for path in ("/invocations", "/tokenize"):
        assert ungoverned.post(path, BODY).status_code == 200
    assert CANARY in ungoverned.post("/invocations", {"model": "tiny", "messages": BODY["messages"]}).text


@pytest.mark.parametrize("path", DISGUISED)
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_spelling_opens_nothing(
    method: str, path: str, governed: Vantage, server: VllmServer, client: httpx2.Client
) -> None:
    host, _, port = governed.address.removeprefix("http://").partition(":")
    seen(server, client)
    reply = raw(host, int(port), method, path, client.headers["authorization"])
    status = int(reply.split(b" ", 2)[1])
    assert status >= 400, reply
    assert CANARY.encode() not in reply
    assert [each for each in seen(server, client) if each["path"] != "/v1/models"] == []


def raw(host: str, port: int, method: str, path: str, key: str) -> bytes:
    """A request whose path is written as it is."""
    body = json.dumps(BODY).encode()
    head = f"{method} {path or '/'} HTTP/1.1\r\nhost: {host}:{port}\r\nauthorization: {key}\r\nconnection: close\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_route_that_is_added_later_is_closed(middleware: Vantage, ungoverned: Vantage, client: httpx2.Client) -> None:
    address = middleware.address
    path = client.post(f"{address}/harness/route").json()["added"]
    assert CANARY in ungoverned.get(path).text
    for method in ("GET", "POST"):
        reply = client.request(method, address + path, json=BODY)
        assert reply.status_code == 404
        assert CANARY not in reply.text


def test_a_passed_route_passes(middleware: Vantage) -> None:
    for path in ("/health", "/ping", "/version", "/load", "/metrics"):
        assert middleware.get(path).status_code == 200
    assert middleware.post("/ping", {}).status_code == 200


def test_the_models_are_read_and_written_anew(governed: Vantage) -> None:
    models = governed.get("/v1/models").json()
    assert {each["id"] for each in models["data"]} == {"tiny", "et-instruct"}
    assert {key for each in models["data"] for key in each} == {"id", "object", "created", "owned_by"}


# without a key

PROMPTS: tuple[object, ...] = (
    {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "prompt": "hello", "input": "hello"},
    {"model": "tiny", "messages": [{"role": "user", "content": f"so {CANARY}"}], "input": CANARY, "prompt": CANARY},
    {"model": "other", "messages": [{"role": "user", "content": "ordinance-canary-weapons-7f3a9c"}], "stream": True},
    {"messages": 5},
    [],
)


def without_key(address: str) -> Iterator[tuple[str, httpx2.Response]]:
    """What anybody gets at every route, for different prompts, without a key, with a wrong one and a broken one."""
    paths = sorted(
        {re.sub(r"\{\w+\}", "resp_1", route.path) for route in ROUTES} | {"/v1/added-by-the-test", "/nowhere"}
    )
    headers: tuple[dict[str, str], ...] = ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic wrong"})
    with httpx2.Client(timeout=60, trust_env=False) as nobody:
        for at, path in enumerate(paths):
            if treatment("GET", path) is Treatment.PASSED or path == "/ready":
                continue
            for number, prompt in enumerate(PROMPTS):
                given = headers[(at + number) % len(headers)]
                yield f"POST {path} {number}", nobody.post(address + path, json=prompt, headers=given)
            yield f"GET {path}", nobody.get(address + path)


@pytest.mark.requirement("TR-3")
def test_who_has_no_key_learns_nothing(governed: Vantage, server: VllmServer, client: httpx2.Client) -> None:
    seen(server, client)
    answers: dict[bool, set[tuple[int, bytes, tuple[str, ...]]]] = {False: set(), True: set()}
    changing = {"date", "x-request-id", "request-id", "server", "content-length"}
    for name, reply in without_key(governed.address):
        headers = tuple(sorted(f"{key}: {value}" for key, value in reply.headers.items() if key not in changing))
        # The messages API has a form of its own for errors.
        answers[name.startswith("POST /v1/messages ")].add((reply.status_code, reply.content, headers))
    ((status, body, headers),) = answers[False]
    ((other_status, other_body, other_headers),) = answers[True]
    assert (status, headers) == (other_status, other_headers)
    assert status == 401
    assert json.loads(body)["error"]["message"] == json.loads(other_body)["error"]["message"]
    assert [each for each in seen(server, client) if each["path"] != "/v1/models"] == []
