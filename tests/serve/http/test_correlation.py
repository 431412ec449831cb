"""Ids and traces that a client brings: taken if they are well-formed, else as if there were none."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from ordinance.serve.http.correlation import Traced, is_wordless, request_id_in, traced_in

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
UUID = "01890a5d-ac96-774b-bcce-b302099a8057"


def of(name: str, *values: str) -> Headers:
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for value in values])


@pytest.mark.parametrize("given", ["a", UUID, "req_7.Z:1", "x" * 128])
def test_an_id_of_a_client_is_kept(given: str) -> None:
    assert request_id_in(of("x-request-id", given)) == given


@pytest.mark.parametrize("given", [(), ("",), ("x" * 129,), ("two words",), ("ä",), ("a\tb",), ("a", "b"), ("a,b",)])
def test_one_that_is_not_well_formed_is_as_none(given: tuple[str, ...]) -> None:
    assert request_id_in(of("x-request-id", *given)) == ""


def test_only_an_id_without_words_may_stand_in_a_record() -> None:
    assert all(is_wordless(each) for each in (UUID, UUID.upper(), UUID.replace("-", "")))
    assert not any(
        is_wordless(each) for each in ("", "abc", "the-plan-of-mister-smith", UUID[:-1], f"{UUID}0", "g" * 32)
    )


@pytest.mark.parametrize(
    ("given", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f" 00-{TRACE}-{SPAN}-00 ", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
    ],
)
def test_a_trace_is_kept_and_written_in_our_version(given: str, sampled: bool) -> None:
    found = traced_in(of("traceparent", given))
    assert found == Traced(TRACE, SPAN, sampled)
    assert found.header == f"00-{TRACE}-{SPAN}-{'01' if sampled else '00'}"


@pytest.mark.parametrize(
    "given",
    [
        (), (f"00-{TRACE}-{SPAN}",), (f"00-{TRACE}-{SPAN}-01-more",), (f"ff-{TRACE}-{SPAN}-01",),
        (f"00-{'0' * 32}-{SPAN}-01",), (f"00-{TRACE}-{'0' * 16}-01",), (f"00-{TRACE.upper()}-{SPAN}-01",),
        (f"cc-{TRACE}-{SPAN}-01.more",), ("words",), (f"00-{TRACE}-{SPAN}-01",) * 2,
    ],
)  # fmt: skip
def test_a_trace_that_is_not_well_formed_is_as_none(given: tuple[str, ...]) -> None:
    assert traced_in(of("traceparent", *given)) is None
