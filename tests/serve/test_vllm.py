"""Ordinance inside a server: a small application that looks like vLLM's, over real HTTP. The real one: tests/vllm."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from ordinance.protocol.routes import ROUTES, Treatment, is_listed, treatment
from ordinance.runtime.match.matcher import Match
from ordinance.runtime.rereading import matches_in
from ordinance.serve import account
from ordinance.serve.http.listener import listen
from ordinance.serve.vllm import Ordinance, _watermarked
from ordinance.trust.marks.verification import verify
from support.checkout import RULES
from support.desks import DESKS, two_desks
from support.judged_packs import FIRES, values
from support.judges import installed
from support.manners import house
from support.marked import PUBLIC, put_keys
from support.scripted_judge import JudgeServer
from support.serving import DONE, PATIENCE, LoopThread, chunk, completion, event
from support.waiting import until

CANARY = "ordinance-canary-86a-5d21e8"
KEY = {"authorization": "Bearer sk-inside"}
CHAT = "/v1/chat/completions"
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@dataclass
class Seen:
    """What the application inside was asked, and whether it was told to stop."""

    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


@dataclass
class Inner:
    """What it says: the pieces of a stream, or the text of a whole answer. ``endless``: it goes on until it is told to
    stop."""

    said: list[str] = field(default_factory=lambda: ["Good ", "day."])
    endless: bool = False
    status: int = 200
    seen: Seen = field(default_factory=Seen)

    async def chat(self, request: Request) -> Response:
        asked = await request.json()
        self.seen.asked.append((request.url.path + "?" + request.url.query, dict(request.headers), asked))
        if self.status != 200:
            return JSONResponse({"error": {"message": f"no, {CANARY}", "param": "seed"}}, self.status)
        if asked.get("stream"):
            return StreamingResponse(self._events(), media_type="text/event-stream")
        return JSONResponse(completion("".join(self.said)))

    async def _events(self) -> Any:
        try:
            for text in self.said:
                yield event(chunk(content=text))
                await asyncio.sleep(0)
            while self.endless:
                yield event(chunk(content=" on"))
                await asyncio.sleep(0.005)
            yield event(chunk(finish="stop"))
            yield DONE
        finally:
            self.seen.stopped.set()


async def models(_: Request) -> Response:
    return JSONResponse({"object": "list", "data": [{"id": "m", "secret": CANARY}]})


async def count(request: Request) -> Response:
    return JSONResponse({"input_tokens": len(str(await request.json())), "text": CANARY})


async def plain(_: Request) -> Response:
    return PlainTextResponse("inside")


class Locked:
    """What ``--api-key`` puts before vLLM's own routes, and inside every middleware of the operator's."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        guarded = scope["type"] == "http" and scope["path"].startswith("/v1")
        if guarded and headers.get(b"authorization") != KEY["authorization"].encode():
            await JSONResponse({"error": "Unauthorized"}, 401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@dataclass
class Args:
    allowed_origins: list[str] = field(default_factory=lambda: ["https://desk.example"])
    allow_credentials: bool = False
    allowed_methods: list[str] = field(default_factory=lambda: ["*"])
    allowed_headers: list[str] = field(default_factory=lambda: ["*"])
    enable_log_outputs: bool = False
    watermark_config: dict[str, Any] | None = None


async def realtime(websocket: Any) -> None:
    await websocket.accept()
    await websocket.send_text(CANARY)


def make_app(inner: Inner, more: list[BaseRoute] | None = None, *, locked: bool = False) -> Starlette:
    routes: list[BaseRoute] = [
        Route(CHAT, inner.chat, methods=["POST"]),
        Route("/invocations", inner.chat, methods=["POST"]),
        Route("/v1/models", models, methods=["GET"]),
        Route("/v1/messages/count_tokens", count, methods=["POST"]),
        Route("/health", plain, methods=["GET"]),
        Route("/tokenize", plain, methods=["POST"]),
        Route("/metrics", lambda _: PlainTextResponse("numbers"), methods=["GET"]),
        WebSocketRoute("/v1/realtime", realtime),
        *(more or []),
    ]
    stack = [Middleware(Ordinance), *([Middleware(Locked)] if locked else []), Middleware(CORSMiddleware)]
    app = Starlette(routes=routes, middleware=stack)
    app.state.args = Args()
    return app


Start = Callable[..., "Running"]


class Running:
    """The application on a free port."""

    def __init__(self, thread: LoopThread, app: Any, lifespan: str = "on") -> None:
        listener = listen("127.0.0.1", 0)
        self.address = listener.address
        config = uvicorn.Config(app, log_level="critical", access_log=False, ws="none", lifespan=lifespan)  # type: ignore[arg-type]
        self._server = uvicorn.Server(config)
        self._done = thread.begin(self._serve(listener.socket))
        while not self._server.started and not self._done.done():
            threading.Event().wait(0.01)

    async def _serve(self, listener: socket.socket) -> None:
        with closing(listener), suppress(SystemExit):  # so newer servers leave where they have not come up
            await self._server.serve([listener])

    @property
    def came_up(self) -> bool:
        return self._server.started

    def post(self, path: str = CHAT, asked: Any = None, **more: Any) -> httpx2.Response:
        return httpx2.post(self.address + path, json=asked or ASK, timeout=PATIENCE, trust_env=False, **more)

    def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return httpx2.request(method, self.address + path, timeout=PATIENCE, trust_env=False, **more)

    def stop(self) -> None:
        self._server.should_exit = True
        self._done.result(PATIENCE)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's settings; a server that sends no statistics."""
    file = tmp_path / "ordinance.yaml"
    file.write_text(f"jurisdiction: DE\nlocale: en\naudit: {tmp_path / 'audit'}\n")
    monkeypatch.setenv("ORDINANCE_CONFIG", str(file))
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "1")
    return file


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def start(loop_thread: LoopThread, config: Path, inner: Inner) -> Iterator[Start]:
    running: list[Running] = []

    def begin(more: list[BaseRoute] | None = None, *, locked: bool = False, lifespan: str = "on") -> Running:
        running.append(Running(loop_thread, make_app(inner, more, locked=locked), lifespan))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


