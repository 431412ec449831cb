"""Looking for words in an answer, whichever way they leave: in one piece or in many, as text, tokens or bytes."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from ordinance.doctor.wire import Reply

#: Members that say which choice, item or part a piece of a stream belongs to.
_INDEXES = ("index", "choice_index", "output_index", "content_index")


def where_seen(reply: Reply, word: str) -> str | None:
    """Return the place in an answer where ``word`` can be read, or None."""
    for name, value in reply.headers:
        if any(word in form for form in _forms(value)):
            return f"the header {name}"
    for path, text in _texts(reply.values):
        if any(word in form for form in _forms(text)):
            return path
    return "the body" if word in reply.body.decode("utf-8", "replace") else None


def members(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a JSON value, the outermost first."""
    waiting = [value]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, dict):
            yield found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def metadata(reply: Reply) -> dict[str, Any]:
    """Return the last ``ordinance`` object of an answer, or an empty one."""
    found: dict[str, Any] = {}
    for value in reply.values:
        for member in members(value):
            if isinstance(member.get("ordinance"), dict):
                found = member["ordinance"]
    return found


def said(reply: Reply) -> str:
    """Return all text of an answer except its metadata, place by place."""
    return "\n".join(text for path, text in _texts(reply.values) if not path.startswith("ordinance"))


def _texts(values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield each place that has text, with all its pieces joined in the order in which they came: strings, keys, and
    lists of numbers read as bytes."""
    pieces: defaultdict[str, list[str]] = defaultdict(list)
    numbers: defaultdict[str, bytearray] = defaultdict(bytearray)

    def walk(value: Any, path: str) -> None:
        match value:
            case str():
                pieces[path].append(value)
            case dict():
                marks = "".join(f"#{value[name]}" for name in _INDEXES if isinstance(value.get(name), int))
                pieces[f"keys of {path or 'the answer'}"] += map(str, value)
                for name, member in value.items():
                    walk(member, f"{path}{marks}.{name}".lstrip("."))
            case list() if value and all(type(each) is int and 0 <= each < 256 for each in value):
                numbers[path] += bytes(value)
            case list():
                for item in value:
                    walk(item, f"{path}[]")

    for value in values:
        walk(value, "")
    yield from ((path, "".join(found)) for path, found in pieces.items())
    yield from ((f"{path} (as bytes)", found.decode("utf-8", "replace")) for path, found in numbers.items())


def _forms(text: str) -> Iterator[str]:
    """Yield ``text``, and what it decodes to if it is an encoding of another text."""
    yield text
    yield unquote(text)
    bare = text.strip()
    for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
        try:
            yield decode(bare + "=" * (-len(bare) % 4) if decode is not binascii.unhexlify else bare).decode()
        except (ValueError, UnicodeError):
            continue
