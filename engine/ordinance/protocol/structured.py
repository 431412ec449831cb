"""Structured output: which form a request asks for, and where in it any string may stand (semantics, rule 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ordinance.runtime.redact.json_reader import Path
from ordinance.runtime.redact.json_text import Structure

_ANY_JSON = Structure(lambda _: True)
_NO_JSON = Structure(None)
#: Members of vLLM's `structured_outputs` and its older fields, and of requests to llama.cpp and SGLang, that ask for
#: text in a form that is not JSON.
_FORMS = ("regex", "choice", "grammar", "ebnf", "structural_tag")
#: Keywords under which a marker might not fit, or whose meaning is not followed here.
_NARROWING = frozenset({
    "enum", "const", "pattern", "format", "minLength", "maxLength", "contentEncoding", "contentMediaType", "not",
    "if", "then", "else", "dependentSchemas", "patternProperties", "unevaluatedProperties", "unevaluatedItems",
    "contains", "$dynamicRef", "$recursiveRef",
})  # fmt: skip
#: References that lead to references: deeper is not followed, so no string there is replaced.
_DEEPEST = 32
#: Parts of a schema that are looked at for one string: references can make a small one as large as they like.
_MOST_STEPS = 10_000


def structure_of(body: Mapping[str, Any]) -> Structure | None:
    """Return the form that a request asks for; None for free text."""
    found: list[Structure] = []
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") not in (None, "text"):
        found.append(_of_response_format(wanted))
    outputs = body.get("structured_outputs")
    if isinstance(outputs, dict):
        found += _of_members(outputs, "")
    found += _of_members(body, "")
    found += _of_members(body, "guided_")
    if not found:
        return None
    if any(each.free is None for each in found):
        return _NO_JSON
    return found[0] if len(found) == 1 else Structure(lambda _: False)


def _of_response_format(wanted: Mapping[str, Any]) -> Structure:
    match wanted:
        case {"type": "json_object"}:
            schema = wanted.get("schema")
            return _ANY_JSON if schema is None else by_schema(schema)
        case {"type": "json_schema", "json_schema": {"schema": schema}} | {"type": "json_schema", "schema": schema}:
            return by_schema(schema)
        case {"type": "json_schema"}:
            return Structure(lambda _: False)
    return _NO_JSON


def _of_members(members: Mapping[str, Any], prefix: str) -> Iterator[Structure]:
    for name in (f"{prefix}json", f"{prefix}json_schema"):
        if members.get(name) is not None:
            yield by_schema(members[name])
    if members.get(f"{prefix}json_object"):
        yield _ANY_JSON
    if any(members.get(prefix + form) is not None for form in _FORMS):
        yield _NO_JSON


def by_schema(schema: Any) -> Structure:
    """Return the form of a JSON ``schema``; if the schema is not understood, no string may be replaced."""
    return Structure(lambda path: _is_free(schema, _Walk(schema, iter(range(_MOST_STEPS))), path, 0) is True)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A way through the schema ``root``, with the ``steps`` that are left of it."""

    root: Any
    steps: Iterator[int]


def _is_free(schema: Any, walk: _Walk, path: Path, depth: int) -> bool | None:
    """Return whether any string may stand at ``path``; None where no string can stand there at all."""
    if schema is True or schema == {}:
        return True
    if next(walk.steps, None) is None or depth > _DEEPEST:
        return False
    if not isinstance(schema, dict) or _NARROWING & schema.keys():
        return False
    if "$ref" in schema:
        return _is_free(_resolve(schema["$ref"], walk.root), walk, path, depth + 1)
    verdicts: list[bool | None] = []
    for name in ("anyOf", "oneOf"):
        if name in schema:
            verdicts.append(_of_branches([_is_free(each, walk, path, depth + 1) for each in _list(schema[name])]))
    verdicts += [_is_free(each, walk, path, depth + 1) for each in _list(schema.get("allOf"))]
    verdicts.append(_own(schema, walk, path, depth))
    if None in verdicts:
        return None
    return all(verdicts)


def _of_branches(verdicts: list[bool | None]) -> bool | None:
    """Combine the verdicts of alternatives: those that allow a string there must all allow any string."""
    possible = [verdict for verdict in verdicts if verdict is not None]
    return all(possible) if possible else None


def _own(schema: Mapping[str, Any], walk: _Walk, path: Path, depth: int) -> bool | None:
    kind = schema.get("type")
    kinds = {kind} if isinstance(kind, str) else set(_list(kind)) or {"string", "object", "array"}
    if not path:
        return True if "string" in kinds else None
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        if "object" not in kinds:
            return None
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        return _is_free(known.get(step, schema.get("additionalProperties", True)), walk, rest, depth + 1)
    if "array" not in kinds:
        return None
    first = _list(schema.get("prefixItems"))
    return _is_free(first[step] if step < len(first) else schema.get("items", True), walk, rest, depth + 1)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _resolve(reference: Any, root: Any) -> Any:
    """Resolve a reference into the same schema; False if it leads elsewhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return found
