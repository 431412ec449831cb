"""Texts that wait for a judge: what leaves depends on the text alone, and nothing leaves that no judge has seen."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Ruling
from ordinance.policy.plan import Plan, Scope
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.judged import checkpoints
from ordinance.runtime.judged.checkpoints import APART, FURTHEST, Checkpoints
from ordinance.runtime.match.rulings import JudgedRule, Rulings
from ordinance.runtime.opening import open_session
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import FREE_NOWHERE, Structure
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.judging import ScriptedJudge, fires, judged
from support.small_plan import FORBIDDEN, RED_LINE, small_plan

MARKER = "⟦…⟧"
LONG = "This sentence says nothing that anybody could mind, at some length, so that checkpoints come. "
#: So many random places are cut, and so many faults scripted; `make judged` asks for more.
CUTS = int(os.environ.get("JUDGED_CUTS", "6000"))
FAULTS = int(os.environ.get("JUDGED_FAULTS", "300"))

TEXTS = [
    "Hello there. How are you?",
    LONG * 4 + f"Then {fires('red')} comes. And more of it.",
    LONG * 3 + f"Then {fires('flags')} comes. " + LONG * 4 + "The end.",
    LONG * 3 + f"A {FORBIDDEN} stands here. " + LONG * 3 + f"Then {fires('red')}.",
    LONG * 3 + "judge-fault-late. " + LONG * 3,
    f"First. {fires('flags')} {FORBIDDEN}. " + LONG * 3 + f"An {RED_LINE} is crossed. " + LONG,
    LONG * 2 + f"A {RED_LINE} and {fires('red')} in one. Yes.",
    "no sentence ends here " * 60 + fires("flags") + " and so on" * 120,
    f"{fires('flags', 0.5)} is too little. " + LONG * 3 + f"judge-abroad {fires('red')}. Fine.",
    f"「{MARKER}」 " + LONG * 3 + f"{fires('flags')}! " + LONG * 3 + f"{fires('flags')}?",
]


def plan_of(judge: ScriptedJudge, scope: Scope | None = None) -> Plan:
    return judged(small_plan(scope) if scope else small_plan(), judge, "small/red", "DE/flags")


def opened(plan: Plan, turn: int = 2) -> Session:
    return open_session(plan, situate(plan, jurisdiction="DE", turn=turn))


@dataclass(frozen=True)
class Said:
    released: tuple[str, ...]
    refused: bool
    rules: tuple[str, ...]
    failed: tuple[str, ...]
    trials: tuple[str, ...]
    notices: tuple[str, ...]
    balanced: bool

    @property
    def text(self) -> str:
        return "".join(self.released)


def said(plan: Plan, pieces: Sequence[str], end: End = End.OWN, structure: Structure | None = None) -> Said:
    session = opened(plan)
    stream = session.stream(structure=structure)
    released = tuple(stream.content.feed(piece) for piece in pieces)
    released += (stream.content.close(end),)
    stream.close()
    outcome = session.outcome()
    notices = tuple(notice.kind.value for notice in outcome.notices)
    return Said(
        ("".join(released),), stream.refused, outcome.rules, outcome.failed, outcome.trials, notices, outcome.balanced
    )


def cut(text: str, places: Sequence[int]) -> list[str]:
    return [text[a:b] for a, b in zip((0, *places), (*places, len(text)), strict=True)]


@pytest.mark.semantics(30)
@pytest.mark.parametrize("text", TEXTS)
def test_two_and_three_pieces_say_what_one_says(text: str) -> None:
    plan = plan_of(ScriptedJudge())
    whole = said(plan, [text])
    assert whole.balanced
    assert said(plan, list(text)) == whole, "character by character"
    step = max(1, len(text) // 40)
    for places in (*((at,) for at in range(1, len(text), step)), *combinations(range(1, len(text), step * 3), 2)):
        assert said(plan, cut(text, places)) == whole, places


#: Texts that are short enough for every cut, with checkpoints as near to each other as these.
NEAR, FURTHER = 8, 14
SHORT = [
    f"{fires('red')}. Go.",
    f"Ok. {fires('red')} Go",
    f"Ok. All is well. {fires('red')}",
    f"No. {fires('flags')}! End",
    f"{fires('flags')} a b. c d e.",
    f"Hi. A {FORBIDDEN}. {fires('red')}",
    f"A! {RED_LINE} {fires('flags')}",
    "One. judge-fault-late. Two three.",
    f"judge-abroad. {fires('red')} x.",
    "words and no sentence that ends is here",
]


def at_every_place(plan: Plan, text: str, end: End, structure: Structure | None = None, most: int = 3) -> Said:
    whole = said(plan, [text], end, structure)
    for count in range(1, most):
        for places in combinations(range(1, len(text)), count):
            assert said(plan, cut(text, places), end, structure) == whole, places
    return whole


@pytest.mark.semantics(30)
@pytest.mark.slow
@pytest.mark.parametrize("text", SHORT)
def test_every_cut_in_two_and_three_says_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "APART", NEAR)
    monkeypatch.setattr(checkpoints, "FURTHEST", FURTHER)
    assert len(checkpoints_of(text)) >= 2
    plan = plan_of(ScriptedJudge())
    found = at_every_place(plan, text, End.OWN)
    assert found.refused is (_bad(text) or RED_LINE in text)
    assert fires("red") not in found.text or "judge-abroad" in text
    at_every_place(plan, text, End.CUT, most=2)


@pytest.mark.semantics(9)
@pytest.mark.slow
def test_every_cut_of_json_in_two_and_three_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "APART", NEAR)
    monkeypatch.setattr(checkpoints, "FURTHEST", FURTHER)
    plan = plan_of(ScriptedJudge())
    source = fires("red").replace("-red-", "\\u002dred-")
    for text in (f'{{"a": "{source}"}}', '{"a": "Well. So\\n it \\u00e4 is"}'):
        for structure in (FREE_NOWHERE, Structure(lambda _: True)):
            found = at_every_place(plan, text, End.OWN, structure)
            assert found.refused is (source in text)
            assert text.startswith(found.text)
            assert len(found.text) <= FURTHER if found.refused else found.text == text


@pytest.mark.semantics(30)
@pytest.mark.parametrize("end", [End.OWN, End.CUT, End.LIMITED])
def test_random_cuts_say_the_same(end: End) -> None:
    draw = random.Random(14)
    plan = plan_of(ScriptedJudge(), Scope("sentence", 200))
    wholes = {text: said(plan, [text], end) for text in TEXTS}
    count = 0
    while count < CUTS / 3:
        text = draw.choice(TEXTS)
        places = sorted(draw.sample(range(1, len(text)), min(draw.choice([1, 2, 30, 300]), len(text) - 1)))
        count += len(places)
        assert said(plan, cut(text, places), end) == wholes[text], (text, places)


def walked(plan: Plan, judge: ScriptedJudge, text: str, draw: random.Random) -> Iterator[tuple[str, int]]:
    """What has left after each piece, and how long the text was that the judge had cleared by then."""
    stream = opened(plan).stream()
    out, at = "", 0
    while at < len(text):
        piece = text[at : at + draw.randint(1, 30)]
        at += len(piece)
        out += stream.content.feed(piece)
        yield out, max((len(each) for each in judge.texts), default=0)
    out += stream.content.close()
    yield out, max((len(each) for each in judge.texts), default=0)


@pytest.mark.semantics(30)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("text", [text for text in TEXTS if fires("flags") not in text and FORBIDDEN not in text])
def test_at_no_moment_has_anything_left_behind_the_last_cleared_checkpoint(text: str, seed: int) -> None:
    judge = ScriptedJudge()
    clean = [at for at in checkpoints_of(text) if not _bad(text[:at])]
    for out, _ in walked(plan_of(judge), judge, text, random.Random(seed)):
        seen = max((len(each) for each in judge.texts if not _bad(each)), default=0)
        assert text.startswith(out)
        assert len(out) <= seen <= max(clean, default=0)


def _bad(text: str) -> bool:
    return (fires("red") in text or "judge-fault" in text) and "judge-abroad" not in text


def checkpoints_of(text: str) -> list[int]:
    found = Checkpoints()
    return [*found.read(text), *found.close()]


@pytest.mark.semantics(30)
def test_checkpoints_are_the_first_sentence_then_240_characters_apart_then_the_end() -> None:
    text = "One. Two is short. " + LONG * 6 + "x" * 2500
    places = checkpoints_of(text)
    assert places[0] == len("One. ")
    assert places[-1] == len(text)
    sentences = [place for place in places[1:-1] if text[place - 2 : place] == ". "]
    assert sentences
    for before, place in pairwise(places[:-1]):
        assert text[place - 2 : place] == ". " or place - before == FURTHEST
    assert all(after - before >= APART for before, after in pairwise(places[:-1]))
    assert checkpoints_of("") == []


@pytest.mark.semantics(30)
@given(
    st.lists(st.sampled_from(["A b. ", "C! ", "d e f ", "\n\n", "G? (h) ", "3.5 ", "z" * 300]), max_size=30), st.data()
)
def test_checkpoints_depend_on_the_text_alone(pieces: list[str], data: st.DataObject) -> None:
    text = "".join(pieces)
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    found = Checkpoints()
    assert [at for piece in cut(text, places) for at in found.read(piece)] + found.close() == checkpoints_of(text)


def tightens(text: str, end: End) -> None:
    """What left without a judge, less what the judge took: nothing comes back, and no verdict is lower."""
    with_judge, without = said(plan_of(ScriptedJudge()), [text], end), said(small_plan(), [text], end)
    assert with_judge.refused >= without.refused
    assert set(with_judge.rules) >= set(without.rules) or with_judge.refused
    rest = iter(without.text.replace(MARKER, ""))
    assert all(char in rest for char in with_judge.text.replace(MARKER, "")), "no removed character comes back"


@pytest.mark.semantics(30)
@pytest.mark.parametrize("text", TEXTS)
def test_a_judge_only_tightens(text: str) -> None:
    tightens(text, End.OWN)


SENTENCES = [
    LONG, "Short. ", f"A {FORBIDDEN}. ", "and no end ", f"An {RED_LINE}! ", f"{fires('flags')} is said. ", "\n\n",
    f"{fires('flags', 0.3)}, no. ", f"Then {fires('red')}. ", "judge-fault-late. ", "forbidden ", "opaque red ",
]  # fmt: skip


@pytest.mark.semantics(11)
@pytest.mark.semantics(30)
@given(st.lists(st.sampled_from(SENTENCES), max_size=12), st.sampled_from([End.OWN, End.CUT]))
def test_a_judge_only_tightens_whatever_is_said(sentences: list[str], end: End) -> None:
    tightens("".join(sentences), end)


@pytest.mark.semantics(13)
@pytest.mark.parametrize("code", ["late", "unreachable", "unreadable", "wrong_model", "canary", "full"])
@pytest.mark.parametrize("before", [0, 1, 4, 9])
def test_a_judge_that_fails_has_fired(code: str, before: int) -> None:
    judge = ScriptedJudge()
    plan = plan_of(judge)
    text = LONG * before + f"judge-fault-{code} is here. " + LONG * 3
    session = opened(plan)
    stream = session.stream()
    out = stream.content.feed(text) + stream.content.close()
    stream.close()
    assert stream.refused
    assert out == text[: max((at for at in checkpoints_of(text) if "judge-fault" not in text[:at]), default=0)]
    assert [notice.kind.value for notice in session.outcome().notices] == ["fault"]
    record = session.record()
    assert (record["failed"], record["judge_faults"]) == (["DE/flags", "small/red"], [code])


@pytest.mark.semantics(13)
def test_no_fault_anywhere_lets_a_byte_out_that_no_judge_has_seen() -> None:
    draw = random.Random(13)
    codes = ["late", "unreachable", "unreadable", "wrong_model", "canary", "full"]
    said_before = ["A few words. ", LONG, "no end ", "Yes! ", "z" * 300]
    judge = ScriptedJudge()
    plan = judged(small_plan(), judge, "small/red")
    for _ in range(FAULTS):
        judge.asked.clear()
        words = [draw.choice(said_before) for _ in range(draw.randint(0, 6))]
        words.insert(draw.randint(0, len(words)), f"judge-fault-{draw.choice(codes)} ")
        text = "".join(words)
        stream = opened(plan).stream()
        out = ""
        for piece in cut(text, sorted(draw.sample(range(len(text)), min(6, len(text))))):
            out += stream.content.feed(piece)
            cleared = max((len(each) for each in judge.texts if "judge-fault" not in each), default=0)
            assert text.startswith(out)
            assert len(out) <= cleared
        out += stream.content.close()
        stream.close()
        assert stream.refused
        assert len(out) <= max((len(each) for each in judge.texts if "judge-fault" not in each), default=0)
        assert stream.notices[-1].kind.value == "fault"


@pytest.mark.semantics(13)
@pytest.mark.parametrize("broken", ["raises", "few", "nan", "above"])
def test_a_judge_that_breaks_its_contract_has_not_answered(broken: str) -> None:
    class Broken(ScriptedJudge):
        def ask(self, questions: Sequence, at: object) -> Sequence:  # type: ignore[type-arg]
            rulings = list(super().ask(questions, at))  # type: ignore[arg-type]
            if broken == "raises":
                raise RuntimeError
            odd = {"nan": float("nan"), "above": 1.5}.get(broken, 0.0)
            return [] if broken == "few" else [ruling._replace(probability=odd) for ruling in rulings]

    found = said(plan_of(Broken()), [LONG * 4])
    assert (found.text, found.refused, found.notices) == ("", True, ("fault",))


@pytest.mark.semantics(30)
def test_a_judge_is_late_once_ten_seconds_were_spent_on_the_answer() -> None:
    now = [0.0]

    class Slow(ScriptedJudge):
        def ask(self, questions: Sequence, at: object) -> Sequence:  # type: ignore[type-arg]
            now[0] += 4
            return super().ask(questions, at)  # type: ignore[arg-type]

    plan = plan_of(Slow())
    rulings = Rulings(plan.judge, clock=lambda: now[0])  # type: ignore[arg-type]
    rules = [JudgedRule(tag, rule.judged) for tag, rule in enumerate(plan.rules) if rule.judged]
    assert [bool(rulings.judge(rules, "x", part="answer").failed) for _ in range(4)] == [False, False, False, True]
    assert rulings.faults == {"late"}
    assert not rulings.judge(rules, "x").failed, "what is asked has a time of its own"


@pytest.mark.semantics(30)
def test_a_rule_that_withholds_removes_what_no_checkpoint_had_before() -> None:
    text = LONG * 3 + f"{fires('flags')} is said. " + LONG * 3 + "The end."
    start, end = next(
        (a, b)
        for a, b in zip((0, *checkpoints_of(text)), checkpoints_of(text), strict=False)
        if fires("flags") in text[a:b]
    )
    found = said(plan_of(ScriptedJudge()), [text])
    assert found.text.startswith(text[:start].rstrip() + " " + MARKER)
    assert (found.rules, found.notices) == (("DE/flags",), ("omission",))
    # What stands behind was judged with what was removed before it, so it is removed too: a judge reads the whole.
    assert fires("flags") not in found.text
    assert end < len(text)


@pytest.mark.semantics(30)
def test_nothing_waits_for_a_judge_that_only_records() -> None:
    judge = ScriptedJudge(acts=frozenset())
    session = opened(plan_of(judge))
    stream = session.stream()
    for at, char in enumerate("This is said, and leaves at once"):
        assert len(stream.content.feed(char)) <= at + 1
    text = f"This is said, and leaves at once. {fires('red')} too. "
    assert stream.content.received == 32
    stream = session.stream()
    assert stream.content.feed(text).startswith("This is said")
    out = stream.content.close()
    stream.close()
    assert not stream.refused
    assert session.outcome().trials == ("small/red",)
    assert session.metadata()["judged"] == []
    assert session.metadata()["not_judged"] == ["DE/flags", "small/red"]
    assert out is not None


@pytest.mark.semantics(30)
def test_what_is_recorded_in_another_language_removes_nothing() -> None:
    found = said(plan_of(ScriptedJudge()), [text := f"judge-abroad. {fires('red')} and {fires('flags')}. Well."])
    assert (found.text, found.trials, found.rules) == (text, ("DE/flags", "small/red"), ())


@pytest.mark.semantics(30)
def test_a_rule_that_provides_holds_nothing_and_is_told() -> None:
    judge = ScriptedJudge()
    plan = small_plan()
    helping = replace(plan.rules[1], id="DE/help", effect=Effect.PROVIDE, contacts="crisis", detectors=())
    plan = judged(replace(plan, rules=(plan.rules[0], helping)), judge, "DE/help")
    session = opened(plan)
    stream = session.stream()
    text = f"Somebody says {fires('help')} here. And goes on"
    assert len("".join(stream.content.feed(char) for char in text)) >= len(text) - len(RED_LINE)
    stream.close()
    assert session.outcome().rules == ("DE/help",)


@pytest.mark.semantics(30)
@pytest.mark.parametrize("part", [Channel.REASONING, Channel.CONTENT])
def test_every_part_of_an_answer_is_judged(part: Channel) -> None:
    judge = ScriptedJudge()
    session = opened(plan_of(judge))
    session.ask("What is asked?")
    stream = session.stream()
    text = stream.text(part)
    assert text.feed(f"Thinking. A {fires('red')}") + text.close() == "Thinking. "
    assert stream.refused
    last = judge.asked[-1][1]
    assert (last.part, last.prompt) == ({"content": "answer"}.get(part.value, part.value), "What is asked?")
    assert last.text[last.start :] == f"A {fires('red')}"


@pytest.mark.semantics(9)
@pytest.mark.semantics(30)
@pytest.mark.parametrize("cutting", [lambda text: [text], list])
def test_arguments_of_a_call_are_judged_as_they_read(cutting: Callable[[str], list[str]]) -> None:
    judge = ScriptedJudge()
    stream = opened(plan_of(judge)).stream()
    name, arguments = stream.call()
    assert name.feed("look") + name.close() == "look"
    source = '{"about": "judge\\u002dcanary\\u002dred\\u002d0.93"}'
    assert "".join(arguments.feed(piece) for piece in cutting(source)) + arguments.close() == ""
    assert stream.refused
    assert judge.asked[-1][1].text == 'look\n{"about": "judge-canary-red-0.93"}', "with its name before it"
    assert judge.asked[-1][1].part == "tool_call"
    quiet = opened(plan_of(ScriptedJudge())).stream()
    _, arguments = quiet.call()
    source = '{"about": "weather \\u00e4"}'
    assert "".join(arguments.feed(piece) for piece in cutting(source)) + arguments.close() == source


class Halves(ScriptedJudge):
    """Finds what has both halves."""

    def _ruling(self, rule: str, text: str, fault: str | None, abroad: bool) -> Ruling:
        return Ruling(float("half-one" in text and "half-two" in text), self.may_act(rule))


@pytest.mark.semantics(30)
@pytest.mark.parametrize("named", [False, True])
def test_what_several_calls_say_together_is_judged_together(named: bool) -> None:
    """Before, each name and each list of arguments was judged by itself, and a text walked out over several calls."""
    stream = opened(plan_of(Halves())).stream()
    left = ""
    for half in ("half-one", "half-two"):
        name, arguments = stream.call()
        left += name.feed(half if named else "note") + name.close()
        left += arguments.feed("{}" if named else f'{{"a": "{half}"}}') + arguments.close()
    assert stream.refused
    assert "half-one" in left
    assert "half-two" not in left
    other = opened(plan_of(Halves())).stream()
    name, arguments = other.call()
    assert name.feed("half-two") + name.close() == "half-two", "another choice is another answer"


@pytest.mark.semantics(9)
def test_a_structured_answer_in_which_a_judge_fires_is_refused() -> None:
    plan = plan_of(ScriptedJudge())
    text = '{"a": "' + LONG * 3 + fires("flags") + '"}'
    for structure in (FREE_NOWHERE, Structure(lambda _: True)):
        whole = said(plan, [text], structure=structure)
        assert whole.refused
        assert all(said(plan, cut(text, [at]), structure=structure) == whole for at in range(1, len(text), 7))


@pytest.mark.semantics(10)
def test_what_an_answer_continues_is_judged_with_it() -> None:
    judge = ScriptedJudge()
    session = opened(plan_of(judge))
    session.continue_from(["A canary that is judge-canary-re"])
    stream = session.stream()
    assert stream.content.feed("d-0.93 and on. ") + stream.content.close() == ""
    assert stream.refused
    assert judge.texts[-1].startswith("A canary that is judge-canary-red-0.93")
