"""What the specification of Open Responses requires: the members of each object, and the types of their values."""

from __future__ import annotations

from typing import Any

_NONE = type(None)
Fields = dict[str, tuple[type, ...]]

RESPONSE: Fields = {
    "id": (str,), "object": (str,), "created_at": (int,), "completed_at": (int, _NONE), "status": (str,),
    "incomplete_details": (dict, _NONE), "model": (str,), "previous_response_id": (str, _NONE),
    "instructions": (str, _NONE), "output": (list,), "error": (dict, _NONE), "tools": (list,),
    "tool_choice": (str, dict), "truncation": (str,), "parallel_tool_calls": (bool,), "text": (dict,),
    "top_p": (float, int), "presence_penalty": (float, int), "frequency_penalty": (float, int), "top_logprobs": (int,),
    "temperature": (float, int), "reasoning": (dict, _NONE), "usage": (dict, _NONE),
    "max_output_tokens": (int, _NONE), "max_tool_calls": (int, _NONE), "store": (bool,), "background": (bool,),
    "service_tier": (str,), "metadata": (dict,), "safety_identifier": (str, _NONE), "prompt_cache_key": (str, _NONE),
}  # fmt: skip
TOOL: Fields = {
    "type": (str,), "name": (str,), "description": (str, _NONE), "parameters": (dict, _NONE), "strict": (bool, _NONE)
}  # fmt: skip
ITEMS: dict[str, Fields] = {
    "message": {"id": (str,), "status": (str,), "role": (str,), "content": (list,)},
    "function_call": {"id": (str,), "status": (str,), "call_id": (str,), "name": (str,), "arguments": (str,)},
    "reasoning": {"id": (str,), "summary": (list,)},
}
PARTS: dict[str, Fields] = {
    "output_text": {"text": (str,), "annotations": (list,), "logprobs": (list,)},
    "reasoning_text": {"text": (str,)},
    "refusal": {"refusal": (str,)},
}
USAGE: Fields = {
    "input_tokens": (int,), "output_tokens": (int,), "total_tokens": (int,), "input_tokens_details": (dict,),
    "output_tokens_details": (dict,),
}  # fmt: skip
_ITEM: Fields = {"output_index": (int,), "item": (dict,)}
_PLACE: Fields = {"item_id": (str,), "output_index": (int,)}
_IN_PART: Fields = {**_PLACE, "content_index": (int,)}
EVENTS: dict[str, Fields] = {
    "response.created": {"response": (dict,)},
    "response.in_progress": {"response": (dict,)},
    "response.completed": {"response": (dict,)},
    "response.output_item.added": _ITEM,
    "response.output_item.done": _ITEM,
    "response.content_part.added": {**_IN_PART, "part": (dict,)},
    "response.content_part.done": {**_IN_PART, "part": (dict,)},
    "response.output_text.delta": {**_IN_PART, "delta": (str,), "logprobs": (list,)},
    "response.output_text.done": {**_IN_PART, "text": (str,), "logprobs": (list,)},
    "response.reasoning_text.delta": {**_IN_PART, "delta": (str,)},
    "response.reasoning_text.done": {**_IN_PART, "text": (str,)},
    "response.function_call_arguments.delta": {**_PLACE, "delta": (str,)},
    "response.function_call_arguments.done": {**_PLACE, "arguments": (str,)},
}


def lacking(fields: Fields, value: Any) -> list[str]:
    """The members that ``value`` lacks or that have another type; a switch is not a number."""
    return [name for name, types in fields.items() if not (name in value and _is(value[name], types))]


def _is(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def faults(response: Any) -> list[str]:
    """What is wrong with a response, its items, their parts, its tools and its usage, as places."""
    found = lacking(RESPONSE, response)
    for number, item in enumerate(response.get("output") or ()):
        at = f"output.{number}"
        found += item_faults(at, item)
    for number, tool in enumerate(response.get("tools") or ()):
        found += [f"tools.{number}.{name}" for name in lacking(TOOL, tool)]
    return found + [f"usage.{name}" for name in lacking(USAGE, response.get("usage") or {}) if response.get("usage")]


def item_faults(at: str, item: Any) -> list[str]:
    """The same for one item, whose place is ``at``."""
    found = [f"{at}.{name}" for name in lacking(ITEMS[item["type"]], item)]
    for number, part in enumerate(item.get("content") or ()):
        found += [f"{at}.content.{number}.{name}" for name in lacking(PARTS[part["type"]], part)]
    return found
