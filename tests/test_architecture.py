"""Imports point one way; a picture of the rooms that fails when it stops being true."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "engine" / "ordinance"

#: What each room or file may import of Ordinance. What is not listed may import nothing of it.
MAY_IMPORT: dict[str, set[str]] = {
    "bounds": set(),
    "detection": set(),
    "errors": set(),
    "endings": {"errors"},
    "hookspecs": {"detection"},
    "resources": set(),
    "language": {"errors", "resources"},
    "policy": {"errors", "detection", "hookspecs", "language"},
    "runtime": {"errors", "detection", "policy"},
    "identifiers": {"detection"},
    "detectors": {"errors", "detection", "endings", "hookspecs", "identifiers", "runtime"},
    "plugins": {"errors", "detection", "detectors", "hookspecs", "policy"},
    "messages": set(),
    "child": {"messages"},
    "isolation": {"child", "detection", "runtime"},
    "detector_process": {"child", "detection", "isolation", "messages", "plugins"},
    "trial": {"child", "errors", "isolation", "plugins"},
    "trial_process": {"child", "errors", "messages", "plugins"},
    "reading": {"bounds", "language"},
    "packs": {"bounds", "errors", "resources", "language", "policy", "reading"},
    "prose": set(),
    "costs": {"detection", "policy", "prose", "runtime"},
    "load": {
        "errors", "detection", "isolation", "language", "policy", "packs", "plugins", "reading", "runtime", "shields",
        "sizes", "testing", "trial",
    },
    "sizes": {"bounds", "endings", "errors", "language", "policy", "runtime"},
    "shields": {"detection", "language", "policy", "runtime"},
    "testing": {"errors", "detection", "language", "policy", "runtime"},
    "authoring": {"errors", "detection", "language", "policy", "runtime", "load", "reading", "testing"},
    "instructions": set(),
    "settings": {"errors"},
    "batch": {"errors", "instructions", "settings", "policy", "runtime", "load", "serve"},
    "doctor": {"errors", "detection", "policy", "serve"},
    "serve": {"errors", "instructions", "isolation", "settings", "policy", "runtime", "load", "resources"},
    "cli": {
        "errors", "detection", "resources", "settings", "language", "policy", "packs", "load", "testing", "runtime",
        "serve", "costs", "reading", "authoring", "doctor", "bounds",
    },
}  # fmt: skip

#: Libraries that only one room may know.
KEPT_TO = {
    "lark": {"language"},
    "pluggy": {"hookspecs", "plugins", "policy"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "aiohttp": {"serve"},
    "xllamacpp": {"serve"},
    "yaml": {"settings"},
    "pydantic": {"settings", "serve"},
    "pydantic_settings": {"settings"},
}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "ordinance":
            target = rest.partition(".")[0]
            assert not target or target == room or target in MAY_IMPORT[room], f"{room} may not import {name}"
        elif first in KEPT_TO:
            assert room in KEPT_TO[first], f"{room} may not know {first}"


def test_only_what_sees_plans_stays_in_the_runtime() -> None:
    """The runtime knows the plan and the words of the policy room, not how a policy is linked or checked."""
    allowed = {"ordinance.policy.plan", "ordinance.policy.conditions", "ordinance.policy.vocabulary"}
    for path in (PACKAGE / "runtime").glob("*.py"):
        assert {name for name in imports(path) if name.startswith("ordinance.policy")} <= allowed, path


def test_a_file_has_one_idea() -> None:
    """Not because a number says so: a file that nears 400 lines had two ideas. Generated tables have none."""
    long = {
        str(path.relative_to(PACKAGE)): count
        for path in FILES
        if path.name != "unicode_data.py" and (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_no_dependency_on_vllm() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    assert not [name for names in groups for name in names if name.startswith("vllm")]
