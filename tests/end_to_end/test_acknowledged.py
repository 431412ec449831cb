"""A record that is acknowledged is in the file before the end of its answer is at the client; else the end is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.records import breaks, codes, key_file, verified
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, Wire, chunk, event, say
from support.small_plan import RED_LINE, SENTENCE
from support.waiting import until

pytestmark = pytest.mark.server


def ask(address: str, said: str = "hi", **fields: Any) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": said}]} | fields
    return httpx2.post(f"{address}/v1/chat/completions", json=body, timeout=PATIENCE * 2, trust_env=False)


def events(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


@pytest.mark.parametrize("stream", [False, True])
def test_who_has_the_end_of_an_answer_has_its_record_in_the_file(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, stream: bool
) -> None:
    log = tmp_path / "log"
    gateway = open_gateway(audit={"path": str(log), "acknowledge": "flushed"})
    upstream.script = say(SENTENCE)
    for number in range(1, 6):
        assert ask(gateway.address, stream=stream).status_code == 200
        found = events(log)
        assert len(found) == number
        assert (found[-1]["event"], found[-1]["status"], found[-1]["verdict"]) == ("end", 200, "withhold")
    assert ask(gateway.address, RED_LINE, stream=stream).status_code == 200
    assert [each["verdict"] for each in events(log)[5:]] == ["refuse"]


def test_a_stream_that_breaks_off_has_its_record_before_it_says_so(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    gateway = open_gateway(audit={"path": str(log), "acknowledge": "written"})

    async def broken(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Good day. And")))

    upstream.script = broken
    assert "upstream_truncated" in ask(gateway.address, stream=True).text
    assert [each["problem"] for each in events(log)] == ["upstream_truncated"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_cannot_be_recorded_does_not_end(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, stream: bool
) -> None:
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    gateway = open_gateway(audit={"path": str(log), "acknowledge": "written"})
    upstream.script = say("Good day. And more.", [5])
    answer = ask(gateway.address, stream=stream)
    assert "audit_unavailable" in answer.text
    if not stream:
        assert answer.status_code == 503
        assert "Good" not in answer.text
    assert "[DONE]" not in answer.text
    assert '"ordinance"' not in answer.text, "the end of the answer has left"
    log.unlink()
    until(lambda: len(events(log)) > 0)
    [record] = events(log)
    assert (record["event"], record["problem"]) == ("end", "audit_unavailable")


def test_a_record_of_a_gateway_verifies_and_contains_no_text(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    gateway = open_gateway(audit={"path": str(log), "key_file": str(key_file(tmp_path)), "checkpoint_seconds": 0.2})
    for _ in range(3):
        upstream.script = say(SENTENCE)
        ask(gateway.address)
    until(lambda: log.exists() and verified(log).records == 3 and not verified(log).unsigned)
    found = verified(log)
    assert (codes(found), breaks(found), found.records, found.unsigned) == (set(), {"break-unclosed"}, 3, 0)
    gateway.stop()
    found = verified(log)
    assert (codes(found), breaks(found), found.records) == (set(), set(), 3)
    assert SENTENCE.encode() not in log.read_bytes()
    assert {*events(log)[1]["effects"].values()} & {"withhold", "say"}


def test_a_chain_needs_a_key_and_a_file_of_its_own(open_gateway: OpenGateway, tmp_path: Path) -> None:
    """The message names what is wrong, before anything is served."""
    log, key = tmp_path / "log", key_file(tmp_path)
    log.write_text('{"v":1,"event":"end"}\n', "utf-8")
    for given, expected in (
        ({"path": str(log), "key_file": str(key)}, "has records without a chain"),
        ({"path": str(tmp_path / "new"), "key_file": str(tmp_path / "none.pem")}, "none.pem cannot be read"),
        ({"path": str(tmp_path / "new"), "key_file": str(log)}, "is not a private key"),
        ({"path": "/dev/null", "key_file": str(key)}, "is not a file"),
    ):
        with pytest.raises(Exception, match=expected):
            open_gateway(audit=given)
