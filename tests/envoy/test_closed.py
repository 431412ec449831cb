"""Each way in which Envoy and Ordinance can fail each other ends without an ungoverned byte outside: the model server
says what the law withholds, and no client reads it."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from envoy.service.ext_proc.v3 import external_processor_pb2 as messages
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as calls

from support.commands import command, environment
from support.envoys import Change, Envoy, OpenEnvoy, OpenExtProc, cluster_in, filter_in, manager_in
from support.ports import free_port
from support.serving import DONE, PATIENCE, LoopThread, ScriptedUpstream, Wire, chunk, event, say
from support.small_plan import FORBIDDEN, SENTENCE
from support.waiting import until

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
#: Of the model's answer; a governed one has the words around it alone.
UNGOVERNED = f"Yes. {SENTENCE} Bye."


def asked(envoy: Envoy, **fields: Any) -> tuple[int, str]:
    """The status and all that a client reads; 0 where the connection broke before an answer, or in its middle."""
    status, text = 0, b""
    try:
        with (
            httpx2.Client(timeout=PATIENCE * 2, trust_env=False) as client,
            client.stream("POST", f"{envoy.address}/v1/chat/completions", json=ASK | fields) as reply,
        ):
            status = reply.status_code
            for piece in reply.iter_raw():
                text += piece
    except (httpx2.RemoteProtocolError, httpx2.ReadError):
        return 0, text.decode()
    return status, text.decode()


def is_closed(envoy: Envoy, *statuses: int) -> None:
    """Whether a client gets no answer, streamed or not, and reads nothing of the model's."""
    for stream in (False, True):
        status, text = asked(envoy, stream=stream)
        assert status in (statuses or (500, 503, 0)), (status, text)
        assert FORBIDDEN not in text
        assert "Yes." not in text


@pytest.fixture(autouse=True)
def says_what_is_withheld(upstream: ScriptedUpstream) -> None:
    upstream.script = say(UNGOVERNED, range(2, len(UNGOVERNED), 3))


def test_these_tests_would_see_an_ungoverned_answer(open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc) -> None:
    def without_filter(config: dict[str, Any]) -> None:
        del manager_in(config)["http_filters"][0]

    port = free_port()
    open_ext_proc(port)
    governed, ungoverned = open_envoy(port), open_envoy(port, without_filter)
    governed.until_processor()
    for stream in (False, True):
        status, text = asked(governed, stream=stream)
        assert (status, FORBIDDEN in text, "Yes." in text) == (200, False, not stream or "Yes" in text)
    assert FORBIDDEN in asked(ungoverned)[1]


# Ordinance fails Envoy


def test_nobody_listens(open_envoy: OpenEnvoy, upstream: ScriptedUpstream) -> None:
    is_closed(open_envoy(free_port()))
    assert upstream.asked == []


def test_the_client_cannot_be_made(open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc) -> None:
    """The cluster is there and has no endpoint; or what is there does not speak HTTP/2."""

    def empty(config: dict[str, Any]) -> None:
        cluster_in(config, "ordinance")["load_assignment"]["endpoints"] = []

    def http1(config: dict[str, Any]) -> None:
        cluster = cluster_in(config, "ordinance")
        del cluster["typed_extension_protocol_options"], cluster["health_checks"]

    port = free_port()
    open_ext_proc(port)
    for change in (empty, http1):
        is_closed(open_envoy(port, change))


def test_somebody_else_listens(open_envoy: OpenEnvoy) -> None:
    """What answers there is no gRPC at all."""

    def no_checks(config: dict[str, Any]) -> None:
        del cluster_in(config, "ordinance")["health_checks"]

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)

        def babble() -> None:
            for _ in range(2):
                taken, _ = server.accept()
                taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                taken.close()

        thread = threading.Thread(target=babble, daemon=True)
        thread.start()
        is_closed(open_envoy(server.getsockname()[1], no_checks))


