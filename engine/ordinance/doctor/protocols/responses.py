"""Responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.doctor.protocols.canaries import Canary
from ordinance.doctor.protocols.protocol import LONG, NO_THINKING, TOOL, Patch, escaped, saying, schema
from ordinance.protocol import routes

_HELLO = {"role": "user", "content": "Hello."}


def _tool(**more: Any) -> Patch:
    return {"tools": [{"type": "function", "name": TOOL, "parameters": {"type": "object"}, **more}]}


def _called(arguments: str) -> Patch:
    return {"type": "function_call", "call_id": "call_1", "name": TOOL, "arguments": arguments}


class Responses:
    """See ``Api``."""

    path = routes.RESPONSES

    def harmless(self, model: str) -> Patch:
        return {"model": model, "max_output_tokens": 1, "input": "Hello.", "store": False}

    def fields(self, word: str) -> Iterator[tuple[str, Patch]]:
        yield "input", {"input": word}
        for role in ("system", "developer", "user", "assistant"):
            yield f"input, {role}", {"input": [{"role": role, "content": word}, _HELLO]}
        parts = [{"type": "input_text", "text": part} for part in (word[:-9], word[-9:])]
        yield "input, a part", {"input": [{"role": "user", "content": [{"type": "input_text", "text": word}]}]}
        yield "input, two parts together", {"input": [{"role": "user", "content": parts}]}
        yield "input, arguments of a call", {"input": [_HELLO, _called(escaped(word))]}
        output = {"type": "function_call_output", "call_id": "call_1", "output": word}
        yield "input, a call's output", {"input": [_HELLO, _called("{}"), output]}
        yield "instructions", {"instructions": word}
        yield "tools, description", _tool(description=word)
        yield "tools, a name in the schema", _tool(parameters=schema(word))
        form = {"type": "json_schema", "name": "a", "schema": schema(word)}
        yield "text, a name in the schema", {"text": {"format": form}}

    def means(self, canary: Canary) -> Iterator[tuple[str, Patch]]:
        first, rest = canary.halves
        more: Patch = {**NO_THINKING, "max_output_tokens": LONG}
        numbers = {"include": ["message.output_text.logprobs"], "top_logprobs": 1}
        begun = {"input": [_HELLO, {"role": "assistant", "content": first}]}
        yield "a message to go on with", {**more, **begun, "structured_outputs": {"choice": [rest]}}
        yield "a pattern", {**more, **numbers, "structured_outputs": {"regex": canary.pattern}}
        form = {"type": "json_schema", "name": "a", "schema": saying(canary)}
        yield "a schema", {**more, **numbers, "text": {"format": form}}
        forced = {"tool_choice": {"type": "function", "name": TOOL}}
        yield "a call", {**more, **_tool(strict=True, parameters=saying(canary)), **forced}

    def settings(self) -> Iterator[tuple[str, Patch]]:
        yield "vllm_xargs", {"vllm_xargs": "no object"}
        yield "enable_response_messages", {"enable_response_messages": True}


RESPONSES = Responses()
