"""A notice because of what an answer contains: when it speaks, where it stands, and that nothing waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.authoring.comparison import diff
from ordinance.authoring.explanation import explain
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.loading.load import Loaded
from ordinance.policy.check.compile import unjudged
from ordinance.policy.plan import PlannedRule
from ordinance.policy.vocabulary import Effect, NoticeKind, Occasion, Verdict
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.governed_stream import GovernedStream
from ordinance.protocol.govern.whole import govern_whole
from ordinance.runtime.occasions import due
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.remembered import Remembered, Told, believed
from ordinance.runtime.situation import situate
from support import steered
from support.governing import OWN, open_session, read
from support.packs import TODAY, load_on
from support.plans import SAYING, expressions, plan, refuse, session, withhold
from support.statute import write_statute

NOTICE = SAYING.texts["en"]


def advising(**more: Any) -> PlannedRule:
    fields = {"occasion": Occasion.EVERY_ANSWER, "by_text": True, **more}
    return withhold(
        "DE/advice", "advice", effect=Effect.SAY, kind=NoticeKind.ADDITION, notice=SAYING, type="advice", **fields
    )


PLAN = plan(
    [advising(), withhold("DE/secret", "secret"), refuse("baseline/red", "red")],
    {"advice": expressions(["good advice"]), "secret": expressions(["secret"]), "red": expressions(["redline"])},
)
NEAR = plan(
    [advising(), withhold("DE/secret", "secret")],
    {"advice": expressions(["good advice"]), "secret": expressions(["advice secret"])},
)


def said(text: str, pieces: Iterable[str] = (), made: Any = PLAN, *, whole: bool = False) -> tuple[str, Outcome]:
    opened = session(made, whole=whole)
    stream = opened.stream()
    out = "".join(map(stream.feed, pieces or [text])) + stream.close()
    return out, opened.outcome()


@pytest.mark.semantics(31)
def test_it_stands_after_the_answer_and_once() -> None:
    out, outcome = said("Here is good advice, and more good advice.")
    assert out == f"Here is good advice, and more good advice.\n\n{NOTICE}"
    assert outcome.verdict is Verdict.DISCLOSE
    assert outcome.rules == ("DE/advice",)


@pytest.mark.semantics(31)
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_left_out_brings_no_notice(whole: bool) -> None:
    """Else the notice would say what stood there."""
    _, outcome = said("Some good advice secret.", made=NEAR, whole=whole)
    assert outcome.rules == ("DE/secret",)


@pytest.mark.semantics(31)
def test_a_refused_answer_says_only_what_left_before() -> None:
    _, streamed = said("A bit of good advice, then a redline.")
    assert streamed.rules == ("DE/advice", "baseline/red")
    _, kept = said("A bit of good advice, then a redline.", whole=True)
    assert kept.rules == ("baseline/red",)


@pytest.mark.semantics(6)
def test_nothing_waits_for_it() -> None:
    """The same characters leave at the same time as without the rule."""
    bare = plan(PLAN.rules[1:], PLAN.detectors)
    text = "So: good advice. Then more good adv"
    with_rule, without = session(PLAN).stream(), session(bare).stream()
    assert [with_rule.feed(char) for char in text] == [without.feed(char) for char in text]


@pytest.mark.semantics(31)
@given(st.lists(st.sampled_from(["good ", "advice", " ", "secret", "x", "goo", "d advice "]), max_size=8))
def test_every_cutting_says_the_same(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert said(text, pieces) == said(text, list(text)) == said(text)


@pytest.mark.parametrize("api", [CHAT, COMPLETIONS, RESPONSES, MESSAGES], ids=lambda api: api.path)
@pytest.mark.parametrize("streaming", [False, True])
def test_it_is_in_text_and_metadata_of_each_api(api: Api, streaming: bool) -> None:
    fields = {"max_tokens": 99} if api is MESSAGES else {}
    request = read(api, stream=streaming, **fields)
    spoken = steered.speak(steered.letters("Take good advice."), api.path, dict(request.body))
    opened = open_session(PLAN, whole=not streaming)
    if streaming:
        stream = GovernedStream(api, request, opened, OWN)
        events = steered.events(api.path, dict(request.body), [spoken])
        sent = b"".join([stream.event(json.dumps(each).encode()) for each in events]) + stream.end()
    else:
        raw = json.dumps(steered.whole(api.path, dict(request.body), [spoken])).encode()
        sent = json.dumps(govern_whole(api, raw, request, opened).written(OWN), ensure_ascii=False).encode()
    assert json.dumps(NOTICE)[1:-1].encode() in sent or NOTICE.encode() in sent
    assert b'"DE/advice"' in sent


def test_a_claim_of_earlier_answers_does_not_silence_it() -> None:
    """Of other notices a request's earlier answer counts as having told them; of this one nobody knows."""
    rule = advising(occasion=Occasion.FIRST_ANSWER)
    made = plan([rule], PLAN.detectors)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    situation = situate(made, jurisdiction="DE", turn=5, elapsed=60, now=now)
    assert due(made, made.rules, situation, believed(situation)) == [rule]
    known = Remembered({"DE/advice": Told(now - timedelta(minutes=5))})
    assert due(made, made.rules, situation, known) == []


