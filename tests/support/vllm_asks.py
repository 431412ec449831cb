"""Requests, each of which makes the ungoverned model put a canary into some field of some API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.tiny_model import CALL, CANARY, COMMANDS, PARTS, REASON, RED, RED_ELSE, SAYS, SENTENCE, token

CHAT, COMPLETIONS, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages"
#: A form with the canary as the only word, and one with room for any word.
ONLY = {"type": "object", "properties": {"x": {"enum": [CANARY]}}, "required": ["x"], "additionalProperties": False}
ANY = {**ONLY, "properties": {"x": {"type": "string"}}}


@dataclass(frozen=True, slots=True)
class Ask:
    """``where``: each of these is the beginning of a place (support/traces.py) at which the canary, or ``shown`` of it,
    stands in the ungoverned server's answer, by whether it is a stream. No place: it does not answer that way."""

    name: str
    path: str
    body: dict[str, Any]
    whole: tuple[str, ...] = ()
    stream: tuple[str, ...] = ()
    canary: str = CANARY
    shown: str = ""

    @property
    def secret(self) -> tuple[str, ...]:
        """What may not stand anywhere in the answer: the canary, and what of its parts the client did not give."""
        given = self.canary.removesuffix(self.shown) if self.shown else ""
        return (self.canary, *(part for part in PARTS[self.canary] if part not in given))

    def __str__(self) -> str:
        return self.name

    def to_send(self, streaming: bool) -> dict[str, Any]:
        return {"model": "tiny", **self.body, **({"stream": True} if streaming else {})}


def chat(name: str, said: str, whole: str, stream: str = "", **more: Any) -> Ask:
    """A question in chat. ``whole`` and ``stream`` are places in a choice, or at the top after a stroke."""
    extra = {key: more.pop(key) for key in ("canary", "shown") if key in more}
    body = {"messages": [{"role": "user", "content": said}], "max_tokens": 90, **more}
    places = ([f"choices.{each}".rpartition("/")[2] for each in where.split()] for where in (whole, stream))
    first, second = map(tuple, places)
    return Ask(f"chat-{name}", CHAT, body, first, second, **extra)


def _chats() -> Iterator[Ask]:
    content, reasoning = ("message.content", "delta.content"), ("message.reasoning", "delta.reasoning")
    for command in (*COMMANDS, SENTENCE, RED, RED_ELSE):
        name = command.strip("<>").removeprefix("say-")
        canary = SAYS[command]
        yield chat(f"content-{name}", command, *content, canary=canary)
        yield chat(f"reasoning-{name}", REASON + command, *reasoning, canary=canary)
        fields = "message.content logprobs.content.token logprobs.content.bytes token_ids"
        streamed = "delta.content logprobs.content.token logprobs.content.bytes token_ids"
        detail: dict[str, Any] = {"logprobs": True, "top_logprobs": 3, "return_token_ids": True, "canary": canary}
        yield chat(f"logprobs-{name}", command, fields, streamed, **detail)
        yield chat(f"reasoning-logprobs-{name}", REASON + command, fields.replace("content", "reasoning", 1),
                   streamed.replace("content", "reasoning", 1), **detail)  # fmt: skip
        yield chat(f"three-{name}", command, *content, n=3, canary=canary)
    for first in ("q", "qv", "qvx"):
        yield chat(f"bias-{first}", "hello", *content, logit_bias={token(first): 100})
    yield chat("call-by-itself", CALL, *_CALLED, tools=[_tool("function", ANY)], tool_choice="auto")
    yield chat("call-unasked", CALL, *content)
    named = {"type": "function", "function": {"name": "look"}}
    for form, schema in (("only", ONLY), ("any", ANY)):
        tools = [_tool("function", schema)]
        yield chat(f"call-named-{form}", COMMANDS[0], *_CALLED, tools=tools, tool_choice=named)
        yield chat(f"call-required-{form}", COMMANDS[1], *_CALLED, tools=tools, tool_choice="required")
        json_schema = {"name": "form", "schema": schema}
        yield chat(f"form-{form}", COMMANDS[2], *content, response_format={"type": "json_schema",
                   "json_schema": json_schema})  # fmt: skip
    yield chat("choice", "hello", *content, structured_outputs={"choice": [CANARY]})
    letters = {"choice": [SAYS[SENTENCE]]}
    yield chat("choice-in-bytes", "hello", *content, structured_outputs=letters, canary=SAYS[SENTENCE],
               allowed_token_ids=[token(each) for each in sorted(set(SAYS[SENTENCE]))] + [token("</think>"),
               token("<|im_end|>")])  # fmt: skip
    yield chat("regex", "hello", *content, structured_outputs={"regex": "qvx[a-z]jkwy"})
    yield chat("stop", COMMANDS[0], *content, stop=["wy"], include_stop_str_in_output=True)
    going_on = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "so qvxz"}]
    continued: dict[str, Any] = {"messages": going_on, "continue_final_message": True, "add_generation_prompt": False}
    yield chat("continued", "", *reasoning, shown="jkwy", **continued)
    yield chat("continued-echo", "", "message", shown="jkwy", echo=True, **continued)
    yield chat("template", "hello", *reasoning, chat_template="{{ '<say-bytes>\n' }}")
    yield chat("prompt-logprobs", f"so {CANARY}", "/prompt_logprobs", prompt_logprobs=0)


_CALLED = ("message.tool_calls.function.arguments", "delta.tool_calls.function.arguments")


