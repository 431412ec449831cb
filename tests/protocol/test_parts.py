"""Parts of a request that are not text: refused, unless the operator takes them; then only as data in the request."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.parts import read_parts
from ordinance.protocol.problems import Problem
from ordinance.protocol.strings import Inline, strings
from support.governing import ASKED, open_session, read
from support.parts import DATA, INLINE, NEVER, PLACES, REFERRING, URI, Put, picture, source
from support.plans import expressions, mask, plan
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream
from support.small_plan import RED_LINE

ALL = frozenset({"image", "audio", "video", "file"})
EVERYWHERE = pytest.mark.parametrize(("api", "place", "put"), PLACES)


def asked(api: Api, fields: dict[str, Any], *words: str) -> Request:
    body = {"model": "m", **ASKED[api.path], **fields}
    return api.read_request(json.dumps(body).encode(), frozenset(words))


def refusal(api: Api, fields: dict[str, Any], *words: str) -> Problem:
    with pytest.raises(Problem) as caught:
        asked(api, fields, *words)
    assert (caught.value.status, caught.value.code) == (400, "part_refused")
    return caught.value


# what is not taken


@pytest.mark.requirement("CC-1")
@EVERYWHERE
@pytest.mark.parametrize("word", INLINE)
def test_a_part_that_is_not_text_is_refused_unless_the_operator_takes_it(
    api: Api, place: str, put: Put, word: str
) -> None:
    for part in INLINE[word]:
        problem = refusal(api, put(part), *(ALL - {word}))
        assert problem.param == place
        assert f"`{part['type']}`" in problem.message
        assert f"`parts: [{word}]`" in problem.message, "the way to allow it"
        assert DATA not in problem.message
        sent = sent_on(api, asked(api, put(part), word), open_session(), system_is_ours=False)
        assert sent is not None
        body = json.loads(sent)
        assert {name: body[name] for name in put(part)} == put(part), "it goes upstream as it came"


@EVERYWHERE
@pytest.mark.parametrize("word", REFERRING)
def test_an_address_or_a_reference_is_followed_for_nobody(api: Api, place: str, put: Put, word: str) -> None:
    for part in REFERRING[word]:
        problem = refusal(api, put(part), word)
        assert problem.param == place
        assert "must contain its data" in problem.message
        assert "10.0.0.1" not in problem.message
        assert "example.org" not in problem.message


@EVERYWHERE
def test_what_is_not_known_or_cannot_be_looked_at_is_refused_whatever_is_taken(api: Api, place: str, put: Put) -> None:
    for part in NEVER:
        if isinstance(part, list | None | int) and place == "messages.0.content":
            continue  # no part, but the content itself
        problem = refusal(api, put(part), *ALL)
        assert problem.param is not None
        assert problem.param.startswith(place)
        assert "words-of-the-client" not in problem.message


def test_a_picture_in_a_document_needs_a_word_of_its_own() -> None:
    document = {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": "x"}, picture()]},
    }
    fields = {"messages": [{"role": "user", "content": [document]}]}
    assert refusal(MESSAGES, fields, "file").param == "messages.0.content.0.source.content.1"
    asked(MESSAGES, fields, "file", "image")
    file = {"type": "file", "file": {"file_data": URI}}
    refusal(CHAT, {"messages": [{"role": "user", "content": [file]}]}, "file")
    asked(CHAT, {"messages": [{"role": "user", "content": [file]}]}, "file", "image")


@pytest.mark.parametrize("name", ["audio", "images", "image_url", "video_url", "file_id", "prompt_embeds"])
def test_a_message_holds_it_in_no_other_member(name: str) -> None:
    user = {"role": "user", "content": "x", name: {"id": URI}}
    assert refusal(CHAT, {"messages": [user]}, *ALL).param == "messages.0"
    assert refusal(MESSAGES, {"messages": [user]}, *ALL).param == "messages.0"
    asked(CHAT, {"messages": [{**user, name: None}]})


def test_embeddings_are_never_taken() -> None:
    assert refusal(COMPLETIONS, {"prompt_embeds": DATA}, *ALL).param == "prompt_embeds"
    body = asked(CHAT, {"prompt_embeds": DATA}, *ALL).body
    assert "prompt_embeds" not in body


def test_parts_lie_in_parts_only_so_deep() -> None:
    part: Any = {"type": "text", "text": "x"}
    for depth in range(1, 400):
        part = {"type": "tool_result", "tool_use_id": "x", "content": [part]}
        fields = {"messages": [{"role": "user", "content": [part]}]}
        if depth <= 8:
            asked(MESSAGES, fields)
        elif depth in (9, 399):
            refusal(MESSAGES, fields)


def test_what_calls_a_tool_is_no_part() -> None:
    """Arguments and schemas are the client's own, whatever their members are called."""
    call = {"type": "tool_use", "id": "x", "name": "show", "input": {"image_url": "http://10.0.0.1/x.png", "file": 1}}
    asked(MESSAGES, {"messages": [{"role": "assistant", "content": [call]}]})
    schema = {"type": "object", "properties": {"image": {"type": "string"}, "file_id": {"type": "string"}}}
    asked(CHAT, {"tools": [{"type": "function", "function": {"name": "show", "parameters": schema}}]})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["text", "image_url", URI, DATA, "http://x/y", "base64"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "image_url", "url", "source", "data", "media_type", "content", "file", "uuid"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.frozensets(st.sampled_from(sorted(ALL))))
