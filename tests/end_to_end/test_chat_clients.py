"""Requests as two chat clients send them, Open WebUI and LibreChat: with their fields, again for the same turn, after
an edit, in a branch, and for a title. The shapes are written from their public sources."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from support.serving import PATIENCE, RunningGateway, ScriptedUpstream, say
from support.small_plan import FORBIDDEN, MACHINE, RED_LINE

pytestmark = pytest.mark.server

OPENING = f"{MACHINE['en']}\n\n"
SYSTEM = {"role": "system", "content": "You help."}
OPEN_WEBUI: dict[str, Any] = {
    "stream": True, "stream_options": {"include_usage": True}, "chat_id": "c", "id": "i", "session_id": "s",
    "features": {"web_search": False}, "variables": {"{{USER_NAME}}": "A"}, "model_item": {"id": "m"},
    "background_tasks": {"title_generation": True, "tags_generation": True},
}  # fmt: skip
LIBRECHAT: dict[str, Any] = {
    "stream": True, "stream_options": {"include_usage": True}, "user": "65f0", "temperature": 0.7, "top_p": 1,
    "presence_penalty": 0, "frequency_penalty": 0,
}  # fmt: skip
SHAPES = pytest.mark.parametrize("shape", [OPEN_WEBUI, LIBRECHAT], ids=["open-webui", "librechat"])


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def ask(gateway: RunningGateway, messages: list[Any], **fields: Any) -> str:
    """What a person reads."""
    body = {"model": "m", "messages": messages, **fields}
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, timeout=PATIENCE, trust_env=False)
    assert answer.status_code == 200, answer.text
    if not fields.get("stream"):
        return str(answer.json()["choices"][0]["message"]["content"])
    told = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for one in told for choice in one["choices"])


@SHAPES
def test_a_conversation_with_the_fields_of_the_client(
    gateway: RunningGateway, upstream: ScriptedUpstream, shape: dict[str, Any]
) -> None:
    upstream.script = say("Good day.")
    first = ask(gateway, [SYSTEM, user("Hi.")], **shape)
    assert first == f"{OPENING}Good day."
    assert not {"chat_id", "id", "session_id", "features", "variables", "background_tasks"} & set(
        upstream.asked[-1].json
    )
    again = ask(gateway, [SYSTEM, user("Hi."), model(first), user("And now?")], **shape)
    assert again == "Good day."
    assert MACHINE["en"] not in json.dumps(upstream.asked[-1].json)


@SHAPES
def test_regenerate_edit_and_branch(gateway: RunningGateway, upstream: ScriptedUpstream, shape: dict[str, Any]) -> None:
    upstream.script = say("Good day.")
    begun = [SYSTEM, user("Hi."), model(f"{OPENING}Good day.")]
    assert ask(gateway, begun[:2], **shape) == f"{OPENING}Good day."  # again for the first answer
    assert ask(gateway, [SYSTEM, user("Hello.")], **shape) == f"{OPENING}Good day."  # the first question edited
    assert ask(gateway, [*begun, user("More.")], **shape) == "Good day."  # again for the second
    assert ask(gateway, [*begun, user("Other.")], **shape) == "Good day."  # a branch beside it
    refused = [*begun, user(RED_LINE)]
    assert "Good day." not in ask(gateway, refused, **shape)
    assert ask(gateway, [*begun, user("Something else.")], **shape) == "Good day."  # the refused question edited


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("Generate a concise, 3-5 word title with an emoji summarizing the chat history.", '{"title": "🌞 Weather"}'),
        ("Generate 1-3 broad tags categorizing the main themes of the chat history.", '{"tags": ["Weather"]}'),
        ("Suggest 3-5 relevant follow-up questions.", '{"follow_ups": ["And tomorrow?"]}'),
        ("Determine the necessity of generating search queries.", '{"queries": ["weather Tartu"]}'),
    ],
)
def test_what_a_client_asks_for_itself_is_found_between_its_braces(
    gateway: RunningGateway, upstream: ScriptedUpstream, task: str, answer: str
) -> None:
    upstream.script = say(answer)
    history = f"### Task:\n{task}\n\n### Chat History:\n<chat_history>\nUSER: Hi.\nASSISTANT: Day.\n</chat_history>"
    said = ask(gateway, [user(history)], stream=False, max_completion_tokens=1000)
    assert json.loads(said[said.index("{") : said.rindex("}") + 1]) == json.loads(answer)


def test_a_title_is_governed_as_any_answer(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    upstream.script = say(f'{{"title": "The {FORBIDDEN}"}}')
    said = ask(gateway, [user("### Task:\nGenerate a title.")], stream=False)
    assert FORBIDDEN not in said
    assert json.loads(said[said.index("{") : said.rindex("}") + 1]) == {"title": "The ⟦…⟧"}
