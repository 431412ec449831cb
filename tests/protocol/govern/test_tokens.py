"""Log probabilities wait or go with their text; no alternative tells what the text does not."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import Scope
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.responses import RESPONSES
from support.blocks import upstream_events
from support.governing import APIS, finishes, joined, piece, read, said, stream, whole
from support.serving import chunk, completion
from support.small_plan import FORBIDDEN, RED_LINE, small_plan

WORDS = ["The", " forbidden", " flag", " is", " for", "bid", "den", " x", "é", "😀", "\n", ". ", " forbid", "s", " cat"]
OTHERS = [" forbidden", " flag", " cat", "zz", "den", "⟦…⟧", " opaque", " dog"]


def logprobs(api: Api, tokens: list[str], others: list[str] | None = None) -> dict[str, Any]:
    if api is COMPLETIONS:
        top = [{token: -1.0, **dict.fromkeys(others, -2.0)} for token in tokens] if others is not None else None
        return {"tokens": tokens, "token_logprobs": [-1.0] * len(tokens), "top_logprobs": top, "text_offset": []}
    listed = [[token, *(others or ())] for token in tokens]
    return {
        "content": [
            {
                "token": top[0], "logprob": -1.0, "bytes": list(top[0].encode()),
                "top_logprobs": [{"token": other, "logprob": -2.0, "bytes": None} for other in top],
            }
            for top in listed
        ]
    }  # fmt: skip


def given_tokens(events: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The tokens that left, with their alternatives."""
    found: list[tuple[str, list[str]]] = []
    for event in events:
        for choice in event["choices"]:
            told = choice["logprobs"] or {}
            if "tokens" in told:
                tops = told["top_logprobs"] or [None] * len(told["tokens"])
                found += [(token, list(top or ())) for token, top in zip(told["tokens"], tops, strict=True)]
            for entry in told.get("content", ()):
                assert bytes(entry["bytes"]).decode() == entry["token"]
                found.append((entry["token"], [top["token"] for top in entry["top_logprobs"]]))
    return found


PLANS = {
    "span": small_plan(),
    "sentence": small_plan(Scope("sentence", 400)),
    "paragraph": small_plan(Scope("paragraph", 20)),
}
NOTICES = re.compile(r"(\n\n|^)(Left out by law|This is refused)")


def in_pieces(tokens: list[str], data: st.DataObject) -> list[tuple[str, str]]:
    """The tokens, each with a piece of their text, which may come later."""
    text, at = "".join(tokens), 0
    lag = data.draw(st.lists(st.integers(0, len(text)), min_size=len(tokens), max_size=len(tokens)).map(sorted))
    found = []
    for token, to in zip(tokens, lag, strict=True):
        found.append((token, text[at:to]))
        at = to
    return [*found, ("", text[at:])]


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@pytest.mark.parametrize("plan", PLANS)
@given(st.lists(st.sampled_from([*WORDS, f" {RED_LINE}"]), max_size=12), st.data())
def test_tokens_that_leave_are_the_text_before_the_first_region(
    api: Api, plan: str, tokens: list[str], data: st.DataObject
) -> None:
    """Text may come later than its tokens, in other pieces; what leaves is the same."""
    events = [
        said(api, text, logprobs=logprobs(api, [token] if token else [])) for token, text in in_pieces(tokens, data)
    ]
    out = stream(api, [*events, said(api, "", finish_reason="stop")], PLANS[plan], logprobs=1)
    released, *told = NOTICES.split(joined(out), maxsplit=1)
    gone = "".join(token for token, _ in given_tokens(out))
    assert released.partition("⟦")[0].startswith(gone)
    if not told:
        assert gone == "".join(tokens)


@pytest.mark.semantics(16)
@pytest.mark.parametrize("spelt", [True, False], ids=["all tokens", "those of the content"])
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@given(*[st.lists(st.sampled_from(WORDS), max_size=6)] * 2, st.data())
def test_the_same_entries_leave_on_a_stream_and_whole(
    api: Api, spelt: bool, thoughts: list[str], tokens: list[str], data: st.DataObject
) -> None:
    """Thoughts and content, in any pieces."""
    parts = {"reasoning": thoughts if api is CHAT else [], "content": tokens}
    events = []
    for name, words in parts.items():
        for token, text in in_pieces(words, data):
            told = {"logprobs": logprobs(api, [token], OTHERS)} if token and (spelt or name == "content") else {}
            events.append(said(api, text, **told))
            if api is CHAT:
                events[-1]["choices"][0]["delta"] = {name: text}
    out = stream(api, [*events, said(api, "", finish_reason="stop")], logprobs=1)
    listed = [*parts["reasoning"], *tokens] if spelt else tokens
    choice: dict[str, Any] = {"finish_reason": "stop", "logprobs": logprobs(api, listed, OTHERS)}
    choice |= {"message": {name: "".join(words) for name, words in parts.items()}, "text": "".join(tokens)}
    assert written(out) == written([whole(api, {"choices": [choice]}, logprobs=1)])


