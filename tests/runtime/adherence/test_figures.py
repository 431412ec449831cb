"""Numbers, dates and measures are decided by those that can be read in one way alone."""

from __future__ import annotations

import pytest

from ordinance.runtime.adherence.figures import Figures
from ordinance.runtime.adherence.own_prose import Piece

pytestmark = pytest.mark.semantics(36)


def state(slot: str, value: str, text: str) -> str:
    figures = Figures()
    figures.take(Piece(text, ends=True, item=False))
    return figures.state(slot, value)


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ("Das kostet 1.234,50 €.", "kept", "missed"),
        ("That is 1,234.50 in all.", "missed", "kept"),
        ("3,5 km", "kept", "missed"),
        ("3.5 km", "missed", "kept"),
        ("$12.99", "missed", "kept"),
        ("99,9 %", "kept", "missed"),
        ("1.234.567 Menschen", "kept", "missed"),
        ("1.234 Menschen", "cannot_tell", "cannot_tell"),
        ("1,234 people", "cannot_tell", "cannot_tell"),
        ("Python 3.11 und § 5.2", "cannot_tell", "cannot_tell"),
        ("192.168.100.200", "cannot_tell", "cannot_tell"),
        ("24.12.2026 um 12.30", "cannot_tell", "cannot_tell"),
        ("1 234 und 1'234", "cannot_tell", "cannot_tell"),
        ("3,5 km und 3.5 km", "missed", "missed"),
    ],
)
def test_a_number_that_can_be_read_in_two_ways_decides_nothing(text: str, german: str, english: str) -> None:
    assert (state("numbers", "de", text), state("numbers", "en", text)) == (german, english)


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        ("de-CH", "3.5 km"), ("de-AT", "3,5 km"), ("es-MX", "3.5 km"), ("es-ES", "3,5 km"), ("en-ZA", "3,5 km"),
        ("pt-BR", "3,5 km"), ("zh-Hant-HK", "3.5 km"),
    ],
)  # fmt: skip
def test_a_region_may_differ_from_its_language(tag: str, kept: str) -> None:
    other = kept.replace(".", "_").replace(",", ".").replace("_", ",")
    assert (state("numbers", tag, kept), state("numbers", tag, other)) == ("kept", "missed")


@pytest.mark.parametrize(
    ("tag", "kept", "missed"),
    [
        ("de", "24.12.2026", "12/24/2026"), ("en-US", "12/24/2026", "24/12/2026"),
        ("en-GB", "24/12/2026", "12/24/2026"), ("nl", "24-12-2026", "24/12/2026"),
        ("ja", "2026年12月24日", "24/12/2026"), ("ja", "2026/12/24", "12/24/2026"),
        ("ko", "2026. 12. 24.", "24.12.2026"), ("ko", "2026년 12월 24일", "12/24/2026"),
        ("fr-CA", "2026-12-24", "24/12/2026"),
    ],
)  # fmt: skip
def test_a_date_whose_day_is_greater_than_twelve_decides(tag: str, kept: str, missed: str) -> None:
    assert (state("dates", tag, f"Am {kept}."), state("dates", tag, f"Am {missed}.")) == ("kept", "missed")


def test_a_date_that_may_begin_with_month_or_day_decides_nothing() -> None:
    assert state("dates", "en-US", "05/06/2026") == "cannot_tell"
    assert state("dates", "de", "2026-12-24") == "cannot_tell"
    assert state("dates", "ar", "24/12/2026") == "cannot_tell"


def test_units_are_told_by_their_signs_and_not_where_both_stand() -> None:
    assert state("units", "metric", "5 km bei 21 °C") == "kept"
    assert state("units", "us", "5 km bei 21 °C") == "missed"
    assert state("units", "metric", "5 mi at 70 °F") == "missed"
    assert state("units", "metric", "5 mi (8 km)") == "cannot_tell"
    assert state("units", "uk", "5 mi") == "cannot_tell"
    assert state("units", "metric", "in 5 minutes, 3 gallons") == "cannot_tell"
