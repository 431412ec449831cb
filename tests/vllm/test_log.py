"""What a real vLLM logs of requests that it refuses: no word of theirs, where Ordinance is in it; and the check is
checked, for round Ordinance it does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.vantage import Vantage
from support.vllm_asks import CHAT, COMPLETIONS, MESSAGES, RESPONSES
from support.vllm_server import VllmServer

pytestmark = pytest.mark.requirement("PR-1")
CANARY = "qvxcanaryqvx"
CHATTED: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 2}
COMPLETED: dict[str, Any] = {"prompt": "hello", "max_tokens": 2}
RESPONDED: dict[str, Any] = {"input": "hello", "max_output_tokens": 2}


def schema(**more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": more}}


#: What vLLM refuses, each in another place of its code.
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a-model": (CHAT, {**CHATTED, "model": CANARY}),
    "a-number": (CHAT, {**CHATTED, "max_tokens": CANARY}),
    "six-stops": (CHAT, {**CHATTED, "stop": [f"{CANARY}{number}" for number in range(6)]}),
    "a-part": (CHAT, {"messages": [{"role": "user", "content": [{"type": "x", "y": CANARY}]}]}),
    "a-role": (CHAT, {"messages": [{"role": CANARY, "content": CANARY}]}),
    "a-type": (CHAT, {**CHATTED, "response_format": schema(type=CANARY)}),
    "a-pattern": (CHAT, {**CHATTED, "response_format": schema(type="string", pattern=f"(({CANARY}")}),
    "a-reference": (CHAT, {**CHATTED, "response_format": schema(**{"$ref": f"#/{CANARY}"})}),
    "a-form": (CHAT, {**CHATTED, "response_format": {"type": CANARY}}),
    "a-call": (CHAT, {"messages": [{"role": "assistant", "content": None, "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "f", "arguments": f"{{{CANARY}"}}]}]}),
    "a-picture": (CHAT, {"messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{CANARY}"}}]}]}),
    "a-length": (CHAT, {"messages": [{"role": "user", "content": CANARY + " hello" * 5000}]}),
    "a-completion": (COMPLETIONS, {**COMPLETED, "temperature": CANARY}),
    "a-completions-model": (COMPLETIONS, {**COMPLETED, "model": CANARY}),
    "a-response": (RESPONSES, {**RESPONDED, "temperature": CANARY}),
    "a-responses-model": (RESPONSES, {**RESPONDED, "model": CANARY}),
    "a-responses-form": (RESPONSES, {**RESPONDED, "text": {
        "format": {"type": "json_schema", "name": "x", "schema": {"type": CANARY}}}}),
    "a-message": (MESSAGES, {**CHATTED, "temperature": CANARY}),
    "a-messages-model": (MESSAGES, {**CHATTED, "model": CANARY}),
    "a-count": (f"{MESSAGES}/count_tokens", {**CHATTED, "model": CANARY}),
}  # fmt: skip
#: Of these, what vLLM 0.32 logs with the client's words: by default, and with --log-error-stack, as the server here has
#: it, what it refuses at the first look.
LOGGED = {"a-model", "a-type", "a-pattern", "a-reference", "a-responses-model", "a-number", "six-stops"}


def logged(server: VllmServer, vantage: Vantage, name: str) -> str:
    """What the server has logged of a request and of the same one as a stream."""
    path, body = REFUSED[name]
    before = len(server.log)
    for stream in (False, True):
        vantage.post(path, {"model": "tiny", **body, **({} if path.endswith("tokens") else {"stream": stream})})
    deadline = time.monotonic() + 10
    while server.log[before:].count("HTTP/1.1") < 2 and time.monotonic() < deadline:  # its line in the access log
        time.sleep(0.05)
    return server.log[before:]


@pytest.mark.parametrize("name", list(REFUSED))
def test_no_word_of_a_request_stands_in_its_log(name: str, server: VllmServer, middleware: Vantage) -> None:
    assert CANARY not in logged(server, middleware, name)


@pytest.mark.parametrize("name", sorted(LOGGED))
def test_round_ordinance_it_does(name: str, server: VllmServer, ungoverned: Vantage) -> None:
    assert CANARY in logged(server, ungoverned, name)


def test_no_path_and_no_query_of_a_clients_making_does(server: VllmServer, middleware: Vantage) -> None:
    before = len(server.log)
    middleware.get(f"/{CANARY}")
    middleware.post(f"{CHAT}?x={CANARY}", {"model": "tiny", **CHATTED})
    time.sleep(0.5)
    said = server.log[before:]
    assert "/…" in said
    assert CANARY not in said
