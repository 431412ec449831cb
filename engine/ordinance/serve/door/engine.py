"""Which engine runs: the files of this package as they were when the process began, and whether they are still there.

An upgrade of the package under a running server replaces files, not processes. New packs in the old engine, or a worker
of the new engine beside those of the old, would be a mix that nobody tested: both wait for a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ordinance import __version__
from ordinance.errors import RestartDueError
from ordinance.resources import folder

#: Of the package, but no part of the engine: packs are replaced while it runs, and the other is made by Python.
_NO_ENGINE = frozenset({"rules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine as it lies on disk. ``digest`` is the SHA-256 of its files; take it before anything is served."""

    version: str
    digest: str

    @property
    def replaced(self) -> bool:
        """Whether another engine lies on disk now. Reads about 1.5 MB: ask aside of the event loop."""
        return _digest() != self.digest

    def require(self) -> None:
        """Raise ``RestartDueError`` if another engine is on disk now."""
        if self.replaced:
            raise RestartDueError(
                f"the package was replaced while version {self.version} is running.", help="Restart the server."
            )


def installed_engine() -> Engine:
    """Return the engine that is on disk now."""
    return Engine(__version__, _digest())


def _digest() -> str:
    state = hashlib.sha256()
    for name, path in sorted(_files()):
        try:
            content = path.read_bytes()
        except OSError:  # an installer is at work
            content = b""
        for piece in (name.encode(), content):
            state.update(len(piece).to_bytes(8, "big"))
            state.update(piece)
    return state.hexdigest()


def _files() -> Iterator[tuple[str, Path]]:
    package = Path(__file__).resolve().parents[2]
    for root in {package, folder("grammars")}:
        for path in root.rglob("*"):
            parts = path.relative_to(root).parts
            if not _NO_ENGINE.intersection(parts) and path.is_file():
                yield "/".join((root.name, *parts)), path
