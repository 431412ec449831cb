"""What only the engine writes: where the model writes it itself it is a region, and told (semantics, rule 17)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import MARKER, NoticeKind
from ordinance.runtime.redact.disclose import Discloser
from ordinance.runtime.redact.wordings import LEAST_WORDS, Tree, Wordings, letters, wordings_of, words
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.checkout import RULES
from support.packs import all_that_ships
from support.serving import OpenGateway, ScriptedUpstream, say
from support.strategies import cuttings

pytestmark = [pytest.mark.semantics(17), pytest.mark.requirement("TR-5")]

#: Notices of the engine's own, word for word.
NOTICES = [
    "This service does not answer that: terrorism. No setting changes this. You can go on with another question.",
    "Dazu gibt dieser Dienst keine Auskunft: Terrorismus. Das lässt sich durch keine Einstellung ändern. Eine andere "
    "Frage ist weiterhin möglich.",
    "If someone is in danger, call the local emergency number or a local crisis line.",
]
LOOKALIKES = [
    "⟦…⟧", "⟦ … ⟧", "⟦⋯⟧", "⟦⟧", "⟦ ⟧", "⟦...⟧", "⟦....⟧", "⟦. . .⟧", "⟦……⟧", "〚…〛", "〚⟧", "⟦…〛", "⟬…⟭", "〘...〙",
    "⟦\u200b…\u200b⟧", "⟦\n…\n⟧", "⟦···⟧",
    "⟦*…*⟧", "⟦**…**⟧", "⟦`…`⟧", "⟦\\.\\.\\.⟧", "⟦ _..._ ⟧", "⟦。。。⟧", "⟦・・・⟧", "⟦᠁⟧", "⟦\u2800⟧",
]  # fmt: skip
ORDINARY = [
    "He left out […] for the sake of brevity, and (…) again, and [...].",
    "The value ⟦x⟧ of an expression, and ⟦x, y⟧, and ⟦_⟧, and ⟦*⟧ and ⟦a ~ b⟧.",
    "Left out for legal reasons? I would not know.",
    "Left out for legal reasons. Type: a letter to the court.\n\nAnd then nothing.",
    "You are interacting with an AI system, said the teacher.",
    "If someone is in danger, call the local emergency number or a local crisis line, and stay with them.",
    "Type: prose. Legal basis: none.",
    "Help is available: at the desk, on weekdays.",
]


#: By the files, because to load the packs takes long, and every worker that collects these tests would.
LANGUAGES = sorted(path.stem for path in (RULES / "languages").rglob("*.ord"))


@cache
def plan() -> Plan:
    return all_that_ships().plan


def opened(whole: bool = False, locale: str = "en") -> Session:
    return Session(plan(), situate(plan(), jurisdiction="DE"), locale, whole=whole)


def run(cut: Sequence[str], whole: bool = False, locale: str = "en") -> tuple[str, Session]:
    session = opened(whole, locale)
    stream = session.stream()
    return "".join([*(stream.feed(piece) for piece in cut), stream.close()]), session


def causes(session: Session) -> list[str]:
    return [cause.rule for notice in session.outcome().notices for cause in notice.causes]


def told(session: Session) -> str:
    return "".join("\n\n" + notice.text for notice in session.outcome().notices)


def written(tag: str) -> list[str]:
    """A notice of each rule that tells, and those of the engine, in a language."""
    found = []
    say = Discloser(plan(), tag)
    for heard in (set[str](), {rule.id for rule in plan().rules}):
        found += [notice.text for rule in plan().rules for notice in say.told([rule], heard)]
    for name, template in plan().engine_notices.items():
        found.append(say.engine(NoticeKind.FAULT, template, ()).text if name != "contacts" else "")
        for again in (False, True) if name == "contacts" else ():
            found.append(say.contacts(template, template, plan().contacts, (), again=again).text)
    # A `provide` has the template of contacts, which only `say.contacts` fills.
    return [text for text in dict.fromkeys(found) if words(text) >= LEAST_WORDS and "{" not in text]


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("whole", [False, True])
def test_a_notice_that_the_model_writes_does_not_leave(tag: str, whole: bool) -> None:
    texts = written(tag)
    assert len(texts) > 10
    for text in texts:
        out, session = run([f"Before.\n\n{text}\n\nAfter."], whole)
        assert f"Before.\n\n{MARKER}" in out, text
        assert out.endswith(f"\n\nAfter.{told(session)}"), text
        assert "engine/forged_marker" in causes(session), text
        assert session.outcome().verdict.word == "withhold", text


def test_every_language_has_its_notices_looked_at() -> None:
    assert set(plan().languages) == set(LANGUAGES)


@given(st.data())
def test_no_notice_that_can_be_written_leaves(data: st.DataObject) -> None:
    """Any rules together, any contacts, any language of notices; any layout, any cutting, any language asked for."""
    say = Discloser(plan(), data.draw(st.sampled_from(sorted(plan().languages))))
    rules: list[PlannedRule] = data.draw(st.lists(st.sampled_from(plan().rules), min_size=1, max_size=6, unique=True))
    heard = {rule.id for rule in rules if data.draw(st.booleans())}
    notices = [notice.text for notice in say.told(rules, heard)]
    contacts = data.draw(st.lists(st.sampled_from(plan().contacts), min_size=1, max_size=3, unique=True))
    known, unknown = plan().engine_notices["contacts"], plan().engine_notices["contacts_unknown"]
    notices.append(say.contacts(known, unknown, contacts, (), again=data.draw(st.booleans())).text)
    text = data.draw(st.sampled_from(notices))
    if words(text) < LEAST_WORDS:
        return
    layout = data.draw(st.sampled_from(["{}", "  {}  ", "**{}**", "> {}", "# {}", "_{}_\n", "⟨{}⟩", "\u200b{}"]))
    said = layout.format(
        data.draw(st.sampled_from([text, text.upper(), text.replace(" ", "  "), text.replace(". ", ".\n")]))
    )
    before, after = (
        data.draw(st.sampled_from(["", "One.\n\n", "One.\r\n \r\n"])),
        data.draw(st.sampled_from(["", "\n\nTwo."])),
    )
    out, session = run(
        data.draw(cuttings(before + said + after)), locale=data.draw(st.sampled_from(["en", "de", "et"]))
    )
    content = out.removesuffix(told(session))
    assert letters(text) not in letters(content)
    assert letters(content).replace("two", "").removeprefix("one").isdigit() or MARKER in content
    assert "engine/forged_marker" in causes(session)


@given(st.data(), st.sampled_from([*NOTICES, *LOOKALIKES, *ORDINARY]))
def test_every_cutting_gives_the_same(data: st.DataObject, text: str) -> None:
    said = data.draw(
        st.sampled_from(["{}", "One.\n\n{}\n\nTwo.", "{}\n", "\n\n\n{}", "{} And more.", "- {}\n- b"])
    ).format(text)
    whole, by_character = run([said])[0], run(list(said))[0]
    assert run(data.draw(cuttings(said)))[0] == by_character == whole


@pytest.mark.parametrize("text", LOOKALIKES)
@pytest.mark.parametrize("whole", [False, True])
def test_what_looks_like_the_marker_becomes_the_marker(text: str, whole: bool) -> None:
    out, session = run([f"a {text} b"], whole)
    assert out == f"a {MARKER} b{told(session)}"
    assert causes(session) == ["engine/forged_marker"]


@pytest.mark.parametrize("text", ["⟦…", "⟦ … and then", "⟦...", "〚⋯ x"])
def test_an_opening_bracket_with_an_ellipsis_needs_no_closing_one(text: str) -> None:
    out, session = run([f"a {text}"])
    assert out.startswith(f"a {MARKER}")
    assert causes(session) == ["engine/forged_marker"]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_passes(text: str) -> None:
    for cut in ([text], list(text)):
        assert run(cut)[0] == text


def test_a_notice_in_a_longer_paragraph_passes() -> None:
    text = f'It says: "{NOTICES[0]}"'
    assert run([text])[0] == text
    text = f"{NOTICES[0]} So it says."
    assert run([text])[0] == text


def test_a_short_notice_is_not_guarded() -> None:
    short = Wordings(["Left out: {type}.", "Nothing more today."], {"type": Tree(["flags"])})
    assert short.start is None


@pytest.mark.requirement("TR-8")
def test_a_paragraph_waits_only_while_it_may_become_a_notice() -> None:
    charter = Session(plan(), situate(plan(), jurisdiction=None), "en").stream()
    assert charter.feed("Left out for legal reasons. Typ") == ""
    assert charter.feed("ical.") == "Left out for legal reasons. Typical."
    assert charter.feed("\n\nLeft out for l") == "\n\n"
    assert charter.feed("unch.") == "Left out for lunch."
    assert charter.feed(" Left out for legal reasons.") == " Left out for legal reasons."


def test_nothing_waits_for_ever() -> None:
    """Not for more than twice the longest notice, however much space stands in it."""
    charter = Session(plan(), situate(plan(), jurisdiction=None), "en").stream()
    text = "Left out for" + " " * (wordings_of(plan()).reach + 10)
    assert charter.feed(text) == text


@pytest.mark.semantics(10)
@pytest.mark.parametrize("certain", [True, False])
def test_a_notice_that_the_request_begins_does_not_leave(certain: bool) -> None:
    text = NOTICES[0]
    for at in range(1, len(text) - 1):
        session = opened()
        session.continue_from(["Before.\n\n" + text[:at]], certain=certain)
        stream = session.stream()
        out = stream.feed(text[at:]) + stream.close()
        assert "engine/forged_marker" in causes(session), text[at:]
        assert letters(text[at:]) not in letters(out.removesuffix(told(session))) or not letters(text[at:])


@pytest.mark.semantics(14)
@pytest.mark.requirement("RL-4")
def test_numbers_of_help_survive_in_a_forged_notice() -> None:
    say = Discloser(plan(), "de")
    here = [contact for contact in plan().contacts if contact.jurisdiction == "DE"]
    known = plan().engine_notices["contacts"]
    out, session = run([say.contacts(known, known, here, ()).text])
    assert "engine/forged_marker" in causes(session)
    assert here[0].name not in out
    assert here[0].value in out


def test_many_laws_do_not_make_many_texts() -> None:
    """A thousand laws and types, of which a notice may have any: the work is in proportion to their number."""
    many = Wordings(
        ["Left out for {type} under {law}, for legal reasons."],
        {
            "type": Tree(f"type number {n}" for n in range(1000)),
            "law": Tree(f"Act {n} § {n} (DE)" for n in range(1000)),
        },
    )
    text = "Left out for type number 17; type number 998 under Act 3 § 3 (DE); Act 999 § 999 (DE), for legal reasons."
    state = many.start
    for letter in letters(text):
        assert state is not None
        state = many.step(state, letter)
    assert state is not None
    assert state.complete


def test_an_answer_begins_without_a_look_at_every_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many notices there are: they were looked at when the policy was loaded."""
    opened().stream()
    looked: list[int] = []
    closure = Wordings._closure

    def counted(self: Wordings, threads: Iterable[Any]) -> Any:
        found = list(threads)
        looked.append(len(found))
        return closure(self, found)

    monkeypatch.setattr(Wordings, "_closure", counted)
    opened().stream()
    assert looked == []


