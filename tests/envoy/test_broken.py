"""What an operator breaks, or what breaks for them: each request ends closed, others go on, and the doctor names what
fails open. See also ``test_closed.py``."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from envoy.extensions.filters.http.ext_proc.v3.processing_mode_pb2 import ProcessingMode
from envoy.service.ext_proc.v3 import external_processor_pb2 as messages

from ordinance.protocol.routes import CHAT, READY
from support.asking import body
from support.commands import run_here
from support.envoys import Envoy, OpenEnvoy, OpenExtProc, cluster_in, filter_in, manager_in
from support.ports import free_port
from support.serving import DONE, PATIENCE, LoopThread, ScriptedUpstream, Wire, chunk, event, say
from support.small_plan import FORBIDDEN, SENTENCE

PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
#: What a test looks for where it must not be.
CANARY = "ordinance-canary-broken"
UNGOVERNED = f"Yes. {SENTENCE} Bye."


def asked(envoy: Envoy, *, stream: bool) -> tuple[int, str]:
    """The status, 0 if there was none, and all that a client reads."""
    status, text = 0, b""
    try:
        with (
            httpx2.Client(timeout=PATIENCE * 2, trust_env=False) as client,
            client.stream("POST", envoy.address + CHAT, json=body(CHAT, stream=stream)) as reply,
        ):
            status = reply.status_code
            for piece in reply.iter_raw():
                text += piece
    except (httpx2.RemoteProtocolError, httpx2.ReadError):
        pass
    return status, text.decode()


def is_closed(envoy: Envoy) -> None:
    for stream in (False, True):
        status, text = asked(envoy, stream=stream)
        assert status in (0, 500, 503, 504), (status, text)
        assert "Yes." not in text
        assert FORBIDDEN not in text


@pytest.fixture(autouse=True)
def says_what_is_withheld(upstream: ScriptedUpstream) -> None:
    upstream.script = say(UNGOVERNED, range(2, len(UNGOVERNED), 3))


# another service than Ordinance, as a stand-in for one that is broken

Serve = Callable[[Any, Any], Awaitable[None]]


@pytest.fixture
def open_stand_in(loop_thread: LoopThread) -> Iterator[Callable[[Serve], int]]:
    """Starts a service that reads and writes bytes, not messages; its port."""
    running: list[grpc.aio.Server] = []

    def start(serve: Serve) -> int:
        handler = grpc.stream_stream_rpc_method_handler(serve)
        service, method = PROCESS.lstrip("/").split("/")
        port = free_port()

        async def begin() -> None:
            server = grpc.aio.server()
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
            server.add_insecure_port(f"127.0.0.1:{port}")
            await server.start()
            running.append(server)

        loop_thread.run(begin())
        return port

    yield start
    for server in running:
        loop_thread.run(server.stop(0))


def _impatient(config: dict[str, Any]) -> None:
    del cluster_in(config, "ordinance")["health_checks"]
    manager_in(config)["stream_idle_timeout"] = "1s"


def test_what_is_no_protobuf(open_envoy: OpenEnvoy, open_stand_in: Callable[[Serve], int]) -> None:
    async def babble(_: AsyncIterator[bytes], context: Any) -> None:
        await context.read()
        await context.write(b"\xff\xff no message")
        while await context.read() is not grpc.aio.EOF:
            pass

    is_closed(open_envoy(open_stand_in(babble), _impatient))


def test_a_service_that_takes_everything_and_never_answers(
    open_envoy: OpenEnvoy, open_stand_in: Callable[[Serve], int], upstream: ScriptedUpstream
) -> None:
    async def listen(_: AsyncIterator[bytes], context: Any) -> None:
        while await context.read() is not grpc.aio.EOF:
            pass

    is_closed(open_envoy(open_stand_in(listen), _impatient))
    assert upstream.asked == []


@pytest.mark.parametrize("code", [grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_stream_that_is_reset_at_once(
    open_envoy: OpenEnvoy, open_stand_in: Callable[[Serve], int], code: grpc.StatusCode
) -> None:
    async def reset(_: AsyncIterator[bytes], context: Any) -> None:
        await context.abort(code)

    is_closed(open_envoy(open_stand_in(reset), _impatient))


# Ordinance itself


def test_a_defect_in_the_middle_of_an_answer_resets_the_stream(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream, capfd: pytest.CaptureFixture[str]
) -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content=f"Yes. It is fine. Look at the {FORBIDDEN[:4]}")))
        await wire.until_gone()

    port = free_port()
    running = open_ext_proc(port)
    doors = running.made._processor._app

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        begun, sent = asyncio.Event(), 0

        async def send_some(message: Any) -> None:
            nonlocal sent
            sent += 1
            if sent > 2:
                await asyncio.Event().wait()
            await send(message)
            if sent == 2:
                begun.set()

        serving = asyncio.ensure_future(doors(scope, receive, send_some))
        await begun.wait()
        serving.cancel()
        raise RuntimeError(CANARY)

    envoy = open_envoy(port)
    envoy.until_processor()
    running.made._processor._app, before = fails, upstream.script
    upstream.script = script
    status, text = asked(envoy, stream=True)
    upstream.script = before
    assert FORBIDDEN[:4] not in text
    assert "[DONE]" not in text
    assert status in (0, 200)
    running.made._processor._app = doors
    assert "[DONE]" in asked(envoy, stream=True)[1], "the next request is served"
    assert CANARY not in capfd.readouterr().err


@pytest.mark.parametrize(
    "sent", [b"\xff\xff " + CANARY.encode(), b"", CANARY.encode() * 300_000], ids=["no message", "empty", "too large"]
)
def test_a_wrong_message_to_ordinance_ends_its_stream_alone(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    open_ext_proc(port)
    envoy = open_envoy(port)
    envoy.until_processor()
    capfd.readouterr()
    assert [each.immediate_response.status.code for each in said_to(port, sent)] == ([] if sent else [503])
    assert asked(envoy, stream=False)[0] == 200
    log = capfd.readouterr().err
    assert CANARY not in log
    assert "Traceback" not in log


def said_to(port: int, *sent: bytes) -> list[messages.ProcessingResponse]:
    """What Ordinance says to whoever speaks as Envoy."""
    said: list[messages.ProcessingResponse] = []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, suppress(grpc.RpcError):
        for each in channel.stream_stream(PROCESS)(iter(sent), timeout=PATIENCE):
            said.append(messages.ProcessingResponse.FromString(each))
    return said


@pytest.mark.parametrize("phase", ["response_body", "request_body", "request_trailers"])
def test_a_stream_that_begins_in_another_place_is_refused(open_ext_proc: OpenExtProc, phase: str) -> None:
    """Whoever speaks as Envoy gets an error in place of an answer, and no word of what they sent."""
    port = free_port()
    open_ext_proc(port)
    first = messages.ProcessingRequest()
    getattr(first, phase).SetInParent()
    if phase.endswith("body"):
        getattr(first, phase).body = UNGOVERNED.encode()
    (reply,) = said_to(port, first.SerializeToString())
    assert reply.WhichOneof("response") == "immediate_response"
    assert reply.immediate_response.status.code >= 500
    assert FORBIDDEN.encode() not in reply.SerializeToString()


# the model server


def test_a_server_asked_for_its_models_alone_is_at_ready_and_not_in_the_log(
    open_ext_proc: OpenExtProc, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    open_ext_proc(port, upstream={"url": f"http://127.0.0.1:{free_port()}"})
    duplex = ProcessingMode.FULL_DUPLEX_STREAMED
    modes = messages.ProtocolConfiguration(request_body_mode=duplex, response_body_mode=duplex)
    first = messages.ProcessingRequest(protocol_config=modes)
    for name, value in ((":method", "GET"), (":path", READY), (":authority", "localhost"), (":scheme", "http")):
        first.request_headers.headers.headers.add(key=name, raw_value=value.encode())
    first.request_headers.end_of_stream = True
    replied = threading.Event()

    def says() -> Iterator[bytes]:
        yield first.SerializeToString()
        replied.wait(PATIENCE)  # a stream that ends is a client that is gone

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        reply = messages.ProcessingResponse.FromString(next(channel.stream_stream(PROCESS)(says(), timeout=PATIENCE)))
        replied.set()
    assert json.loads(reply.immediate_response.body)["upstream"] == "unreachable"
    assert "the model server" not in capfd.readouterr().err, "requests reach it through Envoy, which watches it"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_server_that_breaks_off(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        await wire.head(kind="text/event-stream" if stream else "application/json")
        await wire.send(event(chunk(content=f"Yes. Look at the {FORBIDDEN[:4]}")) if stream else b'{"id": "x", "choi')
        wire.break_off()

    upstream.script = script
    port = free_port()
    open_ext_proc(port)
    envoy = open_envoy(port)
    envoy.until_processor()
    status, text = asked(envoy, stream=stream)
    assert FORBIDDEN[:4] not in text
    assert "[DONE]" not in text
    assert status in ((0, 200, 502) if stream else (0, 502))


def test_a_message_of_the_model_servers_beyond_the_limit(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream
) -> None:
    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Yes. " + "long " * 40_000)), event(chunk(finish="stop")), DONE)

    upstream.script = script
    port = free_port()
    open_ext_proc(port, limits={"event_bytes": 10_000})
    envoy = open_envoy(port)
    envoy.until_processor()
    _, text = asked(envoy, stream=True)
    assert "long long" not in text


# Envoy is told to fail open


def _fails_open(config: dict[str, Any]) -> None:
    filter_in(config)["failure_mode_allow"] = True


def _observes(config: dict[str, Any]) -> None:
    filter_in(config)["observability_mode"] = True
    for name in ("request", "response"):
        filter_in(config)["processing_mode"] |= {f"{name}_body_mode": "STREAMED", f"{name}_trailer_mode": "SKIP"}


@pytest.mark.parametrize(("change", "named"), [(_fails_open, "failure_mode_allow"), (_observes, "observability_mode")])
def test_the_doctor_names_what_fails_open_in_what_a_real_envoy_shows(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, tmp_path: Path, change: Callable[[dict[str, Any]], None],
    named: str,
) -> None:  # fmt: skip
    """Nothing that Ordinance does can close these: so they are seen to be open, and found."""
    nobody, port = free_port(), free_port()
    open_ext_proc(port)
    opened = open_envoy(nobody if change is _fails_open else port, change)
    assert FORBIDDEN in asked(opened, stream=False)[1]
    dump = tmp_path / "dump.json"
    dump.write_text(opened.asks_admin("/config_dump"), "utf-8")
    assert json.loads(dump.read_text("utf-8"))["configs"]
    done = run_here("doctor", "--envoy", dump)
    assert done.returncode == 1
    assert named in done.stdout
    dump.write_text(open_envoy(nobody).asks_admin("/config_dump"), "utf-8")
    done = run_here("doctor", "--envoy", dump)
    assert (done.returncode, named in done.stdout) == (0, False), done.stdout
