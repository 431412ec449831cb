"""Faults of plugins, planted: each is caught, for the right reason, and the next question is answered.

W1 to W12 are the ways by which a plugin could once lower a red line or stop the server. Those that concern the load and
the digest are in the rooms that load (W2, W5, W6, W8), and those that the kernel prevents in ``test_sandbox.py``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from ordinance.errors import PluginError
from ordinance.plugin import Unconfigured
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import prepared
from support.checkout import ROOT
from support.plugin_folders import BUDGET, WORD, OpenPool, allowed, fault, finds, gives, passage, until, write_plugin
from support.processes import children, running, session
from support.unconfined import SECCOMP, without

pytestmark = pytest.mark.server

#: What is asked must not hang, and the machine may be busy.
SHORT = Budget(seconds=1.0, processes=1, start=60.0)
#: The channel and the question, as a plugin can find them in its own process.
INSIDE = """\
frame = sys._getframe()
while "frames" not in frame.f_locals:
    frame = frame.f_back
frames, question = frame.f_locals["frames"], frame.f_locals.get("question")
from ordinance.plugins.inside.frames import packed
"""
HOOK = "@hookimpl\ndef detector(asked): "
FINDS = "return [(0, 1)] if 'FIND' in text else []"


def hostile(deed: str) -> str:
    """The source of a detector that does ``deed`` where a text says DO, and finds its first character where it says
    FIND."""
    lines = "".join(f"    {line}\n" for line in deed.splitlines())
    return finds(f"{INSIDE}if 'DO' in text:\n{lines}{FINDS}")


def clean(pool: Pool) -> None:
    """The next questions are answered, each with its own answer."""
    for _ in range(3):
        assert pool.find(0, passage("FIND")) == [(0, 1)]
        assert pool.find(0, passage("nothing here")) == []


def right_or_failed(pool: Pool) -> None:
    """The next questions get their own answer, or none: the process may end while they are in flight there."""
    for text, spans in [("nothing here", []), ("FIND", [(0, 1)])] * 3:
        try:
            assert pool.find(0, passage(text)) == spans
        except FaultError as error:
            assert error.cause == "twice"  # noqa: PT017


# At run time


@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("raise RuntimeError(text)", "raised"),
        ("raise KeyboardInterrupt", "raised"),
        ("sys.exit(0)", "raised"),
        ("raise ValueError(text)", "raised"),
        ("class Wild(Exception):\n    __str__ = __repr__ = lambda self: 1 / 0\nraise Wild", "raised"),
        ("return find(passage)", "raised"),
        ("os._exit(0)", "died"),
        ("ctypes.string_at(0)", "died"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "died"),
        ("os.kill(os.getpid(), signal.SIGSTOP); time.sleep(60)", "late"),
        ("time.sleep(60)", "late"),
        ("while True: pass", "late"),
        ("re.fullmatch('(a|a)+', 'a' * 60 + 'b')", "late"),
        ("threading.Lock().acquire(); x = threading.Lock(); x.acquire(); x.acquire()", "late"),
        ("return 'no spans'", "nonsense"),
        ("return [(0, 10 ** 6)]", "nonsense"),
        ("print(text); print(text, file=sys.stderr); return [(0, 1)] * 200_000", "nonsense"),
        ("return ['x' * 2_000_000]", "nonsense"),
        ("os.closerange(0, 200); time.sleep(60)", "died"),
        ("signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)", "died"),
        # On the channel itself: half a message (W11), a long one, none, another's, two (W1).
        ("frames._connection.send(bytes(2)); time.sleep(60)", "late or nonsense"),
        ("frames._connection.send(b'\\x00\\x00\\x01\\x00['); time.sleep(60)", "late or nonsense"),
        ("frames._connection.send(b'\\xff' * 100); time.sleep(60)", "nonsense"),
        ("frames._connection.send(packed('x' * 2_000_000)[:100000]); time.sleep(60)", "nonsense"),
        ("frames.send(packed([])); time.sleep(60)", "nonsense"),
        ("frames.send(packed({'answer': True, 'fault': 'x'})); time.sleep(60)", "nonsense"),
        ("frames.send(b'\\x00\\x01\\x00\\x00' + b'[' * 65536); time.sleep(60)", "nonsense"),
        ("frames.send(b'\\x00\\x01\\x00\\x00' + b'9' * 65536); time.sleep(60)", "nonsense"),
        ("frames.send(packed({'answer': 1, 'is': []})); time.sleep(60)", "twice"),
        ("frames.send(packed({'pong': 1})); time.sleep(60)", "twice"),
        ("while True: frames.send(packed({'answer': 1, 'is': []}))", "twice"),
    ],
)
def test_a_fault_ends_its_question_and_nothing_else(
    open_pool: OpenPool, capfd: pytest.CaptureFixture[str], deed: str, cause: str
) -> None:
    pool = open_pool(hostile(deed), budget=SHORT)
    pool.prepared()
    began = time.monotonic()
    assert fault(lambda: pool.find(0, passage("DO: secret"))) in cause.split(" or ")
    assert time.monotonic() - began < 30
    clean(pool)
    assert pool.status().cause in cause.split(" or ")
    assert "secret" not in repr(pool.status())
    assert capfd.readouterr() == ("", "")
    until(lambda: len(children(os.getpid())) == 1, "one process, and no orphan")


def test_a_plugin_that_answers_twice_reaches_no_other_question(open_pool: OpenPool) -> None:
    """W1: every later question got the answer of the one before it."""
    twice = "frames.send(packed({'answer': question['ask'], 'is': [[0, 1]]}))"
    pool = open_pool(hostile(twice), budget=Budget(2.0, 1))
    for _ in range(5):
        assert pool.find(0, passage("DO nothing")) == [(0, 1)], "the first answer is the plugin's own"
        right_or_failed(pool)
    assert pool.status().cause == "twice"
    clean(pool)


def test_a_late_thread_reaches_no_other_question(open_pool: OpenPool) -> None:
    late = (
        "def again():\n    time.sleep(0.2)\n    frames.send(packed({'answer': question['ask'], 'is': [[0, 1]]}))\n"
        "threading.Thread(target=again).start()"
    )
    pool = open_pool(hostile(late), budget=Budget(2.0, 1))
    assert pool.find(0, passage("DO nothing")) == []
    until(lambda: pool.status().faults == 1, "its second answer was seen")
    assert pool.status().cause == "twice"
    clean(pool)


def test_a_fork_reaches_no_other_question(open_pool: OpenPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W1, where the kernel has no seccomp: both processes answer."""
    without({SECCOMP}, tmp_path, monkeypatch)
    pool = open_pool(hostile("os.fork()"), budget=Budget(2.0, 1))

    def seen(before: int) -> bool:
        return pool.status().faults > before

    for _ in range(3):
        before = pool.status().faults
        try:
            assert pool.find(0, passage("DO nothing")) == []
        except FaultError as error:
            assert error.cause == "twice"  # noqa: PT017 - the end of the process before
        right_or_failed(pool)
        until(partial(seen, before), "the second answer was seen")
    clean(pool)


