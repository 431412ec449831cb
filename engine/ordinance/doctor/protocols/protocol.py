"""What the doctor knows of an API. Bodies are what a client would send, with as little of the model's work as goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from ordinance.doctor.protocols.canaries import Canary

#: Members of a body that are laid over a harmless one.
Patch = dict[str, Any]

#: Enough for a canary in JSON, with the blanks that a model may put round it.
LONG = 200
#: The name under which the tools of these requests go.
TOOL = "note"
#: Templates that let a model think first have it write what was asked for later, or never.
NO_THINKING: Patch = {"chat_template_kwargs": {"enable_thinking": False}}


class Api(Protocol):
    path: str

    def harmless(self, model: str) -> Patch:
        """Return a valid request for one token."""

    def fields(self, word: str) -> Iterator[tuple[str, Patch]]:
        """Yield every field of a request that the model reads, by name, with ``word`` in it."""

    def means(self, canary: Canary) -> Iterator[tuple[str, Patch]]:
        """Yield ways to make the model say a canary that no text of the request contains."""

    def settings(self) -> Iterator[tuple[str, Patch]]:
        """Yield settings that a client could send to the server itself, in a form that shows whether the server reads
        them."""


def escaped(word: str) -> str:
    """Return a JSON object as text, whose escapes spell ``word``."""
    return f'{{"text": "\\u{ord(word[0]):04x}{word[1:]}"}}'


def schema(word: str) -> Patch:
    """Return a JSON schema with ``word`` as the name of a property."""
    return {"type": "object", "properties": {word: {"type": "string"}}}


def saying(canary: Canary) -> Patch:
    """Return a JSON schema whose one value is the canary."""
    text = {"type": "string", "pattern": f"^{canary.pattern}$"}
    return {"type": "object", "properties": {"text": text}, "required": ["text"], "additionalProperties": False}
