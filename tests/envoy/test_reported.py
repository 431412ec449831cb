"""What an operator reads of requests through Envoy: the same records and the same numbers as from the gateway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.protocol.routes import CHAT, COMPLETIONS, MESSAGES, RESPONSES
from ordinance.serve.door.numbers import numbers
from ordinance.serve.metrics import families
from ordinance.serve.metrics.tally import Numbers
from support.asking import body
from support.envoys import Governed
from support.serving import (
    PATIENCE,
    LoopThread,
    OpenGateway,
    RunningGateway,
    ScriptedUpstream,
    Wire,
    say,
)
from support.small_plan import RED_LINE, SENTENCE, small_plan
from support.waiting import until

TOKEN = "secret"
KEYS = [{"name": "school", "sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]
#: What differs from request to request.
_OWN = ("time", "request", "seconds")
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def broken(wire: Wire) -> None:
    await wire.json({"error": "no"}, 500)


async def cut(wire: Wire) -> None:
    await wire.head(kind="application/json")
    await wire.send(b'{"id": "up", "choices": [')


def _has_more(record: Path, lines: int) -> bool:
    return len(_lines(record)) > lines


Ask = Callable[[httpx2.Client], object]


def _post(path: str, **changes: Any) -> Ask:
    asked = body(path, stream=changes.pop("stream", False)) | changes
    return lambda client: client.post(path, json=asked)


def _said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


ASKED: dict[str, tuple[Ask, Any]] = {
    **{f"{path}, streamed {stream}": (_post(path, stream=stream), say(f"Yes. {SENTENCE} Bye."))
       for path in (CHAT, COMPLETIONS, RESPONSES, MESSAGES) for stream in (False, True)},
    "ids of the client's": (
        lambda client: client.post(CHAT, json=body(CHAT), headers={"traceparent": TRACE, "x-request-id": "0" * 32}),
        say("Good day."),
    ),
    "a refusal": (_post(CHAT, **_said(f"An {RED_LINE}.")), say("Good day.")),
    "a refusal on a stream": (_post(CHAT, stream=True, **_said(f"An {RED_LINE}.")), say("Good day.")),
    "no key": (lambda client: client.post(CHAT, json=body(CHAT), headers={"authorization": ""}), say("Good day.")),
    "no JSON": (lambda client: client.post(CHAT, content=b"{"), say("Good day.")),
    "a field that is refused": (_post(CHAT, chat_template="x"), say("Good day.")),
    "a closed door": (lambda client: client.post("/v1/embeddings", json={}), say("Good day.")),
    "an error of the model server's": (_post(CHAT), broken),
    "an answer that breaks off": (_post(CHAT), cut),
}  # fmt: skip


def _lines(record: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.exists() else []


#: What is refused before a record is begun, in the gateway too: it is a number alone.
UNRECORDED = ("a closed door",)
COUNTED = (families.ANSWERS.name, families.RULES.name, families.FAILURES.name)


def reported(running: Any, record: Path, upstream: ScriptedUpstream) -> tuple[dict[str, Any], Numbers]:
    """The record of each request, without what is its own, and what was counted; what is shown besides is 1."""
    before, told = numbers(running.service), {}
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with httpx2.Client(base_url=running.address, timeout=PATIENCE, trust_env=False, headers=headers) as client:
        for what, (ask, script) in ASKED.items():
            upstream.script, lines = script, len(_lines(record))
            with suppress(httpx2.TransportError):
                ask(client)
            if what not in UNRECORDED:
                until(partial(_has_more, record, lines), f"no record of {what}")
                (line,) = _lines(record)[lines:]
                told[what] = {key: value for key, value in line.items() if key not in _OWN}
    after = numbers(running.service)
    counted = {key: value - before.get(key, 0) for key, value in after.items() if key[0] in COUNTED}
    return told, counted | {(key[0], ""): 1.0 for key in after if key[0] not in COUNTED}


def test_the_same_requests_leave_the_same_records_and_numbers(
    open_gateway: OpenGateway, loop_thread: LoopThread, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """Field by field, but for the times and the id of each request."""
    records = [tmp_path / f"{name}.jsonl" for name in ("gateway", "envoy")]
    direct = RunningGateway(loop_thread, small_plan(), upstream.url, {"audit": str(records[0]), "keys": KEYS})
    try:
        told, counted = reported(direct, records[0], upstream)
    finally:
        direct.stop()
    behind = open_gateway(audit=str(records[1]), keys=KEYS)
    assert isinstance(behind, Governed)
    told_there, counted_there = reported(behind, records[1], upstream)
    for what, line in told.items():
        theirs = dict(told_there[what])
        if "x_request_id" not in line:
            assert theirs.pop("x_request_id"), "Envoy gives each request one, by which its own log finds it"
        assert theirs == line, what
    assert counted_there == counted
    assert {line["verdict"] for line in told.values() if "verdict" in line} >= {"disclose", "withhold", "refuse"}
    assert len({line.get("problem") for line in told.values()}) > 4
    assert SENTENCE not in records[1].read_text("utf-8")


@pytest.mark.requirement("TR-8")
def test_where_no_record_can_be_written_no_model_is_asked(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    behind = open_gateway(audit={"path": "/dev/full", "required": True})
    upstream.script = say("Good day.")
    answer = httpx2.post(behind.address + CHAT, json=body(CHAT), timeout=PATIENCE, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "audit_unavailable")
    assert upstream.asked == []
