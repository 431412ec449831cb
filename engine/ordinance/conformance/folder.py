"""What a plugin's folder shows without running anything: its manifest, whether files were edited, what it imports."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ordinance.conformance.faults import Fault, fault
from ordinance.errors import PluginError
from ordinance.plugin import API, Hooks
from ordinance.plugins.installation import LEFT_OUT
from ordinance.plugins.manifest import FILE, Found, read, read_toml
from ordinance.plugins.seal import seal

_HOOKS = tuple(name for name in vars(Hooks) if not name.startswith("_"))


def manifest_of(folder: Path) -> Found | Fault:
    """Read the manifest; where that fails, return why. Raises ``OSError`` where the folder cannot be read."""
    try:
        found = read(folder)
        seal(folder)
    except PluginError as error:
        return fault(_kind(folder), "manifest", error.message)
    return found


def _kind(folder: Path) -> str:
    """Return the code that fits a manifest that cannot be used."""
    given: dict[str, object] = {}
    for place in [*folder.glob(f"*/{FILE}"), *folder.glob(f"*/*/{FILE}")]:
        try:
            given = read_toml(place)
        except (OSError, ValueError):
            return "manifest-invalid"
    api, vendor, provides = given.get("api"), given.get("vendor"), given.get("provides")
    if type(api) is int and not 1 <= api <= API:
        return "api-version"
    names = [str(each).partition(" ")[2] for each in provides if " " in str(each)] if isinstance(provides, list) else []
    if any(not name.startswith(f"{vendor}.") for name in names):
        return "name-foreign"
    return "manifest-invalid"


def folder_faults(folder: Path, found: Found) -> Iterator[Fault]:
    """Yield what is wrong with the files in ``folder``."""
    whose = f"{found.name} {found.version}"
    changed = sorted(_changed(folder))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        yield fault("file-changed", "manifest", f"{whose}: {changed[0]}{more} is not the file of the wheel.")
    package = folder.joinpath(*found.package.split("."))
    for path in sorted(package.rglob("*.py")):
        where = path.relative_to(folder)
        nodes = list(ast.walk(_parsed(path)))
        for line, what in _engine_imports(nodes):
            yield fault("engine-import", "import", f"{whose} imports `{what}` ({where}:{line}).")
        for line, name in _unknown_hooks(nodes):
            known = ", ".join(_HOOKS)
            yield fault("hook-unknown", name, f"{whose}: `{name}` ({where}:{line}) is not a hook; hooks are {known}.")


def _changed(folder: Path) -> Iterator[str]:
    """Yield the files that differ from those that RECORD lists, and those that it does not list."""
    listed: dict[str, str] = {}
    for record in folder.glob("*.dist-info/RECORD"):
        try:
            with record.open(encoding="utf-8", newline="") as file:
                listed |= {row[0]: row[1] for row in csv.reader(file) if len(row) == 3}
        except (UnicodeDecodeError, csv.Error):
            yield record.relative_to(folder).as_posix()
    for path in folder.rglob("*"):
        place = path.relative_to(folder).as_posix()
        if not path.is_file() or path.suffix == ".pyc" or path.name in ("RECORD", *LEFT_OUT):
            continue
        if place == ".lock":  # uv's
            continue
        expected = listed.pop(place, None)
        if expected is None or (expected and expected != _sum(path)):
            yield place
    for place in listed:
        path = folder / place
        of_installer = place.startswith(("bin/", "../", "Scripts/")) or path.suffix == ".pyc" or path.name in LEFT_OUT
        if not of_installer and not os.path.exists(path):  # which no name is too long for
            yield place


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _parsed(path: Path) -> ast.AST:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return ast.Module([], [])  # the start says so


def _engine_imports(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and the module of each import of the engine that a plugin does not have."""
    for node in nodes:
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            of_package = node.module == "ordinance"
            modules = [f"ordinance.{alias.name}" for alias in node.names] if of_package else [node.module or ""]
        for module in modules:
            if module.partition(".")[0] == "ordinance" and module not in ("ordinance", "ordinance.plugin"):
                yield node.lineno, module  # type: ignore[attr-defined]


def _unknown_hooks(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each function that is marked as a hook and is none."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name not in _HOOKS:
            named = [ast.unparse(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list]
            own = any(isinstance(each, ast.Call) and _renamed(each) for each in node.decorator_list)
            if any(name.rpartition(".")[2] == "hookimpl" for name in named) and not own:
                yield node.lineno, node.name


def _renamed(call: ast.Call) -> bool:
    """Return whether ``@hookimpl(specname="detector")`` gives the function the name of a hook."""
    return any(
        each.arg == "specname" and isinstance(each.value, ast.Constant) and each.value.value in _HOOKS
        for each in call.keywords
    )