def test_a_late_answer_fails_its_question_only(open_pool: OpenPool) -> None:
    pool = open_pool(hostile("time.sleep(1.5); return [(0, 1)]"), budget=SHORT)
    (first,) = (pool.prepared(), children(os.getpid()))[1]
    with ThreadPoolExecutor(2) as threads:
        late = threads.submit(pool.find, 0, passage("DO"))
        for _ in range(10):
            assert pool.find(0, passage("FIND")) == [(0, 1)], "others in the same process go on"
        assert fault(late.result) == "late"
    time.sleep(1)
    assert children(os.getpid()) == [first], "the process stays"
    clean(pool)
    assert pool.status().faults == 1


def test_a_process_whose_threads_are_all_late_is_replaced(open_pool: OpenPool) -> None:
    pool = open_pool(hostile("time.sleep(600)"), budget=SHORT)
    (first,) = (pool.prepared(), children(os.getpid()))[1]
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(pool.find, 0, passage("DO")) for _ in range(4)]
        assert {fault(each.result) for each in asked} == {"late"}
    clean(pool)
    assert first not in children(os.getpid())


def test_a_question_that_never_ends_does_not_keep_its_process(open_pool: OpenPool) -> None:
    """A thread cannot be ended: its process is, once it has answered the others."""
    pool = open_pool(hostile("while True: pass"), budget=SHORT)
    (first,) = (pool.prepared(), children(os.getpid()))[1]
    assert fault(lambda: pool.find(0, passage("DO"))) == "late"
    until(lambda: first not in children(os.getpid()), "it was ended")
    clean(pool)
    assert pool.status().faults == 1


