"""Builds wheels and sdists whose bytes depend on the tracked files alone: not on the path, the user, the clock, the
locale, or what else lies in the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: Runs in the folder of a project: hatchling, without a download.
_BUILD = """
import os, sys
os.umask(0o022)
from hatchling.build import build_sdist, build_wheel
build_sdist(sys.argv[1])
build_wheel(sys.argv[1])
"""


class BuildError(Exception):
    """A release cannot be made; the text says why, in one line with a way out."""


def tracked(checkout: Path, *, uncommitted: bool) -> tuple[str, ...]:
    """Return the files that git tracks. Raises ``BuildError`` where one has changed since, unless ``uncommitted``."""
    changed = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    if changed and not uncommitted:
        raise BuildError("there are changes that are not committed: commit them, or pass --uncommitted for a trial.")
    listed = _git(checkout, "ls-files", "-z").split("\0")
    return tuple(name for name in listed if name and (checkout / name).is_file())


def moment_of(checkout: Path) -> int:
    """Return when the commit was made, in seconds since 1970."""
    return int(_git(checkout, "log", "-1", "--format=%ct"))


def copied(checkout: Path, files: Sequence[str], folder: Path) -> Path:
    """Copy ``files`` to ``folder``, which has nothing else, and return it."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / name, folder / name)
    return folder


def projects(tree: Path) -> tuple[Path, ...]:
    """Return the folders of the distributions in a checkout: the engine's first, then the plugins'."""
    return (tree, *sorted(path.parent for path in tree.glob("plugins/*/pyproject.toml")))


def build(tree: Path, out: Path, moment: int) -> tuple[Path, ...]:
    """Build a wheel and an sdist of each distribution into ``out``, dated ``moment``. Raises ``BuildError``."""
    # Nothing else of the environment: `HATCH_BUILD_HOOKS_ENABLE` alone would make another wheel.
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    environment |= {"SOURCE_DATE_EPOCH": str(moment), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    for project in projects(tree):
        command = [sys.executable, "-c", _BUILD, str(out)]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise BuildError(f"{project.name} cannot be built: {last}")
    return tuple(sorted(path for path in out.iterdir() if path.name.endswith((".whl", ".tar.gz"))))


def _git(checkout: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(checkout), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BuildError("git is not installed; a release is made from a checkout.") from None
    if done.returncode:
        raise BuildError(f"{checkout} is not a checkout of git: {done.stderr.strip()[:200]}")
    return done.stdout if "-z" in words else done.stdout.strip()
