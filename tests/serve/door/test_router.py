"""The list of routes decides: each entry has its effect at the gateway and inside vLLM, and a changed entry another."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from ordinance.protocol import routes
from ordinance.protocol.routes import GOVERNED, ROUTES, Route, Treatment
from ordinance.serve.behind.contract import NO_ERRAND, Answer, Errand
from ordinance.serve.door.policies import Policies
from ordinance.serve.door.router import Router
from ordinance.serve.door.service import make_service
from ordinance.serve.http.exchange import Exchange
from ordinance.settings.model import Settings
from support.small_plan import small_plan

SECRET = "only-the-server-says-this"
BODY: dict[str, Any] = {
    "model": "m", "messages": [{"role": "user", "content": "hi"}], "input": "hi", "max_tokens": 9,
}  # fmt: skip
#: What a server would say at each governed route.
SAID: dict[str, dict[str, Any]] = {
    routes.CHAT: {"choices": [{"index": 0, "message": {"content": "Hm."}, "finish_reason": "stop"}]},
    routes.COMPLETIONS: {"choices": [{"index": 0, "text": "Hm.", "finish_reason": "stop"}]},
    routes.RESPONSES: {"status": "completed", "output": []},
    routes.MESSAGES: {"type": "message", "content": [{"type": "text", "text": "Hm."}], "stop_reason": "end_turn"},
}
READ = {
    routes.MODELS: {"data": [{"id": "m", "secret": SECRET}]},
    routes.COUNT: {"input_tokens": 3, "text": SECRET},
}
EACH = [pytest.param(route, method, id=f"{method}-{route.path}") for route in ROUTES for method in route.methods]


class Server:
    """The model server: what reaches it, governed or read."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def admit(self, exchange: Exchange) -> None:
        pass

    async def answer(
        self, exchange: Exchange, path: str, body: bytes, answer: Answer, *, streaming: bool, errand: Errand = NO_ERRAND
    ) -> None:
        self.asked.append(path)
        await answer.begin()
        await answer.take(json.dumps({**SAID[path], "secret": SECRET}).encode())

    async def read(
        self, exchange: Exchange, method: str, path: str, body: bytes | None = None, *, errand: Errand = NO_ERRAND
    ) -> bytes:
        self.asked.append(path)
        return json.dumps(READ[path]).encode()

    async def end(self) -> None:
        pass


async def own(_: Exchange) -> tuple[Any, int]:
    return {"own": True}, 200


class Running:
    """A router as the gateway has it, or with a server's ``passed`` application, as inside vLLM."""

    def __init__(self, *, inside: bool, kept: tuple[str, ...] = ()) -> None:
        self.server = Server()
        self.passed: list[str] = []
        service = make_service(Policies(small_plan()), Settings.model_validate({}), self.server)
        answers = {routes.READY: own} if inside else {routes.READY: own, routes.HEALTH: own}
        self.router = Router(service, answers, passed=self._pass if inside else None, kept=kept, patience=False)

    async def _pass(self, scope: Any, receive: Any, send: Any) -> None:
        self.passed.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": SECRET.encode()})

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        return asyncio.run(self._ask(method, path))

    async def _ask(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []
        body = json.dumps(BODY if path != routes.COMPLETIONS else {**BODY, "prompt": "hi"}).encode()

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": ("127.0.0.1", 1)}
        await self.router(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:])


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("inside", [False, True], ids=["gateway", "vllm"])
@pytest.mark.parametrize(("route", "method"), EACH)
def test_an_entry_of_the_list_has_its_effect(route: Route, method: str, inside: bool) -> None:
    running, path = Running(inside=inside), re.sub(r"\{\w+\}", "m", route.path)  # a model that is listed
    status, headers, body = running.ask(method, path)
    reached = running.server.asked
    match route.treatment:
        case Treatment.GOVERNED:
            assert (status, reached[0]) == (200, path)
            assert "x-ordinance-policy" in headers
            assert "ordinance" in json.loads(body)
        case Treatment.READ:
            assert status == 200
            assert running.passed == []
        case Treatment.PASSED if inside:
            assert (running.passed, body) == ([path], SECRET.encode())
            return
        case Treatment.PASSED if path == routes.HEALTH:
            assert json.loads(body) == {"own": True}
        case _:
            assert status in (404, 405)
            assert (reached, running.passed) == ([], [])
    assert SECRET.encode() not in body


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("inside", [False, True], ids=["gateway", "vllm"])
def test_what_is_not_in_the_list_is_closed(inside: bool) -> None:
    running = Running(inside=inside)
    for method, path in (("POST", "/v1/new"), ("GET", routes.CHAT), ("PUT", routes.MODELS), ("HEAD", "/metrics")):
        assert running.ask(method, path)[0] in (404, 405)
    assert (running.server.asked, running.passed) == ([], [])


def changed(path: str, treatment: Treatment) -> tuple[Route, ...]:
    assert any(route.path == path for route in ROUTES)
    return tuple(replace(route, treatment=treatment) if route.path == path else route for route in ROUTES)


@pytest.mark.parametrize("inside", [False, True], ids=["gateway", "vllm"])
@pytest.mark.parametrize("path", GOVERNED)
def test_a_governed_route_that_the_list_closes_is_closed(
    path: str, inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ROUTES", changed(path, Treatment.CLOSED))
    assert Running(inside=inside).ask("POST", path)[0] == 404


def test_a_closed_route_that_the_list_passes_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", changed("/tokenize", Treatment.PASSED))
    assert Running(inside=True).ask("POST", "/tokenize")[2] == SECRET.encode()
    assert Running(inside=True, kept=("/tokenize",)).ask("POST", "/tokenize")[0] == 404
    assert Running(inside=False).ask("POST", "/tokenize")[0] == 404


@pytest.mark.parametrize("treatment", [Treatment.GOVERNED, Treatment.READ])
def test_no_server_comes_up_with_an_entry_that_it_cannot_carry_out(
    treatment: Treatment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ROUTES", changed("/v1/embeddings", treatment))
    with pytest.raises(LookupError, match="/v1/embeddings"):
        Running(inside=False)


def test_the_doctor_knows_each_governed_api() -> None:
    from ordinance.doctor.protocols.known import APIS

    assert tuple(api.path for api in APIS) == GOVERNED
