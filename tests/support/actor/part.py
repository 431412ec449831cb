"""The actor's part: how it answers what it is asked.

It answers with what stands behind ``Say:``, uses a tool whose name the question mentions, tells what a tool has said,
fills the form of a structured answer, and greets otherwise.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from support.actor.lines import Asked, Call, Line, tokens

_COUNTER = itertools.count(1)
GREETING = "Good day to you. How can I help you?"
SAY = "Say:"
_QUOTED = re.compile(r"'([^']+)'")


def perform(asked: Asked) -> Line:
    """The answer to ``asked``."""
    thought = f"I am asked: {asked.latest('user')[:80]}" if asked.thinks else ""
    if calls := tuple(_calls(asked)):
        return Line("", thought, calls, "calls")
    return _cut(Line(_text(asked), thought), asked)


def _calls(asked: Asked) -> Iterator[Call]:
    """The calls that are required or that the question mentions; none after a tool has answered."""
    if asked.choice == "none" or (asked.turns[-1][0] == "tool" and asked.choice == "auto"):
        return
    question = asked.latest("user")
    named = [asked.choice] if asked.choice in asked.tools else []
    meant = named or [name for name in asked.tools if _mentions(question, name)]
    if not meant and asked.choice == "required":
        meant = [next(iter(asked.tools))]
    for name in meant:
        value = json.dumps(_Filled(question).value(asked.tools[name], asked.tools[name]), ensure_ascii=False)
        yield Call(f"call_{next(_COUNTER):08d}", name, value)


def _mentions(question: str, name: str) -> bool:
    """Whether a word of the tool's name, longer than the usual verbs, is in the question."""
    said = question.lower()
    return name.lower() in said or any(len(word) > 4 and word in said for word in name.lower().split("_"))


def _text(asked: Asked) -> str:
    question = asked.latest("user")
    if asked.form is not None:
        form = asked.form or {"type": "object", "properties": {name: {} for name in _QUOTED.findall(question)}}
        return json.dumps(_Filled(question).value(form, form), ensure_ascii=False)
    if asked.turns[-1][0] == "tool":
        return f"The result is {asked.turns[-1][1]}."
    if SAY in question:
        return question.partition(SAY)[2].strip()
    if asked.pictures:
        return f"I see {asked.pictures} picture."
    return GREETING


def _cut(line: Line, asked: Asked) -> Line:
    """``line`` as far as the request's ``stop`` and its limit allow."""
    stops = [(line.text.index(stop), stop) for stop in asked.stops if stop and stop in line.text]
    if stops:
        end, stop = min(stops)
        line = replace(line, text=line.text[:end], ending=stop)
    spoken = tokens(line.text)
    if asked.limit is not None and len(spoken) > asked.limit:
        line = replace(line, text="".join(spoken[: asked.limit]), ending="length")
    return line


class _Filled:
    """Values for a schema, with the numbers and the quoted texts of a question in their order."""

    def __init__(self, question: str) -> None:
        self._numbers = iter(re.findall(r"\d+", question))
        self._quoted = iter(_QUOTED.findall(question))

    def value(self, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
        """A value that fits ``schema``, whose references lead into ``root``."""
        if "$ref" in schema:
            found: Any = root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self.value(found, root)
        if choices := schema.get("enum"):
            return choices[0]
        if "const" in schema:
            return schema["const"]
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.value(schema[several][0], root)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        return self._of(kind[0] if isinstance(kind, list) else kind, schema, root)

    def _of(self, kind: str, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
        match kind:
            case "object":
                return {name: self.value(each, root) for name, each in schema.get("properties", {}).items()}
            case "array":
                return [self.value(schema.get("items", {}), root) for _ in range(max(2, schema.get("minItems", 0)))]
            case "integer" | "number":
                return int(next(self._numbers, 1))
            case "boolean":
                return True
            case "null":
                return None
        return next(self._quoted, "a word")