@pytest.mark.semantics(16)
@given(*[st.lists(st.sampled_from(WORDS), max_size=6)] * 2)
def test_the_same_entries_leave_on_a_stream_and_whole_in_blocks(thoughts: list[str], tokens: list[str]) -> None:
    blocks = [(kind, words) for kind, words in (("thinking", thoughts), ("text", tokens)) if words]
    events = upstream_events(RESPONSES, blocks)
    left = iter(tokens)
    for each in events:
        if each["type"] == "response.output_text.delta":
            each["logprobs"] = logprobs(CHAT, [next(left)], OTHERS)["content"]
    answer = copy.deepcopy(events[-1]["response"])
    for item in answer["output"]:
        item["content"][0] |= (
            {"logprobs": logprobs(CHAT, tokens, OTHERS)["content"]} if item["type"] == "message" else {}
        )
    out = stream(RESPONSES, events, include=["message.output_text.logprobs"])
    streamed = [entry for each in out if each["type"].endswith("text.delta") for entry in each.get("logprobs", ())]
    parts = [part for item in whole(RESPONSES, answer)["output"] for part in item.get("content", ())]
    assert streamed == [entry for part in parts for entry in part.get("logprobs", ())]


def written(events: list[dict[str, Any]]) -> list[Any]:
    """All that stands in the entries."""
    told = [choice["logprobs"] for event in events for choice in event["choices"] if choice["logprobs"]]
    names = ("tokens", "token_logprobs", "top_logprobs", "text_offset")
    lists = [each["content"] if "content" in each else zip(*map(each.get, names), strict=True) for each in told]
    return [entry for each in lists for entry in each]


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
def test_no_entry_of_what_is_withheld_leaves_where_a_red_line_ends_the_answer_behind_it(api: Api) -> None:
    """The marker of the paragraph was not written yet, and its entries left."""
    tokens = ["A", " boat", " and", " a", " forbidden flag", " and", f" {RED_LINE}", "."]
    events = [said(api, token, logprobs=logprobs(api, [token])) for token in tokens]
    out = stream(api, events[:-1], PLANS["paragraph"], logprobs=1)
    assert FORBIDDEN not in json.dumps(out)
    assert not given_tokens(out)


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("secret", [f"{FORBIDDEN} x", FORBIDDEN, f"well {FORBIDDEN} Hi"])
def test_entries_behind_removed_reasoning_stay(secret: str) -> None:
    """What is removed of reasoning has decided what stands in the content, and which numbers stand there."""
    words = [*secret.split(" "), "Hi", " there"]
    choice = {"message": {"reasoning": secret, "content": "Hi there"}, "finish_reason": "stop"}
    for entries in (words, words[-2:]):
        choice["logprobs"] = logprobs(CHAT, entries)
        gone = [token for token, _ in given_tokens([whole(CHAT, {"choices": [choice]}, logprobs=True)])]
        assert gone == (["well"] if entries is words and secret.startswith("well") else [])
    events = [chunk(reasoning=secret), *(said(CHAT, word, logprobs=logprobs(CHAT, [word])) for word in words[-2:])]
    assert not given_tokens(stream(CHAT, [*events, said(CHAT, "", finish_reason="stop")], logprobs=True))
    told = upstream_events(RESPONSES, [("thinking", [secret]), ("text", ["Hi there"])])
    for each in told:
        if each["type"] == "response.output_text.delta":
            each["logprobs"] = logprobs(CHAT, words[-2:])["content"]
    out = stream(RESPONSES, told, include=["message.output_text.logprobs"])
    assert not [entry for each in out for entry in each.get("logprobs", ())]


@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
def test_entries_of_held_text_wait_and_from_a_region_on_none_leaves(api: Api) -> None:
    def one(token: str) -> dict[str, Any]:
        return said(api, token, logprobs=logprobs(api, [token]))

    tokens = ["The", " forb", "ear", " forb", "idden", " flag", " x"]
    out = stream(api, [*map(one, tokens), said(api, "", finish_reason="stop")])
    assert [token for token, _ in given_tokens(out)] == ["The", " forb", "ear"]
    by_event = [[token for token, _ in given_tokens([event])] for event in out]
    assert by_event[:3] == [["The"], [], [" forb", "ear"]]


