"""What of a conversation reaches the model: what is new, and what is old unless it meets a red line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER, Channel, NoticeKind, Verdict
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.govern.history import hear
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.strings import strings
from ordinance.runtime.redact.own_words import GAP
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.conversations import APIS, Turn, request_of, said_in
from support.plans import expressions, mask, plan, refuse, session

RED, OTHER = "opaque canary", "scarlet heron"
POLICY = plan(
    [refuse("baseline/red", "red", type="danger"), mask("DE/codes", "code", channels=frozenset({Channel.PROMPT}))],
    {"red": expressions([RED]), "code": expressions(["isikukood"]), "other": expressions([OTHER])},
)
MORE = replace(POLICY, rules=(*POLICY.rules, refuse("baseline/other", "other", type="birds")))

ASKED: list[Turn] = [("user", "What is the capital of Germany?"), ("assistant", "Berlin.")]
BAD: list[Turn] = [("user", f"Tell me of the {RED}."), ("assistant", "No.")]
NOW: Turn = ("user", "And of Estonia?")


def sent(
    api: Api, turns: Sequence[Turn], policy: Plan = POLICY, ours: bool = False, **more: Any
) -> tuple[list[Turn] | None, Session]:
    """The turns that the model reads, or None where it is not asked."""
    request = api.read_request(json.dumps(request_of(api, turns) | more).encode())
    opened = Session(policy, situate(policy, jurisdiction="DE", turn=request.turn), "en", whole=True)
    body = sent_on(api, request, opened, system_is_ours=ours)
    return None if body is None else said_in(api, json.loads(body)), opened


def left_out(opened: Session) -> dict[str, Any]:
    stream = opened.stream()
    stream.feed("Tallinn.")
    stream.close()
    found: dict[str, Any] = opened.metadata().get("history", {})
    return found


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
def test_a_red_line_in_what_is_old_leaves_its_exchange_out_and_the_answer_goes_on(api: Api) -> None:
    turns, opened = sent(api, [("system", "Be kind."), *ASKED, *BAD, *ASKED, NOW])
    assert turns == [("system", "Be kind."), *ASKED, *ASKED, NOW]
    stream = opened.stream()
    assert stream.feed("Tallinn.") + stream.close() == "Tallinn.\n\n[history]"
    told = opened.metadata()
    assert told["history"] == {"left_out": 1, "types": ["danger"]}
    assert told["verdict"] == "disclose"
    assert [(n["kind"], n["causes"]) for n in told["notices"]] == [
        ("history", [{"rule": "baseline/red", "type": "danger", "law": None}])
    ]
    assert opened.record()["history"] == told["history"]
    assert "baseline/red" in opened.record()["rules"]


@pytest.mark.semantics(26)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    "turns",
    [
        [*ASKED, BAD[0]],  # asked now
        [BAD[0]],
        [BAD[0], ("assistant", ""), NOW],  # an empty answer is none
        [BAD[0], ("assistant", "  \n"), NOW],
        [*ASKED, BAD[0], NOW],  # never answered
        [("system", f"The {RED}."), *ASKED, NOW],
        [*ASKED, ("developer", f"The {RED}."), NOW],
        [*ASKED, ("user", f"User: tell me of the {RED}.\nAssistant: No.\nUser: And of Estonia?")],
        [*ASKED, NOW, ("call", "x"), ("result", f"The {RED}.")],  # a tool loop that is not finished
        [*ASKED, BAD[0], ("call", "x"), ("result", "y")],
        [*ASKED, BAD[0], ("call", "x"), ("result", "y"), NOW],  # nor answered
        [*ASKED, NOW, ("call", f"The {RED}."), ("result", "y")],
        [*ASKED, NOW, ("assistant", f"The {RED}")],  # to be continued
        [*ASKED, BAD[0], ("assistant", "No.")],
        [("critic", f"The {RED}."), *ASKED, NOW],  # nobody knows the role
        [*ASKED, ("user", "Tell me of the opaque"), ("user", "canary.")],  # servers join what one speaker says
        [*ASKED, ("user", "Tell me of the opaque"), ("system", "Be kind."), ("user", "canary.")],
        [("system", "The opaque"), *ASKED, ("system", "canary."), NOW],
    ],
)
def test_a_red_line_in_what_is_new_refuses(api: Api, turns: list[Turn]) -> None:
    assert sent(api, turns)[0] is None


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        ([*BAD, ("user", "Go on.")], [("user", "Go on.")]),
        ([*BAD, ("user", "Answer my first question.")], [("user", "Answer my first question.")]),
        ([("user", "Hello."), ("assistant", f"The {RED} is"), NOW], [NOW]),  # an edited history
        ([("assistant", f"The {RED}."), *ASKED, NOW], [*ASKED, NOW]),  # shuffled roles
        ([("user", "x"), ("call", f"The {RED}"), ("result", "y"), ("assistant", "z"), NOW], [NOW]),
        ([("user", "x"), ("call", "x"), ("result", f"The {RED}"), ("assistant", "z"), NOW], [NOW]),
        ([("user", "The opaque"), ("user", "canary"), ("assistant", "z"), NOW], [NOW]),
        ([("user", "x"), ("assistant", "The opaque"), ("assistant", "canary"), NOW], [NOW]),
        # phrases split over turns, or that would be joined by what was cut: nothing joins them
        ([("user", "opaque"), *BAD[1:], *BAD, ("user", "canary")], [("user", "opaque"), *BAD[1:], ("user", "canary")]),
        ([*BAD, *BAD, *BAD, NOW], [NOW]),
        ([*BAD, ("system", "Be kind."), *BAD, NOW], [("system", "Be kind."), NOW]),
    ],
)
def test_what_remains_of_a_conversation(api: Api, turns: list[Turn], kept: list[Turn]) -> None:
    assert sent(api, turns)[0] == kept


@pytest.mark.semantics(27)
def test_an_operators_own_messages_are_not_looked_at() -> None:
    turns = [("system", f"Never say {RED}."), *BAD, NOW]
    assert sent(CHAT, turns, ours=True)[0] == [turns[0], NOW]


@pytest.mark.semantics(26)
def test_a_completion_is_new() -> None:
    request = COMPLETIONS.read_request(json.dumps({"prompt": f"User: {RED}\nBot: No.\nUser: Hi.\nBot:"}).encode())
    assert sent_on(COMPLETIONS, request, session(POLICY), system_is_ours=False) is None


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
def test_the_notice_stands_once_in_a_conversation(api: Api) -> None:
    _, first = sent(api, [*BAD, NOW])
    answer = first.stream()
    said = answer.feed("Tallinn.") + answer.close()
    assert NoticeKind.HISTORY in [notice.kind for notice in first.outcome().notices]
    turns, second = sent(api, [*BAD, NOW, ("assistant", said), ("user", "Thanks.")])
    assert turns == [NOW, ("assistant", "Tallinn."), ("user", "Thanks.")]
    assert left_out(second) == {"left_out": 1, "types": ["danger"]}
    assert second.outcome().notices == ()
    assert second.outcome().verdict is Verdict.DISCLOSE


@pytest.mark.semantics(8)
@pytest.mark.parametrize("api", APIS)
def test_a_mask_changes_what_is_old_as_it_changes_what_is_new(api: Api) -> None:
    turns, opened = sent(api, [("user", "My isikukood is"), ("assistant", "your isikukood"), NOW])
    assert turns == [("user", "My [code] is"), ("assistant", "your [code]"), NOW]
    assert opened.prompt.found.masked


@pytest.mark.semantics(8)
@pytest.mark.parametrize("api", APIS)
def test_a_mask_looks_at_no_row_of_messages(api: Api) -> None:
    """It could not reach what it finds there, and refuse for ever what is old."""
    turns = [("user", "My isi"), ("user", "kukood is"), ("assistant", "Thanks."), NOW]
    assert sent(api, turns)[0] == turns


@pytest.mark.semantics(28)
@pytest.mark.parametrize("api", APIS)
def test_the_engines_own_words_do_not_come_back(api: Api) -> None:
    was = f"[red_line]\n\nBerlin {MARKER} is.\n\n[history]"
    turns, _ = sent(api, [ASKED[0], ("assistant", was), ("user", was)])
    assert turns == [ASKED[0], ("assistant", f"[red_line]\n\nBerlin {GAP} is."), ("user", was)]


@pytest.mark.semantics(28)
@pytest.mark.parametrize("api", APIS)
def test_an_answer_of_which_nothing_is_left_is_a_gap(api: Api) -> None:
    assert sent(api, [ASKED[0], ("assistant", "[fault]"), NOW])[0] == [ASKED[0], ("assistant", GAP), NOW]


@pytest.mark.semantics(28)
@pytest.mark.parametrize("api", APIS)
def test_a_notice_before_a_call_goes_whole(api: Api) -> None:
    turns = [ASKED[0], ("assistant", "[fault]"), ("call", "x"), ("result", "y")]
    if api is CHAT:
        body = request_of(api, turns)
        body["messages"][2]["content"] = "[fault]"
        del body["messages"][1]
    else:
        body = request_of(api, turns)
    request = api.read_request(json.dumps(body).encode())
    sent_body = json.loads(sent_on(api, request, session(POLICY), system_is_ours=False) or b"")
    assert "[fault]" not in list(strings(sent_body))
    assert said_in(api, sent_body)[-2:] == turns[-2:]
    assert len(sent_body[api.turns]) == 3


@pytest.mark.semantics(28)
@pytest.mark.parametrize("api", APIS)
def test_cutting_makes_no_phrase(api: Api) -> None:
    """What stands around a notice or a marker is looked at as it is sent: here it would be a phrase in disguise."""
    for between in ("\n\n[fault]\n\n", MARKER):
        assert not session(POLICY).screen([f"The opaque{between}canary"]) or between is MARKER
        assert sent(api, [ASKED[0], ("assistant", f"The opaque{between}canary"), NOW])[0] == [NOW]


# the theorems, over random conversations

HALVES = ["opaque", "canary", RED, "scarlet", "heron", OTHER, "Berlin", "", MARKER, "[fault]", "[history]", "go on"]
WORDS = st.lists(st.sampled_from(HALVES), min_size=0, max_size=3).map(" ".join) | st.lists(
    st.sampled_from(HALVES), max_size=3
).map("\n\n".join)
WHO = st.sampled_from(["user", "user", "assistant", "assistant", "system", "call", "result"])
TURNS = st.lists(st.tuples(WHO, WORDS), min_size=1, max_size=9)


def finds(policy: Plan, text: str) -> bool:
    return session(policy).screen([text])


def joined(turns: Sequence[Turn]) -> list[str]:
    """Texts as servers write them: each turn, neighbours of one speaker together, empty turns left out, system turns in
    front."""
    system = [text for who, text in turns if who == "system"]
    others = [turn for turn in turns if turn[0] == "call" or (turn[0] != "system" and turn[1].strip())]
    pairs = [
        f"{one}{joint}{other}"
        for (who, one), (next, other) in pairwise(others)
        if who == next in ("user", "assistant")
        for joint in ("", " ", "\n")
    ]
    return [*(text for _, text in turns), " ".join(system), *pairs]


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@given(turns=TURNS)
def test_nothing_that_a_red_line_finds_reaches_the_model(api: Api, turns: list[Turn]) -> None:
    found, _ = sent(api, turns)
    for text in joined(found or ()):
        assert not finds(POLICY, text), text


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@given(turns=TURNS)
def test_no_answer_is_refused_for_what_the_model_was_not_shown(api: Api, turns: list[Turn]) -> None:
    """A refused request is refused for what is new: without anything old it is refused too."""
    found, opened = sent(api, turns)
    if found is None:
        request = api.read_request(json.dumps(request_of(api, turns)).encode())
        new = hear(api, request, opened.prompt.cutter, system_is_ours=False).asked.new
        assert any(finds(POLICY, text) for text in new)
    else:
        stream = opened.stream()
        assert "Tallinn." in stream.feed("Tallinn.") + stream.close()


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", APIS)
@given(turns=TURNS)
def test_another_rule_only_leaves_out_more(api: Api, turns: list[Turn]) -> None:
    few, _ = sent(api, turns, POLICY)
    fewer, _ = sent(api, turns, MORE)
    if few is None:
        assert fewer is None
    elif fewer is not None:
        rest = iter(few)
        assert all(turn in rest for turn in fewer), "in the same order"
