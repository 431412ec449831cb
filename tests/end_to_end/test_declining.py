"""A house declines a question under its bylaw, and has an office for complaints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.loading.load import Loaded
from ordinance.policy.vocabulary import NoticeKind, Verdict
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.protocol.govern.prompts import sent_on
from ordinance.runtime.session import Session
from ordinance.runtime.situation import contacts_at, situate
from support.governing import open_session, read
from support.packs import TODAY, load_on
from support.plans import expressions, plan, refuse

HOUSE = """\
house desk 1.0.0 under charter baseline 1
title "A desk"
zone  "Europe/Tallinn"

pattern ours "\\bzorbing permits\\b" {
  example matches "About zorbing permits."
  example skips   "About permits."
}

bylaw rules {
  title   "Desk rules"
  adopted by "The office" on 2026-09-01
  appeal  office
}
contact appeal office {
  title  { en "Office" de "Amt" et "Amet" }
  number "600 1234"
  hours  "08:00–16:00"
  spoken et, en
  seen   2026-11-01
}

label permits { en "zorbing permits" de "Genehmigungen" et "load" }
notice declined {
  en "Not answered here: {type} ({law}). Questions: {appeal}."
  de "Hier nicht beantwortet: {type} ({law}). Fragen: {appeal}."
  et "Siin ei vastata: {type} ({law}). Küsimused: {appeal}."
}

section 1 "Questions" {
  decline 1.1 permits {
    means   "Permits are a matter of the counter."
    when    prompt has pattern ours
    reason  "Permits need papers."
    under   rules
    telling declined about permits
    example fires prompt "Are there zorbing permits?"
    example quiet prompt "Are there permits?"
  }
}
""".replace('en "zorbing permits"', 'en "permits"')


def write(folder: Path, text: str = HOUSE) -> Path:
    path = folder / "houses" / "desk" / "desk.ord"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load_on(write(tmp_path_factory.mktemp("packs")))


@pytest.mark.semantics(7)
def test_the_question_is_not_asked_and_the_notice_is_the_answer(loaded: Loaded) -> None:
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction=None, on=TODAY), "en")
    assert session.screen(["Are there zorbing permits?"])
    stream = session.stream()
    assert stream.feed("Yes, many.") + stream.close() == (
        "Not answered here: permits (Desk rules). Questions: Office: 600 1234."
    )
    outcome = session.outcome()
    assert outcome.verdict is Verdict.REFUSE
    assert [notice.kind for notice in outcome.notices] == [NoticeKind.DECLINED], "nobody is in danger: no crisis lines"
    assert outcome.notices[0].causes[0].law == ("Desk rules", "", "desk")


def test_what_an_answer_says_of_it_stays(loaded: Loaded) -> None:
    session = Session(loaded.plan, situate(loaded.plan, jurisdiction=None, on=TODAY), "en")
    assert not session.screen(["Hello."])
    stream = session.stream()
    assert stream.feed("Ask about zorbing permits.") + stream.close() == "Ask about zorbing permits."


@pytest.mark.semantics(27)
@pytest.mark.parametrize("api", [CHAT, COMPLETIONS, RESPONSES, MESSAGES], ids=lambda api: api.path)
def test_no_api_asks_the_upstream(api: Api, loaded: Loaded) -> None:
    asked = "Are there zorbing permits?"
    fields: dict[str, Any] = {"messages": [{"role": "user", "content": asked}]}
    if api is COMPLETIONS:
        fields = {"prompt": asked}
    if api is RESPONSES:
        fields = {"input": asked}
    request = read(api, **fields)
    assert not sent_on(api, request, open_session_of(loaded), system_is_ours=False)


def open_session_of(loaded: Loaded) -> Session:
    return Session(loaded.plan, situate(loaded.plan, jurisdiction=None, on=TODAY), "en")


@pytest.mark.semantics(27)
def test_a_declined_question_is_not_answered_at_the_next_turn(loaded: Loaded) -> None:
    """The model does not read it, so it cannot."""
    messages = [
        {"role": "user", "content": "Are there zorbing permits?"},
        {"role": "assistant", "content": "Not answered here: permits (Desk rules). Questions: Office: 600 1234."},
        {"role": "user", "content": "Please do."},
    ]
    session = open_session_of(loaded)
    request = read(CHAT, messages=messages)
    sent = sent_on(CHAT, request, session, system_is_ours=False)
    assert sent
    assert "zorbing" not in str(sent)
    assert session.history()


def test_a_red_line_still_brings_contacts() -> None:
    made = plan([refuse("baseline/red", "red")], {"red": expressions(["redline"])})
    session = open_session(made)
    assert session.screen(["redline"])
    session.stream().close()
    assert NoticeKind.CONTACT in [notice.kind for notice in session.outcome().notices]


def test_the_office_is_offered_for_nothing_else(loaded: Loaded) -> None:
    found = contacts_at(loaded.plan, situate(loaded.plan, jurisdiction=None, attested={"place": "EE"}, on=TODAY))
    assert "Office" not in [each.name for each in found]
    assert "desk/contact office" not in loaded.plan.detectors, "nothing is shielded by it"


def test_the_register_lists_both(loaded: Loaded) -> None:
    assert loaded.policy is not None
    document = register(loaded.plan, loaded.policy, Wording.of("en", words_in("en"), loaded.policy), TODAY)
    text = to_markdown(document)
    never, _, rest = text.partition("## What the operator has limited")
    assert "Permits are a matter of the counter." not in never
    assert "the question is not answered" in rest
    assert "**Complaints**" in rest
    assert "600 1234" in rest


@pytest.mark.requirement("OB-4")
@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ('pattern ours "\\bzorbing permits\\b"', 'pattern ours "\\b[Ee]lections?\\b"', "civic-ban", "ours"),
        ("prompt has pattern ours", "answer has pattern ours", "syntax", "`prompt`"),
        ("contact appeal office", "contact crisis office", "contact-group", "its own office"),
        ("appeal  office", "appeal  offices", "name-undefined", "no contact is called"),
        ("seen   2026-11-01", "in EE seen   2026-11-01", "syntax", "`in`"),
        ('fires prompt "Are', 'fires answer "Are', "example-kind", "acts on what is asked"),
        ("({law})", "", "notice-silent", "lacks {law}"),
        ("under   rules\n", "under   rulez\n", "name-undefined", "Did you mean `rules`?"),
        ("decline 1.1 permits", "limit 1.1 permits", "syntax", "`scope`"),
    ],
)
def test_what_can_be_wrong(old: str, new: str, code: str, words: str, tmp_path: Path) -> None:
    assert old in HOUSE
    spoiled = load_on(write(tmp_path, HOUSE.replace(old, new, 1)))
    found = [each for each in spoiled.diagnostics if each.code == code]
    assert any(words in f"{each.message} {each.help}" for each in found), spoiled.diagnostics


def test_a_jurisdiction_does_not_decline(tmp_path: Path) -> None:
    text = HOUSE.replace("house desk", "jurisdiction XD").replace("bylaw rules", "law rules")
    path = tmp_path / "XD.ord"
    path.write_text(text, "utf-8")
    assert any("Only a house declines a question" in each.help for each in load_on(path).diagnostics)
