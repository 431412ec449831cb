"""Which form of address a text shows: decided where closed classes of morphology decide it, else nobody knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ordinance.runtime.adherence.addressed import Addressed
from ordinance.runtime.adherence.language_file import Address, languages
from ordinance.runtime.adherence.own_prose import Prose
from support.checkout import ROOT
from support.data import DATA

OWN = ROOT / "tests" / "cases" / "address" / "own.tsv"
COCOA = DATA / "cocoa-mt"

pytestmark = pytest.mark.semantics(34)


def address_of(tag: str) -> Address:
    language, _, region = tag.partition("-")
    address = languages()[language].address_in(region)
    assert address is not None
    return address


def state(tag: str, value: str, text: str) -> str:
    prose, addressed = Prose(), Addressed(address_of(tag))
    for piece in (*prose.take(text), *prose.close()):
        addressed.take(piece)
    return addressed.state(value)


OWN_SENTENCES = [tuple(line.split("\t")) for line in OWN.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("tag", "form", "sentence"), OWN_SENTENCES, ids=lambda each: each[:24])
def test_a_sentence_shows_its_form_and_what_has_none_shows_nothing(tag: str, form: str, sentence: str) -> None:
    expected = {"-": ("cannot_tell", "cannot_tell"), "formal": ("kept", "missed"), "informal": ("missed", "kept")}[form]
    assert (state(tag, "formal", sentence), state(tag, "informal", sentence)) == expected


def pairs(language: str) -> Iterator[tuple[str, str]]:
    for form in ("formal", "informal"):
        for path in sorted((COCOA / f"en-{language}").glob(f"*.{form}")):
            yield from ((form, line) for line in path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("language", ["de", "es", "ja"])
@pytest.mark.skipif(not COCOA.is_dir(), reason="CoCoA-MT is not beside the checkout")
def test_of_what_is_decided_on_the_data_set_98_in_100_are_right(language: str) -> None:
    found = Counter((state(language, "formal", line), form) for form, line in pairs(language))
    right = found["kept", "formal"] + found["missed", "informal"]
    wrong = found["missed", "formal"] + found["kept", "informal"]
    assert right + wrong >= (500 if language == "es" else 1000)
    assert right >= 0.98 * (right + wrong)


def test_quotations_code_and_links_are_nobodys_address() -> None:
    text = "Er sagte: „Du bist da.“ Siehe https://example.org/du und `du`.\n```\ndu\n```\n> Du bist da.\n"
    assert state("de", "formal", text) == "cannot_tell"
    assert state("de", "formal", text + "Bitte rufen Sie an.") == "kept"
    assert state("de", "formal", text + "Ruf an, wenn du willst.") == "missed"


def test_a_capital_says_nothing_where_a_sentence_begins() -> None:
    assert state("de", "formal", "Sie kam gestern. Ihre Tasche blieb hier.") == "cannot_tell"
    assert state("de", "formal", "1. Sie kam gestern.\n- Ihre Tasche blieb hier.") == "cannot_tell"


def test_a_name_and_a_short_form_are_no_address() -> None:
    assert state("de", "formal", "Die ISS fliegt in 400 km Höhe.") == "cannot_tell"
    assert state("fr", "informal", "Hier, Rodriguez est arrivé avec Martinez.") == "cannot_tell"
    assert state("es", "formal", "Ayer, Duarte vio una obra de arte en Marte.") == "cannot_tell"
    assert state("fi", "informal", "Anne ja Charlotte tulivat eilen.") == "cannot_tell"
    assert state("fr", "informal", "Cliquez ici.") == "missed"


def test_one_familiar_word_among_polite_ones_is_missed() -> None:
    assert state("de", "formal", "Bitte rufen Sie an. Sagen Sie Ihren Namen. Hast du Zeit?") == "missed"


def test_japanese_and_korean_styles_count_by_sentences() -> None:
    assert state("ja", "polite", "それは本だ。これは花だ。") == "missed"
    assert state("ja", "polite", "それは本です。これは花です。") == "kept"
    assert state("ja", "polite", "それは本です。これは花だ。") == "cannot_tell"
    assert state("ja", "humble", "明日ご連絡いたします。") == "kept"
    assert state("ja", "honorific", "先生は明日いらっしゃいます。") == "kept"
    assert state("ja", "honorific", "明日ご連絡します。") == "cannot_tell"
    assert state("ko", "deferential", "내일 보내 드려요.") == "missed"
    assert state("ko", "deferential", "내일 보내 드리겠습니다.") == "kept"


def test_a_list_in_japanese_needs_no_whole_sentences() -> None:
    assert state("ja", "polite", "次の手順です。\n- 窓を開ける\n- 青いボタンを押す\n") == "kept"


@pytest.mark.parametrize("path", sorted((ROOT / "engine/ordinance/runtime/adherence/languages").glob("*.toml")))
def test_each_file_names_the_grammar_that_it_follows(path: Path) -> None:
    assert "Source: " in path.read_text("utf-8").partition("scripts =")[0]
