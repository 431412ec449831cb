"""JSON that is governed: read in any cutting, searched decoded, edited only where any string may stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_reader import JsonReader, Path, Role
from ordinance.runtime.redact.json_text import FREE_NOWHERE, JsonText, Structure
from support.plans import expressions as phrases
from support.plans import plan, refuse, withhold
from support.strategies import cuttings

CODES = phrases((), (r"\b77[0-9]{4}\b",))
PLAN = plan(
    [withhold("DE/flags", "flag"), withhold("DE/codes", "code"), refuse("baseline/weapons", "bomb")],
    {"flag": phrases(("forbidden flag", "shelf 86")), "code": CODES, "bomb": phrases(("opaque canary",))},
)
ACTIVATION = activate(PLAN, PLAN.rules)
FREE = Structure(lambda path: path[-1:] != ("fixed",))
SECRETS = ["forbidden flag", "shelf 86", "770001", "opaque canary"]


def read(source: str, cuts: list[str] | None = None) -> list[tuple[str, int, Role, Path | None]]:
    reader = JsonReader()
    found = [(*unit, reader.path) for piece in cuts or [source] for unit in reader.feed(piece)]
    return found + [(*unit, reader.path) for unit in reader.close()]


def escaped(text: str) -> st.SearchStrategy[str]:
    """The inside of a JSON string that reads as ``text``, each character escaped or not."""

    def forms(char: str) -> st.SearchStrategy[str]:
        pairs = char.encode("utf-16-be").hex()
        units = "".join(f"\\u{pairs[at : at + 4]}" for at in range(0, len(pairs), 4))
        return st.sampled_from([json.dumps(char, ensure_ascii=False)[1:-1], units, units.upper().replace("\\U", "\\u")])

    return st.tuples(*map(forms, text)).map("".join)


STRINGS = st.lists(st.sampled_from([*SECRETS, "forbidden", " flag", "a", " ", '"', "\\", "\n", "😀", "é", "7"])).map(
    "".join
)
VALUES = st.recursive(
    STRINGS | st.integers() | st.just(770001) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS | st.just("fixed"), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def sources(draw: st.DrawFn) -> str:
    """JSON of any value, with any of the ways to write each string."""

    def write(value: Any) -> str:
        if isinstance(value, str):
            return f'"{draw(escaped(value))}"'
        if isinstance(value, list):
            return f"[{', '.join(map(write, value))}]"
        if isinstance(value, dict):
            return "{" + ",".join(f"{write(key)}: {write(item)}" for key, item in value.items()) + "}"
        return json.dumps(value)

    return write(draw(VALUES))


def govern(pieces: list[str], structure: Structure, end: End = End.OWN) -> tuple[str, JsonText]:
    text = JsonText(ACTIVATION, begin(ACTIVATION), structure)
    return "".join([text.feed(piece) for piece in pieces] + [text.close(end)]), text


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in (key, *strings(item))]
    if isinstance(value, list):
        return [each for item in value for each in strings(item)]
    return [value] if isinstance(value, str) else [json.dumps(value)]


@given(st.data(), sources())
def test_it_reads_what_the_standard_library_reads_for_every_cutting(data: st.DataObject, source: str) -> None:
    units = read(source, data.draw(cuttings(source)))
    assert units == read(source)
    assert sum(length for _, length, _, _ in units) == len(source)
    said: list[str] = []
    for char, _, role, _ in units:
        if role is Role.OPENS:
            said.append("")
        elif role is Role.INSIDE:
            said[-1] += char
    assert sorted(said) == sorted(written(json.loads(source, object_pairs_hook=tuple)))


def written(value: Any) -> list[str]:
    """Every string of a value whose objects are tuples of members, since a key may come twice."""
    if isinstance(value, tuple | list):
        return [each for item in value for each in written(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(9)
@given(st.data(), sources(), st.sampled_from([FREE, FREE_NOWHERE]), st.sampled_from([End.OWN, End.CUT]))
def test_what_leaves_is_the_same_for_every_cutting(
    data: st.DataObject, source: str, structure: Structure, end: End
) -> None:
    seen = set()
    source = source[: data.draw(st.integers(0, len(source)))] if end is End.CUT else source
    for cut in ([source], list(source), data.draw(cuttings(source))):
        out, text = govern(cut, structure, end)
        assert text.ledger.balanced
        seen.add((out, text.refused, text.severed, tuple(text.cuts)))
    assert len(seen) == 1


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(9)
@given(sources(), st.sampled_from([FREE, FREE_NOWHERE]))
def test_no_string_of_what_leaves_holds_what_was_withheld(source: str, structure: Structure) -> None:
    out, text = govern([source], structure)
    if not text.refused and not text.severed:
        found = [each.lower() for each in strings(json.loads(out))]
        assert not any(f" {secret} " in f" {each} " for each in found for secret in SECRETS)
        assert (out == source) == (not text.omitted)
    elif structure is FREE_NOWHERE:
        assert source.startswith(out)


@pytest.mark.semantics(9)
def test_a_string_is_replaced_only_where_any_string_may_stand() -> None:
    out, text = govern(['{"a": "the forbidden \\u0066lag, é\\u00e9", "b": [1]}'], FREE)
    assert out == '{"a": "the ⟦…⟧, é\\u00e9", "b": [1]}'
    assert text.omitted
    assert not text.severed
    for rigid in (
        '{"fixed": "the forbidden flag"}',
        '{"forbidden flag": 1}',
        '{"n": 770001}',
        '{"n": 1} forbidden flag',
    ):
        out, text = govern([rigid], FREE)
        assert text.severed, rigid
        assert rigid.startswith(out)
        assert not any(secret[:3] in out for secret in SECRETS)


@pytest.mark.semantics(9)
@pytest.mark.parametrize("after", ["", " or not", "."])
def test_so_is_one_that_is_found_at_its_last_character(after: str) -> None:
    """A phrase that ends in a digit is: no letter can follow that would make it another word."""
    out, text = govern([f'{{"a": "the shelf 86{after}", "b": 1}}'], FREE)
    assert out == f'{{"a": "the ⟦…⟧{after}", "b": 1}}'
    assert not text.severed
    out, text = govern([f'{{"fixed": "the shelf 86{after}", "b": 1}}'], FREE)
    assert text.severed


@pytest.mark.semantics(7)
def test_a_red_line_ends_it_with_nothing_held() -> None:
    out, text = govern(['{"a": "one forbid", "b": "an opaque can', 'ary", "c": 1}'], FREE)
    assert text.refused
    assert out == '{"a": "one forbid", "b": "an '


@pytest.mark.semantics(6)
def test_only_what_may_become_part_of_a_region_waits() -> None:
    text = JsonText(ACTIVATION, begin(ACTIVATION), FREE_NOWHERE)
    assert text.feed('{"city": "Tall') == '{"city": "Tall'
    assert text.feed("inn, forb") == "inn, "
    assert text.feed("ear\\") == "forbear"
    assert text.feed("n\\u00") == "\\n"
    assert text.feed("fc") == "\\u00fc"


@given(st.text('{}[]":,\\u0d83dae9 x', max_size=30), st.data())
def test_what_is_no_json_is_read_all_the_same(source: str, data: st.DataObject) -> None:
    out, text = govern(data.draw(cuttings(source)), FREE_NOWHERE)
    assert text.ledger.balanced
    assert out == source


@pytest.mark.parametrize("source", ["forbidden flag", "'forbidden flag'", '{"a": "forbidden flag', '"forbidden flag\\'])
def test_a_phrase_is_found_where_the_json_is_broken(source: str) -> None:
    out, text = govern(list(source), FREE_NOWHERE)
    assert text.severed
    assert "forbid" not in out
