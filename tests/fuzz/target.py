"""What is fuzzed: a parser of foreign bytes, real samples of them, and the errors that it declares."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ordinance.errors import OrdinanceError

#: The longest input, in bytes, unless a target says otherwise.
LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """``parse`` returns a value or raises one of ``declared``; anything else is a defect. ``samples`` are what it is
    made for; ``longest`` bounds an input, in bytes."""

    name: str
    parse: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    declared: tuple[type[Exception], ...] = (OrdinanceError,)
    longest: int = LONGEST


def written(*samples: str | bytes) -> tuple[bytes, ...]:
    """Return samples as bytes."""
    return tuple(each.encode() if isinstance(each, str) else each for each in samples)


def files(paths: Iterable[Path], most: int = LONGEST) -> tuple[bytes, ...]:
    """Return the contents of those of ``paths`` that have at most ``most`` bytes."""
    return tuple(path.read_bytes() for path in sorted(paths) if path.stat().st_size <= most)


def as_file(name: str, data: bytes) -> Path:
    """Write ``data`` into the file ``name`` of this process's own folder, and return its path."""
    place = Path(_folder().name) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ordinance-fuzz-")
