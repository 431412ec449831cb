"""Reads the settings from flags, ``ORDINANCE_*`` variables and ``ordinance.yaml``; the first that sets a value wins.

Nested settings are written ``ORDINANCE_UPSTREAM__URL``; lists and mappings in a variable are JSON. An unknown key is an
error, both in the file and among the variables.
"""

from __future__ import annotations

import difflib
import os
import re
import typing
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic_settings
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ordinance.errors import SettingsError, UnreadableError
from ordinance.settings import strict_yaml
from ordinance.settings.model import PREFIX, Settings
from ordinance.settings.reporting import audit_in_full, is_database

#: Names the file if no flag does.
FILE_VARIABLE = "ORDINANCE_CONFIG"
#: Contains a client's key for ``ordinance doctor``. It is not a setting, and not an error if a server is started too.
KEY_VARIABLE = "ORDINANCE_KEY"
#: The largest settings file that is read, in bytes.
LARGEST_FILE = 1024 * 1024
_NO_SETTINGS = frozenset({FILE_VARIABLE, KEY_VARIABLE})
_FOLDER_OF_PATHS = ("packs", "shadow", "audit", "objections")


def load(flags: Mapping[str, Any] | None = None, file: Path | None = None) -> Settings:
    """Read the settings; ``flags`` has the shape of the file, and ``file`` is the argument of ``--config``.

    Raises ``SettingsError``, which lists every wrong key and its place, or ``UnreadableError`` for the file.
    """
    if file is None and os.environ.get(FILE_VARIABLE):
        file = Path(os.environ[FILE_VARIABLE])
    variables = _variables()
    sources = _Sources(dict(flags or {}), variables, _read(file, _plugins_in(variables)), file)
    if misspelt := list(sources.in_capitals()):
        raise SettingsError("\n".join(misspelt), help="docs/configuration.md lists the settings.")
    try:
        return Settings.model_validate(sources.merged())
    except ValidationError as error:
        wrong = [sources.explain(detail) for detail in error.errors(include_url=False, include_input=False)]
    raise SettingsError("\n".join(sorted(wrong, key=_by_number)), help="docs/configuration.md lists the settings.")


@dataclass(frozen=True, slots=True)
class _Sources:
    """The three places that settings come from, strongest first."""

    flags: dict[str, Any]
    variables: dict[str, Any]
    document: strict_yaml.Document
    file: Path | None

    def merged(self) -> dict[str, Any]:
        return _over(_in_full(self.flags), _over(_in_full(self.variables), _in_full(self.document.value)))

    def in_capitals(self) -> Iterator[str]:
        """Yield an error for each key of the file that pydantic-settings would take for another, such as `Trust`: of
        two one would win, and paths in it would not be placed."""
        for name in self.document.value:
            if name not in Settings.model_fields and name.lower() in Settings.model_fields:
                yield f"{self._place((name,))}'{name}' is not a setting; did you mean '{name.lower()}'?"

    def explain(self, detail: ErrorDetails) -> str:
        """Describe one wrong key: its place, its name and the problem, never its value."""
        path = tuple(detail["loc"])
        key = ".".join(str(part) for part in path)
        if detail["type"] == "extra_forbidden":
            what = f"'{key}' is not a setting{_did_you_mean(path)}"
        elif detail["type"] == "missing":
            what = f"'{key}' is missing"
        else:
            what = f"'{key}': {_in_our_words(detail)}"
        return f"{self._place(path)}{what}{'' if what.endswith('?') else '.'}"

    def _place(self, path: strict_yaml.Path) -> str:
        if _holds(self.flags, path):
            return "on the command line: "
        if _holds(self.variables, path):
            return f"{PREFIX}{'__'.join(str(part) for part in path).upper()}: "
        for length in range(len(path), 0, -1):
            if line := self.document.lines.get(path[:length]):
                return f"{self.file}:{line}: "
        return ""