def test_whatever_a_content_is_it_is_refused_or_holds_no_address(content: Any, words: frozenset[str]) -> None:
    try:
        read = read_parts(content, "content", words)
    except Problem as problem:
        assert problem.code == "part_refused"  # noqa: PT017 - either is right
        return
    assert read == content
    for part in read if isinstance(read, list) else [read]:
        if isinstance(part, dict) and part.get("type") != "text" and "text" not in part:
            assert any(isinstance(each, Inline) for each in members(part))
            assert not any("http" in each for each in strings(part))


def members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [each for member in value.values() for each in members(member)]
    return [each for item in value for each in members(item)] if isinstance(value, list) else [value]


# what is looked at


@pytest.mark.semantics(4)
@pytest.mark.parametrize(
    "part",
    [
        {"type": "text", "text": RED_LINE},
        picture(detail=RED_LINE),
        picture(URI.replace("png", RED_LINE.replace(" ", "."))),
        {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{DATA}", "filename": RED_LINE}},
        {"type": "input_audio", "input_audio": {"data": DATA, "format": RED_LINE.replace(" ", "-")}},
    ],
)
def test_the_text_beside_a_picture_is_looked_at(part: Any) -> None:
    request = asked(CHAT, {"messages": [{"role": "user", "content": [picture(), part]}]}, *ALL)
    assert sent_on(CHAT, request, open_session(), system_is_ours=False) is None


@pytest.mark.semantics(4)
@pytest.mark.parametrize("more", [{"title": RED_LINE}, {"context": RED_LINE}, {"cache_control": {"type": RED_LINE}},
                                  {"source": {"type": "text", "media_type": "text/plain", "data": RED_LINE}},
                                  {"source": {"type": "content", "content": f"the {RED_LINE}"}},
                                  {"source": source(f"application/{RED_LINE.replace(' ', '.')}")}])  # fmt: skip
def test_the_text_in_and_beside_a_document_is_looked_at(more: dict[str, Any]) -> None:
    document = {"type": "document", "source": source("application/pdf"), **more}
    request = asked(MESSAGES, {"messages": [{"role": "user", "content": [document]}]}, *ALL)
    assert sent_on(MESSAGES, request, open_session(), system_is_ours=False) is None


SPELT = base64.b64encode(RED_LINE.encode()).decode() + RED_LINE.replace(" ", "")


@pytest.mark.semantics(4)
@pytest.mark.semantics(8)
@pytest.mark.parametrize(
    "part",
    [
        picture(f"data:image/png;base64,{SPELT}"),
        {"type": "image", "source": source("image/png", SPELT)},
        {"type": "input_audio", "input_audio": {"data": SPELT, "format": "wav"}},
    ],
)
def test_the_data_is_no_text(part: Any) -> None:
    """Letters that happen to spell something are neither a finding nor masked."""
    fields = {"messages": [{"role": "user", "content": [part]}]}
    coding = plan(
        [mask("DE/codes", "code", channels=frozenset({Channel.PROMPT}))],
        {"code": expressions((), ("opaquered[a-z]{4}",))},
    )
    for session in (open_session(), open_session(coding)):
        sent = sent_on(CHAT, asked(CHAT, fields, *ALL), session, system_is_ours=False)
        assert sent is not None
        assert json.loads(sent)["messages"] == fields["messages"]
    spelt = {"messages": [{"role": "user", "content": [{"type": "text", "text": SPELT}]}]}
    assert sent_on(CHAT, read(CHAT, **spelt), open_session(), system_is_ours=False) is None


# by HTTP


def post(gateway: RunningGateway, body: Any, path: str = CHAT.path) -> httpx2.Response:
    return httpx2.post(gateway.address + path, json=body, timeout=PATIENCE * 3, trust_env=False)


def looking(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}], **more}


