"""The object around the items of a response, with every field that the specification requires. Its values are the
request's, or what they are where nothing is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ordinance.protocol.asked import Request
from ordinance.protocol.said import FILTERED, Top, Usage

_REASONS = {"length": "max_output_tokens", FILTERED: FILTERED}
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
_VERBOSITIES = ("low", "medium", "high")
_CHOICES = ("auto", "none", "required")
_TOOL = {"description": None, "parameters": None, "strict": None}
_SCHEMA = {"description": None, "strict": False}
_FORMS = ("text", "json_object", "json_schema")


def asked_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with text in them that a response repeats, from a request as it came."""
    told = {name: body[name] for name in ("safety_identifier", "prompt_cache_key") if isinstance(body.get(name), str)}
    match body.get("metadata"):
        case dict(pairs) if all(isinstance(value, str) for value in pairs.values()):
            told["metadata"] = pairs
    match body.get("tools"):
        case [_, *_] as tools:
            told["tools"] = [{**_TOOL, **tool} if tool.get("type") == "function" else tool for tool in tools]
    match body.get("tool_choice"):
        case dict(choice):
            told["tool_choice"] = choice
    match body.get("text"):
        case {"format": {"type": kind} as form} if kind in _FORMS:
            told["format"] = {**_SCHEMA, **form} if kind == "json_schema" else {"type": kind}
    return told


def response(
    request: Request, top: Top, output: list[dict[str, Any]], finish: str | None, usage: Usage | None
) -> dict[str, Any]:
    """Write the object. ``finish`` is None while the answer goes on."""
    reason = _REASONS.get(finish or "")
    status = "in_progress" if finish is None else "incomplete" if reason else "completed"
    asked, echo = request.body, request.echo
    return {
        "id": top.id,
        "object": "response",
        "created_at": top.created,
        "completed_at": int(time.time()) if status == "completed" else None,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "metadata": echo.get("metadata", {}),
        "model": top.model,
        "output": output,
        "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
        "temperature": _number(asked.get("temperature"), 1.0),
        "top_p": _number(asked.get("top_p"), 1.0),
        "presence_penalty": _number(asked.get("presence_penalty"), 0.0),
        "frequency_penalty": _number(asked.get("frequency_penalty"), 0.0),
        "top_logprobs": _count(asked.get("top_logprobs")) or 0,
        "max_output_tokens": _count(asked.get("max_output_tokens")),
        "max_tool_calls": _count(asked.get("max_tool_calls")),
        "tool_choice": echo.get("tool_choice") or _word(asked.get("tool_choice"), _CHOICES) or "auto",
        "tools": echo.get("tools", []),
        "text": _text(asked.get("text"), echo),
        "reasoning": {"effort": _word(_member(asked.get("reasoning"), "effort"), _EFFORTS), "summary": None},
        "truncation": _word(asked.get("truncation"), ("auto",)) or "disabled",
        "previous_response_id": None,
        "store": False,
        "background": False,
        "service_tier": "default",
        "safety_identifier": echo.get("safety_identifier"),
        "prompt_cache_key": echo.get("prompt_cache_key"),
        "usage": _counts(usage),
    }


def _text(asked: object, echo: Mapping[str, Any]) -> dict[str, Any]:
    verbosity = _word(_member(asked, "verbosity"), _VERBOSITIES)
    return {"format": echo.get("format", {"type": "text"}), **({"verbosity": verbosity} if verbosity else {})}


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _word(value: object, words: tuple[str, ...]) -> str | None:
    return value if isinstance(value, str) and value in words else None


def _number(value: object, otherwise: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _counts(usage: Usage | None) -> dict[str, Any] | None:
    """Write the counts, with the details that clients need and that are not reported."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens or 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.total_tokens,
    }
