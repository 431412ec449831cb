"""A judge for tests: an OpenAI-style server whose score is a function of markers in the text, and whose faults are
marked too.

``judge-canary-weapons-0.93`` in the text scores 0.93 for a question whose policy has the word ``weapons``, and nothing
else scores. ``judge-fault-KIND`` anywhere in the text has that text answered with that fault.
"""

from __future__ import annotations

import json
import math
import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"
QUIET = 0.02
_SCORE = re.compile(r"judge-canary-([a-z]+)-(0\.\d+|1\.0)")
_FAULT = re.compile(r"judge-fault-([a-z0-9_]+)")
_INJECTED = re.compile(r"answer (?:with )?(?:no|0|safe)\b", re.IGNORECASE)

#: Each fault that a text can ask for, and the code with which it is to be recorded.
FAULTS = {
    "hang": "late", "slow_bytes": "late", "drop": "unreachable", "s500": "unreachable", "s429": "unreachable",
    "s404": "unreadable", "html": "unreadable", "prose": "unreadable", "notsafe": "unreadable", "empty": "unreadable",
    "two": "unreadable", "nologprobs": "unreadable", "nan": "unreadable", "infinity": "unreadable",
    "positive": "unreadable", "elsewhere": "unreadable", "half": "unreadable", "notjson": "unreadable",
    "nomodel": "unreadable", "other": "wrong_model",
}  # fmt: skip


