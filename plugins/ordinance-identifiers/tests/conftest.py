"""The plugin beside the engine's own automaton, in one process: what it looks for and what it decides."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as profiles

PLUGIN = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PLUGIN))

import ordinance_identifiers  # noqa: E402 - it is not installed where the engine is

from ordinance.detection import Expressions, Pattern  # noqa: E402 - the same
from ordinance.plugin import Asked, Candidates  # noqa: E402 - the same
from ordinance.runtime.match.automaton import Automaton  # noqa: E402 - the same
from ordinance.runtime.match.matcher import matches_in  # noqa: E402 - the same
from ordinance.runtime.match.passages import shown, tail  # noqa: E402 - the same
from support.wheels import installed  # noqa: E402 - the same

Find = Callable[..., list[str]]

profiles.register_profile("quick", max_examples=100, deadline=None, derandomize=True)
profiles.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def candidates(name: str, *arguments: str) -> Candidates:
    """Return what the plugin answers for a use in a pack."""
    found = ordinance_identifiers.detector(Asked(name, arguments))
    assert found is not None
    return found


def automaton(found: Candidates) -> Automaton:
    """Return what looks for the shapes, with a tag for each, so that none hides behind another."""
    shapes = [Expressions(patterns=(Pattern(each.source, each.any_case),)) for each in found.shapes]
    return Automaton(list(enumerate(shapes)))


@pytest.fixture(scope="session")
def find() -> Find:
    """``find(text, name, *countries)`` returns the longest spans that are found, as they are written."""
    known: dict[tuple[str, ...], tuple[Candidates, Automaton]] = {}

    def find(text: str, *asked: str) -> list[str]:
        if asked not in known:
            answer = candidates(*asked)
            known[asked] = answer, automaton(answer)
        answer, looked = known[asked]
        spans = set()
        for match in matches_in(looked, text):
            before = tail(text, answer.before, match.start)
            if answer.accepts(shown(text[match.start : match.end], before)):
                spans.add((match.start, match.end))
        longest = [
            (start, end)
            for start, end in sorted(spans)
            if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans)
        ]
        return [text[start:end] for start, end in longest]

    return find


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as an operator installs it."""
    return installed(PLUGIN, tmp_path_factory.mktemp("plugin") / "ordinance-identifiers")