#: What to write instead, for each of pydantic's kinds of error.
_MAPPING = ("model_type", "model_attributes_type", "dict_type")
_EXPECTED = {
    **dict.fromkeys(_MAPPING, "a mapping is expected: 'key: value' lines below it"),
    "too_short": "at least one entry is expected",
    "list_type": "a list is expected: one line with '- ' for each item",
    "string_type": "text is expected; put numbers and dates in quotes",
    "path_type": "a path is expected, as text",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected, in digits",
    "int_from_float": "a whole number is expected, without a fraction",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected, in digits, as in 2.5",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
}
#: What to write if a text does not match its pattern, by the last part of the key.
_FORMS = {
    "sha256": "64 digits of lower-case hexadecimal are expected, as `printf %s KEY | sha256sum` prints them",
    "expect": "64 digits of lower-case hexadecimal are expected, as `ordinance check` prints them",
    "key_id": "letters, digits and . _ : / @ - are expected, at most 128, a letter or digit first",
    "policy": "letters, digits, '.', '_' and '-' are expected, at most 64, a letter or digit first",
}
_PLUGIN_FORMS = {
    "sha256": "64 digits of lower-case hexadecimal are expected, as `ordinance plugin install` prints them",
    "version": "a version is expected, such as 1.2.0 or 1.2.*",
}
_MODEL_FORM = "the name of a model is expected: at most 200 characters of ASCII, without spaces"
_BOUNDS = {"greater_than": "over", "greater_than_equal": "at least", "less_than": "under", "less_than_equal": "at most"}


def _by_number(text: str) -> list[str | int]:
    """Return a sort key that puts line 10 after line 9."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", text)]


def _in_our_words(detail: ErrorDetails) -> str:
    kind, last, more = detail["type"], str(detail["loc"][-1]), detail.get("ctx", {})
    if kind == "string_pattern_mismatch" and detail["loc"][0] == "plugins":
        return _PLUGIN_FORMS[last]
    if kind == "string_pattern_mismatch" and last in _FORMS:
        return _FORMS[last]
    if kind in _MAPPING and detail["loc"][0] == "adapters" and len(detail["loc"]) == 2:
        return "a mapping is expected, such as {lora: et-instruct}"
    if kind in _MAPPING and detail["loc"] == ("audit",):
        return "a path or postgresql://… is expected, or a mapping such as {path: audit.jsonl, required: true}"
    if kind == "string_pattern_mismatch" and detail["loc"][0] == "upstreams":
        return "must look like http://127.0.0.1:8000" if last == "url" else _MODEL_FORM
    if kind in _BOUNDS:
        return f"a number {_BOUNDS[kind]} {next(iter(more.values()))} is expected"
    if kind == "literal_error":
        return f"one of {more['expected'].replace(' or ', ', ')} is expected"
    return _EXPECTED.get(kind) or detail["msg"].removeprefix("Value error, ")


def _read(file: Path | None, plugins: frozenset[str]) -> strict_yaml.Document:
    """Read ``file``, and make the paths in it relative to its folder; the names of ``plugins``, and of those that it
    lists, are no paths."""
    if file is None:
        return strict_yaml.Document({}, {})
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST_FILE + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise UnreadableError(
            f"the settings {file} cannot be read: {error.strerror}.",
            help=f"Name a readable file with --config or {FILE_VARIABLE}.",
        ) from None
    except UnicodeDecodeError:
        raise UnreadableError(f"the settings {file} are not UTF-8 text.", help="Save the file as UTF-8.") from None
    if len(raw) > LARGEST_FILE:
        raise UnreadableError(
            f"the settings {file} are larger than {LARGEST_FILE >> 20} MiB.", help="Is it the right file?"
        )
    document = strict_yaml.read(text, str(file))
    _place(document.value, file.parent, plugins or _plugins_in(document.value))
    return document


#: Sections, and their settings that are paths.
_PATHS_IN = {
    "audit": ("key_file",),
    "trust": ("root", "state"),
    "mark": ("key_file",),
    "upstream": ("key_file", "ca"),
    "ext_proc": ("certificate", "key_file", "ca"),
}


def _place(values: dict[str, Any], folder: Path, plugins: frozenset[str]) -> None:
    """Make the paths in ``values`` relative to ``folder``."""
    for key in _FOLDER_OF_PATHS:
        match values.get(key):
            case str(path) if not is_database(path):
                values[key] = str(folder / path)
            case list(paths):
                values[key] = [path if _is_of(plugins, path) else _at(folder, path) for path in paths]
            case {"path": str(path), **rest}:
                values[key] = {**rest, "path": str(folder / path)}
    conversation = values.get("conversation")
    if isinstance(conversation, dict):
        values["conversation"] = _conversation_at(folder, conversation)
    for name, keys in _PATHS_IN.items():
        if isinstance(section := values.get(name), dict):
            values[name] = _placed(folder, section, keys)
    if isinstance(servers := values.get("upstreams"), dict):
        values["upstreams"] = {
            name: _placed(folder, each, _PATHS_IN["upstream"]) if isinstance(each, dict) else each
            for name, each in servers.items()
        }
    if isinstance(judges := values.get("judges"), list):
        values["judges"] = [
            _placed(folder, each, ("calibration",)) if isinstance(each, dict) else each for each in judges
        ]
    if isinstance(listed := values.get("plugins"), list):
        values["plugins"] = [_plugin_at(folder, each) if isinstance(each, dict) else each for each in listed]


def _placed(folder: Path, section: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Return ``section`` with the paths at ``keys`` below ``folder``."""
    return {key: _at(folder, value) if key in keys else value for key, value in section.items()}


