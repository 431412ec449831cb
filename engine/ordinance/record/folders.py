"""The folder of a file, flushed: what a file is called is on the disk only then."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync_folder(path: Path) -> None:
    """Flush the name of the file at ``path`` to disk too, if its folder may be opened."""
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
