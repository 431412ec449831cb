"""A contact's value is closed, and is found however people space it."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.link.contacts import holds_value, pattern_of
from ordinance.runtime.match.matcher import check_pattern

NUMBERS = ["112", "116 123", "0800 111 0 111", "+372 600 0112", "0120-279-338", "14416", "02 2327 2327"]


@pytest.mark.parametrize("value", NUMBERS)
def test_numbers(value: str) -> None:
    assert holds_value("number", value)
    check_pattern(pattern_of("number", value))


@pytest.mark.parametrize(
    "value", ["https://help.example", "https://help.example/now", "https://a-b.example.org/a/b.c/"]
)
def test_links(value: str) -> None:
    assert holds_value("link", value)
    check_pattern(pattern_of("link", value))
    assert re.fullmatch(pattern_of("link", value), value)


@pytest.mark.semantics(14)
@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("number", "12"), ("number", "1234567890123456"), ("number", "call 112"), ("number", "112 or 110"),
        ("number", "1 1 2 heil"), ("number", "112  110"), ("number", "١١٢"), ("number", ""), ("number", "112 "),
        ("link", "http://help.example"), ("link", "https://help"), ("link", "https://help.example?q=any words"),
        ("link", "https://help.example/a b"), ("link", "javascript:alert(1)"),
        ("link", f"https://h.example/{103 * 'a'}"),
    ],
)  # fmt: skip
def test_nothing_else_is_a_contact(form: Literal["number", "link"], value: str) -> None:
    """Nobody shields a sentence by declaring it a contact."""
    assert not holds_value(form, value)


@given(st.sampled_from(NUMBERS), st.data())
def test_a_number_is_found_with_any_single_separators(value: str, data: st.DataObject) -> None:
    digits = [char for char in value if char.isdecimal()]
    written = digits[0] + "".join(data.draw(st.sampled_from(["", " ", "-", "."])) + digit for digit in digits[1:])
    text = ("+" if value.startswith("+") else "") + written
    pattern = pattern_of("number", value)
    assert re.search(pattern, f"Call {text}, now.")
    assert not re.search(pattern, f"Call {text}0 now.")
    assert not re.search(pattern, f"Call 9{written} now.") or value.startswith("+")
