"""What a judge is asked about requests and conversations, and what answers and records say of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Checkpoint, Question, Ruling
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Verdict
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.prompts import heard_and_unknown, sent_on
from ordinance.protocol.strings import encoded
from ordinance.runtime.judged_prompt import to_judge
from ordinance.runtime.match import rulings
from ordinance.runtime.memory import Memories, Memory
from ordinance.runtime.opening import open_session
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.judging import ScriptedJudge, fires, judged
from support.small_plan import RED_LINE, small_plan


def opened(judge: ScriptedJudge, memory: Memory | None = None, plan: Plan | None = None) -> Session:
    plan = plan or judged(small_plan(), judge, "small/red", "DE/flags")
    return open_session(plan, situate(plan, jurisdiction="DE", turn=2), memory=memory)


def sent(api: Api, session: Session, body: dict[str, Any]) -> bytes | None:
    request = api.read_request(encoded({"model": "tiny", **body}))
    heard, unknown = heard_and_unknown(api, request, session, None, system_is_ours=False)
    assert unknown > 0
    return sent_on(api, request, session, system_is_ours=False, heard=heard)


@pytest.mark.semantics(30)
@pytest.mark.semantics(7)
def test_a_prompt_at_which_a_judge_fires_is_refused() -> None:
    judge = ScriptedJudge()
    session = opened(judge)
    assert session.ask(f"Tell me about {fires('red')}.") is None
    outcome = session.outcome()
    stream = session.stream()
    assert stream.feed("Never said.") == ""
    stream.close()
    outcome = session.outcome()
    assert (outcome.verdict, outcome.rules) == (Verdict.REFUSE, ("small/red",))
    assert [notice.kind.value for notice in outcome.notices] == ["red_line", "contact"]
    assert "0.93" not in str(session.metadata()) + str(session.record()), "never a score"
    assert session.metadata()["judged"] == ["small/red"]
    assert session.metadata()["not_judged"] == ["DE/flags"], "of the answer nothing was asked"


@pytest.mark.semantics(13)
def test_a_prompt_at_which_a_judge_fails_is_refused_as_a_fault() -> None:
    session = opened(ScriptedJudge())
    assert session.ask("judge-fault-unreachable") is None
    session.stream().close()
    assert [notice.kind.value for notice in session.outcome().notices] == ["fault"]
    assert session.record()["judge_faults"] == ["unreachable"]


@dataclass
class HangingJudge(ScriptedJudge):
    """Only records, and answers nothing until it is ``freed``."""

    acts: frozenset[str] | None = frozenset()
    freed: threading.Event = field(default_factory=threading.Event)

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        self.freed.wait(60)
        return super().ask(questions, at)


@pytest.mark.semantics(30)
def test_a_judge_that_only_records_and_hangs_delays_and_refuses_nothing() -> None:
    judge = HangingJudge()
    try:
        session = opened(judge)
        assert session.ask(f"Tell me about {fires('red')}.", [("Earlier?", "Yes.")]) is not None
        assert not session.prompt.pending
        stream = session.stream()
        said = stream.feed("Well said. And more. ") + stream.close()
        assert said == "Well said. And more. "
        assert judge.asked == [], "the answer is complete, and nothing was heard yet"
        assert (session.outcome().verdict, session.outcome().trials) == (Verdict.PASS, ())
        assert session.record()["judge_faults"] == ["late"]
    finally:
        judge.freed.set()


@pytest.mark.semantics(30)
def test_what_a_judge_that_only_records_finds_in_a_prompt_is_a_trial() -> None:
    judge = ScriptedJudge(acts=frozenset())
    session = opened(judge)
    assert session.ask(f"Tell me about {fires('red')}.", [(f"Earlier {fires('flags')}?", "Yes.")]) is not None
    stream = session.stream()
    assert stream.feed("Well said. ") + stream.close() == "Well said. "
    assert session.outcome().trials == ("small/red",)
    assert not any("Earlier" in text for text in judge.texts), "what is old is not asked about"


@pytest.mark.semantics(30)
def test_without_a_judge_nothing_is_said_of_one() -> None:
    plan = small_plan()
    session = open_session(plan, situate(plan, jurisdiction="DE"))
    session.ask(fires("red"))
    assert not {"judged", "not_judged", "judge_faults"} & {*session.metadata(), *session.record()}


@pytest.mark.semantics(27)
@pytest.mark.semantics(30)
@pytest.mark.parametrize("said", [fires("red"), "judge-fault-late"])
def test_an_old_exchange_at_which_a_judge_fires_or_fails_is_left_out(said: str) -> None:
    judge = ScriptedJudge()
    session = opened(judge)
    body = {
        "messages": [
            {"role": "user", "content": f"Is it {said}?"},
            {"role": "assistant", "content": "It was."},
            {"role": "user", "content": "And the weather?"},
        ]
    }
    left = sent(CHAT, session, body)
    assert left is not None
    assert b"It was" not in left
    assert b"And the weather?" in left
    assert session.history()["history"]["left_out"] == 1


@dataclass
class PatientJudge(ScriptedJudge):
    """Takes a second of the test's clock for each text."""

    now: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        with self.lock:
            self.now += 1
        return super().ask(questions, at)