def texts(stream: str) -> str:
    found = [json.loads(line[6:]) for line in stream.split("\n\n") if line.startswith("data: {")]
    return "".join(c["delta"].get("content") or "" for one in found for c in one["choices"])


# what is said


@pytest.mark.requirement("TR-1")
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_governed_as_the_gateway_governs_it(start: Start, inner: Inner, stream: bool) -> None:
    inner.said = ["Good morning. ", f"Our code is {CANARY[:12]}", f"{CANARY[12:]}. ", "Have a nice day."]
    answer = start().post(asked={**ASK, "stream": stream})
    assert answer.status_code == 200
    assert answer.headers["x-ordinance-policy"].startswith("DE@")
    assert CANARY[:12] not in answer.text
    said = texts(answer.text) if stream else answer.json()["choices"][0]["message"]["content"]
    assert "Good morning. Our code is ⟦…⟧. Have a nice day." in said
    assert said.count("section 86a") == 1
    assert said.startswith("You are interacting with an AI system.")
    lines = [line for line in answer.text.split("data: ") if '"ordinance"' in line]
    told = json.loads(lines[-1] if stream else answer.text)["ordinance"]
    assert told["adapters"] == [
        {"slot": "language", "value": "en", "state": "kept"},
        {"slot": "address", "value": "formal", "state": "cannot_tell"},
    ]


