"""How a real vLLM is told how to speak, and which adapter answers: seen by what arrives at it, and by what a real LoRA
says that the model beneath it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from support.vantage import Vantage
from support.vllm_server import KEY, VllmServer

ADAPTER = "et-instruct"
#: What the LoRA says, whatever it is asked (make_model.py).
ITS_WORDS = "Sina oled siin ja see raamat on sinu oma."
CHAT = "/v1/chat/completions"
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "Tere!"}], "max_tokens": 24},
    "/v1/completions": {"prompt": "Tere!", "max_tokens": 24},
    "/v1/responses": {"input": "Tere!", "max_output_tokens": 24},
    "/v1/messages": {"messages": [{"role": "user", "content": "Tere!"}], "max_tokens": 24},
}
#: Where the instruction stands, in the body that arrives.
PLACES: dict[str, Any] = {
    "/v1/chat/completions": lambda body: body["messages"][0]["content"],
    "/v1/responses": lambda body: body["instructions"],
    "/v1/messages": lambda body: body["system"],
}


@pytest.mark.requirement("OB-1")
@pytest.mark.semantics(15)
@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("locale", "answers"), [("et", ADAPTER), ("de", "tiny")])
def test_the_locale_chooses_the_words_and_the_adapter(
    server: VllmServer, client: httpx2.Client, governed: Vantage, path: str, stream: bool, locale: str, answers: str
) -> None:
    client.get(f"{server.address}/harness/seen")
    headers = {"authorization": f"Bearer {KEY}", "x-ordinance-locale": locale}
    answer = client.post(
        governed.address + path, json={"model": "tiny", "stream": stream, **ASKED[path]}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    (arrived,) = [each for each in client.get(f"{server.address}/harness/seen").json() if each["path"] == path]
    body = json.loads(arrived["body"])
    assert body["model"] == answers
    if path in PLACES:
        words = {"et": "eesti keeles", "de": "auf Deutsch"}[locale]
        assert words in PLACES[path](body)
    assert '"tiny"' in answer.text
    assert ADAPTER not in answer.text + str(answer.headers), "people are answered by the model that they asked"
    assert "eesti keeles" not in answer.text, "the instruction is no part of an answer"
    assert (said_in(answer, stream) == ITS_WORDS) is (answers == ADAPTER)


@pytest.mark.requirement("OB-1")
@pytest.mark.semantics(33)
@pytest.mark.parametrize("stream", [False, True])
def test_an_adapter_and_the_model_beneath_it_answer_beside_each_other(governed: Vantage, stream: bool) -> None:
    """Twelve requests at once, so that one batch of the server has some for the LoRA and some for the base."""

    def ask(locale: str) -> httpx2.Response:
        body = {"model": "tiny", "stream": stream, **ASKED[CHAT]}
        return governed.client.post(governed.address + CHAT, json=body, headers={"x-ordinance-locale": locale})

    locales = ["et", "de"] * 6
    with ThreadPoolExecutor(len(locales)) as threads:
        answers = list(threads.map(ask, locales))
    assert [(said_in(answer, stream) == ITS_WORDS) for answer in answers] == [locale == "et" for locale in locales]
    for answer in answers[::2]:
        told = {each["slot"]: each["state"] for each in told_in(answer, stream)["adapters"]}
        assert told == {"language": "kept", "address": "missed"}, "it says Sina, and the pack asks for Teie"


def events_of(answer: httpx2.Response) -> list[Any]:
    lines = (line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {"))
    return [json.loads(line) for line in lines]


def told_in(answer: httpx2.Response, stream: bool) -> Any:
    return events_of(answer)[-1]["ordinance"] if stream else answer.json()["ordinance"]


def said_in(answer: httpx2.Response, stream: bool) -> str:
    """The text of an answer, without the notices beside it, by whichever API it comes."""
    texts = [text for each in (events_of(answer) if stream else [answer.json()]) for text in _texts(each)]
    return next((ITS_WORDS for text in ("".join(texts), *texts) if ITS_WORDS in text), "".join(texts))


def _texts(event: Any) -> Iterator[str]:
    """What people read of an event or of a whole answer."""
    match event:
        case {"choices": [{"message": {"content": str(text)}}]} | {"choices": [{"delta": {"content": str(text)}}]}:
            yield text
        case {"choices": [{"text": str(text)}]} | {"delta": {"text": str(text)}}:
            yield text
        case {"type": "response.output_text.delta", "delta": str(text)}:
            yield text
        case {"output": [*items]}:
            yield from (part["text"] for item in items for part in item.get("content") or ())
        case {"content": [*blocks]}:
            yield from (block["text"] for block in blocks if block["type"] == "text")
