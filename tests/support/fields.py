"""Answers that show a secret, each in another field: of those that an API has, and of others."""

from __future__ import annotations

import json
from typing import Any

from support.blocks import framed
from support.governing import piece
from support.serving import DONE, USAGE, Wire, chunk, completion, event

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"
ASK: dict[str, dict[str, Any]] = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    COMPLETIONS: {"model": "m", "prompt": "Once "},
    RESPONSES: {"model": "m", "input": "hi", "include": ["message.output_text.logprobs"]},
    MESSAGES: {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9},
}


def chat_fields(secret: str) -> dict[str, dict[str, Any]]:
    """Choices of a chat that show ``secret``, each in another field; as a message, and beside it."""
    words = secret.split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    entries = [
        {"token": token, "logprob": -1.0, "bytes": None, "top_logprobs": [{"token": token, "logprob": -1.0}]}
        for token in tokens
    ]
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": f'{{"a": "{secret}"}}'},
    }
    plain = {"content": f"A {secret} here."}
    return {
        "content": {"message": plain},
        "reasoning": {"message": {"content": "Hm.", "reasoning": f"A {secret} here."}},
        "reasoning_content": {"message": {"content": "Hm.", "reasoning_content": f"A {secret} here."}},
        "refusal": {"message": {"content": None, "refusal": f"No {secret} here."}},
        "arguments": {"message": {"content": None, "tool_calls": [call]}},
        "name": {"message": {"content": None, "tool_calls": [{**call, "function": {"name": secret}}]}},
        "id": {"message": {"content": None, "tool_calls": [{**call, "id": secret, "function": {"name": "f"}}]}},
        "function_call": {"message": {"content": None, "function_call": {"name": "f", "arguments": f'"{secret}"'}}},
        "audio": {"message": {"content": "Hm.", "audio": {"transcript": secret}}},
        "annotations": {"message": {"content": "Hm.", "annotations": [{"url_citation": {"title": secret}}]}},
        "unknown": {"message": {"content": "Hm.", "thinking": secret}},
        "logprobs": {"message": plain, "logprobs": {"content": entries}},
        "top_logprobs": {"message": {"content": "Hm."}, "logprobs": {"content": [
            {"token": "Hm.", "logprob": -1.0, "top_logprobs": [{"token": secret, "logprob": -2.0}]}]}},
        "stop_reason": {"message": {"content": "Hm."}, "stop_reason": secret},
        "finish_reason": {"message": {"content": "Hm."}, "finish_reason": secret},
        "prompt_text": {"message": {"content": "Hm."}, "prompt_text": secret},
    }  # fmt: skip


def completion_fields(secret: str) -> dict[str, dict[str, Any]]:
    words = secret.split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    beside = {"token_logprobs": [-1.0] * len(tokens), "text_offset": [0] * len(tokens)}
    top = [{f"{token}": -1.0} for token in tokens]
    return {
        "text": {"text": f"A {secret} here."},
        "tokens": {"text": secret, "logprobs": {"tokens": tokens, "top_logprobs": top, **beside}},
        "top_logprobs": {"text": "Hm.", "logprobs": {
            "tokens": ["Hm."], "token_logprobs": [-1.0], "top_logprobs": [{secret: -2.0}]}},
        "stop_reason": {"text": "Hm.", "stop_reason": secret},
        "prompt_logprobs": {"text": "Hm.", "prompt_logprobs": [{"1": {"decoded_token": secret}}]},
    }  # fmt: skip


