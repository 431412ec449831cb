"""Reads YAML without its traps: ``no`` is not a truth value, a key given twice is an error, aliases are not followed.

Plain words stay words, except ``null``, ``true``, ``false`` and decimal numbers (YAML 1.2's core). The other words that
YAML 1.1 turns into truth values are errors, because a reader cannot tell which was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ordinance.errors import SettingsError

#: The place of a value: keys and list positions from the top.
Path = tuple[str | int, ...]

_AMBIGUOUS = frozenset({"y", "n", "yes", "no", "on", "off"})
_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?[0-9]+\.[0-9]+")
#: No setting is nested deeper than this.
_DEEPEST = 20
#: No number is longer.
_MOST_DIGITS = 100


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a file, and the line number (from 1) of each value in it."""

    value: dict[str, Any]
    lines: Mapping[Path, int]


def read(text: str, name: str) -> Document:
    """Read ``text``: one document, a mapping or empty. Raises ``SettingsError`` with ``name`` and the line."""
    lines: dict[Path, int] = {}
    try:
        _refuse_unusual(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = getattr(error.problem_mark, "line", 0) + 1
        raise SettingsError(
            f"{name}:{line}: this is not YAML: {error.problem}.",
            help="Write 'key: value' lines, indented with spaces.",
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):  # the last two: an escape or a version past any character
        raise SettingsError(f"{name}: this is not YAML.", help="Save it as plain UTF-8 text.") from None
    value = None if node is None else _value(node, (), lines, name)
    if value is None:
        return Document({}, lines)
    if not isinstance(value, dict):
        raise SettingsError(
            f"{name}:1: settings must be 'key: value' lines.", help="docs/configuration.md lists the keys."
        )
    return Document(value, lines)


def _refuse_unusual(text: str, name: str) -> None:
    """Raise ``SettingsError`` for an alias, or for nesting deep enough to exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent):
            raise SettingsError(
                f"{name}:{line}: aliases ('*{event.anchor}') are not supported.", help="Repeat the value."
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise SettingsError(f"{name}:{line}: nested too deeply.", help=f"Use at most {_DEEPEST} levels.")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if isinstance(node, yaml.MappingNode):
        return dict(_members(node, path, lines, name))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, position), lines, name) for position, item in enumerate(node.value)]
    return _scalar(node, line, name)


def _members(node: yaml.MappingNode, path: Path, lines: dict[Path, int], name: str) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise SettingsError(f"{name}:{line}: a key must be a word.", help="docs/configuration.md lists the keys.")
        _check_whole(key, line, name)
        if key in seen:
            raise SettingsError(
                f"{name}:{line}: '{key}' is given twice, first on line {seen[key]}.", help="Keep one of them."
            )
        seen[key] = line
        lines[(*path, key)] = line
        yield key, _value(value_node, (*path, key), lines, name)


def _scalar(node: yaml.Node, line: int, name: str) -> Any:
    text = str(node.value)
    _check_whole(text, line, name)
    if getattr(node, "style", None) is not None:
        return text
    if text.lower() in _AMBIGUOUS:
        raise SettingsError(
            f"{name}:{line}: a bare '{text}' can be a word or a truth value.",
            help=f'Write "{text}" in quotes if you mean the word (Norway, Norwegian); otherwise true or false.',
        )
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    if not (_INTEGER.fullmatch(text) or _NUMBER.fullmatch(text)):
        return text
    if len(text) > _MOST_DIGITS:
        raise SettingsError(
            f"{name}:{line}: this number is too long.", help="Write it in quotes if it is not a number."
        )
    return float(text) if "." in text else int(text)


def _check_whole(text: str, line: int, name: str) -> None:
    """Raise ``SettingsError`` for half of a character, which an escape can write and no encoding has."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise SettingsError(f"{name}:{line}: this contains an unpaired surrogate.", help="Write whole characters.")