@pytest.mark.requirement("MK-1")
def test_an_answer_is_signed_here_too_and_vllm_s_own_watermark_is_told(
    inner: Inner, loop_thread: LoopThread, config: Path, tmp_path: Path
) -> None:
    """Under the rule of the European Union that answers are marked, which a German server has."""
    private, _ = put_keys(tmp_path)
    config.write_text(config.read_text() + f"mark: {{key_file: {private}, provider: Office}}\n")
    app = make_app(inner)
    app.state.args = Args(watermark_config={"key": 7})
    running = Running(loop_thread, app)
    try:
        for temperature, known in ((0, "skipped"), (0.5, "on")):
            asked = {**ASK, "stream": True, "temperature": temperature, "watermarking": False}
            answer = running.post(asked=asked)
            verified, found = verify(answer.content, "answer", [PUBLIC], datetime.now(UTC))
            assert (found, verified and verified.provider) == ([], "Office")
            assert f'"watermark":"{known}"' in answer.text
            assert "watermarking" not in inner.seen.asked[-1][2]
        state = running.ask("GET", "/ready").json()["marks"]
        assert (state["watermark"], len(state["key"])) == ("on", 64)
    finally:
        running.stop()
    assert [_watermarked(each) for each in (None, object(), Args(), Args(watermark_config={}))] == [
        None,
        False,
        False,
        True,
    ]


@pytest.mark.semantics(7)
def test_a_refused_answer_tells_the_server_to_stop(start: Start, inner: Inner) -> None:
    red = red_lines()[0]
    inner.said, inner.endless = ["Take ", red, " now."], True
    answer = start().post(asked={**ASK, "stream": True})
    assert '"finish_reason":"content_filter"' in answer.text
    assert red not in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")
    assert inner.seen.stopped.wait(PATIENCE), "the model goes on for nobody"


@pytest.mark.semantics(27)
@pytest.mark.semantics(28)
def test_the_model_reads_no_old_red_line_and_none_of_our_words(start: Start, inner: Inner) -> None:
    told = "You are interacting with an AI system. Legal basis: AI Act, Article 50(1)."
    asked = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": f"{told}\n\nHello ⟦…⟧."}]
    bad = [{"role": "user", "content": red_lines()[0]}, {"role": "assistant", "content": "No."}]
    now = {"role": "user", "content": "Sorry. And now?"}
    answer = start().post(asked={**ASK, "messages": [*asked, *bad, now]}).json()
    (_, _, body) = inner.seen.asked[-1]
    assert [message for message in body["messages"] if message["role"] != "system"] == [
        asked[0], {"role": "assistant", "content": "Hello …."}, now
    ]  # fmt: skip
    assert answer["ordinance"]["history"]["left_out"] == 1
    # The store remembers no such conversation, so what the client claims was told before is told.
    assert answer["choices"][0]["message"]["content"].startswith(f"{told}\n\nGood day.\n\nThe model did not read")


def test_each_key_has_the_rules_of_its_own_houses(start: Start, config: Path, tmp_path: Path) -> None:
    values = two_desks(tmp_path, pupil={"houses": ["school"]}, clerk={"houses": ["ministry"]}, guest={})
    values |= {"packs": [str(path) for path in values["packs"]], "audit": str(tmp_path / "audit"), "locale": "en"}
    config.write_text(json.dumps(values))
    running = start()
    told, policies = {}, set()
    for name in ("pupil", "clerk", "guest"):
        answer = running.post(headers={"authorization": f"Bearer {name}"})
        told[name] = answer.json()["choices"][0]["message"]["content"]
        policies.add(answer.headers["x-ordinance-policy"])
    assert told == {
        "pupil": f"{DESKS['school']}\n\nGood day.",
        "clerk": f"{DESKS['ministry']}\n\nGood day.",
        "guest": "Good day.",
    }
    assert len(policies) == 3
    assert running.post(headers={"authorization": "Bearer nobody"}).status_code == 401


def red_lines() -> list[str]:
    folder = RULES / "charter" / "lexicons"
    return [
        line.strip()
        for file in sorted(folder.iterdir())
        for line in file.read_text("utf-8").splitlines()
        if "canary" in line and not line.startswith("#")
    ]


