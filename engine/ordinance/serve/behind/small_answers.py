"""Small answers: a few known fields are read of them, and written anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from ordinance.protocol.problems import malformed, no_model

T = TypeVar("T")


class Model(msgspec.Struct, frozen=True):
    """A model as the OpenAI API lists it."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = ""


class _Models(msgspec.Struct, frozen=True):
    data: list[Model]


class _Count(msgspec.Struct, frozen=True):
    input_tokens: int


def read_models(raw: bytes) -> Sequence[Model]:
    """Read the models that a server lists. Raises ``Problem`` (502)."""
    return _read(raw, _Models, "it is not a list of models").data


def govern_models(raw: bytes, may_ask: Callable[[str], bool]) -> dict[str, Any]:
    """Return the list of the models that a client ``may_ask`` for, with the fields of the OpenAI API and no others.
    Raises ``Problem`` (502)."""
    return {"object": "list", "data": [model for model in read_models(raw) if may_ask(model.id)]}


def govern_model(raw: bytes, name: str) -> Model:
    """Return the model of this ``name`` in a list of models. Raises ``Problem`` (404 if it is not there, 502)."""
    for model in read_models(raw):
        if model.id == name:
            return model
    raise no_model()


def govern_count(raw: bytes) -> dict[str, Any]:
    """Return a number of tokens and nothing else. Raises ``Problem`` (502)."""
    return {"input_tokens": _read(raw, _Count, "it is not a number of tokens").input_tokens}


def _read(raw: bytes, kind: type[T], otherwise: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise malformed(otherwise) from None
