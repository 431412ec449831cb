"""Messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.doctor.protocols.canaries import Canary
from ordinance.doctor.protocols.protocol import LONG, NO_THINKING, TOOL, Patch, saying, schema
from ordinance.protocol import routes

_HELLO = {"role": "user", "content": "Hello."}


def _tool(**more: Any) -> Patch:
    return {"tools": [{"name": TOOL, "input_schema": {"type": "object"}, **more}]}


def _part(text: str) -> Patch:
    return {"type": "text", "text": text}


class Messages:
    """See ``Api``."""

    path = routes.MESSAGES

    def harmless(self, model: str) -> Patch:
        return {"model": model, "max_tokens": 1, "messages": [_HELLO]}

    def fields(self, word: str) -> Iterator[tuple[str, Patch]]:
        for role in ("user", "assistant"):
            yield f"messages, {role}", {"messages": [{"role": role, "content": word}, _HELLO]}
        yield "messages, a part", {"messages": [{"role": "user", "content": [_part(word)]}]}
        parts = [_part(word[:-9]), _part(word[-9:])]
        yield "messages, two parts together", {"messages": [{"role": "user", "content": parts}]}
        used = {"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": {"text": word}}
        yield "messages, a call", {"messages": [_HELLO, {"role": "assistant", "content": [used]}, _HELLO]}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": word}
        empty = {"role": "assistant", "content": [{**used, "input": {}}]}
        yield "messages, a call's result", {"messages": [_HELLO, empty, {"role": "user", "content": [result]}]}
        yield "system", {"system": word}
        yield "system, a part", {"system": [_part(word)]}
        yield "tools, description", _tool(description=word)
        yield "tools, a name in the schema", _tool(input_schema=schema(word))

    def means(self, canary: Canary) -> Iterator[tuple[str, Patch]]:
        more: Patch = {**NO_THINKING, "max_tokens": LONG}
        yield "a schema", {**more, "output_config": {"format": {"type": "json_schema", "schema": saying(canary)}}}
        forced = {"tool_choice": {"type": "tool", "name": TOOL}}
        yield "a call", {**more, **_tool(strict=True, input_schema=saying(canary)), **forced}

    def settings(self) -> Iterator[tuple[str, Patch]]:
        yield "chat_template", {"chat_template": "{{ raise_exception('reached') }}"}


MESSAGES = Messages()