def test_without_its_test_it_is_on_trial_and_not_a_notice_of_every_answer(tmp_path: Path) -> None:
    text = BY_TEXT.replace("has pattern hint and", "judged at least 0.8 and")
    text = text[: text.index("pattern hint")] + text[text.index("law act") :]
    made = load_on(write_statute(tmp_path, text)).plan
    rule = next(rule for rule in made.rules if rule.id == "XZ/often")
    assert rule.trial
    assert not rule.detectors
    assert unjudged(made) is made


BY_TEXT = """\
jurisdiction XZ 1.0.0 under charter baseline 1
title "Zedland"
zone  "Europe/Berlin"

pattern hint "\\bhinted\\b" {
  example matches "It was hinted."
  example skips   "It was said."
}

law act {
  title   "Act"
  article "section 1"
  reaches place within XZ, not unknown
  in force from 2024-01-01
  source  "https://law.example/act" seen 2026-11-01
}

notice told { en "On hints. {law}." de "Über Hinweise. {law}." et "Vihjetest. {law}." }

section 1 "Hints" {
  say 1.1 often {
    means   "Hints bring a notice."
    not     "Badges."
    when    answer has pattern hint and age below 18
    at      every answer
    under   act
    telling told
    example fires answer "It was hinted." given age 12
    example quiet answer "It was hinted." given age 18
    example quiet answer "It was said." given age 12
  }
}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return load_on(write_statute(tmp_path, BY_TEXT))


def test_a_pack_says_it_and_explain_shows_where(loaded: Loaded) -> None:
    situation = situate(loaded.plan, jurisdiction="XZ", attested={"age": "12"}, on=TODAY)
    found = explain(loaded.plan, situation, answer="Know: it was hinted.", only="XZ/often")
    (account,) = found.accounts
    assert account.came == "fired"
    assert [each.found.detector for each in account.sightings] == ["XZ/pattern hint"]


def test_the_register_says_when_it_speaks(loaded: Loaded) -> None:
    assert loaded.policy is not None
    for language, words in (("en", "if an answer contains"), ("de", "wenn eine Antwort"), ("et", "kui vastus")):
        document = register(loaded.plan, loaded.policy, Wording.of(language, words_in(language), loaded.policy), TODAY)
        assert words in to_markdown(document)


def test_a_difference_says_that_it_looks_at_answers_now(loaded: Loaded, tmp_path: Path) -> None:
    plain = BY_TEXT[: BY_TEXT.index("pattern hint")] + BY_TEXT[BY_TEXT.index("law act") :]
    plain = plain.replace("when    answer has pattern hint and age below 18", "when    age below 18")
    plain = plain.replace('    example quiet answer "It was said." given age 12\n', "")
    older = load_on(write_statute(tmp_path / "older", plain))
    assert older.policy is not None
    assert loaded.policy is not None
    changes = {change.what: change.kind for change in diff(older.policy, loaded.policy).changes}
    assert changes["it speaks only if an answer contains what it looks for"] == "looser"


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("answer has pattern hint and age below 18", "prompt has pattern hint", "syntax", "`say` looks at answers"),
        ("answer has pattern hint and age below 18", "prompt or answer has pattern hint", "syntax", "`or`"),
        ("has pattern hint", "has pattern hnit", "name-undefined", "Did you mean `hint`?"),
        (
            'quiet answer "It was hinted." given age 18\n    example quiet answer',
            "fires answer",
            "example-quiet",
            "`often`",
        ),
        ('fires answer "It was hinted."', 'fires prompt "It was hinted."', "example-kind", "acts on answers"),
    ],
)
def test_what_can_be_wrong(old: str, new: str, code: str, words: str, tmp_path: Path) -> None:
    assert old in BY_TEXT
    spoiled = load_on(write_statute(tmp_path, BY_TEXT.replace(old, new, 1)))
    found = [each for each in spoiled.diagnostics if each.code == code]
    assert any(words in f"{each.message} {each.help}" for each in found), found
