"""What a plugin's process cannot do, in a real kernel; and that each attempt works where nothing confines it.

The whole file also runs as a user without any privilege, as in a container.
"""

from __future__ import annotations

import errno
import os
import py_compile
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ordinance.errors import PluginError
from ordinance.plugins.inside import kernel, landlock, seccomp
from ordinance.plugins.inside.confinement import confine
from support.checkout import ROOT
from support.plugin_folders import OpenPool, fault, finds, passage, until
from support.processes import children, session
from support.unconfined import LANDLOCK, LIMITS, SECCOMP, without

UNPRIVILEGED = "ORDINANCE_TEST_UNPRIVILEGED"


@pytest.fixture(scope="session")
def version() -> int:
    """The version of Landlock here."""
    try:
        return kernel.call(444, 0, 0, 1)
    except OSError as error:
        pytest.skip(f"no Landlock here: {landlock.reason(error)}")


@dataclass
class Around:
    """What lies around a plugin: files of others, and who listens."""

    secret: Path
    folder: Path
    port: int
    path: str

    @property
    def text(self) -> str:
        return f"{self.secret}|{self.folder}|{self.port}|{self.path}|{os.getpid()}"


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Around]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    secret = folder / "secret"
    secret.write_text("something")
    path = str(tmp_path / "listens")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(path + ".datagrams")
            yield Around(secret, folder, tcp.getsockname()[1], path)