@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
def test_parts_of_a_character_leave_with_it(api: Api) -> None:
    """Servers give the character to the last of its tokens, and no text to the others."""
    tokens = ["", "The ", "", "", "😀", " cat", ""]
    out = stream(api, [said(api, "The 😀 cat", logprobs=logprobs(api, tokens)), said(api, "", finish_reason="stop")])
    assert [token for token, _ in given_tokens(out)] == tokens[:-1]


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@given(st.lists(st.sampled_from(WORDS), max_size=4))
def test_no_phrase_can_be_put_together_from_alternatives(api: Api, tokens: list[str]) -> None:
    events = [said(api, token, logprobs=logprobs(api, [token], OTHERS)) for token in tokens]
    found = given_tokens(stream(api, [*events, said(api, "", finish_reason="stop")], logprobs=1))
    texts = {""}
    for token, others in found:
        texts = {text[-40:] + each for text in texts for each in {token, *others}}
        assert not any(FORBIDDEN in text.lower() for text in texts)
    assert all(other in (token, *OTHERS) for token, others in found for other in others)
    if tokens == ["The"]:
        assert found == [("The", ["The", " flag", " cat", "zz", "den", " dog"])]


@pytest.mark.requirement("TR-3")
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@pytest.mark.parametrize("other", [FORBIDDEN, "forb", f"{FORBIDDEN} x"])
def test_an_alternative_inside_a_word_is_looked_at_by_itself_too(api: Api, other: str) -> None:
    events = [said(api, each, logprobs=logprobs(api, [each], [other, "well"])) for each in ("xyz", "abc ")]
    found = given_tokens(stream(api, [*events, said(api, "", finish_reason="stop")], logprobs=1))
    assert found == [("xyz", ["xyz", "well"]), ("abc ", ["abc ", "well"])]


def test_control_tokens_and_reasoning_do_not_lead_astray() -> None:
    def entry(*tokens: str) -> dict[str, Any]:
        return {"logprobs": logprobs(CHAT, list(tokens))}

    events = [
        said(CHAT, "", **entry("<think>")),
        chunk(reasoning="Hm m"),
        said(CHAT, "", **entry("Hm", " m", "</think>")),
    ]
    events += [
        said(CHAT, "Hi there", **entry("Hi", " there")),
        said(CHAT, "", **entry("<|im_end|>"), finish_reason="stop"),
    ]
    assert [token for token, _ in given_tokens(stream(CHAT, events))] == ["Hm", " m", "Hi", " there"]


def test_whole_answers_and_offsets() -> None:
    answer = completion(f"A {FORBIDDEN} x")
    answer["choices"][0]["logprobs"] = logprobs(CHAT, ["A", " forbidden", " flag", " x"])
    assert [token for token, _ in given_tokens([whole(CHAT, answer)])] == ["A"]
    choice = {"text": f"A {FORBIDDEN} x", "finish_reason": "stop"}
    choice["logprobs"] = logprobs(COMPLETIONS, ["A ", "forbidden", " flag", " x"])  # type: ignore[assignment]
    told = whole(COMPLETIONS, {"choices": [choice]})["choices"][0]["logprobs"]
    assert (told["tokens"], told["text_offset"]) == (["A "], [0])
    choice |= {"text": "A flag x", "logprobs": logprobs(COMPLETIONS, ["A ", "flag", "x"])}  # type: ignore[dict-item]
    told = whole(COMPLETIONS, {"choices": [choice]})["choices"][0]["logprobs"]
    assert (told["tokens"], told["text_offset"]) == (["A ", "flag", "x"], [0, 2, 7])
    refused = completion(f"A {RED_LINE} x")
    refused["choices"][0]["logprobs"] = logprobs(CHAT, ["A", " opaque"])
    assert whole(CHAT, refused)["choices"][0]["logprobs"] is None


@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@pytest.mark.parametrize("hidden", [False, True])
def test_token_ids_leave_at_the_end_if_nothing_was_removed(api: Api, hidden: bool) -> None:
    text = FORBIDDEN if hidden else "harmless"
    events = [
        said(api, f"A {text}", token_ids=[1, 2], logprobs=logprobs(api, ["A", f" {text}"])),
        said(api, " x", token_ids=[3], logprobs=logprobs(api, ["x"])),
        said(api, "", token_ids=[0], logprobs=logprobs(api, ["<end>"]), finish_reason="stop"),
    ]
    ids = given_ids(stream(api, events, return_token_ids=True, logprobs=True))
    assert ids == [None] * (len(ids) - 1) + [None if hidden else [1, 2, 3, 0]]


