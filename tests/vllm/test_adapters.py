"""How a real vLLM is told how to speak, and which adapter answers: seen by what arrives at it."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from support.vantage import Vantage
from support.vllm_server import KEY, VllmServer

ADAPTER = "et-instruct"
ASKED: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Tere!"}], "max_tokens": 8},
    "/v1/completions": {"prompt": "Tere!", "max_tokens": 8},
    "/v1/responses": {"input": "Tere!", "max_output_tokens": 8},
    "/v1/messages": {"messages": [{"role": "user", "content": "Tere!"}], "max_tokens": 8},
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
