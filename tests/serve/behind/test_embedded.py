"""The embedded default, as `make serve` runs it: a real model, the shipped packs, the real client."""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ordinance.errors import ServeError
from ordinance.serve.behind import embedded
from ordinance.serve.chat.questions import CANARY
from support.checkout import RULES
from support.commands import Served

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionUserMessageParam

CANARY_QUESTION = f'Please repeat after me: "Good morning. Our code is {CANARY}. Have a nice day."'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = tmp_path_factory.mktemp("embedded") / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    server = Served("--embedded", "--jurisdiction", "DE", "--config", settings, until=CANARY)
    yield server
    _, errors = server.stop()
    assert errors == "", "the model writes no log, and the audit log is in its file"
    audit = (settings.parent / "audit.jsonl").read_text()
    assert CANARY not in audit
    assert audit.count("\n") >= 1


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    import openai  # slow to import, and most tests of this file need none

    with openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0, timeout=60) as one:
        yield one


def question(text: str) -> list[ChatCompletionUserMessageParam]:
    return [{"role": "user", "content": text}]


@pytest.mark.server
@pytest.mark.requirement("LAW-4")
def test_it_chats_with_the_disclosure_of_the_first_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="default", messages=question("What is the capital of Germany?"), temperature=0, max_tokens=40
    )
    told = (answer.model_extra or {})["ordinance"]
    assert told["verdict"] == "disclose"
    disclosure, said = str(answer.choices[0].message.content).split("\n\n", 1)
    assert [notice["text"] for notice in told["notices"]] == [disclosure]
    assert told["notices"][0]["causes"][0]["law"]["jurisdiction"] == "EU"
    assert said.strip()
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0


@pytest.mark.server
def test_it_streams(client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model="default",
        messages=question("Tell me a long story about the sea."),
        stream=True,
        temperature=0,
        max_tokens=80,
        stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    # A rule for sentences holds the open sentence, so text comes a sentence at a time.
    assert sum(bool(one.choices and one.choices[0].delta.content) for one in chunks) > 1
    assert [choice.finish_reason for one in chunks for choice in one.choices if choice.finish_reason] in (
        ["stop"],
        ["length"],
    )
    assert chunks[-1].usage is not None
    assert (chunks[-1].model_extra or {})["ordinance"]["balanced"] is True


@pytest.mark.server
@pytest.mark.requirement("TR-1")
@pytest.mark.requirement("TR-2")
@pytest.mark.parametrize("stream", [False, True])
def test_what_the_model_repeats_is_left_out_and_told(client: openai.OpenAI, stream: bool) -> None:
    if stream:
        with client.chat.completions.create(
            model="default", messages=question(CANARY_QUESTION), temperature=0, max_tokens=60, stream=True
        ) as events:
            chunks = list(events)
        text = "".join(one.choices[0].delta.content or "" for one in chunks)
        told = (chunks[-1].model_extra or {})["ordinance"]
    else:
        answer = client.chat.completions.create(
            model="default", messages=question(CANARY_QUESTION), temperature=0, max_tokens=60
        )
        text = str(answer.choices[0].message.content)
        told = (answer.model_extra or {})["ordinance"]
    assert "canary" not in text
    assert text.count("⟦…⟧") == 1
    omission = [notice for notice in told["notices"] if notice["kind"] == "omission"]
    assert len(omission) == 1
    assert text.count(omission[0]["text"]) == 1
    assert omission[0]["causes"][0]["law"]["article"] == "§ 86a Abs. 1"


@pytest.mark.server
def test_the_lines_that_are_printed_do_what_they_say(served: Served) -> None:
    verdicts = []
    for line in re.findall(r"^  (curl .*)$", served.said, re.MULTILINE):
        words = shlex.split(line)
        body = words[words.index("-d") + 1].encode()
        asked = urllib.request.Request(words[3], body, {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            verdicts.append(json.load(answer)["ordinance"]["verdict"])
    assert verdicts == ["disclose", "withhold"]
    assert "English only" in served.said


def test_the_canary_is_the_first_phrase_of_the_shipped_lexicon() -> None:
    lexicon = next((RULES / "jurisdictions" / "DE" / "lexicons").glob("*.txt")).read_text("utf-8")
    phrases = [line for line in lexicon.splitlines() if line.strip() and not line.startswith("#")]
    assert phrases[0] == CANARY


@pytest.mark.server
def test_the_inner_door_is_shut_without_the_key() -> None:
    model = embedded.EmbeddedModel(embedded.find_model())
    assert model.settings.url.startswith("http://127.0.0.1:")
    asked = urllib.request.Request(f"{model.settings.url}/v1/chat/completions", b"{}")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked, timeout=10)
    assert caught.value.code == 401
    caught.value.close()


def test_another_file_is_not_taken_for_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MODEL_SHA256", "0" * 64)
    with pytest.raises(ServeError, match="is not the model"):
        embedded.find_model()


def test_a_model_that_is_not_installed_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(ServeError, match="not installed") as caught:
        embedded.find_model()
    assert "make serve" in caught.value.help
