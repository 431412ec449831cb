"""The parser of one command says what it says beside all others."""

from __future__ import annotations

import importlib

import pytest

from ordinance.cli.main import COMMANDS, parser_of


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_a_command_alone_is_read_as_beside_all_others(name: str) -> None:
    modules = {name: importlib.import_module(f"ordinance.cli.{name.replace('-', '_')}")}
    alone, beside = parser_of(modules, only=name)[1], parser_of(modules)[1]
    assert list(alone) == [name]
    assert list(beside) == [each for each, _ in COMMANDS]
    assert alone[name].format_help() == beside[name].format_help()
    assert alone[name].prog == beside[name].prog
