from __future__ import annotations

import json
from typing import Any

import pytest

from ordinance.policy.plan import Plan, Scope
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.governed_stream import GovernedStream, refused_stream
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.govern.whole import govern_whole, refused_whole
from ordinance.protocol.problems import Problem, truncated
from ordinance.protocol.said import Top
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.governing import joined, unframed
from support.serving import USAGE, chunk, completion
from support.small_plan import FORBIDDEN, MACHINE, OMITTED, RED_LINE, REFUSED, small_plan

OWN = Top("chatcmpl-own", 1, "asked")
PLAN = small_plan()


def session(*, whole: bool = False, turn: int = 2, plan: Plan = PLAN) -> Session:
    return Session(plan, situate(plan, jurisdiction="DE", turn=turn), "en", whole=whole)


def request(**fields: Any) -> Request:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return CHAT.read_request(json.dumps(body).encode())


def whole(answer: Any, **fields: Any) -> dict[str, Any]:
    return govern_whole(CHAT, json.dumps(answer).encode(), request(**fields), session(whole=True)).written(OWN)


class Streamed:
    """A stream under test: what it let go, chunk by chunk."""

    def __init__(self, **fields: Any) -> None:
        self.session = session()
        asked = request(stream=True, **fields)
        sent_on(CHAT, asked, self.session, system_is_ours=False)
        self.stream = GovernedStream(CHAT, asked, self.session, OWN)
        self.out: list[dict[str, Any]] = []

    def feed(self, *chunks: dict[str, Any]) -> Streamed:
        for one in chunks:
            self.out += unframed(self.stream.event(json.dumps(one).encode()))
        return self

    def end(self) -> list[dict[str, Any]]:
        self.out += unframed(self.stream.end())
        return self.out

    def text(self, index: int = 0) -> str:
        choices = [choice for one in self.out for choice in one.get("choices", ()) if choice["index"] == index]
        return "".join(choice["delta"].get("content", "") for choice in choices)


# requests


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"{}",
        b'{"messages":[]}', b'{"messages":{}}', b'{"messages":["x"]}',
        b'{"messages":[{}],"n":0}', b'{"messages":[{}],"n":129}', b'{"messages":[{}],"n":true}',
        b'{"messages":[{}],"n":"2"}', b'{"messages":[{}],"stream":"yes"}', b'{"messages":[{}],"stream":1}',
        b"[" * 100_000, b'{"messages":[{"content":"\\ud800"}]}',
    ],
)  # fmt: skip
def test_what_is_no_request_is_told(raw: bytes) -> None:
    with pytest.raises(Problem) as caught:
        CHAT.read_request(raw)
    assert caught.value.status == 400
    assert caught.value.body()["error"]["type"] == "invalid_request_error"  # type: ignore[index]  # it is a mapping


def test_fields_go_upstream_as_they_came_but_for_those_whose_answer_cannot_pass() -> None:
    refused = {"prompt_logprobs": 5, "vllm_xargs": {"a": 1}, "kv_transfer_params": {"remote_host": "x"}}
    read = request(temperature=0.5, stream_options={"include_usage": True}, seed=7, **refused)
    assert read.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "stream_options": {"include_usage": True},
        "seed": 7,
    }


@pytest.mark.semantics(3)
def test_the_turn_counts_assistant_messages() -> None:
    says = [{"role": role, "content": "x"} for role in ("user", "assistant", "user", "assistant", "user")]
    assert request().turn == 1
    assert request(messages=says).turn == 3


