"""Writes what completes the commands in each shell, with shtab: ``make docs`` calls it, and a test checks it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import shtab

from ordinance.cli.completion import FILES
from ordinance.cli.main import COMMANDS, parser_of


def completions() -> Mapping[Path, str]:
    """Return the file of each shell, by its path in the package."""
    modules = {name: importlib.import_module(f"ordinance.cli.{name.replace('-', '_')}") for name, _ in COMMANDS}
    parser, _ = parser_of(modules)
    for action in _actions(parser):
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return {file: shtab.complete(parser, shell) for shell, file in FILES.items()}


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in dict.fromkeys(action.choices.values()):
                yield from _actions(below)


if __name__ == "__main__":
    for file, text in completions().items():
        file.write_text(text, "utf-8")