@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (None, {}),  # what the ids say cannot be seen
        (["A ", "forbidden", " flag"], {"logprobs": True, "stop": ["flag", "lag"]}),
        (["A ", "forbidden", " flag"], {"logprobs": True, "stop_token_ids": [3]}),
        (["A ", "forbidden", " f", "lag"], {"logprobs": True}),
        (["<think>", FORBIDDEN, "</think>", "A ", "forbidden"], {"logprobs": True, "include_reasoning": False}),
        (["A ", "forbidden"], {}),  # not asked for
    ],
)
def test_token_ids_say_nothing_that_the_content_does_not(
    api: Api, words: list[str] | None, asked: dict[str, Any]
) -> None:
    beside: dict[str, Any] = {} if words is None else {"logprobs": logprobs(api, words)}
    ids = list(range(1, 1 + len(words or "abc")))
    events = [said(api, "A forbidden", token_ids=ids, **beside), said(api, "", finish_reason="stop")]
    assert not any(given_ids(stream(api, events, return_token_ids=True, **asked)))
    answer = {"choices": [said(api, "A forbidden", token_ids=ids, finish_reason="stop", **beside)["choices"][0]]}
    answer["choices"][0]["message"] = answer["choices"][0].pop("delta", None)
    assert not any(given_ids([whole(api, answer, return_token_ids=True, **asked)]))


def given_ids(events: list[dict[str, Any]]) -> list[Any]:
    return [choice.get("token_ids") for event in events for choice in event["choices"]]


@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
def test_that_the_model_stopped_at_a_phrase_does_not_give_the_phrase(api: Api) -> None:
    events = [said(api, "Fine."), said(api, "", finish_reason="stop", stop_reason=FORBIDDEN)]
    out = stream(api, events, stop=["END", FORBIDDEN])
    assert [choice["finish_reason"] for event in out for choice in event["choices"]][-1] == "stop"
    assert FORBIDDEN not in json.dumps(out)


@pytest.mark.semantics(16)
@pytest.mark.parametrize("api", APIS, ids=["chat", "completions"])
@pytest.mark.parametrize(
    ("text", "reason", "passed"),
    [
        ("Fine", "END", "END"), ("Fine", 17, None), ("Fine", "other", None), ("Fine", True, None), ("Fine", None, None),
        (f"A {FORBIDDEN}", "END", None), (f"A {FORBIDDEN} x", 17, None), ("A forbidden", "END", None),
        (f"A {RED_LINE}", "END", None),
    ],
)  # fmt: skip
def test_a_stop_reason_passes_outside_regions_only(api: Api, text: str, reason: object, passed: object) -> None:
    events = [said(api, text), said(api, "", finish_reason="stop", stop_reason=reason)]
    out = stream(api, events, stop=["END"])
    told = [choice.get("stop_reason") for event in out for choice in event["choices"]]
    assert [one for one in told if one is not None] == ([] if passed is None else [passed])


def test_a_flood_of_tokens_without_text_is_let_go() -> None:
    flood = [said(CHAT, "", logprobs=logprobs(CHAT, ["z"] * 1000)) for _ in range(6)]
    out = stream(CHAT, [*flood, said(CHAT, "zz", finish_reason="stop")])
    assert given_tokens(out) == []
    assert joined(out) == "zz"


def test_prompt_log_probabilities_are_not_asked_for() -> None:
    for api in APIS:
        body = read(api, prompt_logprobs=5, logprobs=True, top_logprobs=3, return_token_ids=True).body
        assert {"prompt_logprobs"} & set(body) == set()
        assert {"logprobs", "top_logprobs", "return_token_ids"} <= set(body)
    assert finishes(
        stream(COMPLETIONS, [piece("x", prompt_logprobs=[{"1": {"decoded_token": "c"}}], finish="stop")])
    ) == ["stop"]
    assert json.dumps(whole(CHAT, completion("Hi.") | {"prompt_logprobs": ["canary"]})).count("canary") == 0


def test_a_long_whole_answer_has_all_its_tokens() -> None:
    tokens = ["word", " "] * 6000
    answer = completion("".join(tokens))
    answer["choices"][0]["logprobs"] = logprobs(CHAT, tokens)
    assert len(given_tokens([whole(CHAT, answer)])) == len(tokens)