def tries(body: str) -> str:
    """The source of a detector that finds something if ``body`` raises nothing."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    head = "secret, other, port, path, engine = text.split('|')\nport, engine = int(port), int(engine)\ntry:\n"
    return "import mmap, pathlib, resource\n" + finds(
        f"{head}{lines}except (OSError, ValueError):\n    return []\nreturn [(0, 1)]"
    )


def refused(call: str) -> str:
    return f"if ctypes.CDLL(None, use_errno=True).{call} < 0: raise OSError"


NETWORK = {
    "tcp": "socket.create_connection(('127.0.0.1', port), timeout=5).close()",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    "a server": "socket.create_server(('127.0.0.1', 0)).close()",
    "a name": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()",
    "a path": "s = socket.socket(socket.AF_UNIX); s.connect(path)",
    "a datagram to a path": (
        "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\na.sendto(b'x', path + '.datagrams')"
    ),
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()",
}
PROCESSES = {
    "fork": "pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)",
    "a program": "subprocess.run(['/bin/true'], check=True)",
    "a shell": "if os.system('true') != 0: raise OSError",
    "another session": "pid = os.fork()\nif pid == 0:\n    os.setsid(); os._exit(0)\nos.waitpid(pid, 0)",
    "exec": "pid = os.fork()\nif pid == 0: os.execv('/bin/true', ['true'])\nos.waitpid(pid, 0)",
    "a signal": "os.kill(engine, 0)",
    "a signal to the group": "os.killpg(os.getpgid(engine), 0)",
    "a signal by thread": refused("syscall(200, engine, 0)")
    if os.uname().machine == "x86_64"
    else "os.kill(engine, 0)",
    "a process by descriptor": "os.close(os.pidfd_open(engine))",
    "signals by descriptor": "import fcntl; a, b = socket.socketpair(); fcntl.fcntl(a, fcntl.F_SETOWN, engine)",
    "another's limits": "resource.prlimit(engine, resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))",
    "its own limits": "resource.prlimit(0, resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))",
    "another's priority": "os.setpriority(os.PRIO_PROCESS, engine, os.getpriority(os.PRIO_PROCESS, engine))",
    "another's processors": "os.sched_setaffinity(engine, os.sched_getaffinity(engine))",
    "the end with the engine": refused("prctl(1, 0)"),
    "shared memory": refused("shmget(0, 4096, 0o1600)"),
    "a namespace": refused("unshare(0x10000000)"),
    # It is not mapped, so it counts as no memory; with a folder to write in, no limit of files stops it either.
    "memory as a file": "os.close(os.memfd_create('mine'))",
}
FILES = {
    "read": "pathlib.Path(secret).read_text()",
    "list": "os.listdir(other)",
    "write": "pathlib.Path(secret).write_text('mine')",
    "create": "pathlib.Path(other, 'mine').touch()",
    "create a folder": "os.mkdir(other + '/mine')",
    "remove": "os.remove(secret)",
    "rename": "os.rename(secret, other + '/mine')",
    "link": "os.link(secret, other + '/mine')",
    "symbolic link": "os.symlink(secret, other + '/mine')",
    "truncate": "os.truncate(secret, 0)",
    "its own files": "pathlib.Path(__file__).write_text('another')",
    "its own folder": "pathlib.Path(__file__).with_name('more.py').write_text('another')",
    "the engine's environment": "pathlib.Path(f'/proc/{engine}/environ').read_bytes()",
    "the machine's connections": "pathlib.Path('/proc/self/net/tcp').read_text()",
    "its own mounts": "pathlib.Path('/proc/self/mountinfo').read_text()",
    "connections by thread": "pathlib.Path(f'/proc/self/task/{os.getpid()}/net/tcp').read_text()",
    "the engine's memory": "open(f'/proc/{engine}/mem', 'rb').close()",
    "what is installed": "os.listdir([each for each in ('/etc', '/home') if os.path.isdir(each)][0])",
}
#: Landlock does not cover these, the filter does.
METADATA = {
    "mode": "os.chmod(secret, 0o644)",
    "times": "os.utime(secret)",
    "attributes": "os.setxattr(secret, 'user.mine', b'1')",
    "flags": refused("syscall(469, -100, secret.encode(), bytes(24), 24, 0)"),
}


@pytest.mark.server
@pytest.mark.parametrize("name", [*NETWORK, *PROCESSES, *METADATA])
def test_a_plugin_cannot(name: str, open_pool: OpenPool, around: Around) -> None:
    pool = open_pool(tries((NETWORK | PROCESSES | METADATA)[name]))
    assert pool.find(0, passage(around.text)) == []
    assert pool.find(0, passage(around.text)) == [], "and the process goes on"
    assert pool.status().confinement["network"] == pool.status().confinement["processes"] == "seccomp"


@pytest.mark.server
@pytest.mark.parametrize("name", FILES)
def test_a_plugin_cannot_reach_files(name: str, open_pool: OpenPool, around: Around, version: int) -> None:
    pool = open_pool(tries(FILES[name]))
    assert pool.find(0, passage(around.text)) == []
    assert around.secret.read_text() == "something"
    assert os.listdir(around.folder) == ["secret"]
    assert pool.status().confinement["files"] == f"landlock {version}"


#: What no user may do to another process, or needs a file system that can do it.
_NEEDS_MORE = {"attributes", "flags", "a namespace", "the engine's memory", "link"}
if os.getuid() == 0:  # whose rights the plugin's process gives up
    _NEEDS_MORE |= {"another's priority", "another's processors", "the engine's environment"}


@pytest.mark.server
@pytest.mark.parametrize("name", [*NETWORK, *PROCESSES, *METADATA, *FILES])
def test_where_nothing_confines_it_a_plugin_can(
    name: str, open_pool: OpenPool, around: Around, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the tests above would show nothing."""
    without({LANDLOCK, SECCOMP, LIMITS}, tmp_path, monkeypatch)
    pool = open_pool(tries((NETWORK | PROCESSES | METADATA | FILES)[name]))
    assert pool.find(0, passage(around.text)) == [(0, 1)] or name in _NEEDS_MORE
    assert {value[:3] for value in pool.status().confinement.values()} == {"no:"}


@pytest.mark.server
def test_it_can_do_what_it_needs(open_pool: OpenPool, tmp_path: Path) -> None:
    """Threads, a pool of them, asyncio, files of its own, the standard library, shared libraries, time zones."""
    writes = tmp_path / "writes"
    writes.mkdir()
    source = finds("""\
import asyncio, decimal, hashlib, json, lzma, sqlite3, ssl, tempfile, zoneinfo, ctypes.util
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
with ThreadPoolExecutor(3) as threads:
    assert list(threads.map(abs, range(9))) == list(range(9))
assert asyncio.run(asyncio.sleep(0, 3)) == 3
assert resources.files(__name__).joinpath("data.json").read_text() == "[1]"
zoneinfo.ZoneInfo("Europe/Tallinn") if os.path.isdir("/usr/share/zoneinfo") else None
ssl.create_default_context()
os.urandom(8); os.getpid(); os.kill(os.getpid(), 0); os.cpu_count()
assert open(os.devnull, "w").write("x") == 1
own = folder()
tempfile.TemporaryFile().close()
with sqlite3.connect(own / "store") as store:
    store.execute("create table if not exists t (x)"); store.execute("insert into t values (1)")
(own / "below").mkdir(exist_ok=True); (own / "below" / "a").write_text("a"); (own / "below" / "a").replace(own / "b")
assert len(pathlib.Path("/proc/self/status").read_text()) > 0
return [(0, 1)]""")
    pool = open_pool("import pathlib\n" + source, writes=writes, modules={"data.json": "[1]"})
    assert pool.find(0, passage("x")) == [(0, 1)]
    assert (writes / "b").read_text() == "a"