def test_a_history_is_looked_at_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def look(*given: Any) -> list[Match]:
        looked_at.append(given[2])
        return matches_in(*given)

    monkeypatch.setattr("ordinance.runtime.prompt.matches_in", look)
    server, said = start(), [{"role": "user", "content": "What a day."}]
    for turn in ("Good day.", "And what a night.", "Good night."):
        server.post(asked={"model": "m", "messages": said})
        said = [*said, {"role": "assistant", "content": "Fine."}, {"role": "user", "content": turn}]
    assert [text for text in looked_at if "day" in text or "night" in text] == [
        "What a day.", "Good day.", "And what a night."
    ]  # fmt: skip


@pytest.mark.requirement("RL-1")
@pytest.mark.parametrize("stream", [False, True])
def test_a_judge_is_asked_as_the_gateway_asks_it(
    start: Start, inner: Inner, config: Path, tmp_path: Path, stream: bool
) -> None:
    judge = JudgeServer(seconds=2.0)
    try:
        log = tmp_path / "audit"
        config.write_text(json.dumps(values(tmp_path, installed(tmp_path), judge, audit=str(log))))
        running = start()
        inner.said = ["The first sentence is fine. ", f"The second has {FIRES}. ", "The third is never said."]
        answer = running.post(asked={**ASK, "stream": stream})
        assert FIRES not in answer.text
        assert "The third" not in answer.text
        assert '"red_line"' in answer.text
        asked = {"model": "m", "messages": [{"role": "user", "content": f"Please {FIRES}"}], "stream": stream}
        assert '"red_line"' in running.post(asked=asked).text
        judge.fault = "prose"
        inner.said = ["A fine day."]
        failed = running.post(asked={"model": "m", "messages": [{"role": "user", "content": "And now?"}]})
        assert "A fine day" not in failed.text
        (said,) = running.ask("GET", "/ready").json()["judges"]
        assert said["faults"]["unreadable"] > 0
    finally:
        judge.stop()
    running.stop()
    assert [json.loads(line).get("judge_faults") for line in log.read_text().splitlines()][-1] == ["unreadable"]


@pytest.mark.semantics(7)
def test_a_refused_prompt_never_reaches_the_server(start: Start, inner: Inner) -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": red_lines()[0]}]}
    answer = start().post(asked=asked)
    assert answer.json()["choices"][0]["finish_reason"] == "content_filter"
    assert inner.seen.asked == []


@pytest.mark.parametrize("stream", [False, True])
def test_without_a_record_that_is_required_the_model_is_not_asked(
    start: Start, inner: Inner, config: Path, tmp_path: Path, stream: bool
) -> None:
    log = tmp_path / "full"
    log.symlink_to("/dev/full")
    config.write_text(f"jurisdiction: DE\nlocale: en\naudit: {{path: {log}, required: true}}\n")
    running = start()
    answer = running.post(asked={**ASK, "stream": stream})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "audit_unavailable")
    assert inner.seen.asked == []
    log.unlink()
    assert running.post(asked={**ASK, "stream": stream}).status_code == 200
    assert len(inner.seen.asked) == 1
    running.stop()
    refused, begun, ended = map(json.loads, log.read_text().splitlines())
    assert [each["event"] for each in (refused, begun, ended)] == ["end", "begin", "end"]
    assert ended["model"] == "m", "the server inside lists it"


def test_a_client_that_goes_stops_the_server(start: Start, inner: Inner) -> None:
    inner.endless = True
    running = start()
    with httpx2.stream(
        "POST", running.address + CHAT, json={**ASK, "stream": True}, timeout=PATIENCE, trust_env=False
    ) as answer:
        next(answer.iter_bytes())
    assert inner.seen.stopped.wait(PATIENCE)


def test_an_error_of_the_servers_passes_as_a_status_and_no_text(start: Start, inner: Inner) -> None:
    inner.status = 400
    answer = start().post()
    assert answer.status_code == 400
    assert CANARY not in answer.text
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == ("upstream_refused", "seed")


