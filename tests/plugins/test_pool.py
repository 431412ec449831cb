"""Questions to a plugin's processes: each hook, each type, and who is asked next."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ordinance.errors import PluginError
from ordinance.plugin import Asked, Expressions, Passage, Pattern, Unconfigured
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.pool import RESTART_SECONDS, Pool
from ordinance.plugins.prepared import AskedCandidates, AskedSegments, FormWidth, Health, Judged, Sink, Use
from support.plugin_folders import (
    BUDGET,
    WORD,
    OpenPool,
    allowed,
    fault,
    finds,
    gives,
    passage,
    until,
    write_plugin,
)
from support.processes import children

pytestmark = pytest.mark.server

# What a plugin gives


def test_each_hook_is_prepared_and_asked(open_pool: OpenPool) -> None:
    source = """
@hookimpl
def detector(asked, settings):
    match asked.name:
        case "acme.words":
            return Expressions(phrases=asked.arguments, patterns=(Pattern("A[0-9]", any_case=True),))
        case "acme.ids":
            return Candidates((Pattern("[0-9]{3}"),), lambda p: p.folded.endswith(p.before), before=7)
        case "acme.long":
            return Segments(lambda p: [p.span(0, 1)], overlap=settings["overlap"])
        case "acme.unset":
            return Unconfigured("the setting `model`")

@hookimpl
def judge(asked):
    return Judged(lambda passages: [len(each.text) / 10 for each in passages])

@hookimpl
def form(asked):
    return Form(lambda text: text.replace("\u00df", asked.prose), width=2)

records = []

@hookimpl
def audit_sink(settings):
    return Sink(records.extend)

@hookimpl
def health():
    return [f"{each['id']} is\\nstored" for each in records]
"""
    uses = [
        Use("detector", Asked("acme.words", ("one", "two"))),
        Use("detector", Asked("acme.ids")),
        Use("detector", Asked("acme.long")),
        Use("detector", Asked("acme.unset")),
        Use("judge", Asked("acme.judge")),
        Use("form", Asked("acme.swiss", prose="ss")),
        Use("audit_sink", Asked("")),
        Use("health", Asked("")),
    ]
    pool = open_pool(source, uses, given={"overlap": 9})
    assert pool.prepared() == (
        Expressions(("one", "two"), (Pattern("A[0-9]", any_case=True),)),
        AskedCandidates((Pattern("[0-9]{3}"),), before=7),
        AskedSegments(overlap=9),
        Unconfigured("the setting `model`"),
        Judged(),
        FormWidth(2),
        Sink(),
        Health(),
    )
    assert pool.accepts(1, Passage("１２３", "123", range(4), before="3"))
    assert not pool.accepts(1, Passage("１２３", "123", range(4), before="4"))
    assert pool.find(2, Passage("Ⅳ.", "iv.", (0, 0, 1, 2))) == [(0, 1)], "a match within a character is the character"
    assert pool.score(4, [passage("abc"), passage("")]) == [0.3, 0.0]
    assert pool.rewrite(5, "Straße") == "Strasse"
    pool.write(6, [{"id": "r1"}])
    assert pool.health(7) == ["r1 is stored"]
    assert pool.status().state == "ready"


def test_a_passage_arrives_as_it_is(open_pool: OpenPool) -> None:
    seen = finds("""\
if passage.folded == "ab \\ud800" and list(passage.offsets) == [0, 2, 3, 5, 6] and passage.before == "è":
    return [passage.span(1, 2)]