def test_a_stuck_interpreter_fails_what_is_in_flight_there_and_nothing_elsewhere(open_pool: OpenPool) -> None:
    stuck = "re.fullmatch('(a|a)+', 'a' * 60 + 'b') if 'STUCK' in text else time.sleep(0.5)"
    pool = open_pool(hostile(stuck), budget=Budget(seconds=2.0, processes=2))
    pool.prepared()
    with ThreadPoolExecutor(3) as threads:
        waits = [threads.submit(pool.find, 0, passage("DO")) for _ in range(2)]
        assert [each.result() for each in waits] == [[], []]
        until(lambda: len(children(os.getpid())) == 2, "the second was started, because the first was at work")
        before = children(os.getpid())
        asked = threads.submit(pool.find, 0, passage("DO STUCK"))
        time.sleep(0.2)
        for _ in range(4):
            assert pool.find(0, passage("FIND")) == [(0, 1)], "the other process is asked"
        assert fault(asked.result) == "late"
    until(lambda: before != children(os.getpid()), "its heartbeat was silent")
    assert len(set(before) & set(children(os.getpid()))) == 1, "the other stays"
    clean(pool)


def test_threads_that_it_leaves_behind_do_no_harm(open_pool: OpenPool) -> None:
    threads = """
import threading, time
def spin():
    while True: time.sleep(0.001)
for _ in range(20): threading.Thread(target=spin).start()
"""
    pool = open_pool(threads + finds(FINDS), budget=Budget(3.0, 1))
    clean(pool)
    (pid,) = children(os.getpid())
    pool.close()
    until(lambda: not running(pid), "it has ended with them")


def test_a_flood_of_connections_costs_the_engine_little(open_pool: OpenPool) -> None:
    deed = """\
from ordinance import plugin
asking = plugin._connect._connection
def flood():
    while True:
        asking.send(b'"10.0.0.1:1"')
        socket.recv_fds(asking, 4096, 1)
threading.Thread(target=flood, daemon=True).start()"""
    pool = open_pool(hostile(deed), budget=Budget(3.0, 1), network=["127.0.0.1:9"])
    assert pool.find(0, passage("DO")) == []
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.5
    clean(pool)


# When it starts


