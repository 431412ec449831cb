"""Everything through which a model's text can leave, over real HTTP: no secret is on the wire in any field.

The check itself is checked: sent past Ordinance, each of these answers shows its secret.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx2
import openai
import pytest

from support.fields import ASK, CHAT, COMPLETIONS, FIELDS, RESPONSES, script_of
from support.governing import piece
from support.serving import (
    DONE,
    PATIENCE,
    OpenGateway,
    RunningGateway,
    ScriptedUpstream,
    Wire,
    chunk,
    completion,
    event,
)
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED

pytestmark = pytest.mark.server

SECRETS = {"withhold": FORBIDDEN, "refuse": RED_LINE}
CASES = [
    (path, field, kind) for path, fields in FIELDS.items() for field, kind in itertools.product(fields("x y"), SECRETS)
]


def shows(wire: str, secret: str) -> bool:
    """Whether an answer's bytes tell the secret, in one piece or as tokens, and not in the name of a rule or law."""
    text = wire.replace("DE/flags", "").replace("red_line", "")
    parts = [word for word in secret.split(" ") if len(word) > 4]
    return any(part in text for part in (secret, *parts))


@pytest.mark.requirement("TR-3")
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(4)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "field", "kind"), CASES)
def test_no_field_lets_a_secret_leave(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, field: str, kind: str, stream: bool
) -> None:
    secret = SECRETS[kind]
    upstream.script = script_of(path, field, secret)
    asked = {**ASK[path], "stream": stream, "stop": ["END"], "stop_sequences": ["END"]}
    asked |= {"logprobs": True if path == CHAT else 5} if path in (CHAT, COMPLETIONS) else {}
    past = httpx2.post(upstream.url.removesuffix("/v1") + path, json=asked, timeout=PATIENCE, trust_env=False)
    assert shows(past.text, secret), "the check sees nothing, so it proves nothing"
    answer = httpx2.post(gateway.address + path, json=asked, timeout=PATIENCE, trust_env=False)
    assert answer.status_code == 200
    assert not shows(answer.text + str(answer.headers), secret), answer.text
    governed = {
        "content", "reasoning", "reasoning_content", "refusal", "arguments", "name", "function_call", "logprobs",
        "text", "tokens", "custom",
    }  # fmt: skip
    notice = json.dumps((OMITTED if kind == "withhold" else REFUSED)["en"], ensure_ascii=False)[1:-1]
    told = 6 if path == RESPONSES and stream else 2  # that protocol has each text five times on a stream
    assert answer.text.count(notice) == (told if field in governed else 0), "once in the content, once in the metadata"


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(19)
@pytest.mark.parametrize("stream", [False, True])
def test_each_choice_answers_for_its_own_fields(
    gateway: RunningGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    async def script(wire: Wire) -> None:
        if not stream:
            answer = completion("One.", "Two.", "Three.")
            answer["choices"][1]["message"]["reasoning"] = f"A {FORBIDDEN}."
            answer["choices"][2]["message"]["refusal"] = f"A {RED_LINE}."
            await wire.json(answer)
            return
        await wire.head()
        await wire.send(event(chunk(1, reasoning="A forb")), event(chunk(0, content="One.")))
        await wire.send(event(chunk(2, refusal="A opaque red")), event(chunk(1, reasoning="idden flag.")))
        await wire.send(
            event(chunk(2, refusal=" line.")), event(chunk(1, content="Two.")), event(chunk(2, content="no"))
        )
        await wire.send(*(event(chunk(index, finish="stop")) for index in (1, 0, 2)), DONE)

    upstream.script = script
    with openai.OpenAI(base_url=f"{gateway.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE) as client:
        if stream:
            chunks = list(client.chat.completions.create(**ASK[CHAT], n=3, stream=True))
            told: dict[int, str] = {}
            reasons: dict[int, str | None] = {}
            for one in chunks:
                for choice in one.choices:
                    told[choice.index] = told.get(choice.index, "") + (choice.delta.content or "")
                    reasons[choice.index] = choice.finish_reason or reasons.get(choice.index)
            reasoning = "".join(
                (c.delta.model_extra or {}).get("reasoning") or ""
                for one in chunks
                for c in one.choices
                if c.index == 1
            )
        else:
            said = client.chat.completions.create(**ASK[CHAT], n=3)
            told = {choice.index: choice.message.content for choice in said.choices}
            reasons = {choice.index: choice.finish_reason for choice in said.choices}
            reasoning = said.choices[1].message.model_extra["reasoning"]
    opening = f"{MACHINE['en']}\n\n"
    assert told[0] == f"{opening}One."
    assert told[1] == f"{opening}Two.\n\n{OMITTED['en']}"
    assert told[2].startswith(opening + REFUSED["en"])
    assert reasoning == "A ⟦…⟧."
    assert reasons == {0: "stop", 1: "stop", 2: "content_filter"}


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_an_unchanged_event_goes_on_as_the_bytes_that_came(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str
) -> None:
    texts = ["Good ", "day,\\n", "\\u00fcber", " all "]
    make = (lambda text: chunk(content=text)) if path == CHAT else piece
    raw = [json.dumps(make("?")).replace('"?"', f'"{text}"').replace(": ", ":") for text in texts]

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(*(f"data: {one}\n\n".encode() for one in raw), DONE)

    upstream.script = script
    asked = {**ASK[path], "stream": True}
    sent = httpx2.post(gateway.address + path, json=asked, trust_env=False, timeout=PATIENCE)
    lines = sent.text.split("\n\n")
    assert [f"data: {one}" for one in raw[1:]] == lines[1:4]
    ids = {json.loads(line.removeprefix("data: "))["id"] for line in lines[:5] if line[6:7] == "{"}
    assert len(ids) == 1, "all events of an answer carry one id"


@pytest.mark.semantics(9)
@pytest.mark.semantics(19)
@pytest.mark.parametrize("free", [True, False])
def test_a_structured_answer_keeps_its_form(open_gateway: OpenGateway, upstream: ScriptedUpstream, free: bool) -> None:
    text = json.dumps({"a": f"The {FORBIDDEN}.", "b": 1})

    async def script(wire: Wire) -> None:
        await wire.json(completion(text))

    upstream.script = script
    value: dict[str, Any] = {"type": "string"} if free else {"enum": [f"The {FORBIDDEN}."]}
    schema = {"type": "object", "properties": {"a": value}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = httpx2.post(
        open_gateway().address + CHAT, json={**ASK[CHAT], "response_format": form}, trust_env=False, timeout=PATIENCE
    )
    choice = answer.json()["choices"][0]
    if free:
        assert json.loads(choice["message"]["content"]) == {"a": "The ⟦…⟧.", "b": 1}
    assert choice["finish_reason"] == ("stop" if free else "content_filter")
    assert bool(choice["message"]["content"]) is free
    told = [notice["text"] for notice in answer.json()["ordinance"]["notices"]]
    assert told == json.loads(answer.headers["x-ordinance-notices"]) == [MACHINE["en"], OMITTED["en"]]
    assert answer.json()["ordinance"]["verdict"] == ("withhold" if free else "refuse")
