"""Where the folders that ship with the engine lie: ``grammars`` and ``rules``."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder(name: str) -> Path:
    """Return the folder ``name`` of the installed package; in a checkout, the one beside ``engine``."""
    package = Path(__file__).resolve().parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / name
