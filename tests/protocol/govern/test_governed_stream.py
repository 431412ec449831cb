"""Events that are known by their bytes, and those that go on as they came: if all around their text is harmless."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.api import Api
from ordinance.protocol.forms import Form
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT
from ordinance.protocol.sse import framed
from support.governing import APIS, OWN, LongWay, open_session, read, said, unframed
from support.small_plan import FORBIDDEN
from support.strategies import cuttings

BOTH = pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])


def data_of(api: Api, text: str, **choice: Any) -> bytes:
    return json.dumps(said(api, text, **choice)).encode()


def form_in(api: Api, data: bytes) -> Form | None:
    """The form that a reader finds in an event."""
    reader = api.reader(read(api, stream=True))
    with suppress(Problem):
        reader.read(data)
    return next(iter(reader.forms), None)


@BOTH
@given(text=st.text(), ascii_only=st.booleans())
def test_the_text_of_an_event_is_read_from_its_bytes(api: Api, text: str, ascii_only: bool) -> None:
    form = form_in(api, data_of(api, "Hello"))
    assert form is not None
    words = text.encode("utf-8", "replace").decode()
    data = json.dumps(said(api, words), ensure_ascii=ascii_only).encode()
    assert form.text_in(framed(data)) == words
    assert unframed(api.writer(read(api)).more(OWN, 3, CONTENT, words))[0]["choices"][0]["index"] == 3
    assert joined_choices(unframed(api.writer(read(api)).more(OWN, 3, CONTENT, words))) == [(words, None)]


@BOTH
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b'"m"', b'"m","obfuscation":"abc"'),
        lambda data: data.replace(b'"finish_reason": null', b'"finish_reason": "stop"'),
        lambda data: data.replace(b'"logprobs": null', b'"logprobs": {"tokens": []}'),
        lambda data: data.replace(b'"index": 0', b'"index": 0, "hidden": "x"'),
        lambda data: data.replace(b'"model": "m"', b'"model": "m", "content": "x", "text": "x"'),
        lambda data: data.replace(b'"created": 1700000000', b'"created": "now"'),
        lambda data: data.replace(b"chunk", b"other").replace(b"text_completion", b"other"),
        lambda data: data + b"}",
        lambda data: data[:-3],
        lambda data: b"",
        lambda data: b'{"content":"',
        lambda data: b'{"content":"x\\',
    ],
)  # fmt: skip
def test_an_event_that_says_more_than_text_has_no_form(api: Api, spoil: Any) -> None:
    assert form_in(api, spoil(data_of(api, "Hello"))) is None


@BOTH
@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b'"m"', f'"{FORBIDDEN}"'.encode()),
        lambda data: data.replace(b'"m"', b'"\\u006d"'),
        lambda data: data.replace(b'"m"', b'\n"m"'),
    ],
)  # fmt: skip
def test_what_could_be_read_as_part_of_an_answer_does_not_go_on(api: Api, spoil: Any) -> None:
    """It has a form, so that its text is read by a short way; what leaves is written anew."""
    answer = GovernedStream(api, read(api, stream=True), open_session(), OWN)
    answer.event(spoil(data_of(api, "Hello there, ")))
    data = spoil(data_of(api, " and \n"))
    sent = answer.event(data)
    assert [text for text, _ in joined_choices(unframed(sent))] == [" and \n"]
    assert FORBIDDEN.encode() not in sent
    assert sent != framed(data)
    assert sent.count(b"\n") == 2


@BOTH
def test_bytes_that_are_not_alike_are_not_taken_for_it(api: Api) -> None:
    form = form_in(api, data_of(api, "Hello"))
    assert form is not None
    good = data_of(api, "x")
    assert form.text_in(framed(good)) == "x"
    for other in (
        good.replace(b'"x"', b'"x", "hidden": "y"'), good.replace(b'"x"', b'"x'), good.replace(b'"x"', b'"\xff"'),
        good.replace(b'"x"', b'"x\x01"'), good.replace(b'"x"', b'null'), good.replace(b'"m"', b'"n"'), good[:-1], b"",
        good * 2, good + b" ", b" " + good,
    ):  # fmt: skip
        assert form.text_in(framed(other)) is None


@BOTH
def test_what_stands_around_an_answer_is_looked_at_once_for_all_answers(api: Api) -> None:
    session = open_session()
    looked: list[str] = []
    known = type(session).clean

    class Watched(type(session)):  # type: ignore[misc]  # a class that is made here
        def clean(self, text: str) -> bool:
            looked.append(text)
            return known(self, text)

    session.__class__ = Watched
    for number in (1, 2):
        answer = GovernedStream(api, read(api, stream=True), session, OWN)
        for text in ("Hello there, ", " and \n"):
            data = data_of(api, text).replace(b"1700000000", b"170000000%d" % number)
            data = data.replace(b'"id": "', b'"id": "answer-%d-' % number)
            sent = answer.event(data)
        assert sent == framed(data)
    longest = sorted(looked, key=len)[-2:]
    assert longest[0] == longest[1], "without what is the answer's alone it is the same text, and remembered"


@pytest.mark.requirement("TR-8")
@BOTH
@given(data=st.data(), text=st.text(f'ab {FORBIDDEN}\n"é😀', max_size=40))
def test_the_short_way_gives_what_the_long_way_gives(api: Api, data: st.DataObject, text: str) -> None:
    events = [data_of(api, part) for part in data.draw(cuttings(f"x {text} {FORBIDDEN} y"))]
    events.append(data_of(api, "", finish_reason="stop"))
    out = []
    for short in (True, False):
        request, session = read(api, stream=True), open_session()
        sent_on(api, request, session, system_is_ours=False)
        answer = GovernedStream(api, request, session, OWN)
        if not short:
            answer._reader = LongWay(answer._reader)
        out.append(unframed(b"".join(map(answer.event, events)) + answer.end()))
    assert joined_choices(out[0]) == joined_choices(out[1])
    assert out[0][-1]["ordinance"] == out[1][-1]["ordinance"]


def joined_choices(events: list[dict[str, Any]]) -> list[tuple[str, object]]:
    """Each event's text and reason; members that say nothing may be absent."""
    choices = [event["choices"][0] for event in events]
    return [
        (choice.get("text", choice.get("delta", {}).get("content", "")), choice["finish_reason"]) for choice in choices
    ]


@BOTH
def test_an_upstreams_own_words_at_the_top_pass_where_they_are_harmless(api: Api) -> None:
    for model, own in (("m", False), (FORBIDDEN, True)):
        answer = GovernedStream(api, read(api, stream=True), open_session(), OWN)
        (event,) = unframed(answer.event(data_of(api, "Hello there, ").replace(b'"m"', f'"{model}"'.encode())))
        assert (event["id"] == "own") is own


@BOTH
def test_each_of_several_choices_has_a_form_of_its_own(api: Api) -> None:
    request = read(api, stream=True, n=2)
    answer = GovernedStream(api, request, open_session(), OWN)
    for index, text in ((0, "One "), (1, "Two "), (0, "and "), (1, "and \n")):
        data = data_of(api, text, index=index)
        assert answer.event(data) == framed(data)
    assert answer.event(data_of(api, FORBIDDEN, index=1)) == b""
    sent = unframed(answer.event(data_of(api, " more", index=0)) + answer.event(data_of(api, "x. y", index=1)))
    texts = [text for text, _ in joined_choices(sent)]
    assert texts == [" more", f"{FORBIDDEN}x. y"]
    assert [one["choices"][0]["index"] for one in sent] == [0, 1]