@pytest.mark.parametrize(
    ("source", "cause", "said"),
    [
        ("raise RuntimeError('it is not here')", "raised", "raised RuntimeError: it is not here while its package"),
        ("import sys; sys.exit(0)", "raised", "raised SystemExit: 0 while its package `acme_plugin` was imported"),
        ("import os; os._exit(0)", "died", "ended its process (exit status 0) while its package"),
        ("import os, signal; os.kill(os.getpid(), 9)", "died", "ended its process (signal 9) while"),
        ("import ctypes; ctypes.string_at(0)", "died", "ended its process (signal 11) while"),
        ("import time; time.sleep(600)", "late", "did not end within 3 s while its package"),
        ("while True: pass", "late", "did not end within 3 s while"),
        ("import re; re.fullmatch('(a|a)+', 'a' * 60 + 'b')", "late", "did not end within 3 s while"),
        ("kept = bytearray(1 << 31)", "memory", "raised MemoryError while"),
        ("def x(:", "raised", "raised SyntaxError"),
        ("import acme_other", "raised", "raised ModuleNotFoundError: No module named 'acme_other' while"),
        (HOOK + "raise KeyError(asked.name)", "raised", "raised KeyError: 'acme.word' in the hook"),
        (HOOK + "raise SystemExit", "raised", "raised SystemExit in the hook `detector` for `acme.word`"),
        (HOOK + "\n    import os; os._exit(3)", "died", "(exit status 3) in the hook `detector`"),
        (HOOK + "\n    while True: pass", "late", "did not end within 3 s in the hook"),
        ("@hookimpl\ndef detector(unknown): pass", "raised", "raised PluginValidationError"),
        *(("import sys\n" + INSIDE + f"frames.send(packed({said}))\nimport time; time.sleep(60)", "nonsense", "")
          for said in ("{'prepared': [{'kind': []}]}", "{'prepared': [3]}", "{'prepared': []}", "{'failed': 3}",
                       "{'confined': {'memory': 'rlimit'}}", "{'failed': ['x', 'y', 'z']}", "[]",
                       "{'prepared': [{'kind': 'segments', 'overlap': True}]}", "{'step': [[], 3]}")),
        ("", "nonsense", "the hook `detector` for `acme.word`: it gives nothing; the manifest says"),
        ("import sys\n" + INSIDE + "while True: frames.send(packed({'step': ['import', 'x']}))",
         "nonsense", "wrote to the engine itself"),
        (gives("Expressions(('a' * 1_000_000,) * 20)"), "nonsense", "more than 16 MiB in the hook `detector`"),
        ("import os\nfor each in range(3, 1000):\n    try: os.write(each, b'\\xff' * 9)\n    except OSError: pass",
         "nonsense", "wrote to the engine itself while its package"),
    ],
)  # fmt: skip
def test_a_plugin_that_does_not_start_is_named(
    open_pool: OpenPool, capfd: pytest.CaptureFixture[str], source: str, cause: str, said: str
) -> None:
    """W3, W4: it ended the command, or the server, with success, or it hung without end."""
    budget = Budget(1.0, 1, start=3.0 if cause == "late" else 60.0)
    pool = open_pool("print('hello')\n" + source, budget=budget)
    began = time.monotonic()
    with pytest.raises(PluginError) as raised:
        pool.prepared()
    assert time.monotonic() - began < 30
    assert said in raised.value.message
    assert raised.value.message.startswith("The plugin `acme-plugin` 1.0 ")
    assert "defect of ordinance" not in str(raised.value)
    assert raised.value.cause == cause
    assert capfd.readouterr() == ("", ""), "what it prints goes nowhere"
    assert pool.status().state == "failing"
    until(lambda: children(os.getpid()) == [], "nothing is left of it")


def test_what_is_missing_is_told_in_one_line() -> None:
    given = prepared(WORD, {"kind": "unconfigured", "missing": "the model\n\x1b[2K\ud800" + "x" * 1000})
    assert given == Unconfigured("the model  [2K " + "x" * 285)


def test_a_restart_that_prepares_something_else_does_not_serve(open_pool: OpenPool) -> None:
    source = finds("os._exit(0)") + "\n" + gives("Segments(find, overlap=time.monotonic_ns() % 1_000_000)").lstrip()
    pool = open_pool(source, budget=SHORT)
    pool.prepared()
    assert fault(lambda: pool.find(0, passage("x"))) == "died"
    assert fault(lambda: pool.find(0, passage("x"))) == "start"
    assert (pool.status().state, pool.status().cause) == ("failing", "start")


