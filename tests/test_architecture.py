"""Imports point one way; a picture of the rooms that fails when it stops being true."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.cli.main import COMMANDS
from support.checkout import ROOT

PACKAGE = ROOT / "engine" / "ordinance"

#: What the files of each room may import of Ordinance. A room is a folder, without the folders in it, or a file at the
#: root. What is not listed may import nothing of it.
MAY_IMPORT: dict[str, set[str]] = {
    "detection": {"plugin"},
    "errors": set(),
    "plugin": set(),
    "resources": set(),
    "language": {"errors", "resources"},
    "policy": {"detection", "language"},
    "policy/link": {"detection", "language", "policy"},
    "policy/check": {"detection", "errors", "language", "policy", "policy/link"},
    "runtime/text": {"errors"},
    "substance": set(),
    "runtime/match": {"detection", "errors", "runtime/text"},
    "runtime/redact": {"detection", "policy", "runtime/text", "runtime/match"},
    "runtime/judged": {"runtime/text", "runtime/match", "runtime/redact"},
    "runtime/adherence": {"runtime/text"},
    "runtime/forms": {"detection", "policy", "substance", "runtime/text", "runtime/match", "runtime/redact"},
    "runtime": {
        "detection", "errors", "policy", "runtime/adherence", "runtime/text", "runtime/match", "runtime/redact",
        "runtime/judged", "runtime/forms",
    },
    "runtime/compared": {"policy", "runtime", "runtime/redact"},
    "detectors": {"detection", "errors", "plugin", "runtime/text", "runtime/match"},
    "plugins/inside": {"plugin"},
    "plugins": {"errors", "plugin", "plugins/inside", "runtime/match", "settings"},
    "loading": {
        "detection", "detectors", "errors", "instructions", "language", "plugin", "plugins", "policy", "policy/link",
        "policy/check", "resources", "runtime", "runtime/forms", "runtime/match",
    },
    "judging": {"detection", "errors", "loading", "plugin", "plugins", "runtime/text", "settings"},
    "instructions": {"policy"},
    "settings": {"errors"},
    "trust": {
        "authoring", "errors", "judging", "language", "loading", "plugins", "policy", "settings",
    },
    "trust/marks": {"errors", "runtime", "settings", "trust"},
    "protocol": {"runtime", "runtime/redact"},
    "protocol/apis": {"protocol", "runtime/redact"},
    "protocol/govern": {"policy", "protocol", "protocol/apis", "runtime", "runtime/redact", "runtime/judged"},
    "serve/http": {"errors", "protocol", "settings"},
    "record": {"errors", "trust"},
    "evidence": {
        "authoring", "authoring/register", "errors", "loading", "plugins", "policy", "record", "trust",
    },
    "serve/record": {"errors", "plugin", "plugins", "protocol", "record", "serve/http", "settings", "trust"},
    "serve/metrics": {"errors", "serve/http", "settings"},
    "serve/traces": {"plugins", "serve/http", "serve/record", "settings"},
    "serve/behind": {"errors", "protocol", "serve/http", "settings"},
    "serve/door": {
        "errors", "instructions", "judging", "loading", "plugins", "policy", "policy/link", "protocol",
        "protocol/apis", "protocol/govern", "resources", "runtime", "runtime/redact", "serve/behind",
        "serve/conversations", "serve/http", "serve/metrics", "serve/record", "serve/shadow", "serve/traces",
        "settings", "trust", "trust/marks",
    },
    "serve/shadow": {
        "runtime", "serve/behind", "serve/http", "serve/metrics", "serve/record", "settings",
    },
    "serve/shadow/inside": {
        "errors", "plugins", "policy", "protocol", "protocol/govern", "runtime", "runtime/compared", "serve/door",
        "serve/http", "serve/shadow", "settings", "trust",
    },
    "serve/chat": {"serve/door"},
    "serve/envoy": {"errors", "protocol", "serve/behind", "serve/http", "settings"},
    "serve/conversations": {"errors", "runtime", "serve/http", "settings"},
    "serve": {
        "errors", "policy", "protocol", "resources", "serve/behind", "serve/chat", "serve/door", "serve/envoy",
        "serve/http", "serve/metrics", "settings",
    },
    "batch": {
        "errors", "policy", "protocol", "protocol/apis", "protocol/govern", "runtime", "serve/door",
        "serve/http", "serve/record", "settings", "trust/marks",
    },
    "authoring": {
        "detection", "errors", "judging", "language", "loading", "policy", "policy/link", "policy/check", "runtime",
        "runtime/compared",
        "runtime/text", "runtime/match", "runtime/redact", "runtime/judged",
    },
    "authoring/translation": {"errors", "language", "policy"},
    "authoring/calibration": {"authoring", "detection", "errors", "judging", "language", "loading", "policy"},
    "authoring/register": {"authoring", "errors", "language", "policy", "runtime", "runtime/redact"},
    "conformance": {
        "authoring", "detection", "errors", "loading", "plugin", "plugins", "runtime/forms", "runtime/match",
        "runtime/text", "substance",
    },
    "testing_kit": {"conformance", "errors", "plugins"},
    "doctor/protocols": {"detection", "policy", "protocol"},
    "doctor": {"doctor/protocols", "errors", "protocol", "serve", "settings"},
    "cli": {
        "authoring", "authoring/calibration", "authoring/register", "authoring/translation", "conformance", "doctor",
        "doctor/protocols", "errors", "evidence", "judging", "language", "loading", "plugin", "plugins", "policy",
        "protocol",
        "protocol/apis", "protocol/govern", "record", "resources", "runtime",
        "runtime/compared", "runtime/redact", "serve", "serve/behind", "serve/chat",
        "serve/conversations", "serve/door", "serve/http", "settings", "substance", "trust", "trust/marks",
    },
}  # fmt: skip

#: Libraries that only one room, with the rooms in it, may know.
KEPT_TO = {
    "lark": {"language", "policy"},
    "pluggy": {"detectors", "plugin", "plugins", "policy"},
    "starlette": {"serve"},
    "uvicorn": {"serve"},
    "h11": {"serve"},
    "aiohttp": {"serve"},
    "xllamacpp": {"serve"},
    "cryptography": {"trust"},
    "grpc": {"serve"},
    "grpc_health": {"serve"},
    "envoy": {"serve"},
    "yaml": {"settings"},
    "pydantic": {"conformance", "instructions", "judging", "plugins", "settings", "serve"},
    "pydantic_settings": {"settings"},
}

#: Modules of this many files lie in one folder at most; past it nobody finds his way.
MOST_IN_A_ROOM = 20
#: Modules at the root are what others import: errors, the contract of plugins, where things lie.
AT_THE_ROOT = {"detection.py", "errors.py", "plugin.py", "resources.py", "testing_kit.py"}
#: Names that are the same idea for each of several siblings.
SHARED_NAMES = {
    "__init__.py", "__main__.py", "chat.py", "completions.py", "messages.py", "page.py", "plugin.py", "responses.py"
}  # fmt: skip


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return str(relative.parent) if len(relative.parts) > 1 else relative.stem


def room_named(module: str) -> str:
    """The room of a module or package, by its dotted name behind ``ordinance.``."""
    folder = PACKAGE.joinpath(*module.split("."))
    return str(folder.relative_to(PACKAGE)) if folder.is_dir() else room_of(folder.with_suffix(".py"))


def imports(path: Path) -> Iterator[str]:
    """What a file imports; of a package of ours, the modules that it takes from it."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                below = PACKAGE.joinpath(*name.split(".")[1:])
                yield name if below.is_dir() or below.with_suffix(".py").is_file() else node.module or ""