def _at(folder: Path, path: Any) -> Any:
    return str(folder / path) if isinstance(path, str) else path


def _is_of(plugins: frozenset[str], path: Any) -> bool:
    return isinstance(path, str) and path in plugins


def _plugins_in(values: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the plugins that ``values``, in the shape of the file, list."""
    listed = values.get("plugins")
    names = [each.get("name") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return frozenset(name for name in names if isinstance(name, str))


def _plugin_at(folder: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of ``plugins`` with its paths below ``folder``."""
    found = _placed(folder, entry, ("path", "folder"))
    if isinstance(own := found.get("settings"), dict):
        found["settings"] = {
            name: {"file": _at(folder, value["file"])} if isinstance(value, dict) and set(value) == {"file"} else value
            for name, value in own.items()
        }
    return found


def _conversation_at(folder: Path, section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the section ``conversation`` with its paths below ``folder``."""
    found = dict(section)
    if isinstance(secret := found.get("secret_file"), str):
        found["secret_file"] = str(folder / secret)
    if isinstance(store := found.get("store"), str) and store.startswith("sqlite:") and store != "sqlite:":
        found["store"] = f"sqlite:{folder / store.removeprefix('sqlite:')}"
    return found


def _variables() -> dict[str, Any]:
    """Read the environment. pydantic-settings ignores unknown names; here they are errors."""
    named = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name not in _NO_SETTINGS)
    for name in named:
        field = name.upper().removeprefix(PREFIX).split("__")[0].lower()
        if field not in Settings.model_fields:
            close = difflib.get_close_matches(field, list(Settings.model_fields), 1)
            meant = f"; did you mean '{PREFIX}{close[0].upper()}'?" if close else ""
            raise SettingsError(
                f"the variable {name} is not a setting{meant or '.'}",
                help="docs/configuration.md lists the settings.",
            )
    try:
        return pydantic_settings.EnvSettingsSource(Settings)() if named else {}
    except pydantic_settings.SettingsError as error:
        raise SettingsError(f"a variable cannot be read: {error}.", help="Write lists and mappings as JSON.") from None


def _in_full(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Expand the short forms in ``values``, so that the settings of several places can be merged."""
    return {**values, "audit": audit_in_full(values["audit"])} if "audit" in values else values


def _over(strong: Mapping[str, Any], weak: Mapping[str, Any]) -> dict[str, Any]:
    """Merge both mappings, at every depth; ``strong`` wins."""
    joined = dict(weak)
    for key, value in strong.items():
        below = joined.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            joined[key] = _over(value, below)
        else:
            joined[key] = value
    return joined


def _holds(source: Any, path: strict_yaml.Path) -> bool:
    try:
        for part in path:
            source = source[part]
    except (LookupError, TypeError):
        return False
    return True


def _did_you_mean(path: strict_yaml.Path) -> str:
    model: type[BaseModel] | None = Settings
    for part in path[:-1]:
        if model is not None and isinstance(part, str):
            model = _section(model, part)
    known = list(model.model_fields) if model is not None else []
    close = difflib.get_close_matches(str(path[-1]), known, 1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _section(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the model of a nested section, also if it is optional or a list."""
    waiting = [model.model_fields[name].annotation] if name in model.model_fields else []
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        waiting.extend(typing.get_args(kind))
    return None
