"""A client of a real vLLM that chooses where the model ends recovers no more than a start too short to tell; round
Ordinance it takes the whole (semantics, rule 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ordinance.runtime.redact.ends import LEAST
from support.asking import Seen, body, post
from support.tiny_model import RED, SAYS, SENTENCE, token, tokens
from support.vantage import Vantage
from support.vllm_asks import CHAT, COMPLETIONS, MESSAGES, RESPONSES

PATHS = (CHAT, COMPLETIONS, RESPONSES, MESSAGES)
#: The tokens in which the model says each secret.
PIECES = {
    SENTENCE: ("ordinance", "-canary", "-86a", "-5d21e8"),
    RED: ("ordinance-", "canary-", "weapons-", "7f3a9c"),
}
#: Ends within the red line, behind which the model goes on letter by letter.
BEGUN = "ordinance-canary-weapons-7f"
EVERY_WAY = [
    pytest.param(path, stream, id=f"{path}-{'stream' if stream else 'whole'}")
    for path in PATHS
    for stream in (False, True)
]


def asked(path: str, **fields: Any) -> dict[str, Any]:
    return {**body(path, **fields), "model": "tiny", "temperature": 0.0}


def ends(path: str, pieces: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Everything that ends an answer within these tokens."""
    for size in range(1, len(pieces)):
        yield {"limit": size + 1}  # in a conversation the first token ends the thoughts
        yield from ({"stop": [pieces[size][at : at + 3]]} for at in range(0, len(pieces[size]), 3))
        if path != MESSAGES:
            yield {"stop_token_ids": [token(pieces[size])]}


def readable(seen: Seen) -> str:
    return json.dumps([seen.text, seen.stop, seen.calls, seen.ordinance])


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize(("path", "stream"), EVERY_WAY)
@pytest.mark.parametrize("said", [SENTENCE, RED])
def test_an_end_within_a_phrase_gives_no_more_than_its_start(
    governed: Vantage, path: str, stream: bool, said: str
) -> None:
    for end in ends(path, PIECES[said]):
        seen = post(governed.client, path, asked(path, said=said, stream=stream, **end), governed.address)
        assert SAYS[said][:LEAST] not in readable(seen), end
        assert seen.stop is None or isinstance(seen.stop, str)


@pytest.mark.parametrize("said", [SENTENCE, RED])
def test_round_ordinance_the_same_ends_give_it_away(ungoverned: Vantage, said: str) -> None:
    for end in ({"limit": 4}, {"stop": [PIECES[said][3]]}, {"stop_token_ids": [token(PIECES[said][3])]}):
        answer = ungoverned.post(CHAT, asked(CHAT, said=said, **end)).json()
        assert answer["choices"][0]["message"]["content"].startswith("".join(PIECES[said][:3]))
    vocabulary = sorted(tokens())
    last = ungoverned.post(COMPLETIONS, asked(COMPLETIONS, said="It is ", begun=BEGUN + "3", stop_token_ids=vocabulary))
    assert last.json()["choices"][0]["stop_reason"] == token("a")


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(10)
@pytest.mark.parametrize("stream", [False, True])
def test_the_whole_vocabulary_as_stops_gives_no_token(governed: Vantage, stream: bool) -> None:
    """One token more than what is known, as long as one comes."""
    more = {"stop_token_ids": sorted(tokens()), "include_stop_str_in_output": stream}
    for path, begun in ((COMPLETIONS, "3"), (COMPLETIONS, "3a"), (CHAT, "3a9")):
        question = asked(path, said="It is ", begun=BEGUN + begun, stream=stream, **more)
        seen = post(governed.client, path, question, governed.address)
        assert seen.stop is None
        told = {notice["text"] for notice in seen.ordinance["notices"]}
        assert set(seen.text.split("\n\n")) - told <= {"", "⟦…⟧"}


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("stream", [False, True])
def test_a_list_of_stops_does_not_say_how_a_phrase_goes_on(governed: Vantage, stream: bool) -> None:
    guesses = ["a9", "b9", "c9", "d9"]
    for path in (CHAT, COMPLETIONS):
        begun = asked(path, said="It is ", begun=BEGUN + "3", stop=guesses, stream=stream)
        assert post(governed.client, path, begun, governed.address).stop is None


@pytest.mark.semantics(6)
@pytest.mark.parametrize(("path", "stream"), EVERY_WAY)
def test_what_the_model_ends_is_whole(governed: Vantage, path: str, stream: bool) -> None:
    question = asked(path, said="Good morning. ", limit=12, stream=stream)
    reply = post(governed.client, path, question, governed.address)
    assert "cut" not in reply.kinds
    assert reply.text
