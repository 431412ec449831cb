"""Writes ``docs/configuration.md`` from the schema of the settings: ``python -m ordinance.settings.page``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ordinance.settings.model import PREFIX
from ordinance.settings.schema import Node, schema, section_of

_INTRODUCTION = """\
# Configuration

<!-- Generated from engine/ordinance/settings/model.py by `make docs`; a test checks that it is current. -->

Ordinance reads each setting from the first of these places that sets it:

1. the flags of `ordinance serve`;
2. environment variables, `ORDINANCE_*`: a nested setting is written `ORDINANCE_UPSTREAM__URL`; lists and mappings are
   JSON;
3. the YAML file named by `--config` or `ORDINANCE_CONFIG`: paths in it are relative to the file;
4. the default.

The YAML is read strictly. Each of these is an error, reported with its line: an unknown key, a key given twice, an
alias, and a bare `no`, `yes`, `on` or `off`. A bare `no` might mean Norwegian: write `"no"`.

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

Editors complete and check the file with its JSON schema, [ordinance.schema.json](../ordinance.schema.json). If your
editor runs the YAML language server (VS Code with its YAML extension, Neovim, Helix), write this as the first line:

```yaml
# yaml-language-server: $schema=ordinance.schema.json
```

`$schema` is the path of the schema: a copy written by `ordinance settings --schema >ordinance.schema.json`, or
`ordinance/ordinance.schema.json` in the folder of the installed package. The schema covers names, types, bounds and
patterns; `ordinance settings --config ordinance.yaml` checks everything that `ordinance serve` checks.
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
#: What the keys of a mapping of sections are; of any other they are names.
_KEYS = {"adapters": "LANGUAGE"}
_BOUNDS = {"exclusiveMinimum": "more than", "minimum": "at least", "maximum": "at most"}


def page() -> str:
    """Write the page."""
    made = schema()
    return "\n".join([_INTRODUCTION, *_settings(made), *_sections(made)])


def _settings(made: Node) -> Iterator[str]:
    yield "## Settings\n"
    yield from _table(made, made, "")


def _sections(made: Node) -> Iterator[str]:
    """Yield a heading and a table for each section, in the order in which the settings name them."""
    for name, node in made["properties"].items():
        section = made["$defs"].get(section_of(node))
        if section is not None:
            each = "Each entry of " if node.get("type") in ("array", "object") else ""
            key = _KEYS.get(name, "NAME")
            within = {"array": f"{name}[].", "object": f"{name}.{key}."}.get(node.get("type", ""), f"{name}.")
            yield f"## {each}`{name}`\n"
            yield f"{section['description']}\n"
            yield from _table(made, _in_full(section), within)


def _table(made: Node, section: Node, prefix: str) -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, node in section["properties"].items():
        default = "required" if name in section.get("required", ()) else _default(node)
        yield f"| `{prefix}{name}` | {_form(made, node)} | {default} | {_meaning(made, prefix, name, node)} |"
    yield ""


def _in_full(section: Node) -> Node:
    """Return the section as an object, also if it has a short form."""
    return next((each for each in section.get("anyOf", ()) if "properties" in each), section)


def _meaning(made: Node, prefix: str, name: str, node: Node) -> str:
    said = node.get("description") or made["$defs"][section_of(node)]["description"]
    within_many = "[]" in prefix or (not prefix.islower() and prefix != "")
    variable = "" if within_many else f" `{PREFIX}{(prefix.replace('.', '__') + name).upper()}`"
    return f"{said}{variable}".replace("|", "\\|")


def _form(made: Node, node: Node) -> str:
    """Write the type in words, with its bounds."""
    value = next((each for each in node.get("anyOf", ()) if each.get("type") != "null"), node)
    bounds = [f"{word} {value[key]:,}" for key, word in _BOUNDS.items() if key in value]
    return ", ".join([_words(made, value), *bounds])


def _words(made: Node, value: Node) -> str:
    if "$ref" in value:
        section = made["$defs"][section_of(value)]
        short = [_words(made, each) for each in section.get("anyOf", ()) if "properties" not in each]
        return " or ".join([*short, "section"])
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    if value["type"] == "array":
        one = _words(made, value["items"])
        return f"list of {one}" if one.endswith("`") else f"list of {one}s"
    if value["type"] == "object":
        return "mapping"
    return _WORDS[str(value.get("format") or value["type"])]


def _default(node: Node) -> str:
    default = node.get("default")
    if default is None or isinstance(default, list | Mapping):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is the output
