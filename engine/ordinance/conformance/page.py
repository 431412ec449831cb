"""Writes the reference in ``docs/plugins.md`` from the contract: ``python -m ordinance.conformance.page FILE``."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from ordinance import plugin
from ordinance.conformance.faults import CATALOGUE
from ordinance.plugin import Hooks
from ordinance.plugins.manifest import Manifest, Needs, SettingSpec

_BEGIN = "<!-- Generated from engine/ordinance/plugin.py by `make docs`; a test checks that it is current. -->"
_END = "<!-- End of the generated reference. -->"
_FUNCTIONS = (plugin.connect, plugin.folder)


def page(text: str) -> str:
    """Return ``text`` with the current reference in it."""
    before, _, rest = text.partition(_BEGIN)
    return "\n".join([f"{before}{_BEGIN}", "", *_reference(), f"{_END}{rest.partition(_END)[2]}"])


def hooks() -> dict[str, tuple[str, list[str]]]:
    """Return the signature and the paragraphs of each hook's docstring, by its name."""
    return {
        name: (_signature(name, value), _paragraphs(value))
        for name, value in vars(Hooks).items()
        if not name.startswith("_")
    }


def _reference() -> Iterator[str]:
    yield from ("### Hooks", "", *_paragraphs(Hooks), "")
    for signature, paragraphs in hooks().values():
        yield from (f"#### `{signature}`", "")
        for paragraph in paragraphs:
            label, colon, said = paragraph.partition(": ")
            yield from (f"*{label}:* {said}" if colon and label in ("Runs", "Fails") else paragraph, "")
    yield from ("### Values", "", "| value | fields | meaning |", "|---|---|---|")
    for value in vars(plugin).values():
        if inspect.isclass(value) and is_dataclass(value):
            yield f"| `{value.__name__}` | {_fields(value)} | {' '.join(_paragraphs(value))} |"
    yield from ("", "### Functions", "", "| function | meaning |", "|---|---|")
    for function in _FUNCTIONS:
        yield f"| `{_signature(function.__name__, function)}` | {' '.join(_paragraphs(function))} |".replace("\n", " ")
    yield from ("", "### The manifest", "", "| key | meaning |", "|---|---|", *_keys())
    yield from ("", "### Faults that `ordinance plugin check` finds", "")
    yield from ("| code | what it means | what to do |", "|---|---|---|")
    for code, entry in CATALOGUE.items():
        yield f"| `{code}` | {entry.title} | {entry.help} |"
    yield ""


def _keys() -> Iterator[str]:
    for prefix, model in (("", Manifest), ("needs.", Needs), ("settings.NAME.", SettingSpec)):
        for name, field in model.model_fields.items():
            if field.description:
                yield f"| `{prefix}{name}` | {field.description}{' Required.' if field.is_required() else ''} |"


def _signature(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    arguments = [str(each) for each in signature.parameters.values() if each.name != "self"]
    return f"{name}({', '.join(arguments)}) -> {signature.return_annotation}".replace("'", "")


def _fields(value: Any) -> str:
    shown = []
    for field in fields(value):
        default = field.default
        given = "" if repr(default).startswith("<dataclasses") else f" = {default!r}"
        shown.append(f"`{field.name}: {field.type}{given}`")
    return ", ".join(shown).replace("|", "\\|")


def _paragraphs(documented: Any) -> list[str]:
    """Return the paragraphs of a docstring, each in one line, as Markdown."""
    said = inspect.cleandoc(documented.__doc__ or "")
    said = re.sub(r"``([^`]*)``", r"`\1`", said)
    return [re.sub(r":$", ".", " ".join(each.split())) for each in said.split("\n\n")]


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(page(path.read_text("utf-8")), "utf-8")
