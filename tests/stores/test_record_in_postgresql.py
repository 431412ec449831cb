"""The record in a real PostgreSQL: chained, verified, counted and deleted from, whatever the database does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from ordinance.errors import ServeError
from ordinance.record.deletion import Chosen
from ordinance.record.record_table import RecordTable
from ordinance.record.selection import Selection
from ordinance.record.selection import count as counted
from ordinance.record.table_deletion import delete_in
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.table_log import opened_table
from ordinance.trust.detached import Signer
from support.bundles import write_keys
from support.commands import ENGINE, PROGRAMS, Served
from support.databases import PostgresqlServer
from support.evidences import month, verify
from support.record_tables import SECRET, RecordDatabase, opened, settings, verified, wait_for
from support.records import breaks, codes, key_file, record, write
from support.serving import PATIENCE, ScriptedUpstream, say
from support.waiting import until

#: Each starts servers.
pytestmark = pytest.mark.server

KILLS = int(os.environ.get("RECORD_KILLS", "60"))
_names = count()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    # Not below pytest's folder, which each run of another test closes to everyone but root.
    with TemporaryDirectory(prefix="ordinance-record-") as folder:
        running = PostgresqlServer(Path(folder))
        yield running
        running.stop()


@pytest.fixture
def database(postgresql: PostgresqlServer) -> RecordDatabase:
    wait_for(postgresql)
    return RecordDatabase(postgresql, f"record_{next(_names)}")


def audit(*words: object, code: int = 0, store: str = "") -> str:
    """What ``ordinance audit`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ordinance.cli.main", "audit", *map(str, words)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ENGINE)} | ({"ORDINANCE_AUDIT__STORE": store} if store else {}),
        timeout=PATIENCE * 4,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_record_of_several_processes_is_verified_counted_and_deleted_from(
    database: RecordDatabase, tmp_path: Path
) -> None:
    first, second = opened(database, tmp_path), opened(database, tmp_path)
    for n in range(12):
        write(first if n % 3 else second, record(n, key="school" if n % 2 else "library"))
    second.close()
    first.close()
    found = verified(database, tmp_path)
    assert (found.problems, found.breaks, found.records, found.unsigned) == ([], [], 12, 0)
    heads = [json.loads(line)["heads"] for line in database.lines() if b'"checkpoint"' in line]
    assert max(map(len, heads)) == 2, "no checkpoint joins the chains of both"
    place, public = database.url("reader"), tmp_path / "record.pub"
    said = json.loads(audit("verify", place, "--signed-by", public, "--format", "json"))
    assert (said["ok"], said["records"], said["deleted"]) == (True, 12, 0)
    said = json.loads(audit("query", place, "--by", "key", "--format", "json"))
    assert {each["key"]: each["answers"] for each in said["counts"]} == {"school": 6, "library": 6}
    audit("report", place, "--by", "key", "--out", tmp_path / "keys.svg")
    assert "school" in (tmp_path / "keys.svg").read_text()
    audit("prune", place, "--key", "school", "--sign-with", tmp_path / "record.pem", code=2)
    place = database.url("pruner")
    for key, others in (("school", 6), ("library", 0)):
        audit("prune", place, "--key", key, "--sign-with", tmp_path / "record.pem")
        assert counted([database.table()], Selection(), ())[0] == others
        found = verified(database, tmp_path)
        assert (found.problems, found.breaks, found.records, found.deleted) == ([], [], 12, 12 - others)
    assert not any(b"school" in line or b"library" in line for line in database.lines())
    third = opened(database, tmp_path)
    write(third, record(13))
    third.close()
    assert (verified(database, tmp_path).problems, verified(database, tmp_path).records) == ([], 13)


def test_settings_name_the_table_and_a_variable_the_one_who_deletes(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    write(log, record(1, time="2020-01-01T10:00:00.000+00:00"), record(2))
    log.close()
    config = tmp_path / "ordinance.yaml"
    config.write_text(f"audit: {{store: '{database.url()}', key_file: record.pem}}\n")
    assert "2 records, 0 of them deleted, 0 not signed" in audit("verify", "--config", config)
    assert ": 1 records deleted" in audit(
        "prune", "--config", config, "--older-than", "365d", store=database.url("pruner")
    )
    assert "2 records, 1 of them deleted, 0 not signed" in audit("verify", "--config", config)
    assert audit("schema").startswith("CREATE TABLE IF NOT EXISTS ordinance_record")


def test_a_key_that_does_not_sign_the_record_deletes_nothing(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    write(log, record(1, key="school"), record(2))
    log.close()
    write_keys(tmp_path, "office")
    before, words = database.lines(), ("prune", database.url("pruner"), "--key", "school", "--sign-with")
    assert "does not sign this record" in audit(*words, tmp_path / "office.pem", code=2)
    assert "1 records would be deleted" in audit(*words, tmp_path / "record.pem", "--dry-run")
    assert database.lines() == before
    assert "1 records deleted" in audit(*words, tmp_path / "record.pem")
    assert verified(database, tmp_path).problems == []


def test_the_role_that_writes_may_only_insert(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    write(log, record(1))
    log.close()
    for statement in (
        "UPDATE ordinance_record SET line = ''",
        "DELETE FROM ordinance_record",
        "TRUNCATE ordinance_record",
        "INSERT INTO ordinance_record (place, line) OVERRIDING SYSTEM VALUE VALUES (-1, '')",
        "ALTER TABLE ordinance_record ADD COLUMN other text",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            database.execute(statement, role="writer")
    for statement in ("DELETE FROM ordinance_record", "UPDATE ordinance_record SET place = DEFAULT"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            database.execute(statement, role="pruner")


def test_without_a_chain_insert_alone_is_enough(database: RecordDatabase, tmp_path: Path) -> None:
    log = AuditLog(settings(database, tmp_path, role="blind", key_file=None))
    for n in range(2500):
        log.write({"n": n})
    log.close()
    assert [json.loads(line)["n"] for line in database.lines()] == list(range(2500))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE ordinance_record SET line = replace(line, '\"verdict\":\"pass\"', '\"verdict\":\"mask\"')"
         " WHERE place = 3", "record-chain"),
        ("DELETE FROM ordinance_record WHERE place = 3", "record-chain"),
        ("DELETE FROM ordinance_record WHERE place = 1", "record-start"),
        ("DELETE FROM ordinance_record WHERE place = 5", "record-series"),
        ("DELETE FROM ordinance_record WHERE place < 0", "record-deletion"),
        ("UPDATE ordinance_record SET place = DEFAULT WHERE place = 3", "record-chain"),
        ("INSERT INTO ordinance_record (line) VALUES ('{}')", "record-line"),
        ("INSERT INTO ordinance_record (line) SELECT line FROM ordinance_record WHERE place = 3", "record-chain"),
    ],
)  # fmt: skip
def test_what_the_owner_of_the_table_does_is_found(
    database: RecordDatabase, tmp_path: Path, statement: str, code: str
) -> None:
    log = opened(database, tmp_path)
    for n in range(9):
        write(log, record(n, verdict="pass", key="school" if n == 8 else "library"))
    log.close()
    delete_in(database.table("pruner"), Chosen(None, "school"), Signer(tmp_path / "record.pem"))
    assert codes(verified(database, tmp_path)) == set()
    database.execute(statement)
    assert code in codes(verified(database, tmp_path))


def test_checkpoints_that_were_cut_off_under_a_server_are_missed(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    for n in range(9):
        write(log, record(n))
    database.execute("DELETE FROM ordinance_record WHERE place > 5")
    write(log, *map(record, range(9, 12)))
    log.close()
    assert {"record-chain", "record-series"} <= codes(verified(database, tmp_path))


def test_a_key_that_was_changed_goes_on_with_the_series(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    write(log, record(1))
    log.close()
    (other, _) = write_keys(tmp_path, "other")[:2]
    again = opened(database, tmp_path, key_file=other)
    write(again, record(2))
    again.close()
    public = ("--signed-by", tmp_path / "record.pub", "--signed-by", tmp_path / "other.pub")
    assert "the record is verified" in audit("verify", database.url("reader"), *public)


def test_a_clock_that_jumps_is_a_break(database: RecordDatabase, tmp_path: Path) -> None:
    log = opened(database, tmp_path)
    write(log, record(1), record(2, time="2026-11-27T12:00:00.000+00:00"), record(3))
    log.close()
    found = verified(database, tmp_path)
    assert (codes(found), breaks(found)) == (set(), {"break-clock"})


@pytest.mark.parametrize(
    ("role", "name", "what"),
    [
        ("nobody", "", "lacks a privilege|needs INSERT"),
        ("blind", "", "needs INSERT and SELECT"),
        ("reader", "", "needs INSERT and SELECT"),
        ("somebody", "", "refuses the user"),
        ("writer", "postgres", "no table ordinance_record"),
        ("writer", "elsewhere", "no such database"),
    ],
)
def test_a_database_that_will_never_take_records_stops_the_start(
    database: RecordDatabase, tmp_path: Path, role: str, name: str, what: str
) -> None:
    found = settings(database, tmp_path)
    with pytest.raises(ServeError, match=what) as error:
        opened_table(database.url(role, name), found)
    assert SECRET not in str(error.value)


def test_records_without_a_chain_are_not_joined_to_one(database: RecordDatabase, tmp_path: Path) -> None:
    database.execute("INSERT INTO ordinance_record (line) VALUES ('{\"v\":1}')")
    with pytest.raises(ServeError, match="without a chain"):
        opened(database, tmp_path)


def test_who_may_change_records_is_told(
    database: RecordDatabase, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    opened(database, tmp_path).close()
    assert capfd.readouterr().err == ""
    opened(database, tmp_path, role="tester").close()
    assert "may also change records" in capfd.readouterr().err


@pytest.mark.parametrize(("state", "what"), [("53100", "disk is full"), ("25006", "read-only"), ("XX001", "XX001")])
def test_a_full_or_read_only_database_breaks_no_chain_and_what_is_lost_is_in_it(
    database: RecordDatabase, tmp_path: Path, capfd: pytest.CaptureFixture[str], state: str, what: str
) -> None:
    name = database.url().rpartition("/")[2]
    log = AuditLog(settings(database, tmp_path, queue=20))
    for n in range(5):
        log.write({"n": n})
    until(lambda: len(database.lines()) >= 5, seconds=PATIENCE * 2)
    if state == "25006":
        database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on", name="postgres")
        log.reopen()
    else:
        database.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = NEW.line; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON ordinance_record FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    for n in range(5, 40):
        log.write({"n": n})
    until(lambda: log.state()["state"] == "failing" and log.state()["lost"] > 0, seconds=PATIENCE * 2)
    time.sleep(0.3)
    lost = log.state()["lost"]
    if state == "25006":
        database.execute(f"ALTER DATABASE {name} RESET ALL", name="postgres")
    else:
        database.execute("DROP TRIGGER refuse ON ordinance_record")
    until(lambda: log.state()["state"] == "ok", seconds=PATIENCE * 2)
    log.write({"n": 40})
    log.close()
    said = capfd.readouterr().err
    assert what in said
    assert '"n"' not in said
    found = verified(database, tmp_path)
    assert codes(found) == set()
    assert breaks(found) <= {"break-lost"}
    there = numbers(database)
    assert there[-1] == 40
    assert len(there) + lost == 41
    assert len(there) == len(set(there))


def numbers(database: RecordDatabase) -> list[int]:
    return [entry["n"] for line in database.lines() if "n" in (entry := json.loads(line))]


def test_a_commit_waits_for_the_disk_whatever_the_role_has(database: RecordDatabase, tmp_path: Path) -> None:
    database.execute("ALTER ROLE writer SET synchronous_commit = off")
    database.execute(
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_setting('synchronous_commit') = 'off' THEN RAISE EXCEPTION 'off'; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER look BEFORE INSERT ON ordinance_record FOR EACH ROW EXECUTE FUNCTION look()"
    )
    log = opened(database, tmp_path)
    write(log, record(1))
    log.close()
    database.execute("ALTER ROLE writer RESET synchronous_commit")
    assert numbers(database) == [1]


@pytest.mark.parametrize(
    "swallow",
    [
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER swallow BEFORE INSERT ON ordinance_record FOR EACH ROW EXECUTE FUNCTION swallow()",
        "CREATE RULE swallow AS ON INSERT TO ordinance_record DO INSTEAD NOTHING",
    ],
)
def test_a_record_that_the_database_does_not_keep_is_not_acknowledged(
    database: RecordDatabase, tmp_path: Path, swallow: str
) -> None:
    log = opened(database, tmp_path)
    write(log, record(1))
    database.execute(swallow)
    with pytest.raises(OSError, match="did not keep"):
        log.append([record(2)])
    log.close()
    assert numbers(database) == [1]


def test_a_checkpoint_signs_what_was_committed_while_it_waited(database: RecordDatabase, tmp_path: Path) -> None:
    """Where the database gives each transaction one view of the table, from when it began to wait."""
    database.execute("ALTER ROLE writer SET default_transaction_isolation = 'repeatable read'")
    database.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.line LIKE '%\"n\":7%' THEN PERFORM pg_sleep(1); END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE INSERT ON ordinance_record FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    first, second = (opened(database, tmp_path, checkpoint_records=2) for _ in range(2))
    write(first, record(1))
    write(second, record(2))
    slow = threading.Thread(target=write, args=(second, record(7)))
    slow.start()
    time.sleep(0.4)
    write(first, record(3))
    slow.join()
    first.close()
    second.close()
    database.execute("ALTER ROLE writer RESET default_transaction_isolation")
    assert verified(database, tmp_path).problems == []
    assert sorted(numbers(database)) == [1, 2, 3, 7]


def test_a_table_that_a_crash_empties_stops_the_start(database: RecordDatabase, tmp_path: Path) -> None:
    database.execute("ALTER TABLE ordinance_record SET UNLOGGED")
    with pytest.raises(ServeError, match="UNLOGGED"):
        opened(database, tmp_path)


class Cutting:
    """A proxy that breaks the connection at the first COMMIT that comes when ``armed``: ``before`` it reaches the
    database, or ``after`` the database has done it and before the client hears. ``silent``: neither hears of the
    other any more, as between machines whose network is gone."""

    def __init__(self, port: int, how: str) -> None:
        self._port, self._how = port, how
        self.armed = False
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = [self._listener]
        self._threads = [threading.Thread(target=self._run, daemon=True)]
        self._threads[0].start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                both = [threading.Thread(target=self._forth, args=(client, server), daemon=True),
                        threading.Thread(target=self._back, args=(server, client), daemon=True)]  # fmt: skip
                self._threads += both
                for each in both:
                    each.start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.armed and b"COMMIT" in data:
                    self.armed = False
                    self.cuts += 1
                    if self._how == "silent":
                        return
                    client.shutdown(socket.SHUT_WR)
                    if self._how == "after":
                        server.sendall(data)
                        time.sleep(0.3)
                    break
                server.sendall(data)
            for each in (client, server):
                each.shutdown(socket.SHUT_RDWR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        for each in self._open:
            each.close()


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_connection_that_breaks_at_a_commit_loses_and_doubles_nothing(
    database: RecordDatabase, tmp_path: Path, how: str
) -> None:
    proxy, log = behind_a_proxy(database, tmp_path, how)
    written = 0
    for n in range(12):
        proxy.armed = n % 3 == 1
        while True:
            with suppress(OSError):
                written += log.append([record(n)])
                break
        proxy.armed = n % 3 == 2
        with suppress(OSError):
            log.settle()
    proxy.armed = False
    log.close()
    proxy.close()
    assert proxy.cuts >= 5
    assert written == 12
    assert numbers(database) == list(range(12))
    result = verified(database, tmp_path)
    assert (codes(result), breaks(result), result.unsigned) == (set(), set(), 0)


def test_a_machine_that_is_cut_off_while_it_signs_holds_up_nobody_for_long(
    database: RecordDatabase, tmp_path: Path
) -> None:
    """The database ends its session, and it finds out what came of its transaction."""
    proxy, log = behind_a_proxy(database, tmp_path, "silent")
    other = opened(database, tmp_path)
    write(other, record(1))
    write(log, record(2))
    log.append([record(3), record(4)])
    proxy.armed = True

    def sign() -> None:
        with pytest.raises(OSError, match="not answer in time"):
            log.settle()

    cut = threading.Thread(target=sign)
    cut.start()
    until(lambda: proxy.cuts > 0, seconds=PATIENCE * 2)
    began = time.monotonic()
    done = 0
    while not done:
        with suppress(OSError):
            done = other.append([record(5)])
    assert time.monotonic() - began < 30
    cut.join(PATIENCE * 2)
    log.settle()
    log.close()
    other.close()
    proxy.close()
    assert numbers(database) == [1, 2, 3, 4, 5]
    found = verified(database, tmp_path)
    assert (codes(found), breaks(found), found.unsigned) == (set(), set(), 0)


def behind_a_proxy(database: RecordDatabase, folder: Path, how: str) -> tuple[Cutting, ChainedLog]:
    port = urlsplit(database.url("reader")).port
    assert port is not None
    proxy = Cutting(port, how)
    log = opened_table(database.url().replace(f":{port}/", f":{proxy.port}/"), settings(database, folder))
    assert isinstance(log, ChainedLog)
    return proxy, log


#: Runs the command, and prints the most memory that it had, in KiB: what a parent had does not count.
_MEASURED = """
import atexit, re, sys
from ordinance.cli.main import main
atexit.register(lambda: print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]))
sys.exit(main(sys.argv[1:]))
"""


def test_100_000_records_are_verified_in_one_pass_with_flat_memory(database: RecordDatabase, tmp_path: Path) -> None:
    spent = []
    log = opened(database, tmp_path, checkpoint_records=1000)
    for many in (1000, 100_000):
        for _ in range(0, many, 1000):
            write(log, *[record(1, rules=["DE/symbols"])] * 1000)
        words = ["audit", "verify", database.url("reader"), "--signed-by", f"{tmp_path}/record.pub", "--format", "json"]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *words], capture_output=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ENGINE)},
        )  # fmt: skip
        said, most = done.stdout.splitlines()
        spent.append(int(most))
    log.close()
    assert json.loads(said)["records"] == 101_000
    print(spent)  # noqa: T201
    assert spent[1] < spent[0] + 16 * 1024, spent


#: Kills the server's process for a writer too, now and then, and prints what was acknowledged.
_KILLER = """
import asyncio, os, random, signal, sys, time
from pathlib import Path
import asyncpg
from ordinance.protocol.problems import Problem
from ordinance.serve.record import table_log  # imported once, not after each fork
from ordinance.settings.reporting import AuditSettings
from support.killed_writers import kill_again_and_again
url, root, folder, rounds = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
settings = AuditSettings(store=url, key_file=folder / "record.pem", acknowledge="flushed", checkpoint_records=7,
                         checkpoint_seconds=0.05)

async def backends():
    connection = await asyncpg.connect(root)
    found = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE usename = 'writer'")
    await connection.close()
    return [each[0] for each in found]

def strike(round):
    killed = 0
    if round % 3 == 0:
        try:
            for pid in asyncio.run(backends())[:1]:
                os.kill(pid, signal.SIGKILL)  # the whole server starts again, from its log
                killed += 1
                time.sleep(random.random() * 1.5)
        except (OSError, asyncpg.PostgresError):
            pass
    return killed

killed = kill_again_and_again(settings, rounds, strike, (Problem,))
sys.stdout.write(f"kills {killed}\\n")
"""


@pytest.mark.slow
def test_no_acknowledged_record_is_lost_by_a_kill_of_a_writer_or_of_the_database(
    database: RecordDatabase, tmp_path: Path
) -> None:
    key_file(tmp_path)
    rounds = max(1, round(KILLS / 2.3))
    words = [database.url(), database.server.url, str(tmp_path), str(rounds)]
    done = subprocess.run(
        [sys.executable, "-c", _KILLER, *words], env={**os.environ, "PYTHONPATH": PROGRAMS},
        capture_output=True, text=True, timeout=60 + rounds * 20,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert SECRET not in done.stderr
    database.wait()
    *told, last = done.stdout.splitlines()
    acknowledged = [int(each) for each in told]
    there = numbers(database)
    found = verified(database, tmp_path)
    kinds = Counter(each.code for each in found.breaks)
    print(json.dumps({"kills": last, "acknowledged": len(acknowledged), "records": len(there), **kinds}))  # noqa: T201
    assert len(acknowledged) > rounds
    assert set(acknowledged) <= set(there)
    assert len(there) == len(set(there))
    assert codes(found) == set(), found.problems[:5]


def test_a_gateway_fails_closed_while_the_database_is_away_and_goes_on_afterwards(
    database: RecordDatabase, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.script = say("Good.")
    key = key_file(tmp_path)
    config = tmp_path / "ordinance.yaml"
    config.write_text(f"audit: {{required: true, acknowledge: flushed, key_file: {key}}}\njurisdiction: DE\n")
    with away(database):
        served = Served("--upstream", upstream.url, "--config", config, ORDINANCE_AUDIT__STORE=database.url())
        assert SECRET.encode() not in Path(f"/proc/{served.process.pid}/cmdline").read_bytes()
        assert _ask(served) == (503, "audit_unavailable")
    until(lambda: _ask(served)[0] == 200, seconds=PATIENCE * 2)
    with away(database):
        assert _ask(served) == (503, "audit_unavailable")
    until(lambda: _ask(served)[0] == 200, seconds=PATIENCE * 2)
    served.signal(signal.SIGTERM)
    _, told = served.process.communicate(timeout=PATIENCE * 2)
    assert SECRET not in str(told)
    assert "the audit log cannot be written" in str(told)
    found = verified(database, tmp_path)
    assert (codes(found), found.unsigned) == (set(), 0)
    statuses = [json.loads(line).get("status") for line in database.lines() if b'"event":"end"' in line]
    assert Counter(statuses)[200] == 2


@contextmanager
def away(database: RecordDatabase) -> Iterator[None]:
    """Have no database meanwhile."""
    database.server.stop()
    try:
        yield
    finally:
        database.server.start()
        database.wait()


def _ask(served: Served) -> tuple[int, str]:
    with httpx2.Client(trust_env=False, timeout=PATIENCE * 2) as http:
        asked = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}
        answer = http.post(f"{served.address}/v1/chat/completions", json=asked)
    return answer.status_code, str(answer.json().get("error", {}).get("code", ""))


def test_an_address_shows_neither_user_nor_password() -> None:
    for url in (
        "postgresql://u:p%40w@db:5432/records",
        "postgresql://u:secret@db/records?sslmode=verify-full",
        "postgresql://u:se/cret@db/records",
        "postgresql://u:se?cret@db/records",
        "postgresql://u@db/records?password=secret",
        "postgresql://u:secret@[::/records",
    ):
        table = RecordTable(url)
        assert "cret" not in f"{table} {table!r}"
        assert table.has_password
    refused = audit("verify", f"postgresql://u:{SECRET}@db/records", code=2)
    assert "PGPASSFILE" in refused


def test_evidence_of_a_record_in_a_table_is_verified_without_ordinance(
    database: RecordDatabase, tmp_path: Path
) -> None:
    made = month(tmp_path, prune=False)
    for name in ("audit.jsonl.1", "audit.jsonl"):
        for line in (tmp_path / name).read_text().splitlines():
            database.execute("INSERT INTO ordinance_record (line) VALUES ($1)", line)
    assert delete_in(database.table("pruner"), Chosen(None, "school"), Signer(tmp_path / "new.pem"))
    done = made.make(tmp_path / "evidence", record=[database.url("reader")])
    assert done.returncode == 0, done.stderr
    done = verify(tmp_path / "evidence", tmp_path, "--format", "json")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    shown = b"".join(each.read_bytes() for each in (tmp_path / "evidence").rglob("*") if each.is_file())
    assert b"postgresql" not in shown
    assert database.url("reader").encode() not in shown