def response_fields(secret: str) -> dict[str, dict[str, Any]]:
    """Responses that show ``secret``, each in another field: an item, a part of a message, or a member of the whole; on
    a stream also an event."""
    words = secret.split(" ")
    tokens = [words[0], *(f" {word}" for word in words[1:])]
    entries = [
        {"token": token, "logprob": -1.0, "bytes": [], "top_logprobs": [{"token": token, "logprob": -1.0, "bytes": []}]}
        for token in tokens
    ]
    top = [{"token": "Hm.", "logprob": -1.0, "bytes": [], "top_logprobs": [
        {"token": secret, "logprob": -2.0, "bytes": []}]}]  # fmt: skip
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
    custom = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "f", "input": ""}
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    return {
        "content": {"text": f"A {secret} here."},
        "logprobs": {"text": secret, "logprobs": entries},
        "top_logprobs": {"text": "Hm.", "logprobs": top},
        "annotations": {"text": "Hm.", "annotations": [{"type": "url_citation", "title": secret}],
                        "event": {"type": "response.output_text.annotation.added", "annotation": {"title": secret}}},
        "refusal": {"item": {"type": "message", "id": "msg_2", "content": [{"type": "refusal", "refusal": secret}]}},
        "part": {"item": {"type": "message", "id": "msg_2", "content": [{"type": "other", "text": secret}]}},
        "reasoning": {"item": {**thought, "content": [{"type": "reasoning_text", "text": f"A {secret} here."}]}},
        "summary": {"item": {**thought, "summary": [{"type": "summary_text", "text": secret}]},
                    "event": {"type": "response.reasoning_summary_text.delta", "delta": secret}},
        "encrypted_content": {"item": {**thought, "encrypted_content": secret}},
        "arguments": {"item": {**call, "arguments": f'{{"a": "{secret}"}}'}},
        "name": {"item": {**call, "name": secret}},
        "call_id": {"item": {**call, "call_id": secret}},
        "namespace": {"item": {**call, "namespace": secret}},
        "item_id": {"item": {**call, "id": secret}},
        "custom": {"item": {**custom, "input": f"A {secret} here."}},
        "mcp": {"item": {"type": "mcp_call", "id": "mcp_1", "arguments": secret, "output": secret},
                "event": {"type": "response.mcp_call_arguments.delta", "delta": secret}},
        "code": {"item": {"type": "code_interpreter_call", "id": "ci_1", "code": secret},
                 "event": {"type": "response.code_interpreter_call_code.delta", "delta": secret}},
        "search": {"item": {"type": "web_search_call", "id": "ws_1", "action": {"query": secret}},
                   "event": {"type": "response.web_search_call.searching", "item_id": secret}},
        "done": {"event": {"type": "response.output_text.done", "text": secret}, "top": {"text": {"x": secret}}},
        "unknown": {"event": {"type": "response.other", "delta": secret}, "top": {"other": secret}},
        "input_messages": {"top": {"input_messages": [{"message": secret}]}},
        "output_messages": {"top": {"output_messages": [{"message": secret}]}},
        "instructions": {"top": {"instructions": secret}},
        "tools": {"top": {"tools": [{"name": secret}]}},
        "metadata": {"top": {"metadata": {"a": secret}}},
        "model": {"top": {"model": secret}},
        "id": {"top": {"id": secret}},
        "kv_transfer_params": {"top": {"kv_transfer_params": {"a": secret}}},
        "reason": {"top": {"status": "incomplete", "incomplete_details": {"reason": secret}}},
    }  # fmt: skip


def message_fields(secret: str) -> dict[str, dict[str, Any]]:
    """The same for messages: a block, or members of the whole."""
    call = {"type": "tool_use", "id": "call_1", "name": "f", "input": {}}
    return {
        "content": {"block": {"type": "text", "text": f"A {secret} here."}},
        "reasoning": {"block": {"type": "thinking", "thinking": f"A {secret} here.", "signature": "s"}},
        "signature": {"block": {"type": "thinking", "thinking": "Hm.", "signature": secret}},
        "redacted": {"block": {"type": "redacted_thinking", "data": secret}},
        "arguments": {"block": {**call, "input": {"a": secret}}},
        "name": {"block": {**call, "name": secret}},
        "id": {"block": {**call, "id": secret}},
        "citations": {"block": {"type": "text", "text": "Hm.", "citations": [{"cited_text": secret}]}},
        "server_tool": {
            "block": {"type": "server_tool_use", "id": "s_1", "name": "web_search", "input": {"q": secret}}
        },
        "search": {"block": {"type": "web_search_tool_result", "content": [{"title": secret}]}},
        "stop_sequence": {"top": {"stop_reason": "stop_sequence", "stop_sequence": secret}},
        "stop_reason": {"top": {"stop_reason": secret}},
        "stop_details": {"top": {"stop_details": {"explanation": secret}}},
        "model": {"top": {"model": secret}},
        "message_id": {"top": {"id": secret}},
        "usage": {"top": {"usage": {"input_tokens": 1, "output_tokens": 2, "other": secret}}},
        "kv_transfer_params": {"top": {"kv_transfer_params": {"a": secret}}},
        "unknown": {"top": {"other": secret}},
    }