def _tool(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    inner = {"name": "look", "parameters": schema, "strict": True}
    return {"type": "function", kind: inner} if kind == "function" else {"type": "function", **inner}


def completions(name: str, prompt: Any, *places: str, **more: Any) -> Ask:
    extra = {key: more.pop(key) for key in ("canary", "shown") if key in more}
    where = tuple(f"choices.{each}" for each in places)
    return Ask(f"completions-{name}", COMPLETIONS, {"prompt": prompt, "max_tokens": 40, **more}, where, where, **extra)


def _completions() -> Iterator[Ask]:
    detail = {"logprobs": 3, "return_token_ids": True}
    fields = ("text", "logprobs.tokens", "token_ids")
    for command in (*COMMANDS, SENTENCE, RED, RED_ELSE):
        name = command.strip("<>").removeprefix("say-")
        yield completions(name, command, "text", canary=SAYS[command])
        yield completions(f"logprobs-{name}", command, *fields, canary=SAYS[command], **detail)
    yield completions("three", COMMANDS[1], "text", n=3)
    yield completions("two-prompts", ["hello", COMMANDS[1]], "text")
    for known in ("qvxz", "qvx", "q"):
        yield completions(f"continued-{len(known)}", f"so {known}", "text", shown=CANARY[len(known) :])
    yield completions("continued-red", "so ordinance-canary-weapons-7f3", "text", canary=SAYS[RED], shown="a9c")
    yield completions("echo", f"so {CANARY} was", "text", echo=True)
    yield completions("echo-continued", "so qvxz", "text", "logprobs.tokens", echo=True, logprobs=3)
    yield completions("bias", "hello", "text", logit_bias={token("qv"): 100})
    yield completions("choice", "hello</think>", "text", structured_outputs={"choice": [CANARY]})
    only_whole = Ask("completions-prompt-logprobs", COMPLETIONS, {"prompt": f"so {CANARY}", "max_tokens": 2,
                     "prompt_logprobs": 0}, ("choices.prompt_logprobs",))  # fmt: skip
    yield only_whole


def responses(name: str, said: str, whole: tuple[str, ...], stream: tuple[str, ...], **more: Any) -> Ask:
    extra = {key: more.pop(key) for key in ("canary", "shown") if key in more}
    return Ask(f"responses-{name}", RESPONSES, {"input": said, "max_output_tokens": 90, **more}, whole, stream, **extra)


def _responses() -> Iterator[Ask]:
    whole = ("output.content.text",)
    five = (
        "delta.(response.output_text.delta)", "text.(response.output_text.done)",
        "part.text.(response.content_part.done)", "item.content.text.(response.output_item.done)",
        "response.output.content.text.(response.completed)",
    )  # fmt: skip
    thought = (
        "delta.(response.reasoning_text.delta)", "text.(response.reasoning_text.done)",
        "response.output.content.text.(response.completed)",
    )  # fmt: skip
    for command in (*COMMANDS, SENTENCE, RED, RED_ELSE):
        name = command.strip("<>").removeprefix("say-")
        yield responses(name, command, whole, five, canary=SAYS[command])
        yield responses(f"reasoning-{name}", REASON + command, whole, thought, canary=SAYS[command])
        detail = {"top_logprobs": 2, "include": ["message.output_text.logprobs"]}
        token_by_token = ("output.content.logprobs.token", "output.content.logprobs.bytes")
        yield responses(f"logprobs-{name}", command, (*whole, *token_by_token), five, canary=SAYS[command], **detail)
    called = ("output.arguments",)
    on_stream = (
        "delta.(response.function_call_arguments.delta)", "arguments.(response.function_call_arguments.done)",
        "item.arguments.(response.output_item.done)", "response.output.arguments.(response.completed)",
    )  # fmt: skip
    for form, schema in (("only", ONLY), ("any", ANY)):
        choice = {"type": "function", "name": "look"}
        yield responses(f"call-{form}", COMMANDS[0], called, on_stream, tools=[_tool("", schema)], tool_choice=choice)
        form_of = {"format": {"type": "json_schema", "name": "form", "schema": schema, "strict": True}}
        yield responses(f"form-{form}", COMMANDS[0], whole, five, text=form_of)
    yield responses("messages-too", COMMANDS[0], ("output_messages",), (), enable_response_messages=True)


def messages(name: str, said: str, whole: str, stream: tuple[str, ...], **more: Any) -> Ask:
    extra = {key: more.pop(key) for key in ("canary", "shown") if key in more}
    body = {"messages": [{"role": "user", "content": said}], "max_tokens": 40, **more}
    return Ask(f"messages-{name}", MESSAGES, body, (whole,), stream, **extra)


def _messages() -> Iterator[Ask]:
    for command in (*COMMANDS, SENTENCE, RED, RED_ELSE):
        name = command.strip("<>").removeprefix("say-")
        canary = SAYS[command]
        yield messages(name, command, "content.text", ("delta.text.(content_block_delta)",), canary=canary)
        yield messages(
            f"thinking-{name}", REASON + command, "content.thinking", ("delta.thinking.(content_block_delta)",),
            canary=canary,
        )  # fmt: skip
    tools = [{"name": "look", "input_schema": ANY}]
    partial = ("delta.partial_json.(content_block_delta)",)
    yield messages("call-by-itself", CALL, "content.input.x", partial, tools=tools)


ASKS: tuple[Ask, ...] = (*_chats(), *_completions(), *_responses(), *_messages())
