"""Folding: what counts as the same character, and what must stay apart (semantics, rule 25)."""

from __future__ import annotations

import string

import pytest

from ordinance.detection import Expressions
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher
from ordinance.runtime.match.network import canonical_phrase
from ordinance.runtime.text.folding import fold, fold_char, is_alphabetic, key, symbol_kind
from ordinance.runtime.text.unicode_data import UNICODE_VERSION

CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]


@pytest.mark.semantics(25)
def test_ascii_never_folds_to_other_ascii() -> None:
    for char in string.printable:
        assert fold_char(char) == char
    for code in range(128):
        assert fold_char(chr(code)) in ("", chr(code))


@pytest.mark.semantics(25)
@pytest.mark.parametrize("pair", ["m rn", "1 l", "0 O", "modern modem", "I l", "5 S", "vv w", "cl d"])
def test_what_looks_alike_in_ascii_stays_apart(pair: str) -> None:
    one, other = pair.split()
    assert canonical_phrase(one) != canonical_phrase(other)


@pytest.mark.semantics(25)
def test_folding_a_second_time_changes_nothing() -> None:
    """What phrases and patterns are folded to is what texts are folded to."""
    unstable = [hex(code) for code in CODE_POINTS if fold(fold_char(chr(code))) != fold_char(chr(code))]
    assert not unstable


def test_dropping_the_case_of_what_is_folded_keeps_one_symbol_and_is_stable() -> None:
    for code in CODE_POINTS:
        for symbol in fold_char(chr(code)):
            lowered = key(symbol)
            assert len(lowered) == 1
            assert key(lowered) == lowered


@pytest.mark.semantics(25)
def test_a_phrase_is_found_in_capitals_and_in_small_letters_whatever_its_script() -> None:
    """For letters that have one partner; dotless and dotted i are one on both sides (Turkish)."""
    pairs = [(char, char.lower()) for char in map(chr, CODE_POINTS) if char.lower() != char]
    pairs = [(upper, lower) for upper, lower in pairs if len(lower) == 1 and lower.upper() == upper]
    assert len(pairs) > 1300
    for upper, lower in pairs:
        for phrase, text in ((f"{lower}{lower}a", f"{upper}{upper}A"), (f"{upper}{upper}a", f"{lower}{lower}A")):
            matcher = Matcher(Automaton([(0, Expressions(phrases=(phrase,)))]))
            found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)] + matcher.close()
            assert found, (phrase, text)


@pytest.mark.semantics(25)
@pytest.mark.parametrize("word", ["бомба", "βίβλος", "Σωκράτης", "Հայերեն", "Straße", "μήνυμα", "νησί ηλίου"])
def test_words_of_other_scripts_are_found_in_any_case(word: str) -> None:
    for text in (word, word.upper(), word.lower(), word.title()):
        for phrase in (word, word.upper()):
            matcher = Matcher(Automaton([(0, Expressions(phrases=(phrase,)))]))
            found = [match for at, char in enumerate(text) for match in matcher.feed(char, at)] + matcher.close()
            assert found, (phrase, text)


@pytest.mark.requirement("RL-7")
@pytest.mark.semantics(25)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pаypаl", "paypal"),  # Cyrillic а
        ("ΑΒΕ", "abe"),  # Greek capitals
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("𝐛𝐨𝐥𝐝 𝒾𝓉 𝕕𝕓𝕝", "bold it dbl"),
        ("ﬁne", "fine"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("İstanbul", "istanbul"),
        ("ıstanbul", "istanbul"),
        ("z\u200be\u200dr\u2060o\ufeff", "zero"),
        ("soft\u00adhyphen", "softhyphen"),
        ("z\u0351a\u0334l\u0321g\u0300o\u0362", "zalgo"),
        ("éèêëēě", "eeeeee"),
        ("e\u0301", "e"),
        ("łøđħ", "lodh"),
        ("①②③", "123"),
        ("٣٤٥ ३४५ 𝟛𝟜𝟝", "345 345 345"),
        ("a\u00a0b\u2003c", "a b c"),
        ("a–b—c‐d−e", "a-b-c-d-e"),
        ("„so“ ’tis", '"so" \'tis'),
        ("\x00a\x07b", "ab"),
        ("tab\tline\n", "tab\tline\n"),
    ],
)
def test_disguises_fold_to_plain_letters(text: str, expected: str) -> None:
    assert "".join(map(key, fold(text))) == expected


@pytest.mark.semantics(25)
def test_hangul_folds_to_its_letters_however_it_is_written() -> None:
    assert fold("각") == fold("ᄀ\u1161ᆨ") == "\u1100\u1161\u11a8"
    assert fold("가") == "\u1100\u1161"


@pytest.mark.semantics(25)
@pytest.mark.parametrize("text", ["か", "が", "ガ", "कि", "क्षि", "น้ำ", "தமிழ்"])
def test_marks_that_are_part_of_a_letter_stay(text: str) -> None:
    assert any(symbol_kind(symbol) == "m" for symbol in fold(text)) or fold(text) in ("か", "が", "ガ")
    assert canonical_phrase("か") != canonical_phrase("が")


@pytest.mark.semantics(5)
@pytest.mark.parametrize(("symbol", "expected"), [
    ("a", True), ("я", True), ("ש", True), ("ا", True), ("क", True), ("1", False), ("_", False), ("(", False),
    ("中", False), ("か", False), ("ท", False),
])  # fmt: skip
def test_letters_of_scripts_with_spaces_are_alphabetic(symbol: str, expected: bool) -> None:
    assert is_alphabetic(symbol) is expected


def test_a_phrase_is_compared_folded_and_without_case() -> None:
    assert canonical_phrase("  Größe \u200b") == "grosse"
    assert UNICODE_VERSION == "16.0.0"
