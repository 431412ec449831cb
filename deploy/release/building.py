"""Builds wheels and sdists whose bytes depend on the tracked files alone: not on the path, the user, the clock, the
locale, or what else lies in the checkout."""

from __future__ import annotations

import hashlib
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


def empty(out: Path) -> None:
    """Make the folder ``out``. Raises ``BuildError`` where it contains something."""
    if out.exists() and any(out.iterdir()):
        raise BuildError(f"{out} is not empty: a release contains nothing of an earlier one. Name another folder.")
    out.mkdir(parents=True, exist_ok=True)


def write_sums(folder: Path) -> int:
    """List the files below ``folder`` with their SHA-256 in ``SHA256SUMS``, and return how many they are."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    (folder / "SHA256SUMS").write_text(
        "".join(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in paths), "utf-8"
    )
    return len(paths)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git(checkout: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(checkout), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BuildError("git is not installed; a release is made from a checkout.") from None
    if done.returncode:
        raise BuildError(f"{checkout} is not a checkout of git: {done.stderr.strip()[:200]}")
    return done.stdout if "-z" in words else done.stdout.strip()