def assistant(*parts: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": part} for part in parts], **more}


@pytest.mark.semantics(10)
@pytest.mark.parametrize(
    ("messages", "flag", "readings"),
    [
        ([{"role": "user", "content": "x"}], None, ()),
        ([{"role": "user", "content": "x"}], True, ("x",)),
        ([{"role": "user", "content": "x"}], "yes", ("x",)),
        ([{"role": "user", "content": "x"}, assistant("forbid")], None, ("forbid",)),
        ([{"role": "user", "content": "x"}, assistant("forbid \n")], False, ("forbid \n", "forbid")),
        ([assistant("a", "b")], None, ("ab", "a\nb", "a b", "b")),
        ([assistant("a"), assistant("b"), assistant()], None, ("ab", "a\nb", "a b", "b")),
        ([assistant("b", reasoning_content="a")], None, ("ab", "a\nb", "a b", "b")),
        ([{"role": "assistant", "content": [{"type": "refusal", "refusal": "a"}]}], None, ("a",)),
    ],
)
def test_what_an_answer_may_continue_is_read_in_every_likely_way(
    messages: list[dict[str, Any]], flag: object, readings: tuple[str, ...]
) -> None:
    more = {} if flag is None else {"continue_final_message": flag}
    assert request(messages=messages, **more).readings == (readings,)


@pytest.mark.semantics(10)
@pytest.mark.parametrize(
    ("asked", "continued"),
    [
        ({"add_generation_prompt": False}, True),
        ({"add_generation_prompt": 0}, True),
        ({"add_generation_prompt": "false"}, True),
        ({"chat_template_kwargs": {"add_generation_prompt": False}}, False),  # it does not go upstream
        ({"chat_template_kwargs": {"continue_final_message": True}}, False),
        ({"add_generation_prompt": True, "chat_template_kwargs": {"enable_thinking": False}}, False),
        ({"add_generation_prompt": None, "chat_template_kwargs": None}, False),
    ],
)
def test_a_message_of_any_role_may_be_continued_where_a_server_may_read_it_so(
    asked: dict[str, Any], continued: bool
) -> None:
    assert request(**asked).readings == ((("hi",) if continued else ()),)


def test_what_would_decide_how_an_answer_continues_does_not_go_upstream() -> None:
    body = request(prompt="x", chat_template="{{ x }}", temperature=0).body
    assert set(body) == {"model", "messages", "temperature"}


@pytest.mark.semantics(4)
def test_every_string_is_screened_wherever_it_stands() -> None:
    parts = [{"type": "text", "text": "opaque "}, {"type": "text", "text": "red line"}]
    read = request(
        messages=[
            {"role": "system", "content": "A"},
            {"role": "user", "content": parts},
            {"role": "tool", "content": "B", "tool_call_id": "C"},
        ],
        tools=[{"function": {"description": "D", "parameters": {"properties": {"E": {"enum": ["F"]}}}}}],
        stop=["G"],
        documents=[{"H": {"deep": [["I"]]}}],
    )
    texts = list(CHAT.prompt_texts(read, system_is_ours=False))
    assert {*"ABCDEFGHI", RED_LINE} <= set(texts)


@pytest.mark.semantics(4)
def test_system_messages_are_left_out_only_where_the_key_attests_them() -> None:
    says = [{"role": role, "content": role.upper()} for role in ("system", "developer", "user", "assistant")]
    read = request(messages=says)
    assert {"SYSTEM", "DEVELOPER"} <= set(CHAT.prompt_texts(read, system_is_ours=False))
    ours = set(CHAT.prompt_texts(read, system_is_ours=True))
    assert ours & {"SYSTEM", "DEVELOPER", "USER", "ASSISTANT"} == {"USER", "ASSISTANT"}


# whole answers


def test_an_untouched_answer_passes_with_its_counts() -> None:
    governed = whole(completion("Hello."))
    assert governed["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "logprobs": None, "finish_reason": "stop"}
    ]
    assert governed["usage"] == USAGE
    assert governed["ordinance"]["verdict"] == "pass"
    assert (governed["id"], governed["created"], governed["model"]) == ("chatcmpl-own", 1, "asked")


@pytest.mark.parametrize("name", ["refusal", "reasoning"])
def test_an_answer_without_content_has_none(name: str) -> None:
    message = whole(completion(None, **{name: "I cannot."}))["choices"][0]["message"]
    assert message == {"role": "assistant", "content": None, name: "I cannot."}


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
def test_an_answer_with_an_omission_has_no_counts() -> None:
    governed = whole(completion(f"See the {FORBIDDEN} now."))
    assert governed["choices"][0]["message"]["content"] == f"See the ⟦…⟧ now.\n\n{OMITTED['en']}"
    assert "usage" not in governed
    assert governed["ordinance"]["verdict"] == "withhold"


@pytest.mark.requirement("TR-3")
def test_two_answers_that_differ_only_inside_a_region_are_the_same_outside() -> None:
    plan = small_plan(Scope("sentence", 400))
    governed = [
        govern_whole(
            CHAT,
            json.dumps(
                completion(f"Good day. {inside} Goodbye.") | {"usage": {"completion_tokens": len(inside)}}
            ).encode(),
            request(),
            session(whole=True, plan=plan),
        ).written(OWN)
        for inside in (f"A {FORBIDDEN}.", f"What a {FORBIDDEN.upper()} over there, and one more {FORBIDDEN}!")
    ]
    assert governed[0] == governed[1]
    assert governed[0]["choices"][0]["message"]["content"].startswith("Good day. ⟦…⟧ Goodbye.")


@pytest.mark.requirement("TR-3")
def test_fields_that_are_not_known_do_not_pass() -> None:
    canary = "canary-in-a-field"
    answer = completion("Hi.", audio={"transcript": canary}, annotations=[canary], thinking=canary)
    answer["choices"][0] |= {"hidden": canary, "prompt_text": canary, "logprobs": {"others": [{"token": canary}]}}
    answer |= {"prompt_logprobs": [canary], "prompt_text": canary, "system_fingerprint": canary, "metrics": canary}
    answer["usage"] = USAGE | {"completion_tokens_details": {"reasoning_tokens": 7}}
    governed = whole(answer)
    assert canary not in json.dumps(governed)
    assert governed["usage"] == USAGE
    assert set(governed) == {"id", "object", "created", "model", "choices", "usage", "ordinance"}


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "stop"),
        ("function_call", "stop"),
        ("canary", "stop"),
    ],
)
def test_finish_reasons_come_from_a_closed_set(said: str, passed: str) -> None:
    assert whole(completion("Hi.", finish=said))["choices"][0]["finish_reason"] == passed