def test_it_is_not_ready_and_the_health_check_says_so(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, upstream: ScriptedUpstream
) -> None:
    port = free_port()
    running = open_ext_proc(port)
    envoy = open_envoy(port)
    envoy.until_processor()
    running.made.draining = True
    until(lambda: asked(envoy)[0] == 503 or asked(envoy)[0] == 500)
    before = len(upstream.asked)
    is_closed(envoy)
    assert len(upstream.asked) == before


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_process_dies_or_hangs_in_the_middle_of_an_answer(
    open_envoy: OpenEnvoy, upstream: ScriptedUpstream, tmp_path: Path, number: signal.Signals, stream: bool
) -> None:
    def patient(config: dict[str, Any]) -> None:
        # What was sent on is not waited for by Envoy's filter; the stream's own limit ends it.
        manager_in(config)["stream_idle_timeout"] = "2s"
        del cluster_in(config, "ordinance")["health_checks"]

    struck = threading.Event()
    process = subprocess.Popen(
        command("ext-proc", "--listen", f"127.0.0.1:{(port := free_port())}", "--jurisdiction", "DE", "--pack",
                *_packs(tmp_path)),
        env=environment(ORDINANCE_AUDIT="/dev/null"), stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        while b"listening" not in process.stdout.readline():
            assert process.poll() is None

        async def script(wire: Wire) -> None:
            if not wire.asked.json.get("stream"):
                process.send_signal(number)
                struck.set()
                await say(UNGOVERNED)(wire)
                return
            await wire.head()
            await wire.send(event(chunk(content="Yes. ")), event(chunk(content="More. ")))
            await asyncio.sleep(0.3)
            process.send_signal(number)
            struck.set()
            await wire.send(event(chunk(content=UNGOVERNED)), event(chunk(finish="stop")), DONE)

        upstream.script = script
        status, text = asked(open_envoy(port, patient), stream=stream)
        assert struck.is_set()
        assert FORBIDDEN not in text
        assert status in (0, 500, 503, 504) or (status == 200 and stream and "[DONE]" not in text), (status, text)
    finally:
        process.kill()
        process.communicate()


def _packs(folder: Path) -> list[str]:
    """A law against the words of the tests; the charter is the one that ships."""
    rules = Path(__file__).resolve().parents[2] / "rules"
    return [str(rules / "charter"), str(rules / "jurisdictions"), str(rules / "languages")]


def test_the_doors_fail_without_an_answer(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a stream ends well without one, Envoy goes on alone: so it does not end well."""

    async def says_nothing(*_: object) -> None:
        return None

    port = free_port()
    running = open_ext_proc(port)
    envoy = open_envoy(port)
    envoy.until_processor()
    running.made._processor._app = says_nothing
    is_closed(envoy)

    async def raises(*_: object) -> None:
        raise RuntimeError("a defect")

    running.made._processor._app = raises
    is_closed(envoy)


class Wrong(calls.ExternalProcessorServicer):  # type: ignore[misc]  # it has no types
    """Answers the request's head with one message, and ends well or not."""

    def __init__(self, reply: messages.ProcessingResponse) -> None:
        self._reply = reply

    async def Process(self, requests: Any, context: Any) -> None:  # noqa: N802 - gRPC's name
        await context.read()
        await context.write(self._reply)
        while await context.read() is not grpc.aio.EOF:
            pass


WRONG = {
    "of another phase": messages.ProcessingResponse(response_headers=messages.HeadersResponse()),
    "a body before its head": messages.ProcessingResponse(request_body=messages.BodyResponse()),
    "empty": messages.ProcessingResponse(),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_message_to_envoy(open_envoy: OpenEnvoy, loop_thread: LoopThread, wrong: str) -> None:
    port = free_port()

    async def start() -> grpc.aio.Server:
        server = grpc.aio.server()
        calls.add_ExternalProcessorServicer_to_server(Wrong(WRONG[wrong]), server)
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        return server

    def no_checks(config: dict[str, Any]) -> None:
        del cluster_in(config, "ordinance")["health_checks"]
        filter_in(config)["message_timeout"] = "1s"

    server = loop_thread.run(start())
    try:
        is_closed(open_envoy(port, no_checks), 500, 503, 504, 0)
    finally:
        loop_thread.run(server.stop(0))


# Envoy fails Ordinance


def _mode(**modes: str) -> Change:
    def change(config: dict[str, Any]) -> None:
        filter_in(config)["processing_mode"] |= modes

    return change


def _set(**values: Any) -> Change:
    def change(config: dict[str, Any]) -> None:
        filter_in(config).update(values)

    return change


def _on_route(**overrides: Any) -> Change:
    def change(config: dict[str, Any]) -> None:
        route = manager_in(config)["route_config"]["virtual_hosts"][0]["routes"][0]
        route["typed_per_filter_config"] = {
            "ordinance": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute",
                "overrides": overrides,
            }
        }

    return change


def _small_messages(config: dict[str, Any]) -> None:
    filter_in(config)["grpc_service"]["envoy_grpc"]["max_receive_message_length"] = 64


MODES = {"request_body_mode": "NONE", "response_body_mode": "NONE"}
WRONG_SETTINGS: dict[str, Change] = {
    "the answer is not shown": _mode(response_body_mode="NONE", response_trailer_mode="SKIP"),
    "the answer is shown in pieces that must be answered": _mode(response_body_mode="STREAMED"),
    "the answer is shown whole": _mode(response_body_mode="BUFFERED"),
    "the answer is shown in part": _mode(response_body_mode="BUFFERED_PARTIAL"),
    "the question is not shown": _mode(request_body_mode="NONE", request_trailer_mode="SKIP"),
    "the question is shown whole": _mode(request_body_mode="BUFFERED"),
    "the head of the question is not shown": _mode(request_header_mode="SKIP"),
    "the head of the answer is not shown": _mode(response_header_mode="SKIP"),
    "a route shows no bodies": _on_route(processing_mode=MODES),
    "a route shows no answer": _on_route(
        processing_mode={"request_body_mode": "FULL_DUPLEX_STREAMED", "request_trailer_mode": "SEND"}
    ),
    "messages of 64 bytes": _small_messages,
    "no time for an answer": _set(message_timeout="0.001s"),
    "headers are not shown": _set(forward_rules={"allowed_headers": {"patterns": [{"exact": ":path"}]}}),
    "no header may be changed": _set(mutation_rules={"disallow_all": True, "disallow_is_error": True}),
}


@pytest.mark.parametrize("wrong", WRONG_SETTINGS)
def test_a_filter_that_is_not_set_up_as_it_must_be(
    open_envoy: OpenEnvoy, open_ext_proc: OpenExtProc, wrong: str
) -> None:
    port = free_port()
    open_ext_proc(port)
    envoy = open_envoy(port, WRONG_SETTINGS[wrong])
    for stream in (False, True):
        _, text = asked(envoy, stream=stream)
        assert FORBIDDEN not in text
