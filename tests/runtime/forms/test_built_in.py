"""The forms that ship: what they rewrite, what they leave, and that no substance changes with it."""

from __future__ import annotations

import tomllib
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ordinance.runtime.forms as forms
from ordinance.runtime.forms.built_in import built_in
from ordinance.runtime.forms.scripts_lossless import in_latin
from ordinance.substance.comparing import compare
from ordinance.substance.protected_spans import State
from support.formed import Sentence, formed, released, sentences
from support.plans import plan_of

pytestmark = [pytest.mark.requirement("OB-1"), pytest.mark.semantics(42)]

SENTENCES = sentences()
FOLDER = Path(forms.__file__).parent
STYLES = tomllib.loads((FOLDER / "styles.toml").read_text("utf-8"))
VARIANTS = tomllib.loads((FOLDER / "spellings.toml").read_text("utf-8"))["variants"]


def rewritten(tag: str, slots: dict[str, str], text: str) -> str:
    return released(formed(plan_of([]), tag, slots), [text])


@pytest.mark.parametrize("case", SENTENCES, ids=lambda case: f"{case.tag}: {case.before}")
def test_a_sentence_is_rewritten_as_its_language_writes_it_and_nothing_else(case: Sentence) -> None:
    after = rewritten(case.tag, dict(case.slots), case.before)
    assert after == case.after
    assert rewritten(case.tag, dict(case.slots), after) == after


@pytest.mark.semantics(43)
@pytest.mark.parametrize(
    "case", [each for each in SENTENCES if each.tag != "sr"], ids=lambda case: f"{case.tag}: {case.before}"
)
def test_the_witness_says_of_each_sentence_that_its_substance_is_the_same(case: Sentence) -> None:
    found = compare(case.before, case.after, case.tag)
    assert found.state is State.SOUND, found


@pytest.mark.semantics(43)
@pytest.mark.parametrize("variants", VARIANTS, ids=lambda each: " ".join(each["tags"]))
def test_the_witness_says_so_of_each_word_in_a_list(variants: dict[str, Any]) -> None:
    one, other = variants["tags"]
    frame = {"en": "They told us today that {} was not there before.", "pt": "Ontem disseram que {} estava ali antes."}
    for pair in str(variants["words"]).split():
        first, second = pair.split(":")
        said, written = (frame[one[:2]].format(word) for word in (first, second))
        assert compare(said, written, one).state is State.SOUND, pair
        assert rewritten(other, {"spelling": other}, said) == written
        assert rewritten(one, {"spelling": one}, written) == said


def test_a_word_stands_once_in_a_list_and_has_another_spelling() -> None:
    for variants in VARIANTS:
        pairs = [pair.split(":") for pair in variants["words"].split()]
        assert all(len(pair) == 2 and pair[0] != pair[1] for pair in pairs)
        words = [word for pair in pairs for word in pair]
        assert len(words) == len(set(words))


WAYS = sorted(STYLES["numbers"])


@given(st.integers(0, 10**9), st.text("0123456789", min_size=1, max_size=6), st.data())
@pytest.mark.semantics(43)
def test_a_number_keeps_its_value_in_every_style(whole: int, rest: str, data: st.DataObject) -> None:
    source, target = data.draw(st.sampled_from(WAYS)), data.draw(st.sampled_from(WAYS))
    tag = STYLES["numbers"][target].split()[0]
    number = f"{whole:,}".replace(",", source[1]) + source[0] + rest
    text = f"Das sind {number} EUR im Jahr."
    after = rewritten(tag, {"numbers": tag}, text)
    digits = [char for char in after if char.isdigit()]
    assert digits == [char for char in text if char.isdigit()]
    if after != text:
        assert compare(text, after, "de").state is State.SOUND
        assert f"{target[0]}{rest} EUR" in after


@given(st.dates(date(1900, 1, 1)), st.sampled_from("./-"), st.booleans(), st.sampled_from(sorted(STYLES["dates"])))
@pytest.mark.semantics(43)
def test_a_date_stays_the_same_day(day: date, sign: str, day_first: bool, way: str) -> None:
    tag = STYLES["dates"][way].split()[0]
    year, month, of_month = str(day).split("-")
    written = sign.join([of_month, month, year] if day_first else [month, of_month, year])
    after = rewritten(tag, {"dates": tag}, f"Es war am {written} so.").removeprefix("Es war am ").removesuffix(" so.")
    due = "".join({"D": of_month, "M": month, "Y": year}.get(each, each) for each in way)
    if int(of_month) <= 12:
        assert after == written
    elif day_first or sign == "/":
        assert after == due
    else:
        assert after in (due, written)  # nobody writes 12.24.2026, and the witness does not read it


@given(st.text("абвгдђежзијклљмнњопрстћуфхцчџшАЉЊЏ", min_size=1, max_size=12))
def test_a_serbian_word_in_latin_letters_has_one_way_back(word: str) -> None:
    latin = in_latin(word)
    if latin is None:
        return
    back = {"lj": "љ", "nj": "њ", "dž": "џ"}
    lower, found, at = latin.lower(), "", 0
    single = {in_latin(each): each for each in "абвгдђежзијклмнопрстћуфхцчш"}
    while at < len(lower):
        pair = lower[at : at + 2]
        found += back.get(pair) or single[lower[at]]
        at += 2 if pair in back else 1
    assert found == word.lower()


def test_a_region_that_no_file_lists_is_left_alone() -> None:
    for slot, tag in product(("numbers", "dates"), ("es-CR", "de-XX", "hi", "ar-EG", "en-ZA")):
        assert built_in({slot: tag}, tag) == ((), None)
