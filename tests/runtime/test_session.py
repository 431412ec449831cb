"""One request, from its prompt to its notices: what people see and what they are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import NoticeTemplate, Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind, Occasion, Verdict
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.session import Session
from ordinance.runtime.stream import Stream
from support.oracle import MARKER, Rule, reference
from support.plans import OMITTED, SAYING, expressions, law, mask, plan, plan_of, refuse, sentences, session, withhold
from support.strategies import FORGED, cuttings, rules, texts

MASKED = NoticeTemplate("masked", {"en": "Masked: {type}. {law}.", "de": "Verborgen: {type}. {law}."}, {})
SENTENCE = Scope("sentence", 400)
DETECTORS = {
    "flag": expressions(("forbidden flag", "blue banner")),
    "song": expressions(("forbidden song",)),
    "bomb": expressions(("opaque canary",)),
    "crisis": expressions(("no way out",)),
    "number": expressions((), (r"\b112\b",)),
}
FLAG = withhold("DE/flags", "flag")
SONG = withhold("DE/songs", "song", law=law("§ 130"), type="songs", label={"en": "songs"})
FLAG_SENTENCE = withhold("DE/flags", "flag", scope=SENTENCE)
BOMB = refuse("baseline/weapons", "bomb")
CRISIS = refuse("baseline/crisis", "crisis", effect=Effect.PROVIDE, kind=NoticeKind.CONTACT, contacts="crisis")
NOTE = "\n\nOmitted: symbols. StGB § 86a. DE."


def made(*of: PlannedRule, **more: Any) -> Plan:
    return plan(of, DETECTORS, protected=("number",), **more)


def say(id: str, occasion: Occasion) -> PlannedRule:
    return withhold(id, effect=Effect.SAY, kind=NoticeKind.ADDITION, notice=SAYING, occasion=occasion)


def run(stream: Stream, cut: Iterable[str]) -> str:
    return "".join([stream.feed(piece) for piece in cut] + [stream.close()])


def answer(of: Plan, text: str, *, whole: bool = False, prompt: str = "", **more: Any) -> tuple[str, Session]:
    opened = session(of, whole=whole, **more)
    if prompt:
        opened.screen([prompt])
    return run(opened.stream(), text), opened


# laws


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@given(st.data(), st.lists(rules(bounds=st.sampled_from([2, 400])), min_size=1, max_size=3), st.booleans())
def test_an_answer_is_the_same_for_every_cutting(data: st.DataObject, of: list[Rule], whole: bool) -> None:
    """Streams are compared with streams and whole answers with whole answers; notices and metadata are equal too."""
    text = data.draw(texts(of, 30))
    policy = plan_of(of)
    seen = set()
    for cut in ([text], list(text), data.draw(cuttings(text))):
        opened = session(policy, whole=whole)
        shown = run(opened.stream(), cut)
        seen.add((shown, json.dumps(opened.metadata(), sort_keys=True), json.dumps(opened.record(), sort_keys=True)))
    assert len(seen) == 1


@pytest.mark.requirement("TR-4")
@pytest.mark.semantics(17)
@given(st.data(), st.lists(rules(refusing=False), min_size=1, max_size=3))
def test_without_the_notices_it_is_the_released_text(data: st.DataObject, of: list[Rule]) -> None:
    text = data.draw(texts(of, 30))
    for whole in (False, True):
        shown, opened = answer(plan_of(of), text, whole=whole)
        for notice in reversed(opened.outcome().notices):
            assert shown.endswith(notice.text)
            shown = shown.removesuffix(notice.text).removesuffix("\n\n")
        assert shown == reference(text, [*of, FORGED])


@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(20)
@given(st.data(), st.lists(rules(), min_size=1, max_size=3))
def test_something_is_told_if_and_only_if_something_was_removed(data: st.DataObject, of: list[Rule]) -> None:
    text = data.draw(texts(of, 30))
    shown, opened = answer(plan_of(of), text)
    outcome = opened.outcome()
    assert outcome.balanced
    assert (outcome.verdict is Verdict.PASS) == (shown == text) == (not outcome.notices)


@pytest.mark.semantics(11)
@given(st.data(), st.lists(rules(refusing=True), min_size=1, max_size=3), rules())
def test_adding_a_rule_never_lowers_the_verdict(data: st.DataObject, of: list[Rule], more: Rule) -> None:
    text = data.draw(texts(of, 30))
    _, fewer = answer(plan_of(of), text)
    _, all_of_them = answer(plan_of([*of, more]), text)
    assert fewer.outcome().verdict <= all_of_them.outcome().verdict


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("whole", [True, False])
@given(st.sampled_from(["forbidden flag", "BLUE BANNER", "fórbidden\u200b flag"]), st.text("abc ,1", max_size=20))
def test_answers_that_differ_only_inside_a_region_are_identical_outside_it(whole: bool, phrase: str, more: str) -> None:
    shown: dict[PlannedRule, tuple[str, str, str]] = {}
    for inside in (phrase, "blue banner"):
        for rule, region in ((FLAG, inside), (FLAG_SENTENCE, f"See {more} the {inside} {more}x.")):
            text, opened = answer(made(rule), f"Before. {region} After 12 words.", whole=whole)
            told = (text, json.dumps(opened.metadata()), json.dumps(opened.record()))
            assert shown.setdefault(rule, told) == told


@pytest.mark.requirement("TR-7")
@pytest.mark.requirement("PR-1")
@pytest.mark.semantics(16)
@pytest.mark.parametrize("text", ["A forbidden flag.", "An opaque canary.", "x forbidden flag, opaque canary y"])
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_that_leaves_holds_what_was_withheld(text: str, whole: bool) -> None:
    shown, opened = answer(made(FLAG, BOMB), text, whole=whole)
    everything = (shown + json.dumps(opened.metadata()) + json.dumps(opened.record())).lower()
    for secret in ("forbidden", "flag", "opaque", "canary"):
        assert secret not in everything.replace("de/flags", "")


# what is told


@pytest.mark.requirement("RL-5")
@pytest.mark.requirement("TR-1")
@pytest.mark.requirement("TR-2")
@pytest.mark.semantics(8)
@pytest.mark.semantics(19)
@pytest.mark.parametrize("whole", [True, False])
def test_a_withheld_span_leaves_a_marker_and_one_notice(whole: bool) -> None:
    shown, opened = answer(made(FLAG), "The forbidden flag and the blue banner.", whole=whole)
    assert shown == f"The {MARKER} and the {MARKER}.{NOTE}"
    assert opened.metadata()["verdict"] == "withhold"
    assert opened.metadata()["notices"] == [
        {
            "id": "n1",
            "kind": "omission",
            "causes": [
                {
                    "rule": "DE/flags",
                    "type": "symbols",
                    "law": {"title": "StGB", "article": "§ 86a", "jurisdiction": "DE"},
                }
            ],
            "text": NOTE.strip(),
        }
    ]


@pytest.mark.requirement("TR-9")
@pytest.mark.semantics(5)
def test_touching_and_overlapping_regions_are_one_with_all_causes() -> None:
    overlapping = withhold("DE/words", "word", type="words", label={"en": "words"})
    policy = plan([FLAG, overlapping], {**DETECTORS, "word": expressions(("flag", "flag of", " of it"))})
    shown, opened = answer(policy, "The forbidden flag of it.")
    assert shown == f"The {MARKER}.\n\nOmitted: symbols; words. StGB § 86a. DE."
    (notice,) = opened.outcome().notices
    assert [cause.rule for cause in notice.causes] == ["DE/flags", "DE/words"]


@pytest.mark.semantics(1)
@pytest.mark.semantics(2)
def test_a_header_chooses_the_language_of_the_notice_and_not_the_law() -> None:
    policy = made(FLAG)
    for locale, words in (("en-US", "Omitted: symbols"), ("de-AT", "Ausgelassen: Kennzeichen"), ("ja", "Omitted")):
        shown, _ = answer(policy, "The forbidden flag.", locale=locale)
        assert shown.startswith(f"The {MARKER}.\n\n{words}")
    assert answer(policy, "The forbidden flag.", jurisdiction="EE", locale="de")[0] == "The forbidden flag."


@pytest.mark.requirement("LAW-4")
@pytest.mark.semantics(17)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_said_at_the_first_answer_stands_before_it_and_the_rest_after(whole: bool) -> None:
    policy = made(say("EU/machine", Occasion.FIRST_ANSWER), say("EU/always", Occasion.EVERY_ANSWER), FLAG)
    saying = "You are talking to a machine."
    shown, opened = answer(policy, "Hello.", whole=whole, turn=1)
    assert shown == f"{saying}\n\nHello.\n\n{saying}"
    assert opened.outcome().verdict is Verdict.DISCLOSE
    assert answer(policy, "Hello.", whole=whole, turn=2)[0] == f"Hello.\n\n{saying}"
    assert answer(policy, "", whole=whole, turn=1)[0].strip() == f"{saying}\n\n{saying}"


def test_what_stands_before_an_answer_leaves_at_once() -> None:
    stream = session(made(say("EU/machine", Occasion.FIRST_ANSWER), FLAG), turn=1).stream()
    assert stream.feed("forb") == "You are talking to a machine.\n\n"
    assert stream.feed("ear") == "forbear"


@pytest.mark.semantics(17)
def test_a_marker_that_the_model_writes_is_told() -> None:
    shown, opened = answer(made(FLAG), f"a {MARKER} b")
    assert shown == f"a {MARKER} b\n\n[forged_marker]"
    (notice,) = opened.outcome().notices
    assert (notice.kind, notice.causes[0].rule) == (NoticeKind.OMISSION, "engine/forged_marker")
    assert opened.outcome().verdict is Verdict.WITHHOLD
    assert opened.outcome().rules == ()


@pytest.mark.semantics(19)
def test_each_affected_choice_has_the_notice_and_the_metadata_once() -> None:
    opened = session(made(FLAG))
    several = [run(opened.stream(), "The forbidden flag.") for choice in range(3)]
    several.append(run(opened.stream(), "Nothing here."))
    assert several == [f"The {MARKER}.{NOTE}"] * 3 + ["Nothing here."]
    assert len(opened.outcome().notices) == 1
    assert opened.record()["choices"] == 4


# refusals


@pytest.mark.requirement("SC-1")
@pytest.mark.semantics(7)
@pytest.mark.semantics(14)
def test_a_refusal_ends_the_answer_with_its_notice_and_the_places_contacts() -> None:
    shown, opened = answer(made(FLAG, BOMB), "Take the forbidden flag, then the opaque canary and so on.")
    lines = "[contacts] Notruf: 112 (00:00–24:00); Telefonseelsorge: 0800 111 0 111 (00:00–24:00)"
    told = f"We do not help with this.\n\n{lines}"
    assert shown == f"Take the {MARKER}, then the {NOTE}\n\n{told}"
    outcome = opened.outcome()
    assert outcome.verdict is Verdict.REFUSE
    assert [notice.kind for notice in outcome.notices] == [NoticeKind.OMISSION, NoticeKind.RED_LINE, NoticeKind.CONTACT]
    assert outcome.rules == ("DE/flags", "baseline/weapons")


@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(7)
@pytest.mark.semantics(20)
def test_a_whole_answer_that_is_refused_is_the_notice_alone() -> None:
    shown, opened = answer(made(FLAG, BOMB), "Take the forbidden flag, then the opaque canary.", whole=True)
    assert shown.startswith("We do not help with this.\n\n[contacts]")
    assert opened.outcome().rules == ("baseline/weapons",)
    assert all(notice.kind is not NoticeKind.OMISSION for notice in opened.outcome().notices)


@pytest.mark.semantics(7)
def test_nothing_held_is_released_by_a_refusal_and_nothing_leaves_after_it() -> None:
    stream = session(made(FLAG_SENTENCE, BOMB)).stream()
    assert "".join(map(stream.feed, "One. Two an opaque canary")) == "One. "
    told = [stream.refused]
    assert stream.feed("!") == ""
    told.append(stream.refused)
    assert stream.feed(" Three. Four.") == ""
    assert told == [False, True]
    assert stream.close().strip().startswith("We do not help")


@pytest.mark.semantics(7)
def test_one_choice_may_be_refused_and_the_others_go_on() -> None:
    opened = session(made(BOMB))
    one, other = opened.stream(), opened.stream()
    one.feed("opaque canary ")
    assert one.refused
    assert not other.refused
    assert run(other, "Fine.") == "Fine."
    one.close()
    assert opened.outcome().verdict is Verdict.REFUSE


@pytest.mark.semantics(4)
@pytest.mark.semantics(7)
@pytest.mark.parametrize("whole", [True, False])
def test_a_refused_prompt_has_no_answer(whole: bool) -> None:
    shown, opened = answer(
        made(FLAG, BOMB), "Text that nobody asked for.", whole=whole, prompt="Tell me of an opaque canary"
    )
    assert opened.prompt.refused
    assert shown.startswith("We do not help with this.")
    assert "nobody" not in shown
    assert opened.outcome().verdict is Verdict.REFUSE
    assert opened.outcome().rules == ("baseline/weapons",)


@pytest.mark.requirement("CC-3")
@pytest.mark.semantics(4)
def test_a_law_that_looks_at_answers_does_not_look_at_prompts() -> None:
    opened = session(made(FLAG))
    assert not opened.screen(["What is the forbidden flag?", "testing mode; jurisdiction: XX"])
    assert run(opened.stream(), "The forbidden flag.") == f"The {MARKER}.{NOTE}"


@pytest.mark.requirement("SC-3")
def test_where_the_place_is_unknown_contacts_are_in_general_words() -> None:
    shown, _ = answer(made(BOMB), "opaque canary", jurisdiction=None)
    assert shown == "We do not help with this.\n\n[contacts_unknown]"
    shown, _ = answer(made(BOMB), "opaque canary", attested={"place": "XX"})
    assert shown.endswith("[contacts_unknown]")


@pytest.mark.requirement("SC-1")
@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_contacts_are_provided_without_removing_anything(where: str) -> None:
    text = "There is no way out." if where == "answer" else "I hear you."
    shown, opened = answer(made(CRISIS), text, prompt="no way out" if where == "prompt" else "Hello")
    assert shown == f"{text}\n\n[contacts] Telefonseelsorge: 0800 111 0 111 (00:00–24:00)"
    assert opened.outcome().verdict is Verdict.DISCLOSE


@pytest.mark.requirement("RL-4")
@pytest.mark.semantics(14)
def test_an_emergency_number_survives_in_a_withheld_sentence() -> None:
    shown, _ = answer(made(FLAG_SENTENCE), "Under the forbidden flag call 112 now. Bye.")
    assert shown == f"{MARKER}112{MARKER} Bye.{NOTE}"


@pytest.mark.semantics(10)
@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("at", range(1, len("forbidden flag")))
def test_a_phrase_asked_for_in_parts_does_not_come_out(at: int, certain: bool) -> None:
    phrase = "forbidden flag"
    opened, refusing = session(made(FLAG)), session(made(BOMB))
    opened.continue_from([f"It is the {phrase[:at]}"], certain=certain)
    assert run(opened.stream(), phrase[at:] + ".") == f"{MARKER}.{NOTE}"
    refusing.continue_from(["an opaque can"], certain=certain)
    assert run(refusing.stream(), "ary!").startswith("We do not help")


@pytest.mark.semantics(18)
def test_a_fault_ends_the_answer_and_says_so() -> None:
    opened = session(made(FLAG))
    stream = opened.stream()
    assert stream.feed("Hello forb") == "Hello "
    assert stream.fault("tool_call").startswith("\n\n[fault]")
    assert stream.refused
    (notice,) = opened.outcome().notices
    assert (notice.kind, notice.causes[0].rule, notice.causes[0].type) == (
        NoticeKind.FAULT,
        "engine/tool_call",
        "fault",
    )
    assert opened.outcome().verdict is Verdict.REFUSE
    assert opened.outcome().balanced


@pytest.mark.semantics(18)
def test_a_ledger_that_does_not_balance_ends_the_answer() -> None:
    opened = session(made(FLAG))
    stream = opened.stream()
    stream.feed("Hello.")
    stream.content.ledger.received += 1
    assert "[fault]" in stream.close()
    assert not opened.outcome().balanced
    assert opened.metadata()["balanced"] is False
    assert opened.outcome().verdict is Verdict.REFUSE


# masks, trials, marks, parts

MASK = mask("DE/codes", "code", notice=MASKED, placeholders={"en": "personal code", "de": "Kennziffer"})
ASKED = replace(MASK, channels=frozenset({Channel.PROMPT, Channel.ANSWER}))
MASKING = {**DETECTORS, "code": expressions((), (r"\b[0-9]{4}\b",))}
TOLD = "\n\nMasked: code. StGB § 86a."


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
@pytest.mark.parametrize("whole", [True, False])
def test_a_mask_leaves_its_placeholder_in_the_language_of_the_request(whole: bool) -> None:
    policy = plan([MASK], MASKING)
    for code in ("1234", "99\u200b99"):
        shown, opened = answer(policy, f"It is {code}, yes.", whole=whole)
        assert shown == f"It is [personal code], yes.{TOLD}"
        assert opened.metadata()["verdict"] == "withhold"
        (notice,) = opened.outcome().notices
        assert (notice.kind, notice.causes[0].rule) == (NoticeKind.OMISSION, "DE/codes")
    assert answer(policy, "Es ist 1234.", locale="de")[0].startswith("Es ist [Kennziffer].\n\nMasked:"), "one language"


@pytest.mark.semantics(8)
def test_a_mask_that_needs_no_notice_has_none_and_still_counts() -> None:
    shown, opened = answer(plan([replace(MASK, told=False)], MASKING), "It is 1234.")
    assert shown == "It is [personal code]."
    assert opened.outcome().verdict is Verdict.WITHHOLD
    assert opened.outcome().rules == ("DE/codes",)
    assert not opened.outcome().notices


@pytest.mark.semantics(11)
def test_where_a_mask_touches_a_withheld_region_the_marker_stands_for_both() -> None:
    policy = plan([MASK, withhold("DE/words", "word")], {**MASKING, "word": expressions((), (" of it",))})
    shown, opened = answer(policy, "So 1234 of it.")
    assert shown == f"So {MARKER}.\n\nMasked: code. StGB § 86a.{NOTE}"
    assert opened.outcome().rules == ("DE/codes", "DE/words")


@pytest.mark.semantics(11)
def test_masks_that_touch_show_each_placeholder_once() -> None:
    other = mask("DE/tails", "tail", type="tail")
    tight = plan([MASK, other], {**MASKING, "tail": expressions((), (r"\.x{1,9}",))})
    assert answer(tight, "(1234.xx)")[0].startswith("([personal code][tail])\n\n")
    assert answer(tight, "(1234.x.x)")[0].startswith("([personal code][tail])\n\n")


@pytest.mark.requirement("RL-4")
@pytest.mark.semantics(14)
def test_what_is_protected_does_not_reach_into_a_mask() -> None:
    policy = plan([replace(MASK, detectors=("long",))], {**MASKING, "long": expressions((), ("code .{1,9} end",))},
                  protected=("number",))  # fmt: skip
    policy = replace(policy, detectors={**policy.detectors, "number": expressions((), (r"\b112\b",))})
    assert answer(policy, "A code 5 112 5 end.")[0].startswith("A [personal code].\n\n")


@pytest.mark.requirement("TR-4")
@pytest.mark.semantics(17)
@pytest.mark.parametrize("written", ["[personal code]", "[Personal Code]", "[Kennziffer]", "[code]"])
def test_a_placeholder_that_the_model_writes_is_told_as_forged(written: str) -> None:
    shown, opened = answer(plan([MASK], MASKING), f"Put {written} here.")
    assert shown == "Put [personal code] here.\n\n[forged_marker]"
    assert opened.outcome().verdict is Verdict.WITHHOLD
    assert opened.outcome().rules == ()


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(8)
@pytest.mark.parametrize("whole", [True, False])
def test_a_prompt_is_masked_before_it_is_sent_and_the_answer_says_so(whole: bool) -> None:
    opened = session(plan([ASKED], MASKING), whole=whole)
    assert not opened.screen(["Who is 1234?"])
    assert opened.mask("Who is 1234?") == "Who is [personal code]?"
    assert opened.mask("Nobody.") == "Nobody."
    shown = run(opened.stream(), "I cannot say who [personal code] is.")
    assert shown == f"I cannot say who [personal code] is.{TOLD}"
    assert opened.outcome().verdict is Verdict.WITHHOLD
    assert opened.outcome().rules == ("DE/codes",)
    assert opened.outcome().balanced


@pytest.mark.semantics(7)
@pytest.mark.semantics(8)
def test_a_red_line_in_a_masked_prompt_still_refuses() -> None:
    opened = session(plan([ASKED, BOMB], MASKING))
    assert opened.screen(["1234 and the opaque canary"])
    shown = run(opened.stream(), "x")
    assert shown.startswith("We do not help")
    assert "Masked" not in shown


@pytest.mark.semantics(4)
def test_a_mask_of_answers_leaves_the_prompt_alone() -> None:
    opened = session(plan([MASK], MASKING))
    assert not opened.screen(["1234"])
    assert opened.mask("1234") == "1234"
    assert opened.outcome().rules == ()


@pytest.mark.semantics(13)
def test_what_a_masks_detector_could_not_see_of_a_prompt_is_not_sent() -> None:
    policy = plan([replace(ASKED, detectors=("shouting",))], {"shouting": sentences(shouting)})
    opened = session(policy)
    assert opened.mask("Please LOOK at it.") == "Please [personal code] at it."
    assert opened.mask("One. Please CRASH now. Two.") == f"One. {MARKER}Two."
    assert not opened.prompt.refused
    assert run(opened.stream(), "x") == f"x{TOLD}\n\n[fault]"
    assert opened.outcome().verdict is Verdict.WITHHOLD


@pytest.mark.semantics(6)
@pytest.mark.semantics(11)
@pytest.mark.parametrize("make", [withhold, mask, refuse])
def test_a_rule_on_trial_is_recorded_and_holds_nothing(make: Callable[..., PlannedRule]) -> None:
    opened = session(plan([make("DE/tried", "flag", trial=True, scope=SENTENCE)], DETECTORS))
    assert not opened.screen(["a forbidden flag"]) or make is not refuse
    stream = opened.stream()
    assert [stream.feed(char) for char in "The forbidden flag."] == list("The forbidden flag.")
    assert stream.close() == ""
    outcome = opened.outcome()
    assert (outcome.verdict, outcome.notices, outcome.rules, outcome.trials) == (Verdict.PASS, (), (), ("DE/tried",))
    assert opened.record()["trials"] == ["DE/tried"]


@pytest.mark.semantics(11)
def test_what_a_trial_finds_in_removed_text_is_recorded_too() -> None:
    policy = plan([FLAG_SENTENCE, withhold("DE/tried", "song", trial=True)], DETECTORS)
    shown, opened = answer(policy, "A forbidden flag and a forbidden song.")
    assert shown.startswith(MARKER)
    assert opened.outcome().trials == ("DE/tried",)
    assert opened.outcome().rules == ("DE/flags",)


@pytest.mark.semantics(6)
@pytest.mark.semantics(11)
@given(st.data(), st.lists(rules(), min_size=1, max_size=2), st.lists(rules(), min_size=1, max_size=2))
def test_rules_on_trial_change_nothing_that_leaves_nor_when(
    data: st.DataObject, of: list[Rule], tried: list[Rule]
) -> None:
    text = data.draw(texts([*of, *tried], 20))
    policy = plan_of([*of, *tried])
    with_trials = replace(
        policy, rules=(*policy.rules[: len(of)], *(replace(rule, trial=True) for rule in policy.rules[len(of) :]))
    )
    seen = []
    for each in (plan_of(of), with_trials):
        opened = session(each)
        stream = opened.stream()
        outcome = ([stream.feed(char) for char in text], stream.close(), opened.outcome())
        seen.append((*outcome[:2], replace(outcome[2], trials=())))
    assert seen[0] == seen[1]


def test_a_say_and_a_mark_on_trial_are_recorded_only() -> None:
    saying = replace(say("EU/machine", Occasion.EVERY_ANSWER), trial=True)
    _, opened = answer(plan([saying, replace(READABLE, trial=True)], {}), "Hello.")
    assert opened.outcome().trials == ("EU/machine", "EU/readable")
    assert (opened.outcome().verdict, opened.marks) == (Verdict.PASS, ())


@pytest.mark.semantics(12)
def test_a_detector_of_sentences_on_trial_holds_nothing_and_fails_nobody() -> None:
    stream = session(segment_plan(trial=True)).stream()
    text = "Now LOOK here. A CRASH. So."
    assert "".join(map(stream.feed, text)) == text
    assert stream.close() == ""
    assert stream.told.trials == {"DE/shouting"}


READABLE = withhold("EU/readable", effect=Effect.MARK, type="machine_readable", kind=NoticeKind.ADDITION)


@pytest.mark.semantics(11)
def test_a_mark_stands_in_the_metadata_and_adds_no_text() -> None:
    shown, opened = answer(plan([READABLE], {}), "Hello.")
    assert shown == "Hello."
    assert opened.outcome().verdict is Verdict.PASS
    (mark,) = opened.metadata()["marks"]
    assert (mark["type"], mark["rule"]) == ("machine_readable", "EU/readable")
    assert opened.metadata()["notices"] == []
    assert opened.outcome().rules == ("EU/readable",)


@pytest.mark.semantics(4)
@pytest.mark.parametrize("part", [Channel.CONTENT, Channel.REASONING, Channel.TOOL_CALL])
def test_a_rule_may_look_at_one_part_of_an_answer(part: Channel) -> None:
    narrow = replace(FLAG, channels=frozenset({Channel.REASONING}))
    opened = session(plan([narrow, SONG], DETECTORS))
    shown = run(opened.stream(part), "forbidden flag, forbidden song")
    assert shown.startswith(f"{MARKER}, {MARKER}" if part is Channel.REASONING else f"forbidden flag, {MARKER}")


def test_parts_that_no_rule_tells_apart_share_their_automata() -> None:
    wide, narrow = plan([FLAG], DETECTORS), plan([replace(FLAG, channels=frozenset({Channel.REASONING}))], DETECTORS)
    parts = (Channel.CONTENT, Channel.REASONING, Channel.TOOL_CALL)
    assert len({activate(wide, wide.rules, (), part) for part in parts}) == 1
    assert len({activate(narrow, narrow.rules, (), part) for part in parts}) == 3


@pytest.mark.semantics(9)
def test_what_looks_like_a_placeholder_is_none_in_a_tool_call() -> None:
    opened = session(plan([MASK], MASKING))
    assert run(opened.stream(Channel.TOOL_CALL), "table[code]") == "table[code]"
    assert run(opened.stream(), "table[code]").startswith("table[personal code]\n\n[forged_marker]")


# detectors that see sentences


def shouting(sentence: str) -> Iterable[tuple[int, int]]:
    if "CRASH" in sentence:
        raise RuntimeError(sentence)
    words = sentence.split()
    at = 0
    for word in words:
        start = sentence.index(word, at)
        at = start + len(word)
        if word.isalpha() and word.isupper() and len(word) > 2:
            yield start, at


def segment_plan(find: Callable[[str], Iterable[tuple[int, int]]] = shouting, **more: Any) -> Plan:
    return plan([withhold("DE/shouting", "shouting", **more), FLAG], {**DETECTORS, "shouting": sentences(find)})


@pytest.mark.semantics(12)
def test_a_detector_of_sentences_holds_the_open_one() -> None:
    stream = session(segment_plan()).stream()
    pieces = [stream.feed(char) for char in "Be calm. Now LOOK here. So"]
    assert "".join(pieces[:9]) == ""
    assert pieces[9] == "Be calm. "
    assert "".join(pieces[10:]) == f"Now {MARKER} here. "
    assert stream.close().startswith("So\n\nOmitted")


@pytest.mark.semantics(12)
@given(st.data(), st.text("AB ab.!\n\u0301", max_size=30))
def test_a_detector_of_sentences_gives_the_same_for_every_cutting(data: st.DataObject, text: str) -> None:
    policy = segment_plan()
    seen = {run(session(policy).stream(), cut) for cut in ([text], text, data.draw(cuttings(text)))}
    assert len(seen) == 1


@pytest.mark.parametrize("text", ["No end " * 400 + "LOOK here", "x" * 5000])
def test_a_sentence_without_end_is_judged_all_the_same(text: str) -> None:
    stream = session(segment_plan()).stream()
    early = stream.feed(text)
    assert len(early) >= len(text) - 1000
    assert ("LOOK" in early + stream.close()) is False


@pytest.mark.semantics(13)
@pytest.mark.parametrize("spans", [[(0, 99)], [(-1, 2)], [(3, 3)], [(2, 1)], [("a", "b")], [(1,)], None])
def test_a_detector_that_gives_nonsense_has_seen_nothing_of_its_sentence(
    spans: Sequence[tuple[int, int]] | None,
) -> None:
    policy = segment_plan(lambda sentence: spans if "X" in sentence else [])  # type: ignore[arg-type,return-value]  # nonsense is the point
    shown, opened = answer(policy, "One. X here. Two.")
    assert shown == f"One. {MARKER}Two.\n\n[fault]"
    assert opened.outcome().verdict is Verdict.WITHHOLD
    assert answer(policy, "One. Two.")[0] == "One. Two."


@pytest.mark.requirement("PR-1")
@pytest.mark.semantics(13)
def test_what_a_crashed_detector_did_not_see_is_left_out_and_told_in_that_request_only() -> None:
    policy = segment_plan()
    shown, opened = answer(policy, "Fine. A secret CRASH here. More LOOK now.")
    assert shown.startswith(f"Fine. {MARKER}More {MARKER} now.\n\nOmitted")
    assert shown.endswith("\n\n[fault]")
    assert opened.outcome().rules == opened.outcome().failed == ("DE/shouting",)
    assert [notice.causes[0].rule for notice in opened.outcome().notices] == ["DE/shouting", "engine/detector"]
    assert "secret" not in shown + json.dumps(opened.metadata()) + json.dumps(opened.record())
    assert answer(policy, "Fine. Still LOOK here.")[0].startswith(f"Fine. Still {MARKER} here.\n\nOmitted")


@pytest.mark.semantics(13)
@given(st.data(), st.lists(st.sampled_from(["CRASH", "LOOK", "calm", "flag. ", "Forbidden", ". ", "! "]), max_size=12))
def test_a_failing_detector_gives_the_same_for_every_cutting(data: st.DataObject, words: list[str]) -> None:
    policy, text = segment_plan(), " ".join(words)
    seen = {run(session(policy).stream(), cut) for cut in ([text], text, data.draw(cuttings(text)))}
    assert len(seen) == 1
    assert "CRASH" not in seen.pop()


@pytest.mark.semantics(13)
def test_a_red_lines_detector_that_crashes_counts_as_fired() -> None:
    policy = plan([refuse("baseline/shouting", "shouting")], {"shouting": sentences(shouting)})
    opened = session(policy)
    assert run(opened.stream(), "Fine. A secret CRASH here. More.") == "Fine. \n\n[fault]"
    outcome = opened.outcome()
    assert (outcome.verdict, outcome.rules, outcome.failed) == (Verdict.REFUSE, (), ("baseline/shouting",))


@pytest.mark.semantics(13)
def test_a_rule_that_removes_nothing_and_fails_is_told_and_removes_nothing() -> None:
    provide = withhold("DE/help", "shouting", effect=Effect.PROVIDE, kind=NoticeKind.CONTACT, contacts="crisis")
    opened = session(plan([provide], {"shouting": sentences(shouting)}))
    assert run(opened.stream(), "Fine. A CRASH here.") == "Fine. A CRASH here.\n\n[fault]"
    assert opened.outcome().verdict is Verdict.DISCLOSE
    assert opened.outcome().failed == ("DE/help",)


@pytest.mark.semantics(13)
def test_a_detector_that_failed_for_good_is_not_asked_again_in_that_request() -> None:
    asked: list[str] = []

    def slow(sentence: str) -> Iterable[tuple[int, int]]:
        asked.append(sentence)
        if "SLOW" in sentence:
            raise DetectorError("over its budget", lasting=True)
        return []

    policy = segment_plan(slow)
    assert answer(policy, "One. SLOW. Three. Four.")[0] == f"One. {MARKER}\n\n[fault]"
    assert asked == ["One. ", "SLOW. "]
    assert answer(policy, "One. Two.")[0] == "One. Two."


@pytest.mark.semantics(13)
def test_a_red_lines_detector_that_crashes_on_the_prompt_counts_as_fired() -> None:
    rule = refuse("baseline/shouting", "shouting")
    policy = plan([rule], {"shouting": sentences(shouting)})
    opened = session(policy)
    assert opened.screen(["Please CRASH now"])
    assert "[fault]" in run(opened.stream(), "An answer.")
    assert not session(policy).screen(["Please go on"])
    assert session(policy).screen(["Please LOOK"])


# the policy that is shown


def test_the_metadata_names_the_policy_and_the_record_has_no_text() -> None:
    _, opened = answer(made(FLAG), "The forbidden flag.")
    shown = opened.metadata()
    assert shown["policy"]["name"] == "DE"
    assert shown["policy"]["version"] == "2026.11.0"
    assert shown["jurisdiction"] == "DE"
    assert set(opened.record()) == {
        "digest", "jurisdiction", "locale", "verdict", "rules", "effects", "laws", "failed", "trials", "notices",
        "choices", "balanced",
    }  # fmt: skip
    assert session(made(), jurisdiction=None).metadata()["policy"]["name"] == "baseline"
    assert OMITTED.name not in json.dumps(opened.record()["rules"])


def test_to_record_an_answer_that_is_not_closed_changes_nothing() -> None:
    saying = say("EU/machine", Occasion.EVERY_ANSWER)
    opened = session(made(FLAG, saying))
    stream = opened.stream()
    shown = stream.feed("The forbidden flag, then")
    record = opened.record()
    assert (record["verdict"], record["rules"]) == ("withhold", ["DE/flags", "EU/machine"])
    assert record["notices"] == [], "nobody was given one yet"
    assert opened.record() == record
    assert shown + stream.close() == answer(made(FLAG, saying), "The forbidden flag, then")[0]


def test_a_stream_keeps_the_terms_of_its_opening() -> None:
    opened = session(made(BOMB))
    before = opened.stream()
    assert opened.screen(["an opaque canary"])
    assert not before.refused
    assert opened.stream().refused
    assert before.feed("Hello.") + before.close() == "Hello."
