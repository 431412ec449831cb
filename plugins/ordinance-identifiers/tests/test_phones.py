"""Telephone numbers: with a country's code anywhere, without one where a word comes before."""

from __future__ import annotations

import phonenumbers
import pytest
from ordinance_identifiers import phones

from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.match.patterns import parse_pattern

from .conftest import Find, candidates
from .test_numbers import counts

#: Numbers that are kept free for books and films, of offices, and examples of phonenumbers.
NUMBERS = {
    "DE": [
        "+49 30 23125 000",
        "0049 30 23125000",
        "+49 (0)30 23125000",
        "030 23125000",
        "030/23125000",
        "(030) 23125-000",
    ],
    "CN": ["+86 131 1234 5678", "131 1234 5678", "010 1234 5678"],
    "EE": ["+372 612 5000", "612 5000", "6125000", "5123 4567"],
    "FR": ["+33 1 99 00 12 34", "01 99 00 12 34", "01.99.00.12.34", "0199001234"],
    "GB": ["+44 20 7946 0958", "+44 (0)20 7946 0958", "020 7946 0958", "(020) 7946 0958"],
    "IT": ["+39 06 1234 5678", "06 1234 5678", "312 345 6789"],
    "LT": ["+370 612 34567", "(0-612) 34567"],
    "PL": ["+48 512 345 678", "512 345 678", "12 345 67 89"],
    "US": ["+1 415-555-2671", "(415) 555-2671", "415-555-2671", "415 555 2671"],
}  # fmt: skip
CASES = [(country, number) for country, each in NUMBERS.items() for number in each]


@pytest.mark.parametrize(("country", "number"), CASES)
def test_a_number_is_found_as_people_write_it(find: Find, country: str, number: str) -> None:
    assert find(f"Phone: {number}.", "id.phone", country) == [number]
    wide = "".join(chr(ord(char) + 0xFEE0) if char.isdigit() or char == "+" else char for char in number)
    assert find(f"Phone: {wide}.", "id.phone", country) == [wide]


@pytest.mark.parametrize(("country", "number"), CASES)
def test_without_a_code_it_needs_a_word(find: Find, country: str, number: str) -> None:
    found = find(f"Order {number} was sent.", "id.phone", country)
    assert found == ([number] if number.startswith(("+", "00")) else [])


@pytest.mark.parametrize("number", ["+49 30 23125 000", "+372 612 5000", "+81 3-1234-5678"])
def test_without_arguments_it_is_any_country_with_its_code(find: Find, number: str) -> None:
    assert find(f"Call {number} now.", "id.phone") == [number]
    assert find("Call 030 23125000 now.", "id.phone") == []


def test_a_number_of_another_country_is_left_alone(find: Find) -> None:
    assert find("Call +372 612 5000 or +49 30 23125 000.", "id.phone", "DE") == ["+49 30 23125 000"]


@pytest.mark.parametrize(
    "text",
    [
        "Call on 05/06/2026 at 07:40.",
        "Tel. 2026-11-23",
        "Tel. 2023-12-05",
        "tel 2026-1952",
        "phone +49 0000 12",
        "tellimus 6125000",
        "Telefon: 12.500,00",
    ],
)
def test_what_is_none_is_none(find: Find, text: str) -> None:
    assert find(text, "id.phone", "DE", "DK", "EE", "FR", "NO", "US") == []


def test_each_shape_can_be_served_and_reads_one_number_of_digits() -> None:
    for shape in candidates("id.phone", *phones.countries()).shapes:
        check_pattern(shape.source)
        assert len(counts(parse_pattern(shape.source))) == 1, shape.source


def test_all_countries_of_phonenumbers_are_known() -> None:
    assert set(phones.countries()) == set(phonenumbers.SUPPORTED_REGIONS)
    with pytest.raises(ValueError, match='does not know "XX"'):
        candidates("id.phone", "XX")
