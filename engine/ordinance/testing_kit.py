"""What the tests of a plugin use; docs/plugins.md shows how.

A test file of the plugin says ``pytest_plugins = ["ordinance.testing_kit"]``, and its tests take ``plugin_faults``.
Tests of single functions give them a ``passage``.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ordinance.conformance.faults import Fault
from ordinance.conformance.kit import check_plugin
from ordinance.conformance.texts import passage as passage
from ordinance.errors import OrdinanceError
from ordinance.plugins.allowed import normal
from ordinance.plugins.installation import install


@pytest.fixture(scope="module")
def plugin_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the distribution that the test belongs to, whose ``pyproject.toml`` is the nearest above it, and return the
    folder into which it was installed.

    Wheels of what it depends on come from where pip usually finds them. A test suite that has a folder already
    overrides this fixture.
    """
    root = next(folder for folder in request.path.parents if (folder / "pyproject.toml").is_file())
    work = tmp_path_factory.mktemp("plugin")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-input"]
    words += ["--no-build-isolation"] if _has_backend(root) else []
    built = subprocess.run(  # noqa: S603 - the source that is being tested
        [*words, "--wheel-dir", str(work / "wheels"), str(root)], capture_output=True, text=True, check=False
    )
    if built.returncode:
        pytest.fail(f"{root} cannot be built:\n{built.stderr}", pytrace=False)
    name = normal(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["name"])
    wheels = [path for path in (work / "wheels").glob("*.whl") if normal(path.name.partition("-")[0]) == name]
    try:
        return install(wheels, work / "installed").path
    except OrdinanceError as error:
        pytest.fail(f"{error.message} {error.help}", pytrace=False)


@pytest.fixture(scope="module")
def plugin_faults(plugin_folder: Path) -> list[Fault]:
    """Return the faults of the plugin, as ``ordinance plugin check`` finds them; a plugin that keeps the contract has
    none."""
    return list(check_plugin(plugin_folder).faults)


def _has_backend(root: Path) -> bool:
    """Return whether what builds the plugin is installed here, so that it need not be downloaded."""
    try:
        backend = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["build-system"]["build-backend"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return False
    return importlib.util.find_spec(str(backend).partition(".")[0]) is not None
