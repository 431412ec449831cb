"""Writes ``docs/configuration.md`` from the schema of the settings: ``python -m ordinance.settings.page``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ordinance.settings.model import PREFIX
from ordinance.settings.schema import Node, schema, section_of

_INTRODUCTION = """\
# Configuration

<!-- Made from engine/ordinance/settings/model.py by `make docs`; a test holds that it is current. -->

Settings are read from four places; the first that speaks wins: the flags of `ordinance serve`, variables
`ORDINANCE_*`, the file that `--config` or `ORDINANCE_CONFIG` names, the default. Paths in the file are relative to the
file. A nested setting is written `ORDINANCE_UPSTREAM__URL`; a list or a mapping in a variable is JSON.

The file is YAML, read strictly: an unknown key, a key given twice, an alias, and a bare `no`, `yes`, `on` or `off` are
errors, each with its line. A bare `no` might be Norwegian; write `"no"`.

```yaml
jurisdiction: DE
locale: de-DE
upstream:
  url: http://127.0.0.1:8000/v1
adapters:
  et: {lora: et-instruct}
keys:
  - name: citizens-desk
    sha256: "bc4baea9380d88ddd34b2ddd9a8dde1f235a5c63fe1cb92430f712121f68c29a"
  - name: school
    sha256: "064ff6cfd99fe678da85e7854eecde2b4791f1318cac081a1446ee28d1a50e50"
    jurisdiction: DE
    attested: {purpose: education}
    system_messages_are_ours: true
```

Editors complete and check the file by its JSON schema, [ordinance.schema.json](../ordinance.schema.json). Where the
editor runs the YAML language server (VS Code with its YAML extension, Neovim, Helix), write as the first line

```yaml
# yaml-language-server: $schema=ordinance.schema.json
```

with the path of the schema: a copy that `ordinance settings --schema >ordinance.schema.json` writes, or
`ordinance/ordinance.schema.json` in the folder of the installed package. The schema knows names, types, bounds and
patterns; `ordinance settings --config ordinance.yaml` checks everything that `ordinance serve` would.
"""
#: What is written for a type of JSON, or for a format that says more than the type.
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "path": "path",
    "password": "text, kept out of logs",
}
_BOUNDS = {"exclusiveMinimum": "over", "minimum": "from", "maximum": "to"}


def page() -> str:
    """Write the page."""
    made = schema()
    return "\n".join([_INTRODUCTION, *_settings(made), *_sections(made)])


def _settings(made: Node) -> Iterator[str]:
    yield "## Settings\n"
    yield from _table(made, made, "")


def _sections(made: Node) -> Iterator[str]:
    """A heading and a table for each section, in the order in which the settings name them."""
    for name, node in made["properties"].items():
        section = made["$defs"].get(section_of(node))
        if section is not None:
            each = ", each of them" if node.get("type") in ("array", "object") else ""
            within = {"array": f"{name}[].", "object": f"{name}.LANGUAGE."}.get(node.get("type", ""), f"{name}.")
            yield f"## `{name}`{each}\n"
            yield f"{section['description']}\n"
            yield from _table(made, _in_full(section), within)


def _table(made: Node, section: Node, prefix: str) -> Iterator[str]:
    yield "| key | form | default | meaning |"
    yield "|---|---|---|---|"
    for name, node in section["properties"].items():
        default = "required" if name in section.get("required", ()) else _default(node)
        yield f"| `{prefix}{name}` | {_form(made, node)} | {default} | {_meaning(made, prefix, name, node)} |"
    yield ""


def _in_full(section: Node) -> Node:
    """The section as an object, where it may be written in short too."""
    return next((each for each in section.get("anyOf", ()) if "properties" in each), section)


def _meaning(made: Node, prefix: str, name: str, node: Node) -> str:
    said = node.get("description") or made["$defs"][section_of(node)]["description"]
    within_many = "[]" in prefix or "LANGUAGE" in prefix
    variable = "" if within_many else f" `{PREFIX}{(prefix.replace('.', '__') + name).upper()}`"
    return f"{said}{variable}".replace("|", "\\|")


def _form(made: Node, node: Node) -> str:
    """The type in words, with its bounds."""
    value = next((each for each in node.get("anyOf", ()) if each.get("type") != "null"), node)
    bounds = [f"{word} {value[key]:,}" for key, word in _BOUNDS.items() if key in value]
    return ", ".join([_words(made, value), *bounds])


def _words(made: Node, value: Node) -> str:
    if "$ref" in value:
        section = made["$defs"][section_of(value)]
        short = [_words(made, each) for each in section.get("anyOf", ()) if "properties" not in each]
        return ", or ".join([*short, "section"])
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    if value["type"] == "array":
        return f"list of {_words(made, value['items'])}"
    if value["type"] == "object":
        return "mapping"
    return _WORDS[str(value.get("format") or value["type"])]


def _default(node: Node) -> str:
    default = node.get("default")
    if default is None or isinstance(default, list | Mapping):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is what it is for
