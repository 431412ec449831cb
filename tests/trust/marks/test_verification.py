"""What a third party finds: each answer as it was signed is verified, and each change of it is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ordinance.errors import TrustError
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.whole import govern_whole
from ordinance.runtime.imprint import digest_of
from ordinance.trust.marks import jws
from ordinance.trust.marks.verification import Verified, verify
from support.bundles import key, public
from support.governing import OWN, read, unframed
from support.marked import APIS, PROVIDER, PUBLIC, SAID, SIGNER, THOUGHT, opened, said, streamed, whole
from support.serving import DONE, chunk, completion, event
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE

SHOWN = f"{MACHINE['en']}\n\n{SAID.replace(FORBIDDEN, '⟦…⟧')}\n\n{OMITTED['en']}"
Change = Callable[[Any], object]


def now() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


def codes(data: bytes, *keys: bytes) -> list[str]:
    return [each.code for each in verify(data, "answer", keys or (PUBLIC,), now())[1]]


def signed(data: bytes) -> Verified:
    found, troubles = verify(data, "answer", [PUBLIC], now())
    assert not troubles
    assert found is not None
    return found


def changed(data: bytes, change: Change) -> bytes:
    value = json.loads(data)
    change(value)
    return json.dumps(value).encode()


def claims(data: bytes) -> dict[str, Any]:
    token = json.loads(data)["ordinance"]["signature"]
    found = jws.claims_in(token, PUBLIC)
    assert found is not None
    return found


def resigned(value: dict[str, Any], **more: Any) -> None:
    """Sign an answer once more, as its provider could, with other claims."""
    said = jws.claims_in(value["ordinance"].pop("signature"), PUBLIC)
    assert said is not None
    again = {**said, "metadata": digest_of(value["ordinance"]), **more}
    value["ordinance"]["signature"] = jws.sign(again, key("provider"), "test-key")


# as it was signed


@pytest.mark.requirement("TR-4")
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_an_answer_is_verified_whole_and_streamed_and_says_which_text_that_is(api: Api) -> None:
    size = len(SHOWN.encode())
    thought = [] if api is COMPLETIONS else [(0, "reasoning", len(THOUGHT))]
    for data in (whole(api), streamed(api)):
        found = signed(data)
        assert (found.provider, found.key, found.request) == (PROVIDER, "test-key", "r1")
        assert list(found.texts) == [*thought, (0, "text", size)]
        assert found.policy == "0123456789abcdef" * 4
    assert signed(whole(api, f"A {RED_LINE}.")).texts[0][1] == "text"  # a refusal leaves nothing but notices
    assert signed(streamed(api, said(api, "Plain words."))).calls == 0


@pytest.mark.parametrize("api", [CHAT, RESPONSES], ids=lambda api: api.path)
def test_a_refusal_of_the_model_is_covered(api: Api) -> None:
    data = streamed(api, [("refusal", ["I will ", "not."])])
    assert [name for _, name, _ in signed(data).texts] == ["refusal", "text"]
    assert "mark-text" in codes(data.replace(b"not.", b"do."))


@pytest.mark.parametrize("api", [CHAT, RESPONSES, MESSAGES], ids=lambda api: api.path)
def test_tool_calls_are_counted_and_not_covered(api: Api) -> None:
    if api is CHAT:
        answer = whole(CHAT)
        call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        assert signed(changed(answer, lambda a: a["choices"][0]["message"].update(tool_calls=[call]))).calls == 1
        return
    data = streamed(api, [("text", ["Hello. "]), ("call", "look", ['{"a": ', "1}"]), ("text", ["Bye."])])
    found = signed(data)
    assert found.calls == 1
    assert found.texts[0][:2] == (0, "text")


def test_each_choice_has_its_digests_and_none_can_be_added_or_taken_away() -> None:
    session, request = opened(whole=True), read(CHAT, n=2)
    data = json.dumps(
        govern_whole(CHAT, json.dumps(completion("One.", "Two.")).encode(), request, session).written(OWN)
    ).encode()
    assert [each[0] for each in signed(data).texts] == [0, 1]
    assert codes(changed(data, lambda a: a["choices"].pop())) == ["mark-text"]
    assert codes(changed(data, lambda a: a["choices"].append({**a["choices"][0], "index": 2}))) == ["mark-text"]
    assert "mark-text" in codes(changed(data, lambda a: a["choices"].append({**a["choices"][0], "index": 1})))


def test_a_stream_is_verified_as_events_and_as_a_line_of_json_each() -> None:
    data = streamed(CHAT)
    lines = b"\n".join(json.dumps(each).encode() for each in unframed(data))
    assert signed(lines) == signed(data)
    assert signed(data.replace(b"\n", b"\r\n")) == signed(b": a comment\n\n" + data)


# forged, replayed, stripped

CHANGES: dict[str, tuple[str, Change]] = {
    "a text": ("mark-text", lambda a: a["choices"][0]["message"].update(content=SHOWN.replace("Köln", "Bonn"))),
    "a text in another normal form": (
        "mark-text", lambda a: a["choices"][0]["message"].update(content=SHOWN.replace("ö", "o\u0308"))
    ),
    "a notice taken away": (
        "mark-text", lambda a: a["choices"][0]["message"].update(content=SHOWN.removesuffix(f"\n\n{OMITTED['en']}"))
    ),
    "no text": ("mark-text", lambda a: a["choices"][0]["message"].update(content=None)),
    "thoughts taken away": ("mark-text", lambda a: a["choices"][0]["message"].pop("reasoning")),
    "thoughts added": ("mark-text", lambda a: a["choices"][0]["message"].update(reasoning_content="More.")),
    "a refusal added": ("mark-text", lambda a: a["choices"][0]["message"].update(refusal="No.")),
    "parts in place of a text": ("mark-part", lambda a: a["choices"][0]["message"].update(content=[{"text": SHOWN}])),
    "a part": ("mark-part", lambda a: a["choices"][0]["message"].update(audio={"data": "AAAA"})),
    "two texts of one choice": ("mark-part", lambda a: a["choices"][0].update(text="Another.")),
    "another protocol's text beside it": ("mark-part", lambda a: a.update(output=[])),
    "another id": ("mark-answer", lambda a: a.update(id="chatcmpl-other")),
    "no id": ("mark-answer", lambda a: a.pop("id")),
    "another model": ("mark-answer", lambda a: a.update(model="better")),
    "the verdict": ("mark-metadata", lambda a: a["ordinance"].update(verdict="pass")),
    "the policy's digest": ("mark-metadata", lambda a: a["ordinance"]["policy"].update(digest="f" * 64)),
    "a notice in the metadata": ("mark-metadata", lambda a: a["ordinance"]["notices"].pop()),
    "the mark in the metadata": ("mark-metadata", lambda a: a["ordinance"].update(marks=[])),
    "something added to the metadata": ("mark-metadata", lambda a: a["ordinance"].update(human=True)),
    "no signature": ("mark-missing", lambda a: a["ordinance"].pop("signature")),
    "an empty signature": ("mark-missing", lambda a: a["ordinance"].update(signature=None, unsigned="no_key")),
    "no metadata": ("mark-missing", lambda a: a.pop("ordinance")),
    "not a signature": ("mark-form", lambda a: a["ordinance"].update(signature={"sig": "AAAA"})),
    "claims of another form": ("mark-form", lambda a: resigned(a, choices="all")),
    "places that are none": (
        "mark-form", lambda a: resigned(a, choices=[{**claims_of(a)["choices"][0], "additions": [[5, 2]]}])
    ),
    "places that are no list": (
        "mark-form", lambda a: resigned(a, choices=[{**claims_of(a)["choices"][0], "additions": 7}])
    ),
    "a time to come": ("mark-time", lambda a: resigned(a, time="2126-12-02T09:00:00Z")),
    "a time that is none": ("mark-time", lambda a: resigned(a, time="soon")),
}  # fmt: skip


def claims_of(answer: dict[str, Any]) -> dict[str, Any]:
    return jws.claims_in(answer["ordinance"]["signature"], PUBLIC) or {}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found(what: str) -> None:
    code, change = CHANGES[what]
    assert code in codes(changed(whole(CHAT), change))


def test_a_signature_is_worth_nothing_under_another_answer() -> None:
    first, second = json.loads(whole(CHAT, "One.")), json.loads(whole(CHAT, "Two."))
    second["ordinance"] = first["ordinance"]
    assert codes(json.dumps(second).encode()) == ["mark-text"]


def test_another_key_and_another_name_of_it_are_found() -> None:
    data = whole(CHAT)
    assert codes(data, public("anna")) == ["mark-signature"]
    assert codes(data, public("anna"), PUBLIC) == []
    forged = whole(CHAT, sign=type(SIGNER)(PROVIDER, "test-key", key("anna")))
    assert codes(forged) == ["mark-signature"]


def parts(token: str) -> list[bytes]:
    return [jws._unpacked(part) for part in token.split(".")]


def joined(*found: bytes) -> str:
    return ".".join(map(jws._packed, found))


HEADERS = {
    "no algorithm": b'{"alg":"none","kid":"k","typ":"ordinance-mark+jws"}',
    "a shared secret": b'{"alg":"HS256","kid":"k","typ":"ordinance-mark+jws"}',
    "a key of its own": b'{"alg":"EdDSA","jwk":{"kty":"OKP"},"kid":"k","typ":"ordinance-mark+jws"}',
    "an extension": b'{"alg":"EdDSA","crit":["b64"],"b64":false,"kid":"k","typ":"ordinance-mark+jws"}',
    "another type": b'{"alg":"EdDSA","kid":"k","typ":"JWT"}',
    "a member twice": b'{"alg":"EdDSA","alg":"EdDSA","kid":"k","typ":"ordinance-mark+jws"}',
    "no object": b"[]",
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_is_not_a_mark_s_is_refused_even_if_the_provider_signed_it(what: str) -> None:
    def change(answer: dict[str, Any]) -> None:
        _, payload, _ = parts(answer["ordinance"]["signature"])
        signed_bytes = joined(HEADERS[what], payload).encode()
        made = joined(HEADERS[what], payload, key("provider").sign(signed_bytes))
        answer["ordinance"]["signature"] = made

    assert codes(changed(whole(CHAT), change)) == ["mark-form"]


def test_every_bit_of_a_signature_counts() -> None:
    data = whole(CHAT)
    token = json.loads(data)["ordinance"]["signature"]
    for at in range(0, len(token), 7):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        found = codes(changed(data, lambda a, other=other: a["ordinance"].update(signature=other)))  # type: ignore[misc]
        assert found in (["mark-form"], ["mark-signature"]), at
    for more in ("=", ".", " ", "\n", "."):
        assert codes(changed(data, lambda a, more=more: a["ordinance"].update(signature=token + more))) == ["mark-form"]  # type: ignore[misc]


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_an_event_that_is_missing_changed_or_added_is_found(api: Api) -> None:
    data = streamed(api)
    events = [each for each in data.split(b"\n\n") if each]
    spoken = [
        number
        for number, each in enumerate(events)
        if SAID[-4:-3] in each.decode() and not re.search(b"done|completed", each[:60])
    ]
    assert spoken
    assert codes(b"\n\n".join(events[:-2])) == ["mark-missing"]  # a stream that somebody cut off
    for number in spoken:
        assert "mark-text" in codes(b"\n\n".join(events[:number] + events[number + 1 :]))
        assert "mark-text" in codes(b"\n\n".join([*events[: number + 1], *events[number:]]))
    assert set(codes(data.replace("再".encode(), "見".encode()).replace(b"\\u518d", b"\\u898b"))) == {"mark-text"}
    last = next(each for each in events if b'"signature"' in each and b"ordinance" in each)
    assert codes(data + last + b"\n\n") != []


@pytest.mark.parametrize(
    "kind",
    ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
)
def test_each_copy_of_a_text_is_compared(kind: str) -> None:
    events = []
    for each in unframed(streamed(RESPONSES)):
        if each["type"] == kind:
            each = json.loads(json.dumps(each).replace("Look at", "Look past"))
        events.append(event(each))
    assert codes(b"".join(events)) == ["mark-text"]


def test_the_last_object_of_a_response_cannot_be_emptied() -> None:
    events = unframed(streamed(RESPONSES))
    events[-1]["response"]["output"] = []
    assert set(codes(b"".join(map(event, events)))) == {"mark-text"}


@pytest.mark.parametrize("kind", ["response.content_part.added", "response.output_item.added"])
def test_a_text_with_which_a_part_or_an_item_begins_is_compared(kind: str) -> None:
    """Clients add what comes later to it; Ordinance begins with nothing."""
    events = unframed(streamed(RESPONSES))
    begun = next(each for each in events if each["type"] == kind and "msg_" in json.dumps(each))
    if "part" in begun:
        begun["part"]["text"] = "Another. "
    else:
        begun["item"]["content"] = [{"type": "output_text", "text": "Another. "}]
    assert set(codes(b"".join(map(event, events)))) == {"mark-text"}


def test_a_text_in_an_item_that_is_called_incomplete_is_compared() -> None:
    events = unframed(streamed(RESPONSES))
    done = [each for each in events if each["type"] == "response.output_item.done"][-1]
    done["item"]["status"], done["item"]["content"][0]["text"] = "incomplete", "Another."
    assert codes(b"".join(map(event, events))) == ["mark-text"]


def test_a_text_that_a_library_wrote_beside_the_items_is_compared() -> None:
    def say(text: object) -> Change:
        return lambda answer: answer.update(output_text=text)

    data = whole(RESPONSES)
    assert codes(changed(data, say(SHOWN))) == codes(changed(data, say(None))) == []
    assert codes(changed(data, say("Another."))) == codes(changed(data, say(""))) == ["mark-text"]
    assert codes(changed(data, say(5))) != []
    events = unframed(streamed(RESPONSES))
    events[-1]["response"]["output_text"] = "Another."
    assert codes(b"".join(map(event, events))) == ["mark-text"]


@pytest.mark.parametrize("name", ["Content", "CHOICES", "Ordinance", "Message"])
def test_a_member_in_other_letters_makes_an_answer_unreadable(name: str) -> None:
    """Some libraries read it for the one that was signed."""
    data = whole(CHAT)
    other = data.replace(b'"content":', f'"{name}": "Another.", "content":'.encode(), 1)
    assert codes(other) == ["answer-unreadable"]


def test_a_stream_of_several_choices_and_one_in_a_form_is_verified() -> None:
    session, request = opened(whole=False), read(CHAT, stream=True, n=2)
    stream = GovernedStream(CHAT, request, session, OWN)
    events = [chunk(1, content="Two, "), chunk(0, content=f"the {FORBIDDEN} "), chunk(1, content="and more.")]
    events += [chunk(0, finish="stop"), chunk(1, finish="length")]
    data = b"".join(stream.take(event(each)) for each in events) + stream.end()
    assert [each[:2] for each in signed(data).texts] == [(0, "text"), (1, "text")]
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    session, request = opened(whole=False), read(CHAT, stream=True, response_format=form)
    stream = GovernedStream(CHAT, request, session, OWN)
    events = [chunk(content='{"a": "See the '), chunk(content=f'{FORBIDDEN}."}}'), chunk(finish="stop")]
    data = b"".join(stream.take(event(each)) for each in events) + stream.end()
    assert [name for _, name, _ in signed(data).texts] == ["refusal", "text"]  # the notice is where helpers look
    assert "mark-text" in codes(data.replace("⟦…⟧".encode(), b"flag"))


def test_a_member_that_stands_twice_makes_an_answer_unreadable() -> None:
    data = whole(CHAT)
    twice = data.replace(b'"content":', b'"content": "Another.", "content":', 1)
    assert codes(twice) == ["answer-unreadable"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff", b"hello", b'{"a": 1}', b"[" * 100_000, DONE, b"data: 5\n\n"]
)
def test_what_is_no_answer_is_unreadable(data: bytes) -> None:
    assert codes(data) == ["answer-unreadable"]


@pytest.mark.parametrize("odd", [[], {}, [1], 5, "text", None, True], ids=json.dumps)
def test_a_member_of_another_type_is_named_and_never_a_traceback(odd: object) -> None:
    kinds: list[Any] = [
        {"type": "message", "content": [{"type": odd}]},
        {"output": [{"type": odd}]},
        {"output": [{"type": "message", "content": odd}, odd]},
        {"type": "message_start", "message": odd},
        {"type": "message_start", "message": {"content": odd}},
        {"type": "content_block_start", "content_block": {"type": odd}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": odd}},
        {"type": "response.created", "response": {"output": odd, "id": odd}},
        {"type": "response.content_part.added", "part": odd},
        {"type": "response.output_item.added", "item": {"type": odd}},
        {"type": "response.output_item.done", "item": {"type": odd}},
    ]
    for each in kinds:
        assert codes(json.dumps(each).encode()) == ["mark-missing"], each


def test_where_the_library_has_no_such_signatures_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: bytes) -> None:
        raise UnsupportedAlgorithm("as where OpenSSL was told to leave it out")

    data = whole(CHAT)
    monkeypatch.setattr(Ed25519PublicKey, "from_public_bytes", refuse)
    with pytest.raises(TrustError) as caught:
        codes(data)
    assert caught.value.code == "trust-library"


def test_an_answer_without_a_key_says_that_it_is_not_signed() -> None:
    data = whole(CHAT, sign=None)
    told = json.loads(data)["ordinance"]
    assert (told["signature"], told["unsigned"], len(told["marks"])) == (None, "no_key", 1)
    assert codes(data) == ["mark-missing"]
