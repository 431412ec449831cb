"""What the protocols have in common in their requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PICTURES = ("image", "image_url", "input_image")


def told(messages: Iterable[Mapping[str, Any]]) -> tuple[tuple[tuple[str, str], ...], int]:
    """Each message's role and text, and how many pictures there are."""
    listed = list(messages)
    turns = tuple((message["role"], text_of(message.get("content"))) for message in listed)
    return turns, sum(part.get("type") in _PICTURES for message in listed for part in _parts(message.get("content")))


def text_of(content: Any) -> str:
    """The text of a message's content, a string or a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text") or "" for part in _parts(content))


def _parts(content: Any) -> list[Mapping[str, Any]]:
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def schemas(functions: Iterable[Mapping[str, Any]], member: str = "parameters") -> dict[str, Mapping[str, Any]]:
    """The schemas of tools by their names."""
    return {function["name"]: function.get(member) or {"type": "object"} for function in functions}


def form_of(form: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The schema of a structured answer, empty for any object; None for text."""
    if not form or form["type"] == "text":
        return None
    return form.get("schema") or (form.get("json_schema") or {}).get("schema") or {}


def limit_of(body: Mapping[str, Any], *names: str) -> int | None:
    """The most tokens that the answer may have."""
    return next((body[name] for name in names if body.get(name) is not None), None)


def stops_of(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """The texts at which the answer stops."""
    return (given,) if isinstance(given, str) else tuple(given or ())
