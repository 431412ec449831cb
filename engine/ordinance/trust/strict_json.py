"""JSON that has one form: what is decoded must be, byte for byte, what encoding it gives.

So nothing is lost in decoding: a key that is unknown, missing, given twice or of another type is refused, and two
readers cannot understand the same bytes differently.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def encode(value: object) -> bytes:
    """Return ``value`` as JSON in its one form: keys sorted, no spaces."""
    return msgspec.json.encode(value, order="sorted")


def decode(data: bytes, kind: type[T]) -> T:
    """Return the value of ``kind`` in ``data``. Raises ``ValueError`` where it is not in its one form."""
    try:
        value = msgspec.json.decode(data, type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if encode(value) != data:
        raise ValueError("it is not in the one form that it has (a key twice, spaces, another order)")
    return value
