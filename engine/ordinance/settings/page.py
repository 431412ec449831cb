"""Writes ``docs/configuration.md`` from the settings' models: ``python -m ordinance.settings.page``."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from ordinance.settings.model import (
    PREFIX,
    AdapterSettings,
    AuditSettings,
    KeySettings,
    LimitSettings,
    Settings,
    SpeakSettings,
    UpstreamSettings,
)

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
"""
_WORDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
_SECTIONS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Settings", "", Settings),
    ("`upstream`", "upstream.", UpstreamSettings),
    ("`audit`", "audit.", AuditSettings),
    ("`limits`", "limits.", LimitSettings),
    ("`speak`", "speak.", SpeakSettings),
    ("Each entry of `adapters`", "adapters.LANGUAGE.", AdapterSettings),
    ("Each entry of `keys`", "keys[].", KeySettings),
)


def page() -> str:
    """Return the page's text."""
    return "\n".join([_INTRODUCTION, *(line for section in _SECTIONS for line in _table(*section))])


def _table(title: str, prefix: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}\n"
    if prefix:
        yield f"{inspect.cleandoc(model.__doc__ or '')}\n"
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{prefix}{name}` | {_form(field)} | {_default(field)} | {_variable(prefix, name, field)} |"
    yield ""


def _variable(prefix: str, name: str, field: FieldInfo) -> str:
    variable = (
        "" if "[]" in prefix or "LANGUAGE" in prefix else f" `{PREFIX}{(prefix.replace('.', '__') + name).upper()}`"
    )
    return f"{field.description}{variable}".replace("|", "\\|")


def _form(field: FieldInfo) -> str:
    bounds = [f"{word} {value:,}" for rule in field.metadata for word, value in _bounds(rule)]
    return ", ".join([_words(field.annotation), *bounds])


def _bounds(rule: Any) -> Iterator[tuple[str, Any]]:
    for attribute, word in (("gt", "more than"), ("ge", "at least"), ("le", "at most")):
        if getattr(rule, attribute, None) is not None:
            yield word, getattr(rule, attribute)


def _words(kind: Any) -> str:
    parts = [part for part in typing.get_args(kind) if part is not types.NoneType]
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in parts)
    if origin is list:
        one = _words(parts[0])
        return f"list of {one}" if one.endswith("`") else f"list of {one}s"
    if origin is dict:
        return "mapping"
    if parts:
        return _words(parts[0])
    if kind is SecretStr:
        return "text, kept out of logs"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        short: str = getattr(kind, "SHORT", "")
        return f"{short} or section" if short else "section"
    return _WORDS[kind.__name__]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None or default in ([], {}) or isinstance(default, BaseModel):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is the output
