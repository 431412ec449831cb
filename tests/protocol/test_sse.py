from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.problems import Problem
from ordinance.protocol.sse import BadEventError, EventParser, framed, named

LIMIT = 1024


def parse(*pieces: bytes, limit: int = LIMIT) -> list[str]:
    parser = EventParser(limit)
    return [data.decode() for piece in pieces for data in parser.feed(piece)]


def test_several_events_in_one_packet() -> None:
    assert parse(b"data: a\n\ndata: b\n\n") == ["a", "b"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end(end: bytes) -> None:
    assert parse(end.join([b"event: x", b"data: a", b"data:b", b"", b"data: c", b"", b""])) == ["a\nb", "c"]


def test_a_line_end_cut_in_two_is_one() -> None:
    assert parse(b"data: a\r", b"\n\r", b"\ndata: b\r\n\r", b"\n") == ["a", "b"]


def test_comments_and_other_fields_are_dropped() -> None:
    assert parse(b": ping\n\nid: 1\nretry: 5\ndata: a\nnonsense\n\n") == ["a"]


def test_a_byte_order_mark_is_no_part_of_the_first_field() -> None:
    assert parse(b"\xef\xbb\xbfdata: a\n\n") == ["a"]


def test_an_unfinished_event_is_not_given() -> None:
    assert parse(b"data: a\n\ndata: half\n") == ["a"]


@pytest.mark.parametrize("bad", [b"data: \xff\n\n", b"data: \xc3\n\n", b"data: \xed\xa0\x80\n\n"])
def test_what_is_not_utf8_is_an_error(bad: bytes) -> None:
    with pytest.raises(BadEventError, match="UTF-8"):
        parse(bad)


def test_an_event_over_the_limit_is_an_error_before_it_ends() -> None:
    with pytest.raises(BadEventError, match="limit"):
        parse(*[b"data: 0123456789"] * LIMIT)


def test_many_lines_of_one_event_count_together() -> None:
    with pytest.raises(BadEventError, match="limit"):
        parse(*[b"data: x\n"] * LIMIT)


def test_a_long_stream_of_small_events_is_under_the_limit() -> None:
    assert len(parse(*[b"data: x\n\n"] * LIMIT)) == LIMIT


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.data())
def test_events_come_back_however_the_bytes_are_cut(texts: list[str], data: st.DataObject) -> None:
    sent = b"".join(framed(json.dumps(text).encode()) for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)))))
    pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert [json.loads(event) for event in parse(*pieces, limit=10**6)] == texts


@given(st.binary(), st.data())
def test_any_bytes_give_the_same_events_or_the_same_error_however_cut(sent: bytes, data: st.DataObject) -> None:
    def outcome(*pieces: bytes) -> object:
        parser = EventParser(LIMIT)
        seen: list[bytes] = []
        try:
            for piece in pieces:
                seen += parser.feed(piece)
        except BadEventError as error:
            return seen, str(error)
        return seen

    cut = data.draw(st.integers(0, len(sent)))
    assert outcome(sent[:cut], sent[cut:]) == outcome(sent)


LINES = [
    b"event: x\n", b"event: error\n", b"event: \n", b"data: a\n", b"data: {}\n", b"\n", b"\r\n", b": c\n"
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES)).map(b"".join), st.data())
def test_events_with_a_type_are_the_same_however_cut(sent: bytes, data: st.DataObject) -> None:
    """One of the type `error` is a problem, and those before it are given."""

    def outcome(*pieces: bytes) -> object:
        parser = EventParser(LIMIT)
        seen: list[bytes] = []
        try:
            for piece in pieces:
                for event in parser.feed(piece):
                    seen.append(event)
        except Problem as problem:
            return seen, problem.code
        return seen

    cut = data.draw(st.integers(0, len(sent)))
    whole = outcome(sent)
    assert outcome(sent[:cut], sent[cut:]) == whole
    assert outcome(*[sent[at : at + 1] for at in range(len(sent))]) == whole


def test_an_event_of_a_type_comes_back() -> None:
    assert parse(named(b"x", b"a") + named(b"y", b"b")) == ["a", "b"]
