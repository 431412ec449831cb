"""Conversations as the ``openai`` client has them: each transcript is a golden text that reads as a person would want
it to. ``tests/pages`` holds the first ones on the chat page; each pack has one, with a model that misbehaves."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import openai
import pytest

from support.checkout import CASES, RULES
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream
from support.transcripts import KEY, SCRIPTS, Block, Heard, check, script, transcript

#: Each starts a server.
pytestmark = pytest.mark.server

#: The governed conversation of each pack.
OF_PACKS = sorted((CASES / "packs").glob("*/conversation.yaml"))

#: What the page says itself, by language.
WORDS: dict[str, dict[str, str]] = {
    path.name.removesuffix(".json"): json.loads(path.read_text("utf-8"))
    for path in (files("ordinance.serve.chat") / "words").iterdir()
}


class Client:
    """The ``openai`` client on a stream."""

    def __init__(self, address: str) -> None:
        self._openai = openai.OpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0, timeout=PATIENCE * 3)
        self._messages: list[Any] = []

    def ask(self, question: str, language: str) -> Heard:
        self._messages.append({"role": "user", "content": question})
        text, told = "", dict[str, Any]()
        for chunk in self._openai.chat.completions.create(
            model="m", messages=self._messages, stream=True, extra_headers={"accept-language": language}
        ):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            told = (chunk.model_extra or {}).get("ordinance") or told
        self._messages.append({"role": "assistant", "content": text})
        words = WORDS.get(language, WORDS["en"])
        return Heard(blocks(text, told["notices"]), verdict(told, words), happened(told, words))

    def close(self) -> None:
        self._openai.close()


def blocks(text: str, notices: list[dict[str, Any]]) -> list[Block]:
    """The text in its order, cut at the notices in it."""
    found = []
    for notice in notices:
        assert text.count(notice["text"]) == 1, "each notice is in the answer, once"
        before, _, after = text.partition(notice["text"])
        found.append((len(before), notice))
        text = before + "\0" * len(notice["text"]) + after
    at, cut = 0, []
    for start, notice in sorted(found, key=lambda each: each[0]):
        cut += [Block(text[at:start].strip()), Block(notice["text"], notice=True)]
        at = start + len(notice["text"])
    return [block for block in [*cut, Block(text[at:].strip())] if block.text]


def happened(told: dict[str, Any], words: dict[str, str]) -> list[str]:
    """What the page says beside an answer of the rules and their laws."""
    lines = [
        f"{words[notice['kind']]}: {cited(cause, words)}" for notice in told["notices"] for cause in notice["causes"]
    ]
    if history := told.get("history"):
        count = history["left_out"]
        exchanges = words["exchange" if count == 1 else "exchanges"].format(count=count)
        lines.append(f"{words['unread']}: {exchanges} ({', '.join(history['types'])})")
    return [*lines, *(f"{words['marked']}: {cited(mark, words)}" for mark in told["marks"])]


def verdict(told: dict[str, Any], words: dict[str, str]) -> str:
    nothing_added = told["verdict"] == "disclose" and not told["notices"]
    return words["not_shown" if nothing_added else told["verdict"]]


def cited(cause: dict[str, Any], words: dict[str, str]) -> str:
    rule: str = cause["rule"]
    law = cause["law"]
    if law is not None:
        return f"{rule} · {', '.join(filter(None, (law['title'], law['article'])))} ({law['jurisdiction']})"
    return rule if rule.endswith("/adapter") else f"{rule} · {words['charter']}"


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(29)
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_conversation_reads_as_a_person_would_want(
    path: Path, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = script(path)
    clock = said.clock(monkeypatch)
    client = Client(said.open(open_gateway, tmp_path).address)
    told = transcript(said, client, upstream, clock)
    client.close()
    check(said, told)


def test_each_pack_of_a_place_or_a_house_has_a_conversation() -> None:
    packs = {path.stem for kind in ("jurisdictions", "houses") for path in (RULES / kind).rglob("*.ord")}
    here = {path.parent.name for path in OF_PACKS}
    assert packs - here == {"EU", "example_school"}, "these speak in the conversations of others"


@pytest.mark.requirement("TR-1")
@pytest.mark.requirement("SC-1")
@pytest.mark.requirement("SC-3")
@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize("path", OF_PACKS, ids=lambda path: path.parent.name)
def test_a_conversation_under_a_pack_reads_as_a_person_of_the_place_would_want(
    path: Path, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = script(path)
    clock = said.clock(monkeypatch)
    client = Client(said.open(open_gateway, tmp_path).address)
    told = transcript(said, client, upstream, clock)
    client.close()
    check(said, told, path.parent)