@pytest.mark.server
def test_a_plugin_writes_nowhere_where_no_folder_is_named(open_pool: OpenPool, around: Around) -> None:
    pool = open_pool(tries("folder()"))
    assert pool.find(0, passage(around.text)) == []


@pytest.mark.server
def test_the_least_memory_is_enough_to_work(open_pool: OpenPool) -> None:
    pool = open_pool(finds("import json, decimal; return [(0, len(str(decimal.Decimal(1))))]"), needs="memory_mb = 32")
    assert [pool.find(0, passage("x")) for _ in range(9)] == [[(0, 1)]] * 9


@pytest.mark.server
def test_a_folder_to_write_in_must_be_there(open_pool: OpenPool, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="which is not a folder"):
        open_pool(finds("return []"), writes=tmp_path / "nowhere").prepared()


@pytest.mark.server
def test_memory_is_bounded(open_pool: OpenPool) -> None:
    source = finds("""\
global kept
if text == "much": kept = bytearray(1 << 30)
if text == "shared":
    import mmap
    kept = mmap.mmap(-1, 6 << 30)
if text == "many":
    kept = []
    while True: kept.append(bytes(1 << 20))
return [(0, 1)]""")
    pool = open_pool(source, needs="memory_mb = 128")
    assert fault(lambda: pool.find(0, passage("much"))) == "memory"
    assert fault(lambda: pool.find(0, passage("shared"))) in ("memory", "raised")
    assert fault(lambda: pool.find(0, passage("many"))) in ("memory", "died")
    assert pool.find(0, passage("fine")) == [(0, 1)]
    assert pool.status().confinement["memory"] == "rlimit"


