"""The lines of the record, from wherever it is, read with a bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import msgspec

from ordinance.errors import UnreadableError
from ordinance.record.links import link_in
from ordinance.record.signed_lines import signed_in

#: No line that we write comes near this, in bytes.
LONGEST = 1024 * 1024


class Line(NamedTuple):
    """``data`` without the line's end; ``whole`` is False if it has none, which a file has once at most, at its end.
    ``number`` is the line of the file, or the ``place`` in the table."""

    number: int
    data: bytes
    whole: bool


class Source(Protocol):
    """A place of the record that is no file. ``str`` of it names it to people."""

    def lines(self) -> Iterator[Line]:
        """Yield its lines in their order. Raises ``OSError``."""


#: Where the record, or a part of it, is.
Place = Path | Source


def lines_in(file: BinaryIO) -> Iterator[Line]:
    """Yield the lines from here on, counted from 1; one that is too long comes in pieces."""
    number = 0
    while data := file.readline(LONGEST):
        number += 1
        whole = data.endswith(b"\n")
        yield Line(number, data[:-1] if whole else data, whole)


def lines_of(place: Place) -> Iterator[Line]:
    """Yield the lines of the record at ``place``. Raises ``UnreadableError``."""
    with reading(place):
        if isinstance(place, Path):
            with place.open("rb") as file:
                yield from lines_in(file)
        else:
            yield from place.lines()


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Raise ``UnreadableError`` where what is done meanwhile cannot read ``place``."""
    try:
        yield
    except OSError as error:
        raise UnreadableError(
            f"the record {place} cannot be read: {error.strerror}.", help="Check where it is, and who may read it."
        ) from None


def has_no_chain(data: bytes) -> bool:
    """Return whether a line is a record, or another object of JSON, that is neither of a chain nor signed."""
    return link_in(data) is None and signed_in(data) is None and is_object(data)


def is_object(data: bytes) -> bool:
    """Return whether a line is an object of JSON, of whatever kind."""
    try:
        return isinstance(msgspec.json.decode(data), dict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