FIELDS = {CHAT: chat_fields, COMPLETIONS: completion_fields, RESPONSES: response_fields, MESSAGES: message_fields}


def script_of(path: str, field: str, secret: str) -> Any:
    choice = FIELDS[path](secret)[field]
    if path in (RESPONSES, MESSAGES):
        return (script_of_response if path == RESPONSES else script_of_message)(choice)

    async def script(wire: Wire) -> None:
        finish = {"finish_reason": "stop", "index": 0, **choice}
        if not wire.asked.json.get("stream"):
            top = completion("") if path == CHAT else piece()
            await wire.json({**top, "choices": [finish], "usage": USAGE})
            return
        await wire.head()
        if path == CHAT:
            beside = {name: value for name, value in choice.items() if name not in ("message", "finish_reason")}
            sent = {"index": 0, "delta": choice["message"], **beside, "finish_reason": choice.get("finish_reason")}
            await wire.send(event({**chunk(), "choices": [sent]}))
            await wire.send(event({**chunk(finish="stop"), "usage": USAGE}), DONE)
        else:
            await wire.send(event({**piece(), "choices": [finish]}), DONE)

    return script


def script_of_response(shown: dict[str, Any]) -> Any:
    part = {"type": "output_text", "text": shown.get("text", "Hm."), "annotations": shown.get("annotations", [])}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    items = [*([shown["item"]] if "item" in shown else []), message]
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    top: dict[str, Any] = {"id": "resp_up", "object": "response", "model": "m", "status": "completed"}
    response = {**top, "output": items, "usage": usage, **shown.get("top", {})}

    async def script(wire: Wire) -> None:
        if not wire.asked.json.get("stream"):
            part["logprobs"] = shown.get("logprobs")
            await wire.json(response)
            return
        await wire.head()
        begun = {**response, "status": "in_progress", "output": []}
        events: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
        for index, item in enumerate(items):
            bare = {**item, "content": [], "arguments": "", "input": ""}
            events.append({"type": "response.output_item.added", "output_index": index, "item": bare})
            for kind, text in deltas_of(item):
                more = {"logprobs": shown["logprobs"]} if "logprobs" in shown else {}
                events.append({"type": kind, "output_index": index, "delta": text, **more})
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        events += [shown["event"]] if "event" in shown else []
        await wire.send(*map(framed, events), framed({"type": "response.completed", "response": response}))

    return script


def deltas_of(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What of an item comes in pieces on a stream."""
    if item["type"] in ("function_call", "custom_tool_call"):
        member = "arguments" if item["type"] == "function_call" else "input"
        name = "function_call_arguments" if member == "arguments" else "custom_tool_call_input"
        return [(f"response.{name}.delta", item[member])]
    parts = item.get("content", [])
    return [(f"response.{part['type']}.delta", part.get("text") or part.get("refusal") or "") for part in parts]


def script_of_message(shown: dict[str, Any]) -> Any:
    blocks = [*([shown["block"]] if "block" in shown else []), {"type": "text", "text": "Hm."}]
    top = {"id": "msg_up", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
           "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 2}, **shown.get("top", {})}  # fmt: skip

    async def script(wire: Wire) -> None:
        if not wire.asked.json.get("stream"):
            await wire.json({**top, "content": blocks})
            return
        await wire.head()
        events: list[dict[str, Any]] = [{"type": "message_start", "message": {**top, "content": []}}]
        for index, block in enumerate(blocks):
            name = {"text": "text", "thinking": "thinking", "tool_use": "input"}.get(block["type"], "")
            bare = {**block, name: {} if name == "input" else ""} if name else block
            events.append({"type": "content_block_start", "index": index, "content_block": bare})
            if name:
                text = json.dumps(block["input"]) if name == "input" else block[name]
                kind = "input_json_delta" if name == "input" else f"{name}_delta"
                delta = {"type": kind, "partial_json" if name == "input" else name: text}
                events.append({"type": "content_block_delta", "index": index, "delta": delta})
            events.append({"type": "content_block_stop", "index": index})
        events.append({"type": "message_delta", "delta": top, "usage": top["usage"]})
        await wire.send(*map(framed, events), framed({"type": "message_stop"}))

    return script
