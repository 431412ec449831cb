"""The lines of the record's files, read with a bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from ordinance.errors import UnreadableError

#: No line that we write comes near this, in bytes.
LONGEST = 1024 * 1024


class Line(NamedTuple):
    """``data`` without the line's end; ``whole`` is False if it has none, which a file has once at most, at its end."""

    number: int
    data: bytes
    whole: bool


def lines_in(file: BinaryIO) -> Iterator[Line]:
    """Yield the lines from here on, counted from 1; one that is too long comes in pieces."""
    number = 0
    while data := file.readline(LONGEST):
        number += 1
        whole = data.endswith(b"\n")
        yield Line(number, data[:-1] if whole else data, whole)


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the lines of the file at ``path``. Raises ``UnreadableError``."""
    with reading(path), path.open("rb") as file:
        yield from lines_in(file)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise ``UnreadableError`` where what is done meanwhile cannot read ``path``."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(
            f"the record {path} cannot be read: {error.strerror}.", help="Check the path, and who may read it."
        ) from None


def is_object(data: bytes) -> bool:
    """Return whether a line is an object of JSON, of whatever kind."""
    try:
        return isinstance(msgspec.json.decode(data), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
