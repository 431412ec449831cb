"""Which form a request asks for, and where in it any string may stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.structured import by_schema, structure_of
from ordinance.runtime.redact.json_reader import Path
from support.governing import finishes, joined, stream, whole
from support.serving import chunk, completion
from support.small_plan import FORBIDDEN, OMITTED, RED_LINE
from support.strategies import cuttings

STRING = {"type": "string"}
SCHEMA = {
    "type": "object",
    "$defs": {"node": {"type": "object", "properties": {"name": STRING, "next": {"$ref": "#/$defs/node"}}}},
    "properties": {
        "free": STRING,
        "maybe": {"anyOf": [STRING, {"type": "null"}]},
        "mixed": {"oneOf": [STRING, {"enum": ["a"]}]},
        "chosen": {"enum": ["a", "b"]},
        "fixed": {"const": "a"},
        "short": {**STRING, "maxLength": 5},
        "code": {**STRING, "pattern": "^x"},
        "day": {**STRING, "format": "date"},
        "list": {"type": "array", "prefixItems": [{"enum": ["a"]}], "items": STRING},
        "node": {"$ref": "#/$defs/node"},
        "both": {"allOf": [STRING, {"minLength": 3}]},
        "number": {"type": "number"},
        "far": {"$ref": "https://example.test/schema"},
        "two": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}


@pytest.mark.semantics(9)
@pytest.mark.parametrize(
    ("path", "free"),
    [
        (("free",), True), (("maybe",), True), (("two",), True), (("list", 1), True), (("node", "name"), True),
        (("node", "next", "next", "name"), True), (("mixed",), False), (("chosen",), False), (("fixed",), False),
        (("short",), False), (("code",), False), (("day",), False), (("list", 0), False), (("both",), False),
        (("number",), False), (("far",), False), (("unknown",), False), (("free", "deeper"), False), ((), False),
    ],
)  # fmt: skip
def test_where_a_schema_lets_any_string_stand(path: Path, free: bool) -> None:
    allows = by_schema(SCHEMA).free
    assert allows is not None
    assert allows(path) is free


@pytest.mark.parametrize("schema", ["x", None, 7, [], False, {"$ref": "#"}, {"$ref": "#/x"}, {"type": 3, "anyOf": "x"}])
def test_a_schema_that_is_not_understood_frees_nothing_or_fails_nowhere(schema: Any) -> None:
    allows = by_schema(schema).free
    assert allows is not None
    assert allows(("a",)) in (False, schema == {"type": 3, "anyOf": "x"})


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ({}, None), ({"response_format": {"type": "text"}}, None), ({"response_format": None}, None),
        ({"response_format": {"type": "json_object"}}, "json"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}, "json"),
        ({"structured_outputs": {"json": SCHEMA}}, "json"), ({"structured_outputs": {"json_object": True}}, "json"),
        ({"guided_json": SCHEMA}, "json"), ({"structured_outputs": {"regex": "a+"}}, "other"),
        ({"structured_outputs": {"choice": ["a"]}}, "other"), ({"guided_grammar": "root ::= x"}, "other"),
        ({"response_format": {"type": "structural_tag"}}, "other"), ({"response_format": {"type": "new"}}, "other"),
        ({"guided_json": SCHEMA, "guided_regex": "a"}, "other"),
    ],
)  # fmt: skip
def test_the_form_that_a_request_asks_for(body: dict[str, Any], form: str | None) -> None:
    found = structure_of(body)
    assert (found and ((found.free is not None and "json") or "other")) == form


FORM = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
END = chunk(finish="stop")


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(9)
@given(st.data(), st.sampled_from(["free", "chosen"]), st.sampled_from([FORBIDDEN, RED_LINE]))
def test_a_structured_answer_is_edited_where_it_may_be_or_refused(data: st.DataObject, name: str, secret: str) -> None:
    text = f'{{"{name}": "the {secret[:4]}\\u{ord(secret[4]):04x}{secret[5:]}, \\u00e9", "node": {{"name": "x"}}}}'
    out = stream(CHAT, [*(chunk(content=part) for part in data.draw(cuttings(text))), END], response_format=FORM)
    edited = name == "free" and secret == FORBIDDEN
    if edited:
        assert joined(out) == '{"free": "the ⟦…⟧, \\u00e9", "node": {"name": "x"}}'
    else:
        assert joined(out) == f'{{"{name}": "the '
    assert finishes(out) == ["stop" if edited else "content_filter"]
    assert out[-1]["ordinance"]["verdict"] == ("withhold" if edited else "refuse")
    if secret == FORBIDDEN:
        assert [notice["text"] for notice in out[-1]["ordinance"]["notices"]] == [OMITTED["en"]]


@pytest.mark.semantics(9)
@pytest.mark.parametrize("form", [{"structured_outputs": {"regex": ".*"}}, {"guided_choice": [FORBIDDEN, "b"]}])
def test_a_form_that_is_not_json_is_kept_or_refused(form: dict[str, Any]) -> None:
    assert whole(CHAT, completion("b"), **form)["choices"][0]["message"]["content"] == "b"
    refused = whole(CHAT, completion(f"a {FORBIDDEN}"), **form)
    assert refused["choices"][0]["message"]["content"] == ""
    assert refused["choices"][0]["finish_reason"] == "content_filter"
    assert [notice["text"] for notice in refused["ordinance"]["notices"]] == [OMITTED["en"]]


@pytest.mark.semantics(9)
@pytest.mark.semantics(10)
def test_json_that_continues_what_was_asked() -> None:
    trailing = [{"role": "user", "content": "x"}, {"role": "assistant", "content": '{"free": "the forbidden'}]
    more: dict[str, Any] = {"response_format": {"type": "json_object"}, "messages": trailing}
    assert "flag" not in json.dumps(stream(CHAT, [chunk(content=' flag"}'), END], **more)).replace("flags", "")


@pytest.mark.parametrize("form", ["grammar", "regex", "ebnf"])
def test_a_form_that_other_servers_are_asked_for_at_the_top_is_one(form: str) -> None:
    found = structure_of({form: "x"})
    assert found is not None
    assert found.free is None


def test_a_schema_at_the_top_is_one() -> None:
    found = structure_of({"json_schema": {"properties": {"free": STRING, "chosen": {"enum": ["a"]}}}})
    assert found is not None
    assert found.free is not None
    assert (found.free(("free",)), found.free(("chosen",))) == (True, False)


@pytest.mark.parametrize("end", [STRING, {"enum": ["a"]}])
def test_a_schema_that_references_make_large_ends_soon(end: dict[str, Any]) -> None:
    """Four ways at each of 30 steps: all of them would take longer than anybody waits."""
    ways = {f"d{step}": {"anyOf": [{"$ref": f"#/$defs/d{step + 1}"}] * 4} for step in range(30)}
    schema = {"$defs": {**ways, "d30": end}, "properties": {"a": {"$ref": "#/$defs/d0"}, "b": STRING}}
    free = by_schema(schema).free
    assert free is not None
    assert (free(("a",)), free(("b",))) == (False, True)