@EVERYWHERE
def test_the_upstream_is_not_asked(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, api: Api, place: str, put: Put
) -> None:
    gateway, taking = open_gateway(), open_gateway(parts=["image"])
    for where, part in ((gateway, picture()), (taking, picture("http://10.0.0.1/x.png"))):
        answer = post(where, {"model": "m", **ASKED[api.path], **put(part)}, api.path)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "part_refused"
        assert place in answer.text
        assert "10.0.0.1" not in answer.text
    assert upstream.asked == []


def test_a_picture_reaches_the_upstream_as_it_came(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    gateway = open_gateway(parts=["image"])
    body = looking({"type": "text", "text": "What is it?"}, picture(), stream=True)
    assert post(gateway, body).status_code == 200
    assert upstream.asked[-1].json["messages"][-1] == body["messages"][-1]


@pytest.mark.parametrize("taken", [[], ["image"]])
def test_a_count_of_tokens_takes_the_same_parts(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, taken: list[str]
) -> None:
    async def counting(wire: Any) -> None:
        await wire.json({"input_tokens": 5})

    upstream.script = counting
    gateway = open_gateway(parts=taken)
    path = "/v1/messages/count_tokens"
    image = {"type": "image", "source": source("image/png")}
    address = {"type": "image", "source": {"type": "url", "url": "http://10.0.0.1/x.png"}}
    assert [post(gateway, looking(part), path).status_code for part in (address, image)] == [400, 200 if taken else 400]
    assert [one.json["messages"] for one in upstream.asked] == ([looking(image)["messages"]] if taken else [])


def large(size: int) -> str:
    return "data:image/jpeg;base64," + "A" * (size - 23)


LIMITS = {"body_bytes": 50_000, "parts_bytes": 400_000}


@pytest.mark.parametrize(
    ("parts", "body", "status", "code"),
    [
        (["image"], looking(picture(large(399_000))), 200, ""),
        (["image"], looking(picture(large(399_000)), {"type": "text", "text": "a b " * 12_000}), 200, ""),
        (["image"], looking(picture(large(300_000)), picture(large(120_000))), 413, "parts_too_large"),
        (["image"], looking(picture(large(401_000))), 413, "parts_too_large"),
        (["image"], looking(picture(large(500_000))), 413, "body_too_large"),
        (["image"], looking(picture(large(900)), {"type": "text", "text": "a b " * 13_000}), 413, "body_too_large"),
        (["image"], looking(picture(large(900)), {"type": "text", "text": "A" * 52_000}), 413, "body_too_large"),
        (["image"], looking(x=[0] * 60_000), 413, "body_too_large"),
        (["image"], looking({"type": "text", "text": "a"}, x="A" * 60_000), 413, "body_too_large"),
        ([], looking(picture(large(40_000))), 400, "part_refused"),
        ([], looking(picture(large(60_000))), 413, "body_too_large"),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_data_has_a_limit_of_its_own(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, parts: list[str], body: Any, status: int, code: str
) -> None:
    gateway = open_gateway(parts=parts, limits=LIMITS)
    raw = json.dumps(body).encode()
    for content in (raw, iter([raw[:1000], raw[1000:]])):
        answer = httpx2.post(
            gateway.address + CHAT.path, content=content, headers={"content-type": "application/json"},
            timeout=PATIENCE * 3, trust_env=False,
        )  # fmt: skip
        assert (answer.status_code, answer.json().get("error", {}).get("code", "")) == (status, code)
    assert len(upstream.asked) == (2 if status == 200 else 0)


def test_what_cannot_be_data_is_not_even_decoded(open_gateway: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON in memory is many times its size; a body of the whole size that is all brackets would be."""
    decoded: list[int] = []
    monkeypatch.setattr(CHAT.__class__, "read_request", lambda *_: decoded.append(1))
    gateway = open_gateway(parts=["image"], limits=LIMITS)
    raw = b'{"messages":[],"x":[' + b"[]," * 130_000 + b"[]]}"
    answer = httpx2.post(
        gateway.address + CHAT.path, content=raw, headers={"content-type": "application/json"}, trust_env=False,
        timeout=PATIENCE,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert decoded == []


def test_a_telephones_photo_passes_under_the_limits_of_the_settings(
    open_gateway: OpenGateway, upstream: ScriptedUpstream
) -> None:
    gateway = open_gateway(parts=["image"])
    photo = looking(picture(large(8_000_000 * 4 // 3)))
    assert post(gateway, photo).status_code == 200
    assert upstream.asked[-1].json["messages"][-1] == photo["messages"][-1]
