"""Writes what completes the commands in each shell, with shtab: ``make docs`` calls it, and a test checks it."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import shtab

from ordinance.cli.completion import FILES
from ordinance.cli.main import COMMANDS, parser_of
from ordinance.language.codes import CATALOGUE
from ordinance.resources import folder
from ordinance.trust.trouble import CODES, MARKS

#: Packs that ship, as folders of `rules/`.
_KINDS = ("jurisdictions", "languages", "houses")


def completions() -> Mapping[Path, str]:
    """Return the file of each shell, by its path in the package."""
    modules = {name: importlib.import_module(f"ordinance.cli.{name.replace('-', '_')}") for name, _ in COMMANDS}
    parser, _ = parser_of(modules)
    offered = _offered()
    for action in _actions(parser):
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in offered:
            action.choices = offered[action.dest]
    return {file: shtab.complete(parser, shell) for shell, file in FILES.items()}


def _offered() -> Mapping[str, list[str]]:
    """Return what is offered for a value that may be another one too: what ships, and the codes of findings."""
    packs = {kind: [path.stem for path in sorted((folder("rules") / kind).glob("*/*.ord"))] for kind in _KINDS}
    return {
        "jurisdiction": packs["jurisdictions"],
        "shipped": [name for names in packs.values() for name in names],
        **dict.fromkeys(("locale", "language", "to"), packs["languages"]),
        "code": [*CATALOGUE, *CODES, *MARKS],
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in dict.fromkeys(action.choices.values()):
                yield from _actions(below)


if __name__ == "__main__":
    for file, text in completions().items():
        file.write_text(text, "utf-8")