@pytest.mark.parametrize("stream", [False, True])
def test_an_application_that_raises_is_told_without_its_words(
    start: Start, inner: Inner, capfd: pytest.CaptureFixture[str], stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Inner, request: Request) -> Response:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(Inner, "chat", broken)
    answer = start().post(asked={**ASK, "stream": stream})
    assert answer.status_code == 502
    told = capfd.readouterr().err
    assert CANARY not in answer.text + told
    assert "RuntimeError at" in told


# what reaches the server


@pytest.mark.requirement("CC-1")
def test_nothing_but_the_governed_body_reaches_the_server(start: Start, inner: Inner) -> None:
    sent = {
        "x-request-id": "mine", "x-data-parallel-rank": "3", "cookie": "a=b", "content-encoding": "identity",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }  # fmt: skip
    asked = {**ASK, "vllm_xargs": {"ordinance": "off"}, "chat_template": "{{ 1 }}"}
    assert start().post(CHAT + "?rank=3", asked, headers={**sent, **KEY}).status_code == 200
    ((path, headers, body),) = inner.seen.asked
    assert path == CHAT + "?"
    assert {"host", "authorization", "content-type", "content-length", "traceparent", "user-agent", "accept"} >= {
        *headers
    }
    assert int(headers["content-length"]) == len(json.dumps(body, separators=(",", ":")).encode())
    assert body["messages"].pop(0)["role"] == "system", "how to speak (docs/adapters.md), before what the client said"
    assert body == ASK


def test_a_trace_that_is_not_well_formed_does_not_reach_the_server(start: Start, inner: Inner) -> None:
    sent = {"traceparent": "words of a client", "tracestate": "a=words", **KEY}
    assert start().post(CHAT, ASK, headers=sent).status_code == 200
    assert not {"traceparent", "tracestate"} & set(inner.seen.asked[0][1])


