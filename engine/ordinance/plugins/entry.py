"""The entry of ``plugins`` in ordinance.yaml that allows a plugin, ready to paste."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ordinance.plugins.manifest import Found, SettingSpec


def entry(path: Path, found: Found, sha256: str) -> str:
    """Write the entry as YAML. What the operator has to decide follows as comments: required settings first, each with
    its type and what it is for; then what the plugin connects to and writes."""
    lines = ["plugins:", f"  - name: {found.name}", f"    version: {_quoted(found.version)}"]
    lines += [f"    path: {_quoted(str(path))}", f"    sha256: {_quoted(sha256)}"]
    return "\n".join([*lines, *_settings(found), *_needs(found)]) + "\n"


def _settings(found: Found) -> Iterator[str]:
    specs = sorted(found.manifest.settings.items(), key=lambda item: item[1].default is not None)
    if not specs:
        return
    required = [name for name, spec in specs if spec.default is None]
    if required:
        yield f"    # Required: {', '.join(required)}. Remove the `#` and write the values."
    else:
        yield "    # Every setting has a default. To change one, remove the `#` of both lines."
    yield "    # settings:"
    for name, spec in specs:
        yield f"    #   {name}: {_value(spec)}  # {_meaning(spec)}"


def _value(spec: SettingSpec) -> str:
    return "…" if spec.default is None else json.dumps(spec.default, ensure_ascii=False)


def _meaning(spec: SettingSpec) -> str:
    kind = f"one of {', '.join(spec.choices)}" if spec.choices else spec.type
    required = ", required" if spec.default is None else ""
    return f"{kind}{required}: {spec.description}"


def _needs(found: Found) -> Iterator[str]:
    needs = found.manifest.needs
    if needs.network:
        yield f"    # network: [HOST:PORT]  # it connects to: {needs.network}"
    if needs.folder:
        yield f"    # folder: PATH  # it writes: {needs.folder}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
