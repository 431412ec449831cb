"""Whether a text can be read from the bytes of an answer, in whatever field and however it is cut.

An answer is JSON or a stream of events. What a client could put together is put together here: the raw bytes, the
strings at one place joined over all events and entries, the keys of mappings joined, numbers read as token ids and as
bytes. A place is a path of keys; positions in lists are left out, and so is what tells a stream's events from a whole
answer, except the index of a choice.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Place = tuple[str, ...]
_BYTES = 256


def traces(body: bytes, needles: Iterable[str], tokens: Mapping[int, bytes]) -> dict[str, set[str]]:
    """Where each of ``needles`` is found: by needle, the places. ``tokens`` are the model's, by id."""
    texts = readings(body, tokens)
    return {needle: found for needle in needles if (found := {at for at, text in texts.items() if needle in text})}


def readings(body: bytes, tokens: Mapping[int, bytes]) -> dict[str, str]:
    """Everything that can be read from an answer, by place; ``raw`` is the bytes as they are."""
    strings: dict[Place, list[str]] = defaultdict(list)
    numbers: dict[Place, list[int]] = defaultdict(list)
    for value in values(body):
        index = _index(value)
        for place, leaf in leaves(value):
            at = (*place, *index)
            if isinstance(leaf, str):
                strings[at].append(leaf)
            elif isinstance(leaf, int) and not isinstance(leaf, bool):
                numbers[at].append(leaf)
    read = {".".join(at): "".join(parts) for at, parts in strings.items()}
    for at, parts in numbers.items():
        read[".".join(at) + " as tokens"] = b"".join(tokens.get(each, b"") for each in parts).decode("utf-8", "replace")
        small = bytes(each for each in parts if 0 <= each < _BYTES)
        read[".".join(at) + " as bytes"] = small.decode("utf-8", "replace")
    return {"raw": body.decode("utf-8", "replace"), **read}


def values(body: bytes) -> Iterator[Any]:
    """The answer's JSON: itself, or that of each event."""
    try:
        yield json.loads(body)
    except ValueError:
        for line in body.splitlines():
            data = line.removeprefix(b"data:").strip()
            if line.startswith(b"data:") and data != b"[DONE]":
                yield json.loads(data)


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every leaf with its place, and every key as a leaf of the place ``keys``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*place, "keys"), key
            yield from leaves(inner, (*place, "*" if key.isdecimal() else key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, place)
    else:
        yield place, value


def _index(value: Any) -> Place:
    """Which choice a streamed event is of, so that two choices are not read as one text; its type in other APIs."""
    if not isinstance(value, dict):
        return ()
    choices = value.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        return (f"#{choices[0].get('index', 0)}",)
    kind = value.get("type")
    return (f"({kind})",) if isinstance(kind, str) else ()