def test_a_process_does_not_start_with_other_files(open_pool: OpenPool, tmp_path: Path) -> None:
    """W5: new processes imported what an upgrade had put there, under the digest of what was there before."""
    source = finds("if 'END' in text: os._exit(0)\nreturn [(0, 1)]")
    pool = open_pool(source, budget=SHORT)
    assert pool.find(0, passage("AA")) == [(0, 1)]
    write_plugin(tmp_path / "plugin0", source.replace("[(0, 1)]", "[(0, 2)]"))
    assert pool.find(0, passage("AA")) == [(0, 1)], "what runs stays what it is"
    assert fault(lambda: pool.find(0, passage("END"))) == "died"
    assert fault(lambda: pool.find(0, passage("AA"))) == "sealed"
    assert (pool.status().state, pool.status().cause) == ("failing", "sealed")
    write_plugin(tmp_path / "plugin0", source)
    until(lambda: answers(lambda: pool.find(0, passage("AA"))), "the files are back, and it starts again")


def answers(ask: Callable[[], object]) -> bool:
    try:
        return ask() == [(0, 1)]
    except FaultError:
        return False


def test_files_that_change_while_it_starts_are_seen(open_pool: OpenPool, tmp_path: Path) -> None:
    pool = open_pool("import time; time.sleep(2)\n" + finds("return []"))
    threading.Timer(1.0, (tmp_path / "plugin0" / "acme_plugin" / "more.py").touch).start()
    with pytest.raises(PluginError, match="other files than the settings allow"):
        pool.prepared()


def test_a_module_that_was_replaced_is_not_imported(open_pool: OpenPool, tmp_path: Path) -> None:
    """W5: what is imported late would be of another version than what was imported at the start."""
    source = finds("from acme_plugin import late\nreturn [(0, late.LENGTH)]")
    pool = open_pool(source, modules={"late.py": "LENGTH = 1"})
    pool.prepared()
    late = tmp_path / "plugin0" / "acme_plugin" / "late.py"
    late.write_text("LENGTH = 2")
    assert fault(lambda: pool.find(0, passage("xx"))) == "raised"
    late.write_text("LENGTH = 1")
    assert pool.find(0, passage("xx")) == [(0, 1)]


def test_a_compiled_module_is_imported_as_it_was_sealed(tmp_path: Path) -> None:
    name = f"_json{EXTENSION_SUFFIXES[0]}"
    [compiled] = [each for each in sys.path if Path(each, name).is_file()]
    source = finds("from acme_plugin import _json\nreturn [(0, _json.scanstring('a\"', 0)[1] - 1)]")
    folder = write_plugin(tmp_path / "compiled", source)
    shutil.copy(Path(compiled, name), folder / "acme_plugin" / name)
    pool = Pool(allowed(folder), [WORD], BUDGET)
    assert pool.find(0, passage("xx")) == [(0, 1)]
    pool.close()
    pool = Pool(allowed(folder), [WORD], BUDGET)
    pool.prepared()
    with (folder / "acme_plugin" / name).open("ab") as file:
        file.write(b"more")
    assert fault(lambda: pool.find(0, passage("xx"))) == "raised"
    pool.close()


def test_a_link_in_its_folder_stops_the_start(open_pool: OpenPool, tmp_path: Path) -> None:
    pool = open_pool(finds("return []"))
    (tmp_path / "plugin0" / "acme_plugin" / "data").symlink_to("/etc/hostname")
    with pytest.raises(PluginError, match="is a link") as raised:
        pool.prepared()
    assert raised.value.cause == "sealed"


# The end of the engine


