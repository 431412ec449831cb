"""Where an instruction stands in a request, so that the server's chat template puts it before what people say.

It is placed after the client's body was read and looked at. In the system turn it follows what already stands there, as
a paragraph of its own; a model whose template has no system turn reads it before the first words of the user's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ordinance.protocol import routes
from ordinance.protocol.conversation import is_operators

#: In whose turn.
Turn = Literal["system", "user"]

Body = Mapping[str, Any]
_PARAGRAPH = "\n\n"
#: They cut a prompt from its beginning, where the instruction stands.
_CUTTING = frozenset({"truncate_prompt_tokens", "truncation_side", "truncation"})


def has_place(path: str) -> bool:
    """Return whether a request to ``path`` has turns at all: a completion continues a bare text."""
    return (path, "system") in _PLACES


def placed(path: str, body: Body, instruction: str, turn: Turn) -> dict[str, Any]:
    """Return ``body`` with ``instruction`` in it, once; ``path`` is one that ``has_place``. Nothing else changes,
    except that fields which would cut the prompt do not go upstream."""
    kept = {name: value for name, value in body.items() if name not in _CUTTING}
    return {**kept, **_PLACES[path, turn](body, instruction)}


def _in_system_message(body: Body, words: str) -> Body:
    gone_on_with = _first_gone_on_with(body["messages"], words, "text")
    return {"messages": gone_on_with or [{"role": "system", "content": words}, *body["messages"]]}


def _first_gone_on_with(messages: Any, words: str, kind: str) -> list[Any]:
    """Add ``words`` to the first message if it is the operator's: many templates accept no second one. Returns an empty
    list if it is not."""
    match messages:
        case [{"role": str()} as first, *rest] if is_operators(first):
            return [{**first, "content": _after(first.get("content"), words, kind)}, *rest]
    return []


def _in_system(body: Body, words: str) -> Body:
    return {"system": _after(body.get("system"), words)}


def _in_instructions(body: Body, words: str) -> Body:
    if not body.get("instructions"):
        gone_on_with = _first_gone_on_with(body["input"], words, "input_text")
        if gone_on_with:
            return {"input": gone_on_with}
    return {"instructions": _after(body.get("instructions"), words)}


def _in_user_message(body: Body, words: str) -> Body:
    return {"messages": _before_user(body["messages"], words, "text")}


def _in_input(body: Body, words: str) -> Body:
    asked = body["input"]
    return {"input": _before(asked, words) if isinstance(asked, str) else _before_user(asked, words, "input_text")}


def _before_user(messages: Sequence[Any], words: str, kind: str) -> list[Any]:
    for number, message in enumerate(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            asked = {**message, "content": _before(message.get("content"), words, kind)}
            return [*messages[:number], asked, *messages[number + 1 :]]
    return [{"role": "user", "content": words}, *messages]


def _after(content: Any, words: str, kind: str = "text") -> Any:
    """Return ``content`` (a text, a list of parts, or nothing) with ``words`` after it."""
    match content:
        case str(text) if text:
            return text + _PARAGRAPH + words
        case [_, *_]:
            # Servers join parts with a line break, or with nothing.
            return [*content, {"type": kind, "text": _PARAGRAPH + words}]
    return words


def _before(content: Any, words: str, kind: str = "text") -> Any:
    match content:
        case str(text) if text:
            return words + _PARAGRAPH + text
        case [_, *_]:
            return [{"type": kind, "text": words + _PARAGRAPH}, *content]
    return words


_PLACES: Mapping[tuple[str, Turn], Callable[[Body, str], Body]] = {
    (routes.CHAT, "system"): _in_system_message,
    (routes.CHAT, "user"): _in_user_message,
    (routes.MESSAGES, "system"): _in_system,
    (routes.MESSAGES, "user"): _in_user_message,
    (routes.RESPONSES, "system"): _in_instructions,
    (routes.RESPONSES, "user"): _in_input,
}