def dotted(path: Path) -> str:
    """The name by which the module of a file is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_of(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, whatever it takes from them."""
    for name in imports(path):
        if name.partition(".")[0] == "ordinance" and name != dotted(path):
            yield name


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "ordinance" and rest:
            target = room_named(rest)
            assert target in {room, "__init__", "__version__"} | MAY_IMPORT[room], f"{room} may not import {name}"
        elif first in KEPT_TO:
            assert room.partition("/")[0] in KEPT_TO[first], f"{room} may not know {first}"


def test_no_two_rooms_need_each_other() -> None:
    def needs(room: str, seen: frozenset[str] = frozenset()) -> set[str]:
        return {room}.union(*(needs(each, seen | {room}) for each in MAY_IMPORT[room] - seen))

    for room, allowed in MAY_IMPORT.items():
        assert not [each for each in allowed if room in needs(each)], room


def test_no_modules_need_each_other() -> None:
    """Imports within functions count, and those for types alone: whoever reads one file of a circle reads them all."""
    needs = {dotted(path): set(modules_of(path)) for path in PACKAGE.rglob("*.py")}
    assert set().union(*needs.values()) <= set(needs), "a module that is not there"
    while needs:
        needed = needs.keys() & set().union(*needs.values())
        circles = {name: others & needs.keys() for name, others in needs.items() if name in needed}
        circles = {name: others for name, others in circles.items() if others}
        assert len(circles) < len(needs), f"a circle: {circles}"
        needs = circles


def test_only_what_sees_plans_stays_in_the_runtime() -> None:
    """The runtime knows the plan and the words of the policy room, not how a policy is linked or checked."""
    allowed = {f"ordinance.policy.{name}" for name in ("application", "conditions", "plan", "slots", "vocabulary")}
    for path in (PACKAGE / "runtime").rglob("*.py"):
        assert {name for name in imports(path) if name.startswith("ordinance.policy")} <= allowed, path


def test_a_file_has_one_idea() -> None:
    """Not because a number says so: a file that nears 400 lines had two ideas."""
    long = {
        str(path.relative_to(PACKAGE)): count
        for path in FILES
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


def test_a_room_can_be_looked_over() -> None:
    """A command is found by its name, so those do not count."""
    commands = {PACKAGE / "cli" / f"{name}.py" for name, _ in COMMANDS}
    modules = Counter(path.parent for path in FILES if path.name != "__init__.py" and path not in commands)
    assert not [str(room) for room, count in modules.items() if count > MOST_IN_A_ROOM]
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", *AT_THE_ROOT}


def test_a_file_name_means_one_thing() -> None:
    names = [path.name for path in FILES if path.name not in SHARED_NAMES]
    assert sorted(set(names)) == sorted(names)


def test_no_dependency_on_vllm_or_ray() -> None:
    """Neither by what is installed nor by an import: they bring us along, and not the other way round."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    assert not [name for names in groups for name in names if name.startswith(("vllm", "ray"))]
    assert not [path for path in FILES for name in imports(path) if name.partition(".")[0] in ("vllm", "ray")]
