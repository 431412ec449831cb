"""Plugins as an installer leaves them in a folder, written from a source; no pip is needed."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ordinance.plugin import Asked, Passage, Settings
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.manifest import read
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use
from ordinance.plugins.seal import seal
from support import allowing, waiting

#: One question may take this long; the machine may be busy.
BUDGET = Budget(seconds=3.0, processes=1, start=60.0)
WORD = Use("detector", Asked("acme.word"))
#: Waits for what a plugin's process does.
until = partial(waiting.until, seconds=30.0)

#: What each source may use without an import of its own.
_HEAD = """\
from ordinance.plugin import (
    Candidates, Expressions, Form, Judged, Pattern, Segments, Sink, Unconfigured, connect, folder, hookimpl
)
"""


def write_plugin(
    folder: Path,
    source: str,
    provides: Sequence[str] = ("detector acme.word",),
    *,
    needs: str = "",
    settings: str = "",
    modules: Mapping[str, str] | None = None,
) -> Path:
    """Write a distribution into ``folder``, whose package contains ``source``, and ``modules`` beside it. ``needs`` and
    ``settings`` are lines of the manifest's tables."""
    offered = ", ".join(f'"{each}"' for each in provides)
    manifest = f'api = 1\nvendor = "acme"\nprovides = [{offered}]\n\n[needs]\n{needs}\n{settings}\n'
    files = {file: textwrap.dedent(text) for file, text in (modules or {}).items()}
    code = _HEAD + textwrap.dedent(source)
    return allowing.write_plugin(folder, code, manifest, name="acme-plugin", version="1.0", files=files)


def allowed(
    folder: Path, settings: Settings | None = None, network: Sequence[str] = (), writes: Path | None = None
) -> Plugin:
    """Return the plugin in ``folder`` as an operator allows it who has just looked at its files."""
    found = read(folder)
    return Plugin(
        name=found.name,
        version=found.version,
        path=folder,
        sha256=seal(folder),
        package=found.package,
        manifest=found.manifest,
        settings=settings or {},
        network=tuple(network),
        writes=writes,
    )


def passage(text: str) -> Passage:
    """Return a passage that is folded already."""
    return Passage(text, text, range(len(text) + 1))


class OpenPool:
    """Writes plugins into ``folder`` and opens their pools, for the uses given; by keyword, what ``write_plugin`` and
    ``allowed`` take."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pools: list[Pool] = []

    def __call__(
        self,
        source: str,
        uses: Sequence[Use] = (WORD,),
        budget: Budget = BUDGET,
        *,
        given: Settings | None = None,
        network: Sequence[str] = (),
        writes: Path | None = None,
        **more: Any,
    ) -> Pool:
        folder = write_plugin(self._folder / f"plugin{len(self._pools)}", source, **more)
        self._pools.append(Pool(allowed(folder, given, network, writes), uses, budget))
        return self._pools[-1]

    def close(self) -> None:
        for pool in self._pools:
            pool.close()


def finds(body: str) -> str:
    """The source of a detector whose ``find`` is ``body``."""
    return f"""
import ctypes, itertools, math, os, re, signal, socket, subprocess, sys, threading, time

def find(passage):
    text = passage.text
{textwrap.indent(textwrap.dedent(body), "    ")}

@hookimpl
def detector(asked):
    return Segments(find)
"""


def gives(value: str, hook: str = "detector", arguments: str = "asked") -> str:
    """The source of a plugin whose ``hook`` returns ``value``."""
    return f"\n@hookimpl\ndef {hook}({arguments}):\n    return {value}\n"


def fault(ask: Callable[[], object]) -> str:
    """The code with which a question fails."""
    with pytest.raises(FaultError) as raised:
        ask()
    assert str(raised.value) == raised.value.cause, "and nothing of the text"
    return raised.value.cause
