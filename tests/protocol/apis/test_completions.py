"""Completions: prompts in every form, choices that each continue their own, echoes and suffixes."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.asked import MOST_CHOICES
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from support.governing import finishes, joined, open_session, piece, read, stream, whole
from support.serving import DONE, PATIENCE, USAGE, RunningGateway, ScriptedUpstream, Wire, event
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE
from support.strategies import cuttings


@pytest.mark.parametrize(
    "prompt",
    [None, 7, [], [1, 2, 3], [[1, 2], [3]], ["a", 1], [None], {"a": 1}, ["x"] * (MOST_CHOICES + 1), True, [["x"]]],
)
def test_a_prompt_that_cannot_be_looked_at_is_refused(prompt: Any) -> None:
    with pytest.raises(Problem) as caught:
        read(COMPLETIONS, prompt=prompt)
    assert (caught.value.status, caught.value.param) == (400, "prompt")


def test_embeddings_in_the_place_of_a_prompt_are_refused() -> None:
    with pytest.raises(Problem):
        read(COMPLETIONS, prompt="x", prompt_embeds="AAAA")


def test_choices_are_those_of_all_prompts() -> None:
    request = read(COMPLETIONS, prompt=["a", "b "], n=3)
    assert request.choices == 6
    assert request.readings == (("a",), ("b ", "b"))
    with pytest.raises(Problem):
        read(COMPLETIONS, prompt=["a"] * 65, n=2)


def test_what_does_not_go_upstream() -> None:
    body = read(COMPLETIONS, prompt="x", messages=[], prompt_logprobs=1, vllm_xargs={}, echo=True, suffix="y").body
    assert set(body) == {"model", "prompt", "echo", "suffix"}


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(10)
@given(st.data(), st.integers(1, len(FORBIDDEN) - 1), st.booleans())
def test_each_choice_continues_its_own_prompt(data: st.DataObject, at: int, streamed: bool) -> None:
    """The end of the phrase counts where the prompt has its beginning, and only there."""
    prompts, rest = ["A " + FORBIDDEN[:at], "A harmless "], FORBIDDEN[at:] + " x"
    if streamed:
        waiting = [[piece(part, index) for part in data.draw(cuttings(rest))] for index in range(4)]
        turns = data.draw(st.permutations([number for number, parts in enumerate(waiting) for _ in parts]))
        events = [waiting[number].pop(0) for number in turns]
        out = stream(COMPLETIONS, [*events, *(piece("", index, "stop") for index in range(4))], prompt=prompts, n=2)
        texts = [joined(out, index=index) for index in range(4)]
    else:
        choices = [{"index": index, "text": rest, "finish_reason": "stop"} for index in range(4)]
        texts = [one["text"] for one in whole(COMPLETIONS, {"choices": choices}, prompt=prompts, n=2)["choices"]]
    assert texts == [f"⟦…⟧ x\n\n{OMITTED['en']}"] * 2 + [rest] * 2


@pytest.mark.semantics(10)
def test_an_echo_is_governed_as_all_of_the_text_is() -> None:
    prompt = f"The {FORBIDDEN} and the forbid"
    answer = {"choices": [{"text": f"{prompt}den flag.", "finish_reason": "stop"}]}
    text = whole(COMPLETIONS, answer, prompt=prompt, echo=True)["choices"][0]["text"]
    assert text == f"The ⟦…⟧ and the ⟦…⟧.\n\n{OMITTED['en']}"


@pytest.mark.semantics(4)
@pytest.mark.parametrize("field", ["prompt", "suffix", "user", "stop", "guided_regex"])
def test_a_red_line_in_any_text_refuses_before_the_upstream_is_asked(field: str) -> None:
    request, session = read(COMPLETIONS, **{field: f"the {RED_LINE}"}), open_session()
    assert sent_on(COMPLETIONS, request, session, system_is_ours=True) is None
    later, session = read(COMPLETIONS, prompt=["fine", f"the {RED_LINE}"]), open_session()
    assert sent_on(COMPLETIONS, later, session, system_is_ours=False) is None


def test_an_empty_piece_is_not_sent_and_counts_come_last() -> None:
    events = [piece("Hi"), piece(""), piece("", finish="length"), {**piece(), "choices": [], "usage": USAGE}]
    out = stream(COMPLETIONS, events)
    assert [joined([one]) for one in out] == ["Hi", "", ""]
    assert finishes(out) == ["length"]
    assert out[-1]["usage"] == USAGE


@pytest.mark.parametrize("streamed", [False, True])
def test_the_real_client_completes(gateway: RunningGateway, upstream: ScriptedUpstream, streamed: bool) -> None:
    async def script(wire: Wire) -> None:
        assert wire.asked.path == "/v1/completions"
        if wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(*(event(piece(part)) for part in ("a for", "bidden fl", "ag.")))
            await wire.send(event(piece("", finish="stop")), DONE)
        else:
            choice = {"index": 0, "text": f"a {FORBIDDEN}.", "logprobs": None, "finish_reason": "stop"}
            await wire.json({**piece(), "choices": [choice], "usage": USAGE})

    upstream.script = script
    import openai  # slow to import, and most tests of this file need none

    with openai.OpenAI(base_url=f"{gateway.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE) as client:
        answer = client.completions.create(model="m", prompt="It is ", stream=streamed)
        parts = list(answer) if isinstance(answer, openai.Stream) else [answer]
    assert "".join(part.choices[0].text for part in parts) == f"{MACHINE['en']}\n\na ⟦…⟧.\n\n{OMITTED['en']}"
    assert parts[-1].choices[0].finish_reason == "stop"
    assert json.loads(parts[-1].model_dump_json())["ordinance"]["verdict"] == "withhold"


@pytest.mark.parametrize("streamed", [False, True])
def test_log_probabilities_in_the_form_of_chats_are_written_in_that_of_completions(
    gateway: RunningGateway, upstream: ScriptedUpstream, streamed: bool
) -> None:
    """As llama.cpp writes them, and not behind what was left out."""
    tokens = ["Well", " a", f" {FORBIDDEN}", "."]
    content = [
        {
            "id": 7,
            "token": each,
            "bytes": [1],
            "logprob": -1.0,
            "top_logprobs": [{"id": 8, "token": "b", "logprob": -2.0}],
        }
        for each in tokens
    ]
    choice = {"index": 0, "text": "".join(tokens), "logprobs": {"content": content}, "finish_reason": "stop"}

    async def script(wire: Wire) -> None:
        if wire.asked.json.get("stream"):
            await wire.head()
            await wire.send(event({**piece(), "choices": [choice]}), DONE)
        else:
            await wire.json({**piece(), "choices": [choice], "usage": USAGE})

    upstream.script = script
    body = {"model": "m", "prompt": "It is ", "logprobs": 1, "stream": streamed}
    said = httpx2.post(f"{gateway.address}/v1/completions", json=body, trust_env=False, timeout=PATIENCE).text
    assert '"tokens":["Well"," a"],"token_logprobs":[-1.0,-1.0],"top_logprobs":[{' in said
    assert FORBIDDEN not in said
