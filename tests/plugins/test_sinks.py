"""ordinance-sinks in a process of its own: what arrives at a syslog server, in a SQLite file, at a collector."""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ordinance.errors import PluginError
from ordinance.plugins.allowed import allow
from ordinance.plugins.budget import Budget
from ordinance.plugins.seal import seal
from ordinance.serve.record import copies
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.sinks import Sinks
from ordinance.settings.reporting import AuditSettings
from ordinance.settings.sections import PluginSettings
from support.commands import ENGINE
from support.serving import PATIENCE
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.requirement("TR-3")]

RECORD = {"request": "r-1", "key": "", "verdict": "withhold", "rules": ["DE/symbols"], "seconds": 0.25, "status": 200}


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a folder as ``ordinance plugin install`` fills it."""
    folder = tmp_path / "sinks"
    shutil.copytree(ENGINE.parent / "plugins" / "ordinance-sinks" / "ordinance_sinks", folder / "ordinance_sinks")
    shutil.rmtree(folder / "ordinance_sinks" / "__pycache__", ignore_errors=True)
    info = folder / "ordinance_sinks-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ordinance-sinks\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[ordinance]\nsinks = ordinance_sinks\n")
    return folder


@contextmanager
def running(installed: Path, room: int = 1000, **more: Any) -> Iterator[Sinks]:
    sinks = Sinks(Budget(), room)
    try:
        sinks.renew(allow([entry(installed, **more)]))
        yield sinks
    finally:
        sinks.close()


def entry(installed: Path, **more: Any) -> PluginSettings:
    return PluginSettings(name="ordinance-sinks", version="0.1.0", path=installed, sha256=seal(installed), **more)


def log_of(sinks: Sinks, path: Path) -> AuditLog:
    return AuditLog(AuditSettings(path=path), lambda: sinks.copies)


class Syslog(socketserver.ThreadingTCPServer):
    """Keeps the messages that it gets, by the length before each."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.messages: list[bytes] = []
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", port), _Syslog)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for each in self.connections:
            with suppress(OSError):  # the other side has gone
                each.shutdown(socket.SHUT_RDWR)


class _Syslog(socketserver.StreamRequestHandler):
    server: Syslog

    def handle(self) -> None:
        self.server.connections.append(self.connection)
        while length := _number(self.rfile):
            self.server.messages.append(self.rfile.read(length))


def _number(file: Any) -> int:
    digits = b""
    while (char := file.read(1)) not in (b" ", b""):
        digits += char
    return int(digits or b"0")


def test_syslog_gets_each_record_as_a_message(plugin: Path, tmp_path: Path) -> None:
    server = Syslog()
    address = f"127.0.0.1:{server.server_address[1]}"
    with running(plugin, settings={"to": "syslog", "address": address}, network=[address]) as sinks:
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        log.write({**RECORD, "request": "r-2", "verdict": "pass"})
        until(lambda: len(server.messages) == 2)
        log.close()
    server.stop()
    heads, bodies = zip(*(message.split(b" - ", 3)[::3] for message in server.messages), strict=True)
    assert heads[0].startswith(b"<133>1 20")  # local0, notice: something was left out
    assert heads[1].startswith(b"<134>1 20")  # informational
    written = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [json.loads(body) for body in bodies] == written


def test_syslog_by_datagrams(plugin: Path, tmp_path: Path) -> None:
    path = tmp_path / "dev-log"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(path))
    server.settimeout(PATIENCE)
    with (
        closing(server),
        running(plugin, settings={"to": "syslog", "address": f"unix:{path}"}, network=[f"unix:{path}"]) as sinks,
    ):
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        got = server.recv(65536)
        log.close()
    assert b'"request":"r-1"' in got


def test_a_syslog_server_that_restarts_loses_nothing(
    plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "RETRY_SECONDS", 0.05)
    server = Syslog()
    port = server.server_address[1]
    address = f"127.0.0.1:{port}"
    with running(plugin, settings={"to": "syslog", "address": address}, network=[address]) as sinks:
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        until(lambda: len(server.messages) == 1)
        server.stop()
        log.write({**RECORD, "request": "r-2"})
        until(lambda: log.state()["sinks"][0]["state"] == "failing")
        assert log.state()["sinks"][0]["cause"] == "raised"
        again = Syslog(port)
        until(lambda: len(again.messages) == 1)
        until(lambda: log.state()["sinks"][0] == {"sink": "ordinance-sinks", "state": "ok", "lost": 0})
        log.close()
        again.stop()
    assert b'"request":"r-2"' in again.messages[0]


