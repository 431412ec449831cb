"""Which field a server's 400 is about. Only a name of the lists in ``protocol/fields.py`` leaves, so that it carries no
text of the request's."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ordinance.protocol import fields

#: How much of an error's body is read, in bytes.
MOST_OF_ERROR = 64 * 1024

_APIS = (fields.CHAT, fields.COMPLETIONS, fields.RESPONSES, fields.MESSAGES, fields.EMBEDDINGS)
_NAMES = frozenset(name for api in _APIS for name in api.forwarded)
#: As pydantic says it where a server sends that on: `'loc': ('body', 'seed')`.
_PLACE = re.compile(r"""["']loc["']: ?[(\[]["']body["'], ?["'](\w{1,64})["']""")
#: As vLLM's own checks begin; its errors of messages have no other place for it. As llama.cpp's do: `Field 'n': …`.
_FIRST = re.compile(r"(?:Field ')?`?(\w{1,64})\b")


class _Error(msgspec.Struct, frozen=True):
    param: Any = None
    message: Any = None


class _Body(msgspec.Struct, frozen=True):
    error: _Error | None = None
    param: Any = None
    message: Any = None


def field_in(body: bytes) -> str | None:
    """Return the name of the field that an error's ``body`` is about, if it is one that goes upstream."""
    try:
        told = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    error = told.error or _Error(told.param, told.message)
    message = error.message if isinstance(error.message, str) else ""
    found = _PLACE.search(message) or _FIRST.match(message)
    for name in (error.param, found and found[1]):
        if isinstance(name, str) and name in _NAMES:
            return name
    return None