@pytest.mark.parametrize("confined", [True, False])
def test_a_plugin_ends_with_the_engine_whatever_it_does(tmp_path: Path, confined: bool) -> None:
    """Killed by the kernel with the engine, also where its interpreter is stuck. Without seccomp it ends when its
    channel does, with what it has started."""
    deed = "re.fullmatch('(a|a)+', 'a' * 60 + 'b')" if confined else "time.sleep(600)"
    start = "" if confined else "if os.fork() == 0: time.sleep(600)"
    write_plugin(tmp_path / "plugin", finds(f"{start}\n{deed}"))
    program = f"""
import sys, threading
sys.path[:0] = [{str(ROOT / "engine")!r}, {str(ROOT / "tests")!r}]
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
import pytest
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import prepared
from support.plugin_folders import allowed, BUDGET, WORD, allowed, passage
from support.unconfined import SECCOMP, without
if not {confined}: without({{SECCOMP}}, Path({str(tmp_path)!r}), pytest.MonkeyPatch())
pool = Pool(allowed(Path({str(tmp_path / "plugin")!r})), [WORD], BUDGET)
pool.prepared()
threading.Thread(target=pool.find, args=(0, passage("x")), daemon=True).start()
print("asked", flush=True)
sys.stdin.read()
"""
    engine = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"asked\n"
        (leader,) = children(engine.pid)
        if not confined:
            until(lambda: len(session(leader)) == 2, "it has started another")
        time.sleep(0.5)
    finally:
        engine.send_signal(signal.SIGKILL)
        engine.communicate()
    until(lambda: session(leader) == [], "it has ended")


def test_an_engine_that_ends_says_nothing_about_it(tmp_path: Path) -> None:
    """Nor does it start processes again that end before it."""
    write_plugin(tmp_path / "plugin", finds("return []"))
    program = f"""
import sys
sys.path[:0] = [{str(ROOT / "engine")!r}, {str(ROOT / "tests")!r}]
from pathlib import Path
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import prepared
from support.plugin_folders import BUDGET, WORD, allowed, passage
pool = Pool(allowed(Path({str(tmp_path / "plugin")!r})), [WORD], BUDGET)
pool.find(0, passage("x"))
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pool_that_is_closed_while_it_starts_leaves_nothing(open_pool: OpenPool) -> None:
    pool = open_pool("import time; time.sleep(600)")
    with ThreadPoolExecutor(1) as threads:
        started = threads.submit(pool.prepared)
        until(lambda: len(children(os.getpid())) == 1, "it starts")
        pool.close()
        with pytest.raises(PluginError):
            started.result()
    until(lambda: children(os.getpid()) == [], "nothing is left")
    assert pool.status().state == "stopped"
    assert fault(lambda: pool.find(0, passage("x"))) == "died"


@pytest.mark.parametrize("when", ["asked", "idle", "imported"])
def test_a_process_that_starts_threads_without_end_is_ended(when: str, open_pool: OpenPool) -> None:
    """Ten thousand in one process were no fault; a few such processes, and nobody on the machine could start any."""
    bomb = """
def bomb():
    threading.stack_size(32768)
    started = 0
    while started < 3000:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        started += 1

"""
    deeds = {"asked": "bomb()\ntime.sleep(60)", "idle": "threading.Timer(0.2, bomb).start()", "imported": "pass"}
    source = f"import threading, time\n{bomb}" + ("bomb()\ntime.sleep(60)\n" if when == "imported" else "")
    source += finds(f"if text == 'bomb':\n{textwrap.indent(deeds[when], '    ')}\nreturn [(0, 1)]")
    pool = open_pool(source, budget=Budget(seconds=30.0, processes=1, start=60.0))
    if when == "imported":
        with pytest.raises(PluginError, match="threads") as raised:
            pool.prepared()
        assert raised.value.cause == "threads"
        return
    if when == "asked":
        assert fault(lambda: pool.find(0, passage("bomb"))) == "threads"
    else:
        assert pool.find(0, passage("bomb")) == [(0, 1)]
        until(lambda: pool.status().cause == "threads", "it is ended")
    assert pool.find(0, passage("fine")) == [(0, 1)], "another one goes on"
