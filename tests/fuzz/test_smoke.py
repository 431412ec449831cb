"""Every parser of foreign bytes gets a few spoiled samples, always the same; ``make fuzz`` gives each ten minutes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import fuzz.trying
from fuzz.catalogue import APART, CATALOGUE, target_named
from fuzz.mutator import Mutator
from fuzz.target import Target
from fuzz.trying import attempt
from support.checkout import ROOT

#: Inputs for each parser, besides its samples.
FEW = 15


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in APART])
def test_a_parser_accepts_a_sample_and_returns_a_value_or_raises_its_own_error(name: str) -> None:
    """What is made of samples that are all refused at their first byte would try nothing."""
    target = target_named(name)
    assert any(_accepts(target, data) for data in target.samples)
    mutator = Mutator(target.samples, name, target.longest)
    for data in (*target.samples[:3], *(mutator.next() for _ in range(FEW))):
        found = attempt(target, data)
        assert found is None, f"{found.trace}\n{found.data!r}"


def _accepts(target: Target, data: bytes) -> bool:
    try:
        target.parse(data)
    except target.declared:
        return False
    return True


def _loop(_: bytes) -> None:
    while True:
        pass


def _deep(data: bytes) -> None:
    _deep(data)


def _silent(_: bytes) -> None:
    raise KeyError


@pytest.mark.parametrize(("parse", "what"), [(_loop, "TooLongError"), (_deep, "RecursionError"), (_silent, "KeyError")])
def test_what_breaks_the_law_is_found(
    parse: Callable[[bytes], None], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz.trying, "SECONDS", 0.05)
    found = attempt(Target("broken", parse, (b"x",), (ValueError,)), b"x")
    assert found is not None
    assert found.what == what


def test_the_same_seed_gives_the_same_inputs() -> None:
    samples = target_named("chat-completions-request").samples
    first, again, other = (Mutator(samples, seed, 4096) for seed in ("a", "a", "b"))
    inputs = [each.next() for each in (first, first, first)]
    assert inputs == [again.next() for _ in inputs]
    assert inputs != [other.next() for _ in inputs]
    assert all(len(each) <= 4096 for each in inputs)


_GREEDY = """
import sys
from pathlib import Path
sys.path[:0] = ["tests", "engine"]
from fuzz import campaign
from fuzz.target import Target
campaign.target_named = lambda name: Target(name, lambda data: bytearray(1 << 32), (b"x",))
sys.exit(campaign._fuzz("greedy", 0.2, "1", Path(sys.argv[1])))
"""


@pytest.mark.server
def test_a_parser_that_takes_too_much_memory_is_found(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GREEDY, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "MemoryError" in done.stdout


@pytest.mark.server
def test_the_command_fuzzes_what_it_is_asked_to(tmp_path: object) -> None:
    command = [sys.executable, "tests/fuzz", "--seconds", "0.3", "--out", str(tmp_path), "headers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 parsers, 0 with findings" in done.stdout
