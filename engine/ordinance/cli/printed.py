"""Findings in packs as a command prints them, and the files that a command writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ordinance.cli.colour import tell
from ordinance.errors import UnwritableError
from ordinance.language.diagnostics import Diagnostic, more_on, render
from ordinance.loading.files import shown


def show(found: Sequence[Diagnostic]) -> None:
    """Print each finding, and below them where to read more."""
    for item in found:
        tell(render(item), sys.stdout)
    if more := more_on(found):
        print(more)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path``. Raises ``UnwritableError``."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UnwritableError(f"{shown(path)} cannot be written: {error.strerror}.", help="Check the path.") from None