def test_sqlite_keeps_each_record_once(plugin: Path, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with running(plugin, settings={"to": "sqlite"}, folder=folder) as sinks:
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        log.write({**RECORD, "request": "r-2"})
        record = {"v": 1, "time": "2026-01-01T00:00:00.000+00:00", "event": "end", **RECORD}
        sinks.copies[0].take(record)
        sinks.copies[0].take(record)  # nobody knew whether the first had been written
        log.close()
    with closing(sqlite3.connect(folder / "records.sqlite")) as file:
        rows = file.execute("SELECT request, verdict, record FROM records ORDER BY time, request").fetchall()
    assert [row[:2] for row in rows] == [("r-1", "withhold"), ("r-1", "withhold"), ("r-2", "withhold")]
    assert json.loads(rows[0][2]) == record


def test_sqlite_forgets_what_is_older_than_its_days(plugin: Path, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    folder.chmod(0o777)
    with running(plugin, settings={"to": "sqlite", "days": 30}, folder=folder) as sinks:
        sinks.copies[0].take({"time": "2020-01-01T00:00:00.000+00:00", "request": "old"})
        sinks.copies[0].take({"time": "2099-01-01T00:00:00.000+00:00", "request": "new"})
    with closing(sqlite3.connect(folder / "records.sqlite")) as file:
        assert file.execute("SELECT request FROM records").fetchall() == [("new",)]


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server: Any = self.server
        server.bodies.append((self.path, self.headers["content-type"], json.loads(body)))
        said = b'{"partialSuccess": {"rejectedLogRecords": "1"}}'
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


def test_a_collector_gets_log_records(plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ordinance.serve.record.sinks.HEALTH_SECONDS", 0.05)
    server: Any = HTTPServer(("127.0.0.1", 0), _Collector)
    server.bodies = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    with running(plugin, settings={"to": "otlp", "address": address}, network=[address]) as sinks:
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        until(lambda: len(server.bodies) == 1)
        until(lambda: sinks.reports()[0]["wrong"] == ["the collector has rejected 1 records"])
        log.close()
    server.shutdown()
    server.server_close()
    path, kind, body = server.bodies[0]
    [record] = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert (path, kind) == ("/v1/logs", "application/json")
    assert record["severityNumber"] == 13
    assert json.loads(record["body"]["stringValue"])["request"] == "r-1"
    assert {"key": "ordinance.seconds", "value": {"doubleValue": 0.25}} in record["attributes"]
    assert {"key": "ordinance.status", "value": {"intValue": "200"}} in record["attributes"]
    assert abs(int(record["timeUnixNano"]) / 1e9 - time.time()) < 3600


def test_a_sink_that_is_not_set_up_stops_the_start(plugin: Path) -> None:
    with pytest.raises(PluginError) as raised, running(plugin, settings={"to": "syslog"}):
        pass
    assert "ordinance-sinks 0.1.0 is not set up" in raised.value.message
    assert "`address`" in raised.value.message


def test_a_sink_may_not_connect_to_what_the_operator_did_not_name(plugin: Path, tmp_path: Path) -> None:
    server = Syslog()
    address = f"127.0.0.1:{server.server_address[1]}"
    with running(plugin, settings={"to": "syslog", "address": address}, network=["127.0.0.1:1"]) as sinks:
        log = log_of(sinks, tmp_path / "log")
        log.write(RECORD)
        until(lambda: log.state()["sinks"][0]["state"] == "failing")
        log.close()
    server.stop()
    assert server.messages == []


def test_a_changed_plugin_is_replaced_and_one_that_does_not_start_changes_nothing(plugin: Path, tmp_path: Path) -> None:
    first, second = Syslog(), Syslog()
    addresses = [f"127.0.0.1:{server.server_address[1]}" for server in (first, second)]

    def at(address: str) -> PluginSettings:
        return entry(plugin, settings={"to": "syslog", "address": address}, network=[address])

    sinks = Sinks(Budget(), 1000)
    log = log_of(sinks, tmp_path / "log")
    sinks.renew(allow([at(addresses[0])]))
    [before] = sinks.copies
    sinks.renew(allow([at(addresses[0])]))
    assert list(sinks.copies) == [before]
    log.write(RECORD)
    with pytest.raises(PluginError):
        sinks.renew(allow([entry(plugin, settings={"to": "syslog"})]))
    assert list(sinks.copies) == [before]
    sinks.renew(allow([at(addresses[1])]))
    log.write({**RECORD, "request": "r-2"})
    until(lambda: (len(first.messages), len(second.messages)) == (1, 1))
    sinks.renew([])
    assert not sinks.copies
    log.close()
    first.stop()
    second.stop()
    assert b'"request":"r-1"' in first.messages[0]
    assert b'"request":"r-2"' in second.messages[0]


def test_ready_says_how_a_sink_is_and_what_confines_it(plugin: Path, tmp_path: Path) -> None:
    """The doctor took an entry without a state for a plugin that does not answer."""
    folder = tmp_path / "store"
    folder.mkdir()
    with running(plugin, settings={"to": "sqlite"}, folder=folder) as sinks:
        [said] = sinks.reports()
    assert (said["name"], said["version"], said["state"], said["wrong"]) == ("ordinance-sinks", "0.1.0", "ready", [])
    assert set(said["confinement"]) == {"memory", "files", "network", "processes"}