return []""")
    pool = open_pool(seen)
    assert pool.find(0, Passage("A\u200bB \n\ud800", "ab \ud800", (0, 2, 3, 5, 6), before="è")) == [(2, 3)]
    assert pool.find(0, passage("")) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Expressions(phrases='SECRET')", "`phrases` must be a tuple, not str"),
        ("Expressions(phrases=(1, 2))", "`phrases` must be text, not int"),
        ("Expressions(patterns=('a',))", "`patterns` must contain values of type Pattern only"),
        ("Candidates((), lambda p: True)", "`shapes` is empty"),
        ("Candidates((Pattern('a', any_case=1),), lambda p: True)", "values of type Pattern only"),
        ("Segments(lambda p: [], overlap=True)", "`overlap` must be a whole number"),
        ("Segments(lambda p: [], overlap=-1)", "`overlap` must be a whole number"),
        ("Judged(lambda passages: [])", "it gives judged, which is not a type that this hook may return"),
        ("[]", "it gives list, which is not a type"),
        ("None", "it gives nothing; the manifest says"),
        ("Unconfigured(3)", "`missing` must be text, not int"),
        ("Expressions(phrases=(object(),))", "raised NotPlainError: a object in the hook"),
    ],
)
def test_what_a_hook_gives_is_of_exactly_its_types(open_pool: OpenPool, value: str, said: str) -> None:
    with pytest.raises(PluginError) as raised:
        open_pool(gives(value)).prepared()
    assert said in str(raised.value)
    assert "acme-plugin" in raised.value.message
    assert (raised.value.hook, raised.value.cause) == ("detector", "nonsense")


@pytest.mark.parametrize(
    "value",
    [
        "None", "'no spans'", "['01']", "[(False, True)]", "[(0.9, 3.9)]", "{(0, 4): 1}", "{(0, 4)}", "[(0, 1, 2)]",
        "[(1, 1)]", "[(-1, 2)]", "[(0, len(text) + 1)]", "[[0, 10 ** 30]]", "[(0, '1')]", "itertools.repeat((0, 1))",
        "[(0, 1)] * 300_000", "[(0, ctypes.c_int(1))]", "3", "b'ab'", "[[[[]]]]", "[(0, math.inf)]", "[(0, math.nan)]",
        "[(0, 1), float('nan')]",
    ],
)  # fmt: skip
def test_only_pairs_of_whole_numbers_within_the_text_are_spans(open_pool: OpenPool, value: str) -> None:
    """W12: numbers, truth values and texts were spans, and cut at a wrong place."""
    pool = open_pool(finds(f"if 'no' in text: return {value}\nreturn [(0, 2)]"))
    assert fault(lambda: pool.find(0, passage("no such"))) == "nonsense"
    assert pool.find(0, passage("fine")) == [(0, 2)], "the process stays"
    assert (pool.status().faults, pool.status().state) == (1, "ready")


@pytest.mark.parametrize("value", ["1", "0", "None", "'True'", "[]", "[True]"])
def test_only_a_truth_value_accepts_a_candidate(open_pool: OpenPool, value: str) -> None:
    pool = open_pool(gives(f"Candidates((Pattern('a'),), lambda p: {value} if p.before else True)"))
    assert fault(lambda: pool.accepts(0, Passage("a", "a", range(2), before="x"))) == "nonsense"
    assert pool.accepts(0, passage("a"))


@pytest.mark.parametrize(
    "value", ["[0.5]", "[0.5, 1.01]", "[0.5, -0.1]", "[0.5, True]", "[0.5, '1']", "0.5", "[0.5, float('nan')]",
              "[0.5, float('inf')]", "None", "[0.5, 0.5, 0.5]", "[[0.5], [0.5]]"],
)  # fmt: skip
def test_only_a_number_from_0_to_1_for_each_passage_is_a_score(open_pool: OpenPool, value: str) -> None:
    pool = open_pool(
        gives(f"Judged(lambda p: {value} if p[0].before else [1, 0.25])", "judge"), [Use("judge", Asked("acme.word"))]
    )
    before = Passage("a", "a", range(2), before="x")
    assert fault(lambda: pool.score(0, [before, before])) == "nonsense"
    assert pool.score(0, [passage("a"), passage("b")]) == [1.0, 0.25]


@pytest.mark.parametrize(
    "value",
    [
        "None",
        "3",
        "['text']",
        "'\\ud800'",
        "text.encode()",
        "text * 100",
        "text + '\\n'",
        "'\\u202e' + text",
        "'n\\u200bo'",
    ],
)
def test_only_a_text_is_another_form(open_pool: OpenPool, value: str) -> None:
    pool = open_pool(
        gives(f"Form(lambda text: {value} if 'no' in text else text, 0)", "form"), [Use("form", Asked("acme.word"))]
    )
    assert fault(lambda: pool.rewrite(0, "no")) == "nonsense"
    assert pool.rewrite(0, "yes") == "yes"


def test_health_can_say_little(open_pool: OpenPool) -> None:
    pool = open_pool(gives("['x' * 1000] * 1000", "health", ""), [Use("health", Asked(""))], provides=["health"])
    assert pool.health(0) == ["x" * 200] * 20
    nothing = open_pool(gives("None", "health", ""), [Use("health", Asked(""))], provides=["health"])
    assert nothing.health(0) == []


def test_an_older_plugin_need_not_take_every_argument(open_pool: OpenPool) -> None:
    pool = open_pool(gives("Expressions(('a',))", arguments=""))
    assert pool.prepared() == (Expressions(("a",)),)


def test_a_hook_that_nobody_asks_is_refused(open_pool: OpenPool) -> None:
    for marker in ("@hookimpl", "@hookimpl(optionalhook=True)"):
        with pytest.raises(PluginError, match="no hook `register_detectors`; the hooks are detector, judge, form"):
            open_pool(f"{marker}\ndef register_detectors():\n    return []\n").prepared()


# Who is asked


def test_many_questions_are_in_flight_and_answered_in_any_order(open_pool: OpenPool) -> None:
    pool = open_pool(finds("time.sleep(float(text)); return [(0, len(text))]"))
    pool.prepared()
    ended = []
    with ThreadPoolExecutor(3) as threads:
        for text in ("0.60", "0.3", "0"):
            asked = threads.submit(pool.find, 0, passage(text))
            asked.add_done_callback(lambda done: ended.append(done.result()[0][1]))
    assert ended == [1, 3, 4]
    assert len(children(os.getpid())) == 1


def test_each_answer_reaches_its_question(open_pool: OpenPool) -> None:
    pool = open_pool(
        finds("time.sleep(len(text) % 3 / 1000); return [(len(text) - 1, len(text))]"), budget=Budget(10.0, 2)
    )
    with ThreadPoolExecutor(16) as threads:
        lengths = [each % 97 + 1 for each in range(600)]
        answers = list(threads.map(lambda length: pool.find(0, passage("x" * length)), lengths))
    assert answers == [[(length - 1, length)] for length in lengths]
    assert len(children(os.getpid())) == 2, "the second process was started when the first had work"


def test_a_question_waits_for_its_turn(open_pool: OpenPool) -> None:
    pool = open_pool(finds("time.sleep(0.1); return []"), budget=Budget(2.0, 1))
    with ThreadPoolExecutor(24) as threads:
        assert list(threads.map(lambda _: pool.find(0, passage("x")), range(24))) == [[]] * 24


def test_two_pools_of_one_plugin_have_nothing_in_common(open_pool: OpenPool) -> None:
    """A policy and the one that replaces it exist side by side."""
    source = finds("global asked\nasked = globals().get('asked', 0) + 1\nreturn [(0, asked)]")
    old, new = open_pool(source), open_pool(source)
    assert [old.find(0, passage("abc")) for _ in range(2)] == [[(0, 1)], [(0, 2)]]
    assert new.find(0, passage("abc")) == [(0, 1)]
    old.close()
    assert (old.status().state, new.status().state) == ("stopped", "ready")
    assert fault(lambda: old.find(0, passage("abc"))) == "died"
    assert new.find(0, passage("abc")) == [(0, 2)]


def test_processes_end_with_the_pool(open_pool: OpenPool, tmp_path: Path) -> None:
    folder = write_plugin(tmp_path / "alone", finds("return 1 if 'no' in text else []"))
    pool = Pool(allowed(folder), [WORD], BUDGET)
    assert pool.find(0, passage("a")) == []
    with pytest.raises(FaultError, match="nonsense"):
        pool.find(0, passage("no"))
    assert len(children(os.getpid())) == 1
    del pool
    assert children(os.getpid()) == [], "without a garbage collection: nothing refers to it"


def test_no_descriptor_or_thread_is_left(open_pool: OpenPool, tmp_path: Path) -> None:
    def count() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd")) + threading.active_count()

    folder = write_plugin(tmp_path / "alone", finds("os._exit(0) if 'no' in text else None; return []"))
    before = count()
    for _ in range(3):
        pool = Pool(allowed(folder), [WORD], Budget(1.0, 1))
        assert fault(partial(pool.find, 0, passage("no"))) == "died"
        assert pool.find(0, passage("a")) == []
        pool.close()
    bad = write_plugin(tmp_path / "bad", "raise SystemExit")
    with pytest.raises(PluginError):
        Pool(allowed(bad), [WORD], BUDGET).prepared()
    until(lambda: count() <= before, "threads and descriptors are gone")


def test_a_process_that_ends_while_idle_is_replaced_before_the_next_question(open_pool: OpenPool) -> None:
    pool = open_pool(finds("if 'soon' in text: threading.Timer(0.2, os._exit, [0]).start()\nreturn [(0, 1)]"))
    assert pool.find(0, passage("soon")) == [(0, 1)]
    (first,) = children(os.getpid())
    until(lambda: pool.status().faults == 1, "its end was seen")
    until(lambda: pool.status().state == "ready", "another has started by itself")
    assert children(os.getpid()) != [first]
    assert pool.find(0, passage("ok")) == [(0, 1)]
    assert (pool.status().faults, pool.status().cause) == (1, "died")


def test_a_first_process_that_something_ends_is_started_once_more(open_pool: OpenPool, tmp_path: Path) -> None:
    """A reload failed for it, and the old policy stayed until somebody reloaded again."""
    writes = tmp_path / "writes"
    writes.mkdir()
    source = f"import os, pathlib\nif not (flag := pathlib.Path({str(writes)!r}) / 'flag').exists():\n"
    source += "    flag.touch()\n    os.kill(os.getpid(), 9)\n"
    pool = open_pool(source + finds("return [(0, 1)]"), writes=writes)
    pool.prepared()
    assert pool.find(0, passage("a")) == [(0, 1)]
    assert (pool.status().state, pool.status().faults, pool.status().cause) == ("ready", 1, "start")


def test_a_plugin_whose_processes_end_at_once_is_not_started_again_and_again(open_pool: OpenPool) -> None:
    source = "import os, threading, time\nthreading.Timer(0.05, os._exit, [0]).start()\n" + finds("return []")
    pool = open_pool(source, budget=Budget(1.0, 1))
    pool.prepared()
    time.sleep(2.5)
    assert pool.status().faults <= 4
    until(lambda: pool.status().state == "failing", "nothing runs")


def test_the_status_says_when_and_why_it_failed(open_pool: OpenPool) -> None:
    pool = open_pool(finds("if 'no' in text: raise ValueError(text)\nreturn []"))
    assert pool.find(0, passage("a")) == []
    assert (pool.status().faults, pool.status().last_failure, pool.status().cause) == (0, "", "")
    assert pool.status().answers == 1
    assert 0 < pool.status().seconds < 30
    assert fault(lambda: pool.find(0, passage("no secret"))) == "raised"
    status = pool.status()
    assert (status.state, status.faults, status.cause) == ("ready", 1, "raised")
    assert status.answers == 1, "a fault is no answer"
    assert status.last_failure.startswith("20")
    assert "secret" not in repr(status)


def test_where_no_thread_can_be_started_the_pool_goes_on_once_there_can(
    open_pool: OpenPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A soak found this: while memory was short, each try took a place for a process for good."""
    pool = open_pool(finds("return [[0, 1]]"), budget=replace(BUDGET, processes=2))
    assert pool.find(0, passage("fine")) == [(0, 1)]
    start = threading.Thread.start

    def short(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", short)
    for pid in children(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not children(os.getpid()))
    for _ in range(3):
        assert fault(lambda: pool.find(0, passage("fine"))) in ("start", "died")
        time.sleep(RESTART_SECONDS)
    monkeypatch.setattr(threading.Thread, "start", start)

    def answers() -> bool:
        with suppress(FaultError):
            return pool.find(0, passage("fine")) == [(0, 1)]
        return False

    until(answers)
    assert pool.status().state == "ready"
