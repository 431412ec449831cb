"""E-mail addresses are found whole; what only has an @ is not one."""

from __future__ import annotations

import pytest

from ordinance.runtime.match.matcher import check_pattern

from .conftest import Find, candidates


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.com", "j.smith@mail.example.co.uk", "mari-liis.tamm@ut.ee", "o'neil@example.org", "x@y.de",
        "kontakt+news@schule-am-see.de", "ANNA@EXAMPLE.COM", "õie@näide.ee", "anna＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "a.b.c.d@example.museum", "an\u200bna@exam\u00adple.com",
    ],
)  # fmt: skip
def test_an_address_is_found(find: Find, address: str) -> None:
    for text in (f"Write to {address}.", f"({address})", f"<{address}>", f"mailto:{address}, please"):
        assert find(text, "id.email") == [address]


@pytest.mark.parametrize(
    "text",
    [
        "He wrote @anna.", "Use @media print.", "user@localhost", "a@b is a pair", "3 apples @ 1.50 each",
        "icon@2x.png", "the decorator @app.route", "price@night", "anna@example", "anna@1.2",
    ],
)  # fmt: skip
def test_what_is_none_is_none(find: Find, text: str) -> None:
    assert find(text, "id.email") == []


def test_it_takes_no_arguments_and_can_be_served() -> None:
    with pytest.raises(ValueError, match="It takes no arguments"):
        candidates("id.email", "DE")
    for shape in candidates("id.email").shapes:
        check_pattern(shape.source)
