"""Which language and script a text is in: letters and words of closed classes decide, or nobody knows."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.runtime.adherence.language_file import languages, neighbours
from ordinance.runtime.adherence.own_prose import Prose
from ordinance.runtime.adherence.spoken import Spoken
from support.checkout import ROOT

pytestmark = pytest.mark.semantics(35)

CASES = ROOT / "tests" / "cases" / "languages"
ROOM = ROOT / "engine" / "ordinance" / "runtime" / "adherence"
GERMAN = "Die Bücherei ist von neun bis achtzehn Uhr für alle offen, und die Rückgabe ist auch in der Nacht möglich."


def spoken(text: str) -> Spoken:
    prose, found = Prose(), Spoken()
    for piece in (*prose.take(text), *prose.close()):
        found.take(piece)
    found.close()
    return found


def sentences(name: str) -> Iterator[tuple[str, str]]:
    for line in (CASES / name).read_text("utf-8").splitlines():
        tag, _, text = line.partition("\t")
        yield tag, text


@pytest.mark.parametrize(("tag", "text"), list(sentences("chat.tsv")), ids=lambda each: each[:16])
def test_no_sentence_is_taken_for_one_in_another_language(tag: str, text: str) -> None:
    found = spoken(text)
    assert found.state(tag) in (("kept", "cannot_tell") if tag in languages() else ("cannot_tell",))
    assert "kept" not in {found.state(other) for other in languages() if other != tag}


@pytest.mark.parametrize(("tag", "text"), list(sentences("neighbours.tsv")), ids=lambda each: each[:16])
def test_a_neighbour_is_not_taken_for_a_language_that_ships(tag: str, text: str) -> None:
    assert tag in neighbours()
    assert "kept" not in {spoken(text).state(other) for other in languages()}


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_whole_answer_is_decided(language: str) -> None:
    answer = "\n".join(text for tag, text in sentences("chat.tsv") if tag == language)
    found = spoken(answer)
    assert found.state(language) == "kept"
    assert {found.state(other) for other in languages() if other != language} == {"missed"}


@pytest.mark.parametrize(
    "text", [text for tag, text in sentences("mixed.tsv") if "+" in tag], ids=lambda each: each[:16]
)
def test_a_text_in_two_languages_is_kept_by_none(text: str) -> None:
    stretches = f"{GERMAN} {text}"
    assert "kept" not in {spoken(stretches).state(language) for language in languages() if language != "de"}


def test_a_sentence_in_another_language_is_missed_wherever_it_stands() -> None:
    english = "The library is open to all of you from nine to six, but you can return books at night as well."
    for text in (f"{english} {GERMAN}", f"{GERMAN} {english} {GERMAN}", f"{GERMAN}\n\n{english}"):
        assert spoken(text).state("de") == "missed"
    assert spoken(f"{GERMAN} Sie sagten: „{english}“").state("de") == "kept"


def test_a_title_in_another_language_is_no_miss() -> None:
    assert spoken(f"{GERMAN} Das Buch heißt The Lord of the Rings.").state("de") == "cannot_tell"
    assert spoken(f"{GERMAN} Das Buch heißt „The Lord of the Rings“.").state("de") == "kept"
    assert spoken("The Lord of the Rings is what it is called.").state("de") == "missed"


def test_words_of_another_script_are_missed_and_a_few_are_not() -> None:
    assert spoken(f"{GERMAN} Das heißt 東京.").script_state("Latn") == "kept"
    assert spoken(GERMAN.replace("e", "е")).script_state("Latn") == "missed"  # Cyrillic
    assert spoken(f"{GERMAN} 10 kΩ und 5 µm").script_state("Latn") == "kept"
    assert spoken("Это всё по-русски и без латиницы.").script_state("Cyrl") == "kept"
    assert spoken("Это всё по-русски и без латиницы.").script_state("Latn") == "missed"
    assert spoken("これは日本語の文です。").script_state("Jpan") == "kept"
    assert spoken("这是中文。").script_state("Hans") == "cannot_tell"
    assert spoken("42").script_state("Latn") == "cannot_tell"


def test_a_language_without_a_file_is_never_decided() -> None:
    assert {spoken(GERMAN).state(tag) for tag in ("sw", "ru", "lb", "sr-Latn")} == {"cannot_tell"}


def test_a_region_and_a_script_change_nothing_of_the_language() -> None:
    assert {spoken(GERMAN).state(tag) for tag in ("de-AT", "de-Latn-CH")} == {"kept"}


def test_checker_and_generator_share_no_code() -> None:
    for path in ROOM.glob("*.py"):
        names = {
            node.module or ""
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        assert not [name for name in names if name.startswith("ordinance.instructions")], path
    generator = ROOT / "engine" / "ordinance" / "instructions"
    assert not [path for path in generator.glob("*.py") if "adherence" in path.read_text("utf-8")]
    assert not {path.resolve() for path in _data(ROOM)} & {path.resolve() for path in _data(generator)}
    assert not [path for path in _data(ROOM) if {"sentences", "filled"} & tomllib.loads(path.read_text("utf-8")).keys()]


def _data(room: Path) -> list[Path]:
    return sorted(room.rglob("*.toml"))
