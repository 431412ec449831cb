"""The settings of a plugin, held against the types that its manifest states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ordinance.errors import PluginError
from ordinance.plugin import Settings

if TYPE_CHECKING:
    from ordinance.plugins.manifest import Found, SettingSpec

#: The largest file that a setting is read from, in bytes.
_LARGEST = 64 * 1024

_EXAMPLES = {
    "text": "`model: small`",
    "whole number": "`size: 5`",
    "number": "`weight: 2.5`",
    "yes or no": "`strict: true`",
    "list of text": "`countries: [EE, PL]`",
}


def typed(found: Found, given: Mapping[str, Any]) -> tuple[Settings, frozenset[str]]:
    """Return the settings ``given`` to the plugin, with the defaults of its manifest, and the names of those that were
    read from files. Raises ``PluginError``, which names the setting and its type, and never a value."""
    specs = found.manifest.settings
    for name in given:
        if name not in specs:
            near = get_close_matches(name, specs, 1)
            known = ", ".join(f"`{each}`" for each in specs) or "none"
            raise _wrong(found, name, "is not known", f"Did you mean `{near[0]}`?" if near else f"It has {known}.")
    settings: dict[str, Any] = {}
    from_files: set[str] = set()
    for name, spec in specs.items():
        value = given.get(name, spec.default)
        if value is None:
            raise _wrong(found, name, f"is required ({spec.type})", f"{spec.description} {_example(spec)}")
        if isinstance(value, Mapping):
            value = _in_file(found, name, spec, value)
            from_files.add(name)
        _check(found, name, spec, value)
        settings[name] = tuple(value) if isinstance(value, list) else value
    return settings, frozenset(from_files)


def _check(found: Found, name: str, spec: SettingSpec, value: object) -> None:
    if not _is(spec.type, value):
        raise _wrong(found, name, f"must be {_article(spec.type)}", _example(spec))
    chosen = value if isinstance(value, list) else [value]
    if spec.choices and any(each not in spec.choices for each in chosen):
        raise _wrong(found, name, "has a value that it cannot have", f"Known: {', '.join(spec.choices)}.")


def _is(kind: str, value: object) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "yes or no":
            return isinstance(value, bool)
        case "whole number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case _:
            return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _in_file(found: Found, name: str, spec: SettingSpec, value: Mapping[str, Any]) -> str:
    """Return the text of the file that ``value``, ``{file: PATH}``, names, without the line's end."""
    path = value.get("file")
    if set(value) != {"file"} or not isinstance(path, str) or spec.type != "text":
        raise _wrong(found, name, f"must be {_article(spec.type)}", _example(spec))
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_LARGEST + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise _wrong(found, name, f"cannot be read from {path}: {error.strerror}", "Name a readable file.") from None
    except UnicodeDecodeError:
        raise _wrong(found, name, f"cannot be read: {path} is not UTF-8 text", "Save it as UTF-8.") from None
    if len(raw) > _LARGEST:
        raise _wrong(found, name, f"cannot be read: {path} is larger than 64 KiB", "Is it the right file?")
    return text.removesuffix("\n").removesuffix("\r")


def _wrong(found: Found, name: str, what: str, help: str) -> PluginError:
    return PluginError(f"the setting `{name}` of the plugin {found.name} {what}.", help=help)


def _article(kind: str) -> str:
    return {"text": "text", "yes or no": "true or false"}.get(kind, f"a {kind}")


def _example(spec: SettingSpec) -> str:
    return f"Write it like {_EXAMPLES[spec.type]}."
