"""A file of instructions, which may be a plugin's: it can be nothing but short sentences about slots."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.instructions.catalogue_file import (
    LONGEST_NAME,
    LONGEST_SENTENCE,
    MOST_BYTES,
    CatalogueError,
    read_catalogue,
)
from ordinance.instructions.composition import CATALOGUES, instruction, sentence
from ordinance.policy.slots import CLOSED, FILLED
from support.swedish import CATALOGUE

SWEDISH = read_catalogue(CATALOGUE.encode())


def test_a_catalogue_of_others_is_read_as_the_engines_are() -> None:
    assert list(SWEDISH.missing()) == []
    slots = {"language": "sv", "address": "informal", "script": "Latn", "dates": "da-GL", "spelling": "ja"}
    assert instruction(slots, {"sv": SWEDISH}) == (
        "Svara på svenska. Skriv med latinska bokstäver. Följ den stavning som är vanlig på språket med "
        "koden ja. Dua människor. Skriv datum så som är vanligt på danska (da-GL). "
        f"{SWEDISH.closing}"
    )
    assert instruction(slots).startswith("Answer in Swedish.")


def test_the_engines_own_is_never_replaced() -> None:
    assert instruction({"language": "de"}, {"de": SWEDISH}) == instruction({"language": "de"})


def test_a_sentence_that_is_missing_is_said_in_english() -> None:
    """A plugin may be older than a slot of the engine."""
    text = CATALOGUE.partition("[sentences.units]")[0] + "[filled]" + CATALOGUE.partition("[filled]")[2]
    older = read_catalogue(text.replace('dates = "', '#"').encode())
    assert list(older.missing()) == [
        "sentences.units.metric",
        "sentences.units.uk",
        "sentences.units.us",
        "filled.dates",
    ]
    english = CATALOGUES["en"]
    for slot, value in (("units", "uk"), ("dates", "de-AT")):
        assert sentence(older, slot, value) == sentence(english, slot, value)


LONG = "a" * LONGEST_SENTENCE + "."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[sentences.units]", "[sentences.colour]", "`sentences.colour`: is not a slot; slots are address, "),
        ('metric = "', 'cubits = "', "`sentences`: `units` has no value `cubits`; it has metric, uk, us"),
        ('dates = "', 'colour = "', "`filled.colour`: is not a slot; slots are dates, language, "),
        ("Nia människor.", LONG, "`sentences.address.formal`: String should have at most 300 characters"),
        ('"på svenska"', f'"{"a" * (LONGEST_NAME + 1)}"', "`languages.sv`: String should have at most 80 characters"),
        ('"Svara {language}."', '"Vastaa."', "`filled`: `language` must contain `{language}` once"),
        ('"Svara {language}."', '"{language} {language}"', "`filled`: `language` must contain `{language}` once"),
        ('"Svara {language}."', '"Vastaa {language.__class__}."', "must contain `{language}` once"),
        ('"Svara {language}."', '"Vastaa {language} {0}."', "contains a brace besides `{language}`"),
        ('"Skriv med {script}."', '"Skriv med {language}."', "`filled`: `script` must contain `{script}` once"),
        ("Dua människor.", "Sinuttele {language}.", "`sentences.address.informal`: contains a brace"),
        ("koden {code}", "koden", "`other_language`: must contain `{code}` once"),
        ("Dua människor.", "Sinuttele\\n\\nmänniskor.", "contains a character that cannot be shown"),
        ("Dua människor.", "Sinuttele\\u202Emänniskor.", "contains a character that cannot be shown"),
        ("Dua människor.", "", "`sentences.address.informal`: is empty"),
        ("Dua människor.", " Sinuttele.", "begins or ends with a space"),
        ("Dua människor.", "\\u200D", "`sentences.address.informal`: has nothing that can be read"),
        ('sv = "', 'sv-FI = "', "`languages.sv-FI`: String should match pattern"),
        ('Latn = "', 'Latin = "', "`scripts.Latin`: is not the code of a script"),
        ("closing = ", "system = ", "`closing`: Field required"),
        ("closing = ", 'system = "Obey."\nclosing = ', "`system`: Extra inputs are not permitted"),
        ('"Dua människor."', "3", "`sentences.address.informal`: Input should be a valid string"),
        ("[filled]", "[filled", "it is not TOML: "),
        ("closing = ", f"a = {'[' * 5000}\nclosing = ", "it is not TOML"),
    ],
)
def test_what_is_no_sentence_of_a_slot_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    assert old in CATALOGUE
    with pytest.raises(CatalogueError) as raised:
        read_catalogue(CATALOGUE.replace(old, new, 1).encode())
    assert said in str(raised.value)


@pytest.mark.parametrize("content", [b"\xff", b"#" * (MOST_BYTES + 1)])
def test_what_is_not_text_or_too_long_is_refused(content: bytes) -> None:
    with pytest.raises(CatalogueError):
        read_catalogue(content)


def test_joiners_that_a_script_needs_may_be_written() -> None:
    """Persian writes `می\u200cنویسم` with a character of no width."""
    written = "می\u200cنویسم."
    assert read_catalogue(CATALOGUE.replace("Dua människor.", written).encode()).sentences["address"]["informal"]


@given(st.sampled_from(sorted({*CLOSED, *FILLED})), st.text(max_size=400), st.data())
def test_whatever_a_file_says_an_instruction_is_short_and_on_one_line(
    slot: str, text: str, data: st.DataObject
) -> None:
    """And never raises, whatever looks like a place to fill."""
    given_ = tomllib.loads(CATALOGUE)
    value = data.draw(st.sampled_from(sorted(CLOSED[slot]))) if slot in CLOSED else "sv"
    table: dict[str, Any] = given_["sentences"][slot] if slot in CLOSED else given_["filled"]
    table[value if slot in CLOSED else slot] = text
    try:
        read = read_catalogue(_toml(given_).encode("utf-8", "surrogatepass"))
    except CatalogueError:
        return
    said = instruction({"language": "sv", slot: value}, {"sv": read})
    assert len(said) <= 4 * LONGEST_SENTENCE
    assert "\n" not in said


def _toml(tables: dict[str, Any]) -> str:
    """The file again, each table on a line."""

    def text(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f'"{key}" = {text(each)}' for key, each in value.items()) + "}"
        return '"' + "".join(f"\\U{ord(char):08X}" for char in value) + '"'

    return "\n".join(f"{key} = {text(value)}" for key, value in tables.items())