def test_numbers_are_on_their_own_address_and_not_in_the_servers(
    start: Start, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config.write_text(f"{config.read_text()}metrics: {{port: 0}}\n")
    with told(capfd) as said:
        server = start()
        assert server.post(CHAT, ASK, headers=KEY).status_code == 200
    address = said[0].partition("metrics are at ")[2].partition("\n")[0]
    answered = 'ordinance_answers_total{jurisdiction="DE",verdict="disclose",api="chat/completions"} 1'
    until(lambda: answered in httpx2.get(address, trust_env=False).text)
    assert server.ask("GET", "/metrics").text == "numbers"
    server.stop()
    until(lambda: not answers(address))  # what a middleware does last is not waited for


def answers(address: str) -> bool:
    try:
        return httpx2.get(address, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages/count_tokens"])
def test_parts_that_are_not_text_are_the_operators_to_take(
    start: Start, inner: Inner, config: Path, path: str, taken: bool
) -> None:
    if taken:
        config.write_text(config.read_text() + "parts: [image]\n")
    running = start()
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    part = PICTURE if path == CHAT else {"type": "image", "source": source}
    address = {"type": "image_url", "image_url": {"url": "http://10.0.0.1/x.png"}}
    statuses = [
        running.post(path, {"model": "m", "messages": [{"role": "user", "content": [each]}]}).status_code
        for each in (part, address)
    ]
    assert statuses == [200 if taken else 400, 400]
    assert len(inner.seen.asked) == (taken and path == CHAT)


@pytest.mark.parametrize("kind", ["text/plain", None])
def test_a_page_of_another_site_does_not_ask_the_model(start: Start, inner: Inner, kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = start().ask("POST", CHAT, content=json.dumps(ASK).encode(), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "media_type")
    assert inner.seen.asked == []


# doors


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/invocations"), ("POST", "/tokenize"), ("GET", "/nothing"), ("POST", "/v1/chat/completions/"),
        ("POST", "//v1/chat/completions"), ("POST", "/V1/chat/completions"), ("POST", "/v1%2fchat/completions"),
        ("GET", "/metrics/below"), ("PUT", "/v1/models"), ("POST", "/v1/responses/resp_1/cancel"),
        ("OPTIONS", "/tokenize"), ("GET", "/docs"), ("DELETE", "/health"),
    ],
)  # fmt: skip
def test_what_is_not_listed_as_open_is_closed(start: Start, inner: Inner, method: str, path: str) -> None:
    answer = start().ask(method, path, json=ASK)
    assert answer.status_code in (404, 405)
    assert answer.json()["error"]["code"] in ("closed_door", "method_not_allowed")
    assert "inside" not in answer.text
    assert inner.seen.asked == []


def test_what_can_carry_no_text_passes_and_small_answers_are_read(start: Start) -> None:
    running = start()
    assert running.ask("GET", "/health").text == "inside"
    assert running.ask("GET", "/metrics").text == "numbers"
    assert running.ask("GET", "/v1/models").json() == {
        "object": "list", "data": [{"id": "m", "object": "model", "created": 0, "owned_by": ""}]
    }  # fmt: skip
    counted = running.ask("POST", "/v1/messages/count_tokens", json={**ASK, "unknown": "x" * 1000}).json()
    assert counted == {"input_tokens": len(str(ASK))}
    ready = running.ask("GET", "/ready").json()
    assert ready["policy"].startswith("DE@")
    assert ready["server"]["usage_statistics"] is False


@pytest.mark.semantics(16)
def test_an_operator_can_close_what_passes(start: Start, config: Path) -> None:
    config.write_text(config.read_text() + "vllm:\n  closed_routes: [/metrics]\n")
    running = start()
    assert running.ask("GET", "/metrics").status_code == 404
    assert running.ask("GET", "/health").text == "inside"


def test_a_websocket_is_closed(start: Start) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", int(running.address.rpartition(":")[2])), PATIENCE) as client:
        client.sendall(
            b"GET /v1/realtime HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert b" 101 " not in client.recv(65536)

    async def ask() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await Ordinance(plain)({"type": "websocket", "path": "/v1/realtime", "headers": []}, receive, send)  # type: ignore[arg-type]
        return sent

    assert asyncio.run(ask()) == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    "path",
    [CHAT, "/invocations", "/tokenize", "/nothing", "/v1/models", "/ready", "/v1/responses/x", "/v1%2fmodels", "/%00"],
)
@pytest.mark.parametrize("key", [None, "Bearer wrong", "sk-inside"])
def test_without_the_servers_key_nothing_is_learnt(start: Start, inner: Inner, path: str, key: str | None) -> None:
    running = start(locked=True)
    harmless = {**ASK, "stream": True}
    refused = {"model": "m", "messages": [{"role": "user", "content": red_lines()[0]}]}
    headers = {} if key is None else {"authorization": key}
    answers = [running.ask("POST", path, json=asked, headers=headers) for asked in (harmless, refused)]
    answers.append(running.ask("POST", path, content=b"{", headers=headers))
    for answer in answers:
        assert answer.status_code == 401
        assert not [name for name in answer.headers if name.startswith("x-ordinance")]
    assert len({answer.text for answer in answers}) == 1
    assert inner.seen.asked == []


def test_with_the_servers_key_the_doors_are_those(start: Start) -> None:
    running = start(locked=True)
    assert running.post(headers=KEY).status_code == 200
    assert running.post(headers={"x-api-key": "sk-inside"}).status_code == 200, "as clients of the Messages API send it"
    assert running.post("/invocations", headers=KEY).status_code == 404


def test_pages_that_the_server_lets_read_may_read_what_is_ours(start: Start) -> None:
    running = start()
    origin = {"origin": "https://desk.example"}
    assert running.post(headers=origin).headers["access-control-allow-origin"] == origin["origin"]
    closed = running.post("/nothing", headers=origin)
    assert (closed.status_code, closed.headers["access-control-allow-origin"]) == (404, origin["origin"])
    assert "access-control-allow-origin" not in running.post(headers={"origin": "https://other.example"}).headers
    asking = {**origin, "access-control-request-method": "POST"}
    assert running.ask("OPTIONS", CHAT, headers=asking).status_code == 200


# coming up


@contextmanager
def told(capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    found: list[str] = []
    capfd.readouterr()
    yield found
    found.append(capfd.readouterr().err)


def test_a_policy_that_does_not_load_stops_the_server(
    start: Start, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config.write_text("jurisdiction: XX\n")
    with told(capfd) as said:
        assert not start().came_up
    assert "ordinance: error[situation]" in said[0]
    assert "help:" in said[0]
    assert "Traceback" not in said[0]


def test_that_no_law_applies_is_told(start: Start, config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = "ordinance: no jurisdiction: only the charter applies; set `jurisdiction`, such as AE\n"
    for text, there in (("locale: de-DE\n", True), ("jurisdiction: DE\n", False)):
        config.write_text(text)
        with told(capfd) as said:
            assert start().came_up
        assert (line in said[0]) is there


def test_the_pack_of_a_jurisdiction_that_is_not_named_is_pointed_at(
    start: Start, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who names a house names all packs, and has to find the one that ships."""
    shipped = RULES
    config.write_text(f"jurisdiction: EE\npacks: [{shipped / 'languages'}]\n")
    with told(capfd) as said:
        assert not start().came_up
    assert f"It ships: name {shipped / 'jurisdictions' / 'EE'} in `packs` too." in said[0]


def test_settings_that_are_wrong_stop_the_server(start: Start, config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config.write_text("jurisdicton: DE\n")
    with told(capfd) as said:
        assert not start().came_up
    assert "did you mean 'jurisdiction'?" in said[0]


def test_usage_statistics_stop_the_server(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VLLM_NO_USAGE_STATS")
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with told(capfd) as said:
        assert not start().came_up
    assert "VLLM_NO_USAGE_STATS=1" in said[0]


def test_a_route_that_nobody_knows_stops_the_server_until_it_is_acknowledged_and_is_closed_then(
    start: Start, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    more = [Route("/v1/more", plain, methods=["POST"]), Mount("/tools", app=PlainTextResponse("inside"))]
    with told(capfd) as said:
        assert not start(more).came_up
    assert "ANY /tools, POST /v1/more" in said[0]
    assert "vllm.closed_routes: [/tools, /v1/more]" in said[0]
    config.write_text(config.read_text() + "vllm: {closed_routes: [/tools, /v1/more]}\n")
    running = start(more)
    assert running.came_up
    for path in ("/v1/more", "/tools", "/tools/x"):
        assert running.post(path).status_code == 404


def test_a_version_that_nobody_looked_at_stops_the_server(
    start: Start, config: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(account, "installed_version", lambda: "0.99.1")
    with told(capfd) as said:
        assert not start().came_up
    assert "0.99.1" in said[0]
    assert account.RANGE in said[0]
    config.write_text(config.read_text() + "vllm: {other_version: true}\n")
    assert start().came_up


@pytest.mark.parametrize(
    ("version", "fits"),
    [("0.32.0+cpu", True), ("0.18.0", True), ("0.17.9", False), ("0.33.0", False), ("1.0", False), ("dev", False)],
)
def test_versions(version: str, fits: bool) -> None:
    assert account.is_supported(version) is fits


@pytest.mark.requirement("PR-1")
def test_a_server_that_would_log_what_is_said_does_not_come_up(
    start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Args, "enable_log_outputs", True)
    monkeypatch.setattr(Args, "__init__", lambda self: None)
    monkeypatch.setenv("VLLM_DEBUG_LOG_API_SERVER_RESPONSE", "1")
    with told(capfd) as said:
        assert not start().came_up
    assert "--enable-log-outputs" in said[0]
    assert "VLLM_DEBUG_LOG_API_SERVER_RESPONSE" in said[0]


def test_a_defect_at_the_start_stops_the_server(
    start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("ordinance.serve.vllm.policies_of", broken)
    with told(capfd) as said:
        assert not start().came_up
    assert "RuntimeError at" in said[0]


def test_a_server_that_does_not_speak_of_its_life_begins_with_the_first_request(start: Start, config: Path) -> None:
    assert start(lifespan="off").post().status_code == 200
    config.write_text("jurisdiction: XX\n")
    running = start(lifespan="off")
    for path in (CHAT, "/health", "/metrics", "/nothing"):
        assert running.post(path).status_code == 503, "nothing is open while nothing is governed"


# the list


def test_every_door_is_listed_once_with_a_reason() -> None:
    doors = [(method, route.path) for route in ROUTES for method in route.methods]
    assert len(doors) == len(set(doors))
    assert all(route.why for route in ROUTES)
    assert treatment("POST", "/invocations") is Treatment.CLOSED
    assert treatment("POST", "/anything") is Treatment.CLOSED
    assert is_listed("/v1/responses/{response_id}", "GET")
    assert not is_listed("/v1/responses/{response_id}", "PUT")


# an answer that is asked for once more


class Corrected(Inner):
    """Says the first of ``said``, then the second."""

    async def chat(self, request: Request) -> Response:
        self.seen.asked.append((request.url.path, dict(request.headers), await request.json()))
        return JSONResponse(completion(self.said[len(self.seen.asked) - 1]))


@pytest.mark.semantics(46)
@pytest.mark.parametrize("inner", [Corrected(["Wie geht es dir heute?", "Wie geht es Ihnen heute?"])])
def test_an_answer_that_was_not_spoken_as_asked_is_asked_for_once_more(
    start: Start, inner: Inner, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "house").mkdir()
    pack = house("address formal", "on miss ask once more", name="desk")
    (tmp_path / "house" / "desk.ord").write_text(pack, "utf-8")
    packs = [str(tmp_path / "house"), *(str(RULES / each) for each in ("charter", "jurisdictions", "languages"))]
    config.write_text(config.read_text("utf-8") + f"packs: {json.dumps(packs)}\n", "utf-8")
    answer = start().post(headers={"x-ordinance-locale": "de"}).json()
    assert "Wie geht es Ihnen heute?" in answer["choices"][0]["message"]["content"]
    assert answer["ordinance"]["asked_again"] == {"released": "second"}
    first, second = (json.dumps(asked, ensure_ascii=False) for _, _, asked in inner.seen.asked)
    assert (first.count("„Sie“"), second.count("„Sie“")) == (1, 2)


@pytest.mark.semantics(44)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("inner", [Inner(["Die Stra", "ße ist 1.2", "34,5 km lang."])])
def test_an_answer_is_rewritten_here_too(
    start: Start, inner: Inner, config: Path, tmp_path: Path, stream: bool
) -> None:
    (tmp_path / "house").mkdir()
    slots = ("language de-CH", "spelling de-CH", "numbers de-CH", "rewrite spelling, numbers")
    (tmp_path / "house" / "desk.ord").write_text(house(*slots, name="desk"), "utf-8")
    packs = [str(tmp_path / "house"), *(str(RULES / each) for each in ("charter", "jurisdictions", "languages"))]
    config.write_text(config.read_text("utf-8") + f"packs: {json.dumps(packs)}\n", "utf-8")
    answer = start().post(asked={**ASK, "stream": stream})
    said = texts(answer.text) if stream else answer.json()["choices"][0]["message"]["content"]
    assert "Die Strasse ist 1'234.5 km lang." in said
    assert "ß" not in answer.text
    assert answer.text.count('"state":"rewritten"') == 2
