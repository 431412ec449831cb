"""What the operator is told on standard error, and in which form."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ordinance.serve.http.stderr import Lines, log_defect, tell, write_as
from support.commands import GERMANY, Served
from support.serving import PATIENCE, ScriptedUpstream


@pytest.fixture
def as_json() -> Iterator[None]:
    write_as("json")
    yield
    write_as("text")


def test_a_line_of_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    tell("the disk is full", "error")
    assert capsys.readouterr().err == "ordinance: the disk is full\n"


def test_a_line_of_json_has_time_level_and_process(capsys: pytest.CaptureFixture[str], as_json: None) -> None:
    tell("two\nlines", "info")
    tell("look")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [set(line) for line in lines] == [{"time", "level", "pid", "message"}] * 2
    assert [(line["level"], line["message"]) for line in lines] == [("info", "two\nlines"), ("warning", "look")]
    assert {line["pid"] for line in lines} == {os.getpid()}
    assert datetime.fromisoformat(lines[0]["time"]).utcoffset() is not None


@pytest.mark.requirement("PR-1")
def test_the_words_of_an_exception_are_in_no_form(capsys: pytest.CaptureFixture[str], as_json: None) -> None:
    try:
        raise ValueError("canary")
    except ValueError as error:
        log_defect(error)
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "It failed.", (), sys.exc_info())
    said = capsys.readouterr().err + Lines().format(record)
    assert "canary" not in said
    assert all(json.loads(line)["level"] == "error" for line in said.splitlines())
    assert "ValueError at " in json.loads(said.splitlines()[1])["message"]


@pytest.mark.server
def test_every_line_of_a_server_is_json_if_that_is_asked_for(upstream: ScriptedUpstream, tmp_path: Path) -> None:
    served = Served(
        "--upstream", upstream.url, *GERMANY, ORDINANCE_LOG="json", ORDINANCE_METRICS__PORT="0",
        ORDINANCE_AUDIT=str(tmp_path / "log"),
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as client:
        client.sendall(b"what is no HTTP\r\n\r\n")
        assert client.recv(1024).startswith(b"HTTP/1.1 400")
    served.signal(signal.SIGHUP)
    _, errors = served.stop()
    lines = [json.loads(line) for line in errors.splitlines()]
    messages = {line["message"]: line["level"] for line in lines}
    assert any(each.startswith("metrics are at http://127.0.0.1:") for each in messages)
    assert messages["Invalid HTTP request received."] == "warning"