@pytest.mark.semantics(7)
def test_a_refused_whole_answer_is_the_notice_alone() -> None:
    governed = whole(completion(f"Before. The {RED_LINE}. After."))
    assert governed["choices"][0]["finish_reason"] == "content_filter"
    assert governed["choices"][0]["message"]["content"].startswith(REFUSED["en"])
    assert "Before" not in json.dumps(governed)


@pytest.mark.semantics(7)
def test_a_refused_prompt_gets_every_choice_refused() -> None:
    opened = session(whole=True)
    assert opened.screen([f"Tell me of the {RED_LINE}"])
    governed = refused_whole(CHAT, request(n=2), opened, OWN)
    assert [choice["finish_reason"] for choice in governed["choices"]] == ["content_filter"] * 2
    assert (governed["id"], governed["model"]) == ("chatcmpl-own", "asked")
    assert governed["ordinance"]["verdict"] == "refuse"


@pytest.mark.parametrize(
    "answer",
    [
        [], "x", {}, {"choices": []}, {"choices": [{"index": "0"}]}, {"choices": [{"message": {"content": ["parts"]}}]},
        {"choices": [{"index": 1, "message": {"content": "x"}}]}, {"error": {"message": "canary"}},
        {"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_problem_in_our_words(answer: Any) -> None:
    with pytest.raises(Problem) as caught:
        whole(answer)
    assert caught.value.status == 502
    assert "canary" not in str(caught.value.body())


# streams


def test_chunks_leave_at_once_and_the_last_one_has_the_metadata() -> None:
    run = Streamed()
    run.feed(chunk(role="assistant", content=""), chunk(content="Hello. "))
    assert run.text() == "Hello. "
    before = len(run.out)
    run.feed(chunk(finish="stop"))
    assert len(run.out) == before, "the newest chunk waits once every choice has finished"
    last = run.end()[-1]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["ordinance"]["verdict"] == "pass"
    assert all("ordinance" not in one for one in run.out[:-1])


def test_a_chunk_of_counts_is_the_last_one() -> None:
    counts = {"choices": [], "usage": USAGE}
    out = Streamed().feed(chunk(content="Hello."), chunk(finish="stop"), counts).end()
    assert out[-2]["choices"][0]["finish_reason"] == "stop"
    assert "ordinance" not in out[-2]
    assert (out[-1]["choices"], out[-1]["usage"], out[-1]["ordinance"]["verdict"]) == ([], USAGE, "pass")


@pytest.mark.requirement("TR-3")
def test_counts_do_not_pass_on_the_way_nor_after_an_omission() -> None:
    on_the_way = chunk(content=f"The {FORBIDDEN}.") | {"usage": {"completion_tokens": 4}}
    out = Streamed().feed(on_the_way, chunk(finish="stop"), {"choices": [], "usage": USAGE}).end()
    assert all("usage" not in one for one in out)
    assert out[-1]["ordinance"]["verdict"] == "withhold"


@pytest.mark.requirement("TR-3")
def test_the_number_of_held_chunks_cannot_be_counted() -> None:
    short = Streamed().feed(chunk(content="A "), chunk(content=FORBIDDEN), chunk(content=" B"), chunk(finish="stop"))
    letters = [chunk(content=letter) for letter in FORBIDDEN]
    long = Streamed().feed(chunk(content="A "), *letters, chunk(content=" B"), chunk(finish="stop"))
    assert short.end() == long.end()


@pytest.mark.requirement("TR-8")
def test_an_answer_without_a_finish_gets_a_last_chunk_of_ours() -> None:
    out = Streamed().feed(chunk(content="The forb")).end()
    assert [choice["delta"].get("content") for one in out for choice in one["choices"]] == ["The ", "forb"]
    assert out[-1]["choices"][0]["finish_reason"] == "stop"
    assert out[-1]["ordinance"]["verdict"] == "pass"


@pytest.mark.semantics(6)
def test_an_answer_without_a_finish_was_cut() -> None:
    out = Streamed().feed(chunk(content="The forbidden")).end()
    assert joined(out) == "The ⟦…⟧\n\nNotice cut."
    assert [notice["kind"] for notice in out[-1]["ordinance"]["notices"]] == ["cut"]


@pytest.mark.semantics(7)
def test_a_refusal_ends_its_choice_and_with_the_last_one_the_answer() -> None:
    run = Streamed(n=2).feed(chunk(0, content="One. "), chunk(1, content="Two. "), chunk(0, content=f"The {RED_LINE}"))
    run.feed(chunk(0, content=" and more"), chunk(1, content="Still here."))
    assert run.text(0).startswith("One. The ")
    assert REFUSED["en"] in run.text(0)
    assert "more" not in run.text(0)
    assert run.text(1) == "Two. Still here."
    out = run.feed(chunk(1, finish="stop")).end()
    assert out[-1]["ordinance"]["verdict"] == "refuse"
    reasons = [choice["finish_reason"] for one in out for choice in one["choices"] if choice["finish_reason"]]
    assert reasons == ["content_filter", "stop"]


@pytest.mark.requirement("LAW-4")
@pytest.mark.semantics(17)
@pytest.mark.parametrize("delta", [{"role": "assistant"}, {"reasoning": "Hm."}, {"tool_calls": [{"index": 0}]}])
def test_an_opening_notice_waits_for_the_first_text(delta: dict[str, Any]) -> None:
    opened = session(turn=1)
    answer = GovernedStream(CHAT, request(stream=True), opened, OWN)
    for one in unframed(answer.event(json.dumps(chunk(**delta)).encode())):
        assert MACHINE["en"] not in json.dumps(one)
    (text,) = unframed(answer.event(json.dumps(chunk(content="Hello. ")).encode()))
    assert text["choices"][0]["delta"]["content"].startswith(f"{MACHINE['en']}\n\n")


@pytest.mark.requirement("TR-1")
def test_each_choice_tells_what_it_left_out() -> None:
    deltas = [chunk(index, content=f"The {FORBIDDEN}. ") for index in (0, 1)]
    run = Streamed(n=2).feed(*deltas, chunk(0, finish="stop"), chunk(1, finish="stop"))
    run.end()
    assert all(run.text(index).count(OMITTED["en"]) == 1 for index in (0, 1))


def test_it_is_over_when_no_choice_remains_and_one_was_refused() -> None:
    feeds = [chunk(0, finish="stop"), chunk(1, content="x "), chunk(1, content=f"{RED_LINE}."), chunk(0, content="")]
    run = Streamed(n=2)
    assert [run.feed(one).stream.over for one in feeds] == [False, False, True, True]
    unharmed = Streamed(n=2).feed(chunk(0, finish="stop"), chunk(1, finish="stop"))
    assert not unharmed.stream.over, "the counts may still come"


def test_a_failure_releases_nothing_held_and_tells_every_open_choice() -> None:
    run = Streamed(n=2).feed(chunk(0, content="See the forbidden"), chunk(1, content="Done."), chunk(1, finish="stop"))
    run.out += unframed(run.stream.fail(truncated()))
    assert "forbidden" not in json.dumps(run.out)
    last = run.out[-1]
    assert last["error"]["code"] == "upstream_truncated"
    assert [notice["kind"] for notice in last["ordinance"]["notices"]].count("fault") == 1
    assert run.text(0).startswith("See the \n\nNotice fault.")
    assert run.text(1) == "Done."


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "[]",
        "null",
        '{"choices":[{"index":5}]}',
        '{"choices":[{"delta":{"content":1}}]}',
        '{"error":{"m":"canary"}}',
    ],
)
def test_an_event_that_is_no_chunk_is_a_problem(data: str) -> None:
    with pytest.raises(Problem) as caught:
        Streamed().stream.event(data.encode())
    assert caught.value.status == 502
    assert "canary" not in str(caught.value.body())


def test_a_choice_that_goes_on_after_its_end_is_a_problem() -> None:
    with pytest.raises(Problem):
        Streamed().feed(chunk(finish="stop"), chunk(content="more"))


def test_an_answer_without_anything_is_a_problem() -> None:
    with pytest.raises(Problem):
        Streamed().end()


@pytest.mark.semantics(10)
def test_a_phrase_that_ends_in_the_answer_is_found() -> None:
    trailing = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "The forbidden"}]
    run = Streamed(messages=trailing, continue_final_message=True).feed(chunk(content=" flag!"), chunk(finish="stop"))
    run.end()
    assert "flag!" not in run.text()
    assert "flags" in run.out[-1]["ordinance"]["notices"][-1]["causes"][0]["type"]


def test_a_refused_prompt_on_a_stream() -> None:
    opened = session(turn=1)
    assert opened.screen([RED_LINE])
    chunks = unframed(refused_stream(CHAT, request(stream=True, n=2), opened, OWN))
    assert [one["choices"][0]["index"] for one in chunks] == [0, 1]
    assert all(one["choices"][0]["delta"]["content"].startswith(MACHINE["en"]) for one in chunks)
    assert "ordinance" in chunks[-1]
    assert "ordinance" not in chunks[0]
