"""The strings of a request: one traversal that looks at them, and one of the same shape that replaces them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

#: The characters of data in base64.
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


class Inline(str):
    """Data that stands in a request in base64, with the head of its ``data:`` address where it has one. It is no text:
    the head alone is looked at, and nothing of it is replaced."""

    @property
    def head(self) -> str:
        return self[: self.find(",") + 1]


#: JSON in a string in JSON in a string: deeper is not looked for.
_DEEPEST = 4
_DECODE = msgspec.json.Decoder().decode


def strings(value: object) -> Iterator[str]:
    """All strings in a JSON value, keys too: a schema's property names reach the model. A string that is itself JSON,
    as a tool call's arguments are, is looked into as well."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        match waiting.pop():
            case Inline() as data, _:
                if data.head:
                    yield data.head
            case str(text), depth:
                yield text
                if depth < _DEEPEST and "\\" in text and text.lstrip()[:1] in ("{", "[", '"'):
                    waiting.append((_decoded(text), depth + 1))
            case list(items), depth:
                waiting.extend((item, depth) for item in reversed(items))
            case dict(members), depth:
                waiting.extend(reversed([(part, depth) for member in members.items() for part in member]))


def _decoded(text: str) -> object:
    try:
        return _DECODE(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def replaced(value: Any, change: Callable[[str], str]) -> Any:
    """``value`` with every string in it, but no key, as ``change`` gives it."""
    match value:
        case Inline():
            return value
        case str(text):
            return change(text)
        case list(items):
            return [replaced(item, change) for item in items]
        case dict(members):
            return {name: replaced(member, change) for name, member in members.items()}
    return value


def size_of_data(value: object) -> int:
    """How many bytes of a JSON value are data that stands in it."""
    size, waiting = 0, [value]
    while waiting:
        match waiting.pop():
            case Inline() as data:
                size += len(data)
            case list(items):
                waiting.extend(items)
            case dict(members):
                waiting.extend(members.values())
    return size


def encoded(value: object) -> bytes:
    """``value`` as JSON. Raises ``RecursionError`` where it is too deep."""
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: object) -> str:
    if isinstance(value, Inline):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not JSON")
