"""Chat completions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.doctor.protocols.canaries import Canary
from ordinance.doctor.protocols.protocol import LONG, NO_THINKING, TOOL, Patch, escaped, saying, schema
from ordinance.protocol import routes

_HELLO = {"role": "user", "content": "Hello."}


def _tool(**function: Any) -> Patch:
    return {"tools": [{"type": "function", "function": {"name": TOOL, **function}}]}


def _call(arguments: str) -> Patch:
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": arguments}}],
    }


class Chat:
    """See ``Api``."""

    path = routes.CHAT

    def harmless(self, model: str) -> Patch:
        return {"model": model, "max_tokens": 1, "messages": [_HELLO]}

    def fields(self, word: str) -> Iterator[tuple[str, Patch]]:
        for role in ("system", "developer", "user", "assistant"):
            yield f"messages, {role}", {"messages": [{"role": role, "content": word}, _HELLO]}
        answered = [_HELLO, _call("{}"), {"role": "tool", "tool_call_id": "call_1", "content": word}]
        yield "messages, tool", {"messages": answered}
        yield "messages, a part", {"messages": [{"role": "user", "content": [{"type": "text", "text": word}]}]}
        parts = [{"type": "text", "text": part} for part in (word[:-9], word[-9:])]
        yield "messages, two parts together", {"messages": [{"role": "user", "content": parts}]}
        yield "messages, reasoning", {"messages": [{"role": "assistant", "content": "Yes.", "reasoning": word}, _HELLO]}
        yield "messages, arguments of a call", {"messages": [_HELLO, _call(escaped(word))]}
        yield "tools, description", _tool(description=word)
        yield "tools, a name in the schema", _tool(parameters=schema(word))
        yield (
            "response_format, a name in the schema",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema(word)}}},
        )
        yield "structured_outputs, choice", {"structured_outputs": {"choice": [word, "no"]}}
        yield "documents", {"documents": [{"title": "a", "text": word}]}

    def means(self, canary: Canary) -> Iterator[tuple[str, Patch]]:
        first, rest = canary.halves
        numbers = {"logprobs": True, "top_logprobs": 1, "return_token_ids": True}
        more: Patch = {**NO_THINKING, "max_tokens": LONG}
        begun = {"messages": [_HELLO, {"role": "assistant", "content": first}], "add_generation_prompt": False,
                 "continue_final_message": True}  # fmt: skip
        yield "a message to go on with", {**more, **begun, **numbers, "structured_outputs": {"choice": [rest]}}
        yield "a pattern", {**more, **numbers, "n": 2, "structured_outputs": {"regex": canary.pattern}}
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": saying(canary)}}
        yield "a schema", {**more, **numbers, "response_format": form}
        forced = {"tool_choice": {"type": "function", "function": {"name": TOOL}}}
        yield "a call", {**more, **_tool(strict=True, parameters=saying(canary)), **forced}

    def settings(self) -> Iterator[tuple[str, Patch]]:
        yield "vllm_xargs", {"vllm_xargs": "no object"}
        yield "prompt_logprobs", {"prompt_logprobs": 1}
        yield "return_token_ids", {"return_token_ids": True}
        yield "chat_template", {"chat_template": "{{ raise_exception('reached') }}"}
        yield "chat_template_kwargs", {"chat_template_kwargs": {"chat_template": "{{ raise_exception('reached') }}"}}
        yield "echo", {"echo": True, "add_generation_prompt": False, "continue_final_message": True,
                       "messages": [{"role": "assistant", "content": "An echo."}]}  # fmt: skip


CHAT = Chat()
