"""Numbers of persons are found in the forms in use, in their context; what only looks like one is not."""

from __future__ import annotations

from functools import reduce
from importlib import import_module
from itertools import product
from string import ascii_letters, digits

import ordinance_identifiers
import pytest
from ordinance_identifiers import numbers

from ordinance.plugin import Asked
from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.match.patterns import Choice, Node, Repeat, Sequence, SymbolSet, parse_pattern
from ordinance.testing_kit import passage

from .conftest import Find, candidates

#: Published examples, and numbers made from the published rule, with a word before those that need one.
STRONG = {
    "AT": ["1237010180", "1237 010180"],
    "BE": ["85.07.30-033.28", "85073003328"],
    "BG": ["7523169263"],
    "CH": ["756.9217.0769.85", "7569217076985"],
    "CN": ["360426199101010071"],
    "CZ": ["710319/2745", "7103192745"],
    "DE": ["36 574 261 809", "36574261809", "15070649C103", "15 070649 C 103"],
    "EE": ["36805280109"],
    "ES": ["54362315K", "X-2482300-W", "X2482300W"],
    "FI": ["131052-308T", "131052A308T"],
    "FR": ["2 95 10 99 126 111 93", "295109912611193", "30 23 217 600 053"],
    "GR": ["01013099997"],
    "IE": ["6433435F", "6433435OA"],
    "IS": ["120174-3399"],
    "IT": ["RCCMNL83S18D969H"],
    "KR": ["971013-9019902"],
    "LT": ["33309240064"],
    "LV": ["161175-19997"],
    "MX": ["BOXW310820HNERXN09"],
    "NO": ["151086 95088", "15108695088"],
    "PL": ["44051401359"],
    "PT": ["00000000 0 ZZ4"],
    "RO": ["1630615123457"],
    "SE": ["880320-0016", "8803200016", "19880320-0016"],
    "SI": ["0101006500006"],
    "SK": ["710319/2745"],
    "TR": ["17291716060"],
    "ZA": ["7503305044089"],
}
WEAK = {
    "AU": [("TFN", "123 456 782")],
    "CA": [("SIN", "123-456-782"), ("assurance sociale", "123 456 782")],
    "DE": [("Steuernummer", "181/815/08155"), ("KVNR", "A123456780")],
    "DK": [("CPR-nummer", "211062-5629")],
    "GB": [("NHS number", "943 476 5870"), ("National Insurance number", "AB 12 34 56 C"), ("UTR", "1955839661")],
    "GR": [("ΑΦΜ", "094259216"), ("αφμ", "094259216")],
    "HR": [("OIB", "33392005961")],
    "IN": [("Aadhaar", "2341 2341 2346"), ("PAN", "ACUPA7085R")],
    "LV": [("personas kods", "328673-00679")],
    "NL": [("burgerservicenummer", "111222333")],
    "PL": [("NIP", "856-734-62-15")],
    "PT": [("contribuinte", "501964843")],
    "SI": [("davčna številka", "15012557")],
    "TH": [("Thai ID", "1-2345-45678-78-1")],
    "UA": [("РНОКПП", "1759013776"), ("ІПН", "1759013776")],
    "US": [("SSN", "536-90-4399"), ("SSN", "536 90 4399"), ("ITIN", "912-90-3456")],
}
KINDS = ("national", "tax", "health")


def anywhere(find: Find, text: str, country: str) -> set[str]:
    """Return what one of the three detectors finds for a country."""
    asked = [f"id.{kind}" for kind in KINDS if country in numbers.countries(kind)]
    return {each for name in asked for each in find(text, name, country)}


@pytest.mark.parametrize(("country", "number"), [(a, b) for a, each in STRONG.items() for b in each])
def test_a_number_that_says_what_it_is_needs_no_word(find: Find, country: str, number: str) -> None:
    assert anywhere(find, f"It is {number}.", country) == {number}
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in number)
    assert anywhere(find, f"It is {wide}.", country) == {wide}
    hidden = f"{number[:4]}\u200b{number[4:]}"
    assert anywhere(find, f"It is {hidden}.", country) == {hidden}
    for longer in (f"7{number}", f"{number}7", f"a{number}"):
        assert number not in anywhere(find, longer, country)


@pytest.mark.parametrize(("country", "word", "number"), [(a, *b) for a, each in WEAK.items() for b in each])
def test_any_other_needs_its_word_before_it(find: Find, country: str, word: str, number: str) -> None:
    assert anywhere(find, f"My {word} is {number}.", country) == {number}
    assert anywhere(find, f"{word.upper()}: {number}", country) == {number}
    assert anywhere(find, f"Order {number} was sent.", country) == set()
    assert anywhere(find, f"{number} is my {word}.", country) == set(), "what comes after is not known on a stream"
    assert anywhere(find, f"{word}. {'And then nothing came of it. ' * 4}{number}", country) == set(), "too far"


@pytest.mark.parametrize("number", numbers.table(), ids=lambda number: f"{number.country} {number.name}")
def test_every_row_can_be_served(number: numbers.Number) -> None:
    assert set(number.kinds) <= set(KINDS)
    assert callable(import_module(number.module).is_valid)
    assert number.source
    for shape in number.shapes:
        check_pattern(shape)
        assert len(counts(parse_pattern(shape))) == 1, "a shape reads one number of letters and digits"


def counts(node: Node) -> set[int]:
    """Return how many letters and digits a pattern can read."""
    match node:
        case SymbolSet():
            return {int(any(char in node for char in ascii_letters + digits))}
        case Sequence(parts):
            return reduce(sums, map(counts, parts), {0})
        case Choice(parts):
            return set[int]().union(*map(counts, parts))
        case Repeat(part, least, most):
            return set[int]().union(*(reduce(sums, [counts(part)] * times, {0}) for times in range(least, most + 1)))
        case _:
            return {0}


def sums(some: set[int], others: set[int]) -> set[int]:
    return {one + other for one, other in product(some, others)}


@pytest.mark.parametrize("number", numbers.table(), ids=lambda number: f"{number.country} {number.name}")
def test_words_are_written_as_the_engine_folds_them(number: numbers.Number) -> None:
    for word in number.words.written:
        folded = passage(word).folded
        assert word == folded, f"write {folded}"


def test_there_are_25_countries_and_more() -> None:
    assert len({number.country for number in numbers.table()}) >= 25
    assert {number.country for number in numbers.table()} == set(STRONG) | set(WEAK), "each has an example above"


def test_countries_can_be_named(find: Find) -> None:
    text = "Isikukood 36805280109, PESEL 44051401359."
    assert find(text, "id.national", "EE") == ["36805280109"]
    assert find(text, "id.national", "PL") == ["44051401359"]
    assert find(text, "id.national", "EE", "PL") == find(text, "id.national") == ["36805280109", "44051401359"]


@pytest.mark.parametrize("given", ["XX", "ee", "Estonia", "AU"])
def test_an_unknown_country_is_an_error_that_says_which_are_known(given: str) -> None:
    with pytest.raises(ValueError, match=r"`id\.national`") as caught:
        candidates("id.national", "EE", given)
    assert f'does not know "{given}"' in str(caught.value)
    assert "AT, BE, BG, CA" in str(caught.value)


def test_another_name_is_not_answered() -> None:
    assert ordinance_identifiers.detector(Asked("id.passport")) is None
