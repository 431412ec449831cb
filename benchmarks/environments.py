"""Environments of their own for what is measured beside Ordinance, made at the first run."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment(requirement: str) -> Path:
    """The Python of an environment under ``.venv/`` that has ``requirement``; made if it is not there."""
    name, _, version = requirement.partition("==")
    folder = ROOT / ".venv" / f"peer-{name}-{version}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing {requirement} in {folder.relative_to(ROOT)} …", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", requirement], check=True)  # noqa: S603 - ourselves
        (folder / "complete").touch()
    return python
