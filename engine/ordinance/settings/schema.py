"""The JSON schema of ``ordinance.yaml``, made from the settings' models: editors complete and check by it.

``python -m ordinance.settings.schema`` writes what lies at the root of the checkout as ``ordinance.schema.json``. A
schema checks names, types, bounds and patterns. What takes more (two keys with one hash, a language tag) only the
reader checks (``sources.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ordinance.settings.model import Settings

Node = dict[str, Any]

#: Its name at the root of a checkout and in the installed package.
FILE = "ordinance.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SECTION = "#/$defs/"


def schema() -> Node:
    """Build the schema, a JSON object of draft 2020-12."""
    made = Settings.model_json_schema()
    sections = {name: _tidy(node) for name, node in sorted(made.pop("$defs").items())}
    return {"$schema": _DIALECT, "title": "Settings of Ordinance (ordinance.yaml)", **_tidy(made), "$defs": sections}


def text() -> str:
    """Write the schema as the file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def section_of(node: Node) -> str:
    """Name the section, a key of ``$defs``, that ``node`` takes or contains; empty where there is none."""
    return next((each["$ref"].removeprefix(_SECTION) for each in _within(node) if "$ref" in each), "")


def _within(node: Node) -> Iterator[Node]:
    """Yield ``node``, its alternatives, and what a list or a mapping contains."""
    yield node
    for each in [*node.get("anyOf", ()), node.get("items"), node.get("additionalProperties")]:
        if isinstance(each, dict):
            yield from _within(each)


def _tidy(node: Node) -> Node:
    """Drop the titles that pydantic makes of names, and the defaults of sections, which their own members state."""
    kept = {key: value for key, value in node.items() if key != "title"}
    if isinstance(kept.get("default"), Mapping) and section_of(kept):
        del kept["default"]
    if "properties" in kept:
        kept["properties"] = {name: _tidy(each) for name, each in kept["properties"].items()}
    if "anyOf" in kept:
        kept["anyOf"] = [_tidy(each) for each in kept["anyOf"]]
    return kept


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - the command writes to standard output