@pytest.mark.server
def test_its_environment_and_its_path_have_nothing_of_ours(
    open_pool: OpenPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W9: a plugin read the upstream's key from its environment."""
    monkeypatch.setenv("ORDINANCE_UPSTREAM__KEY", "something")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    source = finds("""\
def missing(name):
    try: __import__(name)
    except ImportError: return True
    return False
assert set(os.environ) <= {"LANG", "LC_CTYPE"}, os.environ
assert all(map(missing, ["ordinance.errors", "ordinance.loading", "pydantic", "pytest", "support", "regex"]))
here = os.path.dirname(os.path.dirname(__file__))
assert sys.path[-1] == here and not [each for each in sys.path if "site-packages" in each]
assert os.getcwd() == "/" and os.getsid(0) == os.getpid() == os.getpgid(0)
assert sys.flags.isolated and sys.flags.no_site
return [(0, 1)]""")
    assert open_pool(source).find(0, passage("x")) == [(0, 1)]


@pytest.mark.server
def test_no_byte_code_is_read(open_pool: OpenPool, tmp_path: Path) -> None:
    """It is in no digest."""
    pool = open_pool(
        finds("from acme_plugin import word\nreturn [(0, word.LENGTH)]"), modules={"word.py": "LENGTH = 1"}
    )
    source = tmp_path / "plugin0" / "acme_plugin" / "word.py"
    other = tmp_path / "other.py"
    other.write_text("LENGTH = 2")
    kept = source.stat()
    os.utime(other, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    (source.parent / "__pycache__").mkdir()
    compiled = source.parent / "__pycache__" / f"word.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(
        str(other), str(compiled), str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert pool.find(0, passage("xx")) == [(0, 1)]
    assert list(source.parent.glob("__pycache__/*")) == [compiled], "nor written"


@pytest.mark.server
@pytest.mark.parametrize("hidden", ["__pycache__/hidden.pyc", "../acme_plugin-1.0.dist-info/RECORD"])
def test_a_file_that_is_in_no_digest_cannot_be_read(hidden: str, open_pool: OpenPool, version: int) -> None:
    """Byte code is data too: two plugins with one SHA-256 would find different things."""
    source = finds(f"""\
here = os.path.dirname(__file__)
assert open(os.path.join(here, "sealed.txt")).read() == "1" and "__init__.py" in os.listdir(here)
try: open(os.path.join(here, {hidden!r})).read()
except PermissionError: return []
return [(0, 1)]""")
    assert open_pool(source, modules={"sealed.txt": "1", hidden: "[]"}).find(0, passage("x")) == []


@pytest.mark.server
def test_a_file_that_came_later_cannot_be_read(open_pool: OpenPool, tmp_path: Path, version: int) -> None:
    """An upgrade puts other files in the place of those that are sealed, while the process goes on."""
    source = finds("""\
try: return [(0, len(open(os.path.join(os.path.dirname(__file__), "words.txt")).read()))]
except PermissionError: return []""")
    pool = open_pool(source, modules={"words.txt": "1"})
    assert pool.find(0, passage("xx")) == [(0, 1)]
    other = tmp_path / "other"
    other.write_text("12")
    other.replace(tmp_path / "plugin0" / "acme_plugin" / "words.txt")
    assert pool.find(0, passage("xx")) == []


# Connections that the engine makes


_CONNECTS = finds("""\
address, _, sent = text.partition(" ")
try:
    with connect(address) as connection:
        connection.sendall(sent.encode())
        return [(0, len(connection.recv(100)))]
except PermissionError:
    return [(0, 1)]
except OSError:
    return [(0, 2)]""")


@pytest.mark.server
def test_a_plugin_connects_where_the_operator_allows(open_pool: OpenPool, tmp_path: Path) -> None:
    path = str(tmp_path / "answers")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        port = tcp.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as closed:
            gone = closed.getsockname()[1]
        named = [f"127.0.0.1:{port}", f"localhost:{port}", f"unix:{path}", f"127.0.0.1:{gone}", "nonsense", "unix:"]
        pool = open_pool(_CONNECTS, network=named)
        with _answered(tcp, _echo), _answered(unix, _echo):
            for address in named[:3]:
                assert pool.find(0, passage(f"{address} four")) == [(0, 4)], address
            for address in named[3:]:
                assert pool.find(0, passage(f"{address} four")) == [(0, 2)], "nobody listens there"
            for address in (f"127.0.0.2:{port}", f"127.0.0.1:{port + 1}", "unix:/run/docker.sock", "", "\ud800"):
                assert pool.find(0, passage(f"{address} four")) == [(0, 1)], "the operator has not named it"
    assert pool.status().faults == 0


@contextmanager
def _answered(server: socket.socket, answer: Callable[[socket.socket], object]) -> Iterator[None]:
    """Give each connection to ``answer``, and close it."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _echo(connection: socket.socket) -> None:
    connection.sendall(connection.recv(100))


def _nothing(_: socket.socket) -> None:
    pass


@pytest.mark.server
def test_a_plugin_does_not_keep_the_engine_busy_with_connections(open_pool: OpenPool) -> None:
    """Each is made in the engine's process, which has other things to do."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        address = f"127.0.0.1:{tcp.getsockname()[1]}"
        source = finds("""\
until, made = time.monotonic() + 1, 0
while time.monotonic() < until:
    connect(text).close()
    made += 1
return [(0, 1)] if made > 150 else []""")
        with _answered(tcp, _nothing):
            assert open_pool(source, network=[address]).find(0, passage(address)) == []


@pytest.mark.server
def test_a_connection_leads_nowhere_else(open_pool: OpenPool, tmp_path: Path) -> None:
    """A connected socket could be disconnected, and connected anew."""
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as other:
        source = finds(f"""\
with connect("127.0.0.1:{allowed.getsockname()[1]}") as connection:
    ctypes.CDLL(None).connect(connection.fileno(), bytes(16), 16)
    try: connection.connect(("127.0.0.1", {other.getsockname()[1]}))
    except OSError: return []
    return [(0, 1)]""")
        pool = open_pool(source, network=[f"127.0.0.1:{allowed.getsockname()[1]}"])
        assert pool.find(0, passage("x")) == []


@pytest.mark.server
def test_what_it_asks_for_connections_with_reaches_nobody_else(open_pool: OpenPool, tmp_path: Path) -> None:
    """A socket that takes datagrams sends them to whoever listens under a path, where no rule about sockets applies."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(tmp_path / "datagrams"))
        other.setblocking(False)
        source = finds("""\
from ordinance import plugin
for each in (plugin._connect._connection, *map(socket.socket.dup, socket.socketpair())):
    try: each.sendto(b"x", text)
    except OSError: pass
return []""")
        assert open_pool(source, network=["127.0.0.1:9"]).find(0, passage(str(tmp_path / "datagrams"))) == []
        with pytest.raises(BlockingIOError):
            other.recv(1)


@pytest.mark.server
def test_the_engine_trusts_no_address_that_the_process_itself_sends(open_pool: OpenPool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as named, socket.create_server(("127.0.0.1", 0)) as other:
        source = finds(f"""\
from ordinance import plugin
asking = plugin._connect._connection
for said in (b'"127.0.0.1:{other.getsockname()[1]}"', b"[" * 4000, b"{{}}", b"\\xff", b"1"):
    asking.send(said)
    answer, descriptors, _, _ = socket.recv_fds(asking, 4096, 1)
    if descriptors: return [(0, 1)]
return []""")
        pool = open_pool(source, network=[f"127.0.0.1:{named.getsockname()[1]}"])
        assert pool.find(0, passage("x")) == []


# What is in force


@pytest.mark.server
def test_an_operator_sees_whose_process_it_is(open_pool: OpenPool) -> None:
    open_pool(finds("return []")).prepared()
    [process] = children(os.getpid())
    assert Path(f"/proc/{process}/comm").read_text() == "acme_plugin\n"


@pytest.mark.server
@pytest.mark.parametrize(
    ("parts", "code", "said"),
    [
        ({LANDLOCK}, errno.ENOSYS, {"files": "no: this kernel has no Landlock", "network": "seccomp"}),
        ({LANDLOCK}, errno.EOPNOTSUPP, {"files": "no: Landlock is turned off in this kernel"}),
        ({LANDLOCK}, errno.EPERM, {"files": "no: Landlock failed (as an older kernel)"}),
        ({SECCOMP}, errno.EINVAL, {"processes": "no: this kernel has no seccomp filter"}),
        ({LANDLOCK, SECCOMP}, errno.ENOSYS, {"network": "no: this kernel has no seccomp filter"}),
        ({LIMITS}, errno.EPERM, {"memory": "no: as an older kernel", "processes": "seccomp"}),
    ],
)
def test_what_a_kernel_lacks_is_said(
    open_pool: OpenPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parts: set[str],
    code: int,
    said: dict[str, str],
) -> None:
    without(parts, tmp_path, monkeypatch, code)
    pool = open_pool(finds("return [(0, 1)]"))
    assert pool.find(0, passage("x")) == [(0, 1)], "it works all the same"
    confinement = pool.status().confinement
    assert set(confinement) == {"memory", "files", "network", "processes"}
    assert said.items() <= confinement.items()


def test_no_call_of_linux_is_made_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its number another kernel has another call, and the C library has no `prctl`."""
    monkeypatch.setattr("sys.platform", "darwin")
    for name in ("call", "prctl"):
        monkeypatch.setattr(kernel, name, lambda *_: pytest.fail("a call of Linux"))
    monkeypatch.setattr("resource.setrlimit", lambda *_: pytest.fail("a limit that was never tried there"))
    confined = confine({"engine": os.getppid(), "package": "acme", "memory_mb": 64, "threads": 4, "writes": ""})
    assert set(confined) == {"memory", "files", "network", "processes"}
    assert set(confined.values()) == {"no: there is no sandbox on darwin"}


@pytest.mark.server
def test_without_seccomp_landlock_still_closes_tcp(
    open_pool: OpenPool, around: Around, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    if version < landlock.TCP:
        pytest.skip(f"Landlock {version} knows no TCP")
    without({SECCOMP}, tmp_path, monkeypatch)
    pool = open_pool(tries(NETWORK["tcp"]))
    assert pool.find(0, passage(around.text)) == []
    said = "no: this kernel has no seccomp filter; TCP alone is closed"
    assert pool.status().confinement["network"] == said
    if version >= landlock.SCOPES:
        pool = open_pool(tries(PROCESSES["a signal"]))
        assert pool.find(0, passage(around.text)) == [], "nor can it send signals to the engine"


@pytest.mark.server
def test_what_it_has_started_ends_with_it(open_pool: OpenPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W10: a process that was forked outlived the deadline's kill and the server's stop. Where there is seccomp there
    is no such process; where there is none it ends with the session."""
    without({SECCOMP}, tmp_path, monkeypatch)
    source = finds("""\
if text == "fork" and os.fork() == 0: time.sleep(600)
if text == "end": os._exit(0)
return [(0, 1)]""")
    pool = open_pool(source)
    assert pool.find(0, passage("fork")) == [(0, 1)]
    (leader,) = children(os.getpid())
    until(lambda: len(session(leader)) == 2, "it has started one")
    assert fault(lambda: pool.find(0, passage("end"))) in ("died", "late"), "its child keeps the channel open"
    assert pool.find(0, passage("fine")) == [(0, 1)]
    until(lambda: session(leader) == [], "both have ended")
    assert pool.find(0, passage("fork")) == [(0, 1)]
    (leader,) = children(os.getpid())
    pool.close()
    until(lambda: session(leader) == [], "both have ended")


# The filter


@pytest.mark.parametrize("machine", kernel.NUMBERS)
def test_every_call_that_is_refused_has_its_number(machine: str) -> None:
    numbers = kernel.NUMBERS[machine]
    names = [*seccomp.REFUSED, "clone3", *(each.name for each in seccomp.conditions(1))]
    older = {"fork", "vfork", "iopl", "ioperm", "chmod", "chown", "lchown", "utime", "utimes", "futimesat"}
    assert {name for name in names if not numbers.known([name])} == (set() if machine == "x86_64" else older)
    assert len(seccomp.program(numbers, 1)) < 4096


@pytest.mark.parametrize(
    ("machine", "header"),
    [("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_the_kernels(machine: str, header: str) -> None:
    if not Path(header).is_file():
        pytest.skip("the kernel's headers are not installed")
    said = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text())
    ours = kernel.NUMBERS[machine]
    checked = [name for name, number in said if ours.known([name]) and ours[name] == int(number)]
    assert not [name for name, number in said if ours.known([name]) and ours[name] != int(number)]
    assert len(checked) > 100


def test_an_unknown_machine_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(OSError, match="no filter for riscv64"):
        seccomp.restrict()


# Without privileges


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.skipif(UNPRIVILEGED in os.environ, reason="this is that run")
def test_all_of_this_holds_without_any_privilege() -> None:
    """As a user who may do nothing, and who cannot make a user namespace: a container's."""
    python = _for_everyone()
    if python is None:
        pytest.skip("no interpreter of this version is for every user")
    command = [python, "-c", _WITHOUT_NAMESPACES, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("setpriv is not here, and this user is root")
        drop = ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
        command = [setpriv, *drop, "--no-new-privs", *command]
    paths = os.pathsep.join(path for path in sys.path if "site-packages" in path)
    environment = {**os.environ, UNPRIVILEGED: "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": paths}
    # Not in pytest's own folder: that is for nobody else.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        command.append(f"--basetemp={folder}/base")
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def _for_everyone() -> str | None:
    """Find an interpreter of this version that any user may run."""
    for path in (
        sys.executable,
        f"/usr/bin/python3.{sys.version_info[1]}",
        f"/usr/local/bin/python3.{sys.version_info[1]}",
    ):
        real = Path(path).resolve()
        if real.is_file() and all(each.stat().st_mode & 0o005 == 0o005 for each in real.parents):
            return path
    return None


#: Runs Python with arguments, having given up user namespaces as a container's own filter does.
_WITHOUT_NAMESPACES = f"""
import ctypes, errno, os, struct, sys
sys.path.insert(0, {str(ROOT / "engine")!r})
from ordinance.errors import PluginError
from ordinance.plugins.inside import kernel
number = kernel.numbers()["unshare"]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)]
packed = b"".join(struct.pack("HBBI", *step) for step in steps)
held = ctypes.create_string_buffer(packed, len(packed))
kernel.prctl(38, 1)
kernel.prctl(22, 2, struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held)))
assert ctypes.CDLL(None).unshare(0x10000000) < 0
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
