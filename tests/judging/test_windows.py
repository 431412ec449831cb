"""Text that does not fit before a judge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ordinance.judging.windows import CONTEXT, OVERLAP, context, windows


def test_what_fits_is_one_window() -> None:
    assert list(windows("", 1000)) == [""]
    assert list(windows("a" * 1000, 1000)) == ["a" * 1000]


@given(st.integers(0, 9000), st.integers(1000, 3000), st.integers(0, 9000))
def test_every_character_from_the_start_on_is_in_a_window_and_each_repeats_the_end_of_the_last(
    length: int, size: int, start: int
) -> None:
    text = "".join(chr(0x4E00 + each % 20000) for each in range(length))
    found = list(windows(text, size, min(start, length)))
    assert found
    assert all(len(each) <= size for each in found)
    places = [text.index(each) if each else 0 for each in found]
    assert places[0] <= min(start, length)
    assert places[-1] + len(found[-1]) == length
    for (a, first), second in zip(zip(places, found, strict=True), places[1:], strict=False):
        assert second == a + len(first) - OVERLAP


@given(st.integers(0, 6000), st.integers(0, 6000))
def test_windows_begin_where_they_began_before(length: int, more: int) -> None:
    text = "".join(chr(0x4E00 + each % 20000) for each in range(length + more))
    before, after = list(windows(text[:length], 1500)), list(windows(text, 1500))
    assert after[: len(before) - 1] == before[:-1], "the server has them in its cache"


def test_of_what_was_asked_the_end_is_shown() -> None:
    assert context("a" * 5000 + "b") == "a" * (CONTEXT - 1) + "b"
