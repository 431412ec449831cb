"""Where the folders that ship with the engine are: ``grammars``, ``rules`` and ``lessons``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

#: Folders that a checkout has elsewhere than beside ``engine`` under the same name.
_IN_CHECKOUT = {"lessons": "docs/errors"}


@cache
def folder(name: str) -> Path:
    """Return the folder ``name`` of the installed package; in a checkout, the one that becomes it."""
    package = Path(__file__).resolve().parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / _IN_CHECKOUT.get(name, name)
