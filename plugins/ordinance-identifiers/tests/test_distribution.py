"""The plugin as an operator installs it: a wheel, in a folder of its own with what it depends on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ordinance_identifiers
import pytest
from ordinance_identifiers import numbers

from ordinance.plugin import Asked, Candidates
from ordinance.plugins.manifest import read
from ordinance.plugins.seal import seal

from .conftest import PLUGIN

ROOT = PLUGIN.parents[1]


@pytest.mark.server
def test_the_folder_contains_the_plugin_and_what_it_needs_and_no_engine(folder: Path) -> None:
    found = read(folder)
    assert (found.name, found.package) == ("ordinance-identifiers", "ordinance_identifiers")
    assert {path.name for path in folder.iterdir() if path.suffix != ".dist-info"} == {
        "ordinance_identifiers", "phonenumbers", "stdnum",
    }  # fmt: skip
    assert seal(folder) == seal(folder)


@pytest.mark.server
def test_what_the_manifest_provides_is_what_the_hook_answers(folder: Path) -> None:
    names = read(folder).manifest.names("detector")
    assert set(names) == {"id.national", "id.tax", "id.health", "id.phone", "id.email"}
    for name in names:
        assert isinstance(ordinance_identifiers.detector(Asked(name)), Candidates)


@pytest.mark.server
def test_it_runs_on_its_folder_and_the_standard_library_alone(folder: Path) -> None:
    """As the engine starts it; ``ordinance.plugin`` and pluggy come from the engine, here by two paths."""
    contract = folder.parent / "contract" / "ordinance"
    contract.mkdir(parents=True)
    (contract / "__init__.py").touch()
    (contract / "plugin.py").write_text((ROOT / "engine" / "ordinance" / "plugin.py").read_text("utf-8"), "utf-8")
    import pluggy

    code = (
        f"import sys; sys.path[:0] = {[str(folder), str(contract.parent), str(Path(pluggy.__file__).parents[1])]!r}\n"
        "from ordinance.plugin import Asked, Passage\nimport ordinance_identifiers as each\n"
        "found = each.detector(Asked('id.national', ('EE',)))\n"
        "text = '36805280109'\n"
        "assert found.accepts(Passage(text, text, ())) and not found.accepts(Passage(text, text[:-1] + '8', ()))\n"
        "for kind in ('tax', 'health', 'phone', 'email'): each.detector(Asked('id.' + kind))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, env={"PATH": os.defpath}
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_says_what_there_is() -> None:
    readme = (PLUGIN / "README.md").read_text("utf-8")
    for country in {number.country for number in numbers.table()}:
        assert f"| {country} |" in readme
    for name in ("id.national", "id.tax", "id.health", "id.phone", "id.email", "LGPL-2.1", "Apache-2.0"):
        assert name in readme
