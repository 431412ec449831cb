"""What the files of a plugin's folder are, as one SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ordinance.errors import PluginError


def seal(folder: Path) -> str:
    """Return the SHA-256, in hexadecimal, over the sorted lines ``path NUL sha256 NEWLINE`` of the files in ``folder``,
    without each RECORD and byte code. Raises ``PluginError`` for what no such list can vouch for, ``OSError`` where a
    file cannot be read."""
    return sealed(sums(folder))


def sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that counts, by its path in ``folder``. Raises as ``seal`` does."""
    return {path.relative_to(folder).as_posix(): _sum(path) for path in _files(folder)}


def sealed(sums: Mapping[str, str]) -> str:
    """Return the seal of files with these ``sums``."""
    lines = "".join(sorted(f"{path}\0{sum_}\n" for path, sum_ in sums.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that count. Byte code in ``__pycache__`` is never read (``inside/sealed.py``): it does not."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise PluginError(f"{path} is a link.", help="A plugin's folder contains files alone; install it again.")
        if path.is_dir():
            continue
        if not path.is_file():
            raise PluginError(f"{path} is not a file.", help="A plugin's folder contains files alone.")
        if path.suffix == ".pyc":
            if path.parent.name != "__pycache__":
                raise PluginError(f"{path} is byte code without a source.", help="Ask the plugin's authors for source.")
            continue
        if path.name == "RECORD" and path.parent.name.endswith(".dist-info"):
            continue
        yield path
