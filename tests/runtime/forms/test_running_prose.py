"""Where prose is: outside what opens something, and the same however a text is cut and whatever it goes on from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.forms.running_prose import RunningProse
from support.formed import texts
from support.strategies import cuttings

pytestmark = [pytest.mark.requirement("TR-4"), pytest.mark.semantics(40)]

#: `x` is prose, `o` is none.
SAID = [
    "xx `oo` xx", "xx ``oo ` oo`` xx", "```\noo\n```\nxx", "~~~\noo\n\noo\n~~~\nxx", "```\noo\n\noo", "    oo\nxx",
    "> oo\nxx", '"oo" xx', "„oo“ xx", "“oo” xx", "«oo» xx", "»oo« xx", "„oo\n\nxx", "‘oo’ xx", "it’s xx", "x's xx",
    "‘oo’oo’ xx", "https://oo.oo/oo xx", "www.oo.oo xx", "xx@oo.oo xx", "[oo](oo) xx", "<xo oo> xx",
    "xx {oo {oo} oo} xx",
    "§ oo, xx", "$$oo$$ xx", "xx `oo\n\nxx", '5" xx', "xx < 3 xx",
    'xx("oo", "oo") oo\nxx', "x = 'oo' oo\nxx", 'x ("oo") xx',
]  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_prose_is_what_nothing_encloses(text: str) -> None:
    prose = RunningProse()
    for at, char in enumerate(text):
        if char in "xo":
            assert prose.free == (char == "x"), text[: at + 1]
        prose.feed(char)


@given(texts(), st.data())
def test_it_is_the_same_for_every_cutting(text: str, data: st.DataObject) -> None:
    one, other = RunningProse(), RunningProse()
    for char in text:
        one.feed(char)
    for piece in data.draw(cuttings(text)):
        other.take(piece)
    assert all(getattr(one, name) == getattr(other, name) for name in RunningProse.__slots__ if name != "_head")
    one.feed("x")
    other.feed("x")
    assert one.free == other.free


@given(texts(), texts())
def test_a_text_goes_on_where_another_ended(before: str, text: str) -> None:
    if "\n\n" in before:
        return  # what a paragraph before the last opened, but for a fence, is closed: see the cases
    one, other = RunningProse(), RunningProse(before)
    one.take(before + text)
    other.take(text)
    assert one.free == other.free
