"""Six conversations, as the ``openai`` client has them: each transcript is a golden text that reads as a person would
want it to. ``tests/pages`` holds the same on the chat page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from support.serving import PATIENCE, OpenGateway, ScriptedUpstream
from support.transcripts import KEY, SCRIPTS, Block, Heard, check, script, transcript

#: Each starts a server.
pytestmark = pytest.mark.server

#: The words of the page for kinds of notices and for verdicts.
KINDS = {
    "omission": "Left out",
    "red_line": "Not answered",
    "addition": "Added",
    "contact": "Help offered",
    "history": "Left out of the conversation",
    "adapter": "Changed",
}
VERDICTS = {
    "pass": "Nothing was left out or added",
    "disclose": "Something was added",
    "withhold": "Something was left out",
    "refuse": "The question was not answered",
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
        return Heard(blocks(text, told["notices"]), verdict(told), happened(told))

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


def happened(told: dict[str, Any]) -> list[str]:
    """What the page says beside an answer of the rules and their laws."""
    lines = [f"{KINDS[notice['kind']]}: {cited(cause)}" for notice in told["notices"] for cause in notice["causes"]]
    if history := told.get("history"):
        count = history["left_out"]
        exchanges = (
            "1 earlier question with its answer" if count == 1 else f"{count} earlier questions with their answers"
        )
        lines.append(f"Not shown to the model: {exchanges} ({', '.join(history['types'])})")
    return [*lines, *(f"Marked: {cited(mark)}" for mark in told["marks"])]


def verdict(told: dict[str, Any]) -> str:
    if told["verdict"] == "disclose" and not told["notices"]:
        return "An earlier part was not shown to the model"
    return VERDICTS[told["verdict"]]


def cited(cause: dict[str, Any]) -> str:
    rule: str = cause["rule"]
    law = cause["law"]
    if law is not None:
        return f"{rule} · {', '.join(filter(None, (law['title'], law['article'])))} ({law['jurisdiction']})"
    return rule if rule.endswith("/adapter") else f"{rule} · Charter (no place can weaken it)"


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