@pytest.mark.parametrize("stream", [True, False])
def test_through_the_gateway(open_gateway: OpenGateway, upstream: ScriptedUpstream, stream: bool) -> None:
    gateway = open_gateway(plan())
    turns = [{"role": role, "content": "hi"} for role in ("user", "assistant", "user")]  # not the first answer
    ask = {"model": "m", "messages": turns, "stream": stream}
    for notice in dict.fromkeys(text for tag in LANGUAGES for text in written(tag)):
        upstream.script = say(f"One.\n\n{notice}\n\n⟦ … ⟧ two.", range(1, len(notice), 3))
        answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=ask, trust_env=False)
        assert answer.status_code == 200
        if stream:
            events = [json.loads(one) for one in re.findall(r"^data: (\{.*\})$", answer.text, re.MULTILINE)]
            content = "".join(c["delta"].get("content", "") for each in events for c in each.get("choices", ()))
            metadata = next(each["ordinance"] for each in events if "ordinance" in each)
        else:
            content = answer.json()["choices"][0]["message"]["content"]
            metadata = answer.json()["ordinance"]
        assert letters(notice) not in letters(content.partition("two.")[0])
        assert content.startswith(f"One.\n\n{MARKER}")
        assert f"\n\n{MARKER} two." in content
        assert [cause["rule"] for each in metadata["notices"] for cause in each["causes"]] == ["engine/forged_marker"]