@dataclass
class JudgeServer:
    """The server. ``seconds`` is how long the engine waits for it; ``obeys``: it does what a text tells it to;
    ``fault`` is one that every answer has; ``delay`` is how long each answer takes; where
    it becomes less, those that wait are given. ``seen`` are the texts that it was shown. ``port`` 0
    takes a free one."""

    seconds: float = 1.0
    model: str = MODEL
    obeys: bool = False
    fault: str = ""
    delay: float = 0.0
    key: str = ""
    port: int = 0
    seen: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.judge = self
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        """Stop, and break off what is open."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def answer(self, body: dict[str, Any], handler: _Handler) -> None:
        """Answer one request, as its text says."""
        policy, text = _parts(body)
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.bodies.append(body)
            self.seen.append(text)
        try:
            marked = _FAULT.search(text)
            begun = time.monotonic()
            while time.monotonic() - begun < self.delay and not self._stopping.wait(min(self.delay, 0.01)):
                pass
            _Answer(self, body, policy, text, handler).give(self.fault or (marked[1] if marked else ""))
        finally:
            with self._lock:
                self._now -= 1

    def score(self, policy: str, text: str) -> float:
        """Return the score of ``text`` under ``policy``."""
        if self.obeys and _INJECTED.search(text):
            return QUIET
        found = [float(score) for topic, score in _SCORE.findall(text) if topic in policy.lower()]
        return max(found, default=QUIET)

    def wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256
    judge: JudgeServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.judge._open.add(self.connection)

    def finish(self) -> None:
        self.server.judge._open.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        judge = self.server.judge
        raw = self.rfile.read(int(self.headers["content-length"]))
        if judge.key and self.headers["authorization"] != f"Bearer {judge.key}":
            self.send(401, b"{}")
        elif self.path != "/v1/chat/completions":
            self.send(404, b"{}")
        else:
            judge.answer(json.loads(raw), self)

    def send(self, status: int, data: bytes, kind: str = "application/json", length: int | None = None) -> None:
        self.wfile.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length or len(data)}\r\n\r\n".encode()
            + data
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@dataclass
class _Answer:
    """One answer, in the shape that the request asks for."""

    judge: JudgeServer
    body: dict[str, Any]
    policy: str
    text: str
    handler: _Handler

    def give(self, fault: str) -> None:
        handler, judge = self.handler, self.judge
        match fault:
            case "hang":
                judge.wait(60)
                handler.close_connection = True
            case "drop":
                handler.close_connection = True
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "s500" | "s429" | "s404":
                handler.send(int(fault[1:]), b'{"error": {"message": "no"}}')
            case "html":
                handler.send(200, b"<html><body>Sign in</body></html>", "text/html")
            case "notjson":
                handler.send(200, b'{"model": ')
            case "half":
                data = self._said(self._content())
                handler.send(200, data[: len(data) // 2], length=len(data))
                handler.close_connection = True
            case "slow_bytes":
                data = self._said(self._content())
                handler.send(200, b"", length=len(data))
                for each in data:
                    judge.wait(0.05)
                    with suppress(OSError):
                        handler.wfile.write(bytes([each]))
            case "slow":
                judge.wait(0.6 * judge.seconds)
                handler.send(200, self._said(self._content()))
            case "again":
                handler.send(200, self._said(self._content()))
                judge.wait(0.05)
                handler.send(200, self._said(self._content()))
            case _:
                handler.send(200, self._faulty(fault))

    def _faulty(self, fault: str) -> bytes:
        content = self._content()
        match fault:
            case "prose":
                content = ["No", ",", " this", " is", " fine", "."]
            case "notsafe":
                content = ["not", " safe"]
        data = json.loads(self._said(content))
        choice = data["choices"][0]
        match fault:
            case "empty":
                data["choices"] = []
            case "two":
                data["choices"].append(choice)
            case "nologprobs":
                choice["logprobs"] = None
            case "nan" | "infinity":
                for each in choice["logprobs"]["content"]:
                    each["logprob"] = math.nan if fault == "nan" else -math.inf
            case "positive":
                for each in choice["logprobs"]["content"]:
                    each["logprob"] = 3.0
            case "elsewhere":
                for each in choice["logprobs"]["content"]:
                    each |= {"logprob": -9.0, "top_logprobs": [{"token": "I", "logprob": -0.001}]}
            case "nomodel":
                del data["model"]
            case "other":
                data["model"] = "another"
        return json.dumps(data).encode()

    def _content(self) -> list[str]:
        score = self.judge.score(self.policy, self.text)
        high = score >= 0.5
        if self.body.get("max_tokens") == 1:
            return ["yes" if high else "no"]
        if "reasoning_effort" in self.body:
            return ["1" if high else "0"]
        if "Answer with these lines" in self.policy:
            label = "unsafe" if high else "safe"
            return ["User", " Safety", ":", f" {label}", "\n", "Response", " Safety", ":", f" {label}"]
        return ["unsafe", "\n", "S", "9"] if high else ["safe"]

    def _said(self, tokens: list[str]) -> bytes:
        score = self.judge.score(self.policy, self.text)
        content = [self._token(each, score) for each in tokens]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(tokens)},
            "finish_reason": "length" if self.body.get("max_tokens") == 1 else "stop",
            "logprobs": {"content": content} if self.body.get("logprobs") else None,
        }
        return json.dumps(
            {"id": "c", "object": "chat.completion", "model": self.judge.model, "choices": [choice]}
        ).encode()

    def _token(self, token: str, score: float) -> dict[str, Any]:
        space = token[: len(token) - len(token.lstrip(" "))]
        opposites = {"yes": "no", "no": "yes", "safe": "unsafe", "unsafe": "safe"}
        plain = token.strip()
        if plain not in opposites:
            return {"token": token, "logprob": -0.01, "top_logprobs": [{"token": token, "logprob": -0.01}]}
        chance = score if plain in ("yes", "unsafe") else 1 - score
        both = [(token, chance), (space + opposites[plain], 1 - chance)]
        top = [{"token": each, "logprob": math.log(max(value, 1e-9))} for each, value in both]
        return {**top[0], "top_logprobs": top}


def _parts(body: dict[str, Any]) -> tuple[str, str]:
    """Return the policy of a request, empty where it has none, and what is judged."""
    *before, last = body["messages"]
    if last["role"] == "assistant" and body.get("continue_final_message"):
        *before, last = before
    if len(before) == 1 and before[0]["role"] == "user":  # turns of a conversation, for a model with its own policy
        return "weapons", last["content"]
    return before[0]["content"] if before else "weapons", last["content"]