def long_conversation(exchanges: int) -> dict[str, Any]:
    said = [
        {"role": role, "content": f"{role} says {number}."}
        for number in range(exchanges)
        for role in ("user", "assistant")
    ]
    return {"messages": [*said, {"role": "user", "content": "And now?"}]}


@pytest.mark.semantics(30)
@pytest.mark.semantics(27)
def test_of_a_long_conversation_what_is_newest_is_judged_first_and_the_rest_with_later_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a restart nothing is remembered as cleared. Before, the oldest exchanges took all of the time, so that what
    was new was late, and refused."""
    judge, memory = PatientJudge(), Memories().of("client")
    monkeypatch.setattr(rulings.Rulings.__init__, "__defaults__", (b"", lambda: judge.now))
    plan = judged(small_plan(), judge, "small/red")
    left_out = []
    for _ in range(2):
        session = opened(judge, memory, plan)
        session.prompt.defers = True  # as a gateway does
        left = sent(CHAT, session, long_conversation(8))
        assert left is not None
        session.prompt.settle()
        assert not session.refused, "what is new was judged, and passed"
        assert b"And now?" in left
        read = [number for number in range(8) if f"user says {number}.".encode() in left]
        assert read == [*range(8 - len(read), 8)], "the newest remain"
        left_out.append(session.history().get("history", {"left_out": 0})["left_out"])
        faults = session.record().get("judge_faults", [])
        assert faults == (["late"] if left_out[-1] else [])
    assert 0 < left_out[0] <= 4
    assert left_out[1] == 0, "each request goes on where the last one ended"


@pytest.mark.semantics(30)
def test_several_old_texts_are_judged_at_once() -> None:
    together = threading.Barrier(rulings.AT_ONCE, timeout=30)

    class Meeting(ScriptedJudge):
        def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
            if " says " in at.text:
                together.wait()
            return super().ask(questions, at)

    session = opened(Meeting())
    left = sent(CHAT, session, long_conversation(rulings.AT_ONCE))
    assert left is not None
    assert "history" not in session.history()


BODIES: list[tuple[Api, dict[str, Any]]] = [
    (
        CHAT,
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "A?"},
                {"role": "user", "content": [{"type": "text", "text": "B?"}]},
            ]
        },
    ),
    (MESSAGES, {"system": "Be kind.", "max_tokens": 9, "messages": [{"role": "user", "content": "A?\nB?"}]}),
    (RESPONSES, {"instructions": "Be kind.", "input": "A?\nB?"}),
]  # fmt: skip


@pytest.mark.semantics(30)
@pytest.mark.parametrize(("api", "body"), BODIES)
def test_each_speaker_is_judged_whole_and_no_word_of_the_protocol_is(api: Api, body: dict[str, Any]) -> None:
    judge = ScriptedJudge()
    session = opened(judge)
    assert sent(api, session, body) is not None
    assert sorted(judge.texts) == ["A?\nB?", "Be kind."]
    stream = session.stream()
    stream.feed("Yes. ")
    stream.close()
    assert judge.asked[-1][1].prompt == "A?\nB?"


@pytest.mark.semantics(30)
def test_of_a_completion_the_prompt_is_judged() -> None:
    judge = ScriptedJudge()
    assert sent(COMPLETIONS, opened(judge), {"prompt": ["Once upon a time", "There was"]}) is not None
    assert judge.texts == ["Once upon a time", "There was"]


@pytest.mark.semantics(30)
def test_what_stands_in_no_message_is_judged_together() -> None:
    judge = ScriptedJudge()
    body = {
        "messages": [{"role": "user", "content": "A?"}],
        "tools": [{"type": "function", "function": {"name": "look", "description": f"Looks. {fires('red')}"}}],
    }
    assert sent(CHAT, opened(judge), body) is None
    assert len(judge.texts) == 2
    assert fires("red") in judge.texts[1]


@given(st.lists(st.text("ab \n\0", max_size=6), max_size=8), st.lists(st.text("ab \n\0", max_size=8), max_size=3))
def test_every_text_is_in_one_that_is_judged(texts: list[str], said: list[str]) -> None:
    chosen = to_judge(texts, said)
    packed = ["".join(each.split()) for each in chosen]
    for text in (*texts, *said):
        assert any("".join(text.split()) in each for each in packed) or not text.strip()


@pytest.mark.semantics(30)
def test_a_text_that_two_speakers_say_together_is_judged_whole() -> None:
    """Before, a text with a zero byte between what they say was taken for said, and judged by halves."""
    assert to_judge(["how", "to", "how\0to"], ["how", "to"]) == ["how", "to", "how\0to"]


@pytest.mark.semantics(30)
def test_what_was_cleared_is_remembered_and_says_the_same() -> None:
    judge = ScriptedJudge()
    memory = Memories().of("key")
    first, again = opened(judge, memory), None
    plan = first.plan
    first.ask("A question?")
    assert judge.texts == ["A question?"]
    again = opened(judge, memory, plan)
    again.ask("A question?")
    assert judge.texts == ["A question?"], "asked once"
    assert again.metadata()["judged"] == first.metadata()["judged"] == ["small/red"]


@pytest.mark.semantics(30)
@pytest.mark.parametrize("said", ["judge-abroad question", f"judge-abroad {fires('red')}"])
def test_what_a_judge_only_recorded_is_not_remembered_as_cleared(said: str) -> None:
    judge = ScriptedJudge()
    memory = Memories().of("key")
    first = opened(judge, memory)
    again = opened(judge, memory, first.plan)
    trials = []
    for session in (first, again):
        assert session.ask(said) == said
        assert session.metadata()["judged"] == []
        trials.append(session.outcome().trials)
        session.stream().close()
    assert len(judge.texts) == 2
    assert trials[0] == trials[1]


@pytest.mark.semantics(30)
def test_a_recorded_hit_is_in_the_trials_of_the_record() -> None:
    session = opened(ScriptedJudge(acts=frozenset()))
    assert session.ask(said := f"Tell me about {fires('red')}.") == said
    stream = session.stream()
    stream.feed("Well. ")
    stream.close()
    assert session.record()["trials"] == ["small/red"]
    assert session.outcome().verdict is Verdict.PASS


@pytest.mark.semantics(30)
def test_a_rule_on_trial_asks_and_holds_nothing() -> None:
    judge = ScriptedJudge()
    plan = judged(small_plan(), judge, "small/red")
    trial = replace(plan.rules[0], trial=True, detectors=())
    session = opened(judge, plan=replace(plan, rules=(trial,)))
    assert session.ask(said := fires("red")) == said
    stream = session.stream()
    assert stream.feed("And leaves") == "And leaves"
    stream.close()
    assert session.record()["trials"] == ["small/red"]


@pytest.mark.semantics(11)
def test_words_refuse_as_ever_beside_a_judge() -> None:
    session = opened(ScriptedJudge())
    assert session.ask(f"The {RED_LINE}.") is None


def test_a_request_of_many_strings_takes_no_longer_because_of_a_judge() -> None:
    said = "z" * 1_000_000
    texts = [f"name{number}" for number in range(20_000)]
    assert to_judge([said, *texts], [said]) == [said, "\n".join([said, *texts])]


@pytest.mark.semantics(30)
def test_what_a_judge_cleared_before_it_was_found_wrong_is_judged_anew() -> None:
    judge, memory = ScriptedJudge(), Memories().of("client")
    plan = judged(small_plan(), judge, "small/red")
    for era, asked in ((0, 1), (0, 1), (1, 2), (1, 2)):
        judge.era = era
        opened(judge, memory, plan).ask("A fine day.")
        assert len(judge.asked) == asked
