"""Two things within so many characters of each other, against an oracle that tries every continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ordinance.detection import Expressions, Prepared
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.match.nearby import nearby
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin, follow
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import FREE_NOWHERE, JsonText, Structure
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from ordinance.runtime.text.clusters import START, cluster_class, join
from support.oracle import MARKER, Cut, Rule, reference, refused, removed, trace
from support.plans import expressions, plan, plan_of, refuse, session, withhold
from support.strategies import FORGED, cuttings, endings, rules, texts

Rules = Sequence[Rule]

NEAR = Rule(("aino",), beside=("flu",), within=10)
SENTENCE = Rule(("aino",), beside=("flu",), within=10, sentence=True)


def redactor(of: Rules, prefixes: Sequence[str] = (), *, certain: bool = True) -> Redactor:
    made = plan_of(of)
    activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
    return Redactor(activation, begin(activation, prefixes, certain))


def pieces(made: Redactor, cut: Sequence[str], end: End = End.OWN) -> list[str]:
    out = [*(made.feed(piece) for piece in cut), made.close(end)]
    assert made.ledger.balanced
    return out


def shown(of: Rules, text: str, end: End = End.OWN) -> str:
    return "".join(pieces(redactor(of), text, end))


@st.composite
def situations(
    draw: st.DrawFn, *, longest: int, bounds: st.SearchStrategy[int] | None = None, refusing: bool = True
) -> tuple[list[Rule], str]:
    """A rule that wants two things near each other, perhaps with another rule, and a text."""
    others = st.lists(rules(bounds=bounds, refusing=refusing), max_size=1)
    of = [draw(rules(near=True, bounds=bounds, refusing=refusing)), *draw(others)]
    return of, draw(texts(of, longest))


# what is found


@pytest.mark.semantics(37)
def test_each_of_two_is_removed_that_has_the_other_near_and_nothing_between() -> None:
    assert shown([NEAR], "Aino has the flu.") == f"{MARKER} has the {MARKER}."
    assert shown([NEAR], "The flu: Aino") == f"The {MARKER}: {MARKER}"
    assert shown([NEAR], "Aino, and much later the flu, Boris.") == "Aino, and much later the flu, Boris."
    assert shown([NEAR], "Aino 3456789 flu") == f"{MARKER} 3456789 {MARKER}"  # nine characters between
    assert shown([NEAR], "Aino 345678901 flu") == "Aino 345678901 flu"
    assert shown([NEAR], "flu Aino 45678 flu 45678901 flu") == f"{MARKER} {MARKER} 45678 {MARKER} 45678901 flu"


@pytest.mark.semantics(37)
def test_no_sentence_ends_it_and_the_scope_says_what_is_removed() -> None:
    text = "One. Here is Aino. Flu it is. Two."
    assert shown([NEAR], text) == f"One. Here is {MARKER}. {MARKER} it is. Two."
    assert shown([SENTENCE], text) == f"One. {MARKER} {MARKER} Two."
    assert shown([SENTENCE], "Here is Aino. So it is. A flu. Two.") == "Here is Aino. So it is. A flu. Two."


@pytest.mark.semantics(37)
def test_one_thing_waits_until_the_other_can_no_longer_come_near() -> None:
    made = redactor([NEAR])
    out = [made.feed(char) for char in "So Aino 345678901 fl"]
    assert "".join(out[:16]) == "So "
    assert out[16] == "Aino 345678901"  # the tenth character ends what is near, for no word begins behind a digit
    assert "".join(out) == "So Aino 345678901 "


@pytest.mark.semantics(4)
@pytest.mark.semantics(37)
def test_a_prompt_may_have_to_hold_both() -> None:
    detectors = {"name": expressions(("Aino",)), "illness": expressions(("flu",))}
    rule = refuse("baseline/x", "name", near=("illness",), within=10, channels=frozenset({Channel.PROMPT}))
    for text, is_refused in (("Aino? The flu?", True), ("Aino 345678901 flu", False), ("Aino", False)):
        assert session(plan([rule], detectors)).screen([text]) is is_refused


# against the oracle


@pytest.mark.slow
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@pytest.mark.semantics(37)
@settings(max_examples=settings().max_examples // 3)
@given(situations(longest=5))
def test_nothing_is_held_but_what_some_continuation_could_remove(case: tuple[list[Rule], str]) -> None:
    of = [replace(rule, phrases=rule.phrases or ("b",), patterns=()) for rule in case[0]]
    text = case[1]
    got = pieces(redactor(of), text)
    for length in (2, 3) if settings().max_examples < 1000 else (3, 4):
        expected = trace(text, [*of, FORGED], (), endings(of, (), length))
        if got == expected:
            return
    assert got == expected


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@pytest.mark.semantics(37)
@given(st.data(), situations(longest=30, bounds=st.sampled_from([3, 400])))
@example(None, ([NEAR], "Aino *flu*"))
def test_what_comes_out_is_the_oracles_for_every_cutting(
    data: st.DataObject | None, case: tuple[list[Rule], str]
) -> None:
    of, text = case
    by_character = pieces(redactor(of), text)
    for cut in ([text], data.draw(cuttings(text)) if data else [text]):
        assert "".join(pieces(redactor(of), cut)) == "".join(by_character)
    if not refused(text, of):
        assert "".join(by_character) == reference(text, [*of, FORGED])


@pytest.mark.semantics(6)
@pytest.mark.semantics(37)
@given(st.data(), situations(longest=9, bounds=st.sampled_from([3, 400])), st.integers(1, 4))
def test_what_leaves_of_a_cut_text_is_the_oracles_for_every_cutting(
    data: st.DataObject, case: tuple[list[Rule], str], number: int
) -> None:
    of, text = case
    begun = [phrase[:at] for phrase in (*of[0].phrases, *of[0].beside) for at in range(1, len(phrase))]
    text += data.draw(st.sampled_from([*begun, ""]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ordinance.runtime.redact.ends.LEAST", number)
        by_character = "".join(pieces(redactor(of), text, End.CUT))
        assert "".join(pieces(redactor(of), data.draw(cuttings(text)), End.CUT)) == by_character
    if not refused(text, of):
        assert by_character == reference(text, [*of, FORGED], (), Cut(endings(of, (), 3), number))


@pytest.mark.requirement("RL-6")
@pytest.mark.semantics(11)
@given(situations(longest=30, bounds=st.sampled_from([3, 400]), refusing=False), rules(near=True, refusing=False))
def test_adding_a_rule_and_asking_for_less_nearness_never_give_a_character_back(
    case: tuple[list[Rule], str], more: Rule
) -> None:
    of, text = case
    gone = removed(text, [*of, FORGED])
    assert gone <= removed(text, [*of, more, FORGED])
    assert "".join(pieces(redactor([*of, more]), text)) == reference(text, [*of, more, FORGED])


# ends


@pytest.mark.semantics(6)
@pytest.mark.semantics(37)
def test_at_a_cut_one_thing_alone_leaves_and_the_other_begun_near_it_does_not() -> None:
    of = [Rule(("aino",), beside=("forbidden illness",), within=10)]
    assert shown(of, "Here is Aino", End.CUT) == "Here is Aino"
    assert shown(of, "Here is Aino, forbidd", End.CUT) == f"Here is Aino, {MARKER}"
    assert shown(of, "Here is Aino, forbidd") == "Here is Aino, forbidd"
    assert shown(of, "Here is Boris, forbidd", End.CUT) == "Here is Boris, forbidd"


CODE = {"name": expressions(("aino",)), "code": Expressions(patterns=IDENTIFIERS["isikukood"].patterns)}


def code_near(**more: Any) -> Plan:
    return plan([withhold("DE/code", "name", near=("code",), within=10, **more)], CODE)


def leaves(of: Plan, text: str, end: End = End.OWN) -> str:
    stream = session(of).stream()
    return (stream.feed(text) + stream.close(end)).partition("\n\n")[0]


@pytest.mark.semantics(6)
@pytest.mark.semantics(37)
def test_a_number_counts_only_with_its_check_digits_and_one_that_lacks_them_could_be_computed() -> None:
    assert leaves(code_near(), "Aino is 38001085718 now") == f"{MARKER} is {MARKER} now"
    assert leaves(code_near(), "Aino is 38001085719 now") == "Aino is 38001085719 now"
    assert leaves(code_near(), "Aino is 3800108571") == f"Aino is {MARKER}"
    assert leaves(code_near(), "Boris is 3800108571") == "Boris is 3800108571"
    assert nearby([CODE["name"]], [CODE["code"]], 10).find("aino 38001085718") == [(0, 4), (5, 16)]


# what an answer continues, JSON, and what removes nothing


@pytest.mark.semantics(10)
@pytest.mark.semantics(37)
def test_what_an_answer_continues_counts_under_every_reading() -> None:
    for prefixes in (["Aino has "], ["nobody", "Aino has "], ["Aino has the fl"]):
        for certain in (True, False):
            rest = "u." if prefixes[-1].endswith("fl") else "the flu."
            out = "".join(pieces(redactor([NEAR], prefixes, certain=certain), rest))
            assert "flu" not in prefixes[-1] + out or MARKER in out
            assert out.endswith(f"{MARKER}.")
    made = plan_of([NEAR])
    activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
    then = follow(activation, follow(activation, begin(activation, ["Ai"]), "no has"), " the ")
    assert "".join(pieces(Redactor(activation, then), "flu.")) == f"{MARKER}."


@pytest.mark.semantics(10)
@given(st.data(), situations(longest=12, refusing=False))
def test_what_is_begun_elsewhere_is_removed_as_in_one_text(data: st.DataObject, case: tuple[list[Rule], str]) -> None:
    of, text = [Rule(each.phrases, each.patterns, beside=each.beside, within=each.within) for each in case[0]], case[1]
    at = data.draw(
        st.sampled_from(clusters(text))
    )  # within one, a mark would go with a match that ended before the answer
    out = "".join(pieces(redactor(of, [text[:at]] if at else []), text[at:]))
    gone = {place for place in removed(text, [*of, FORGED]) if place >= at}
    kept = [char for place, char in enumerate(text) if place >= at and place not in gone]
    assert len(out.replace(MARKER, "")) <= len(kept)


def clusters(text: str) -> list[int]:
    """Where a grapheme cluster of ``text`` begins, and its end."""
    cluster, begins = START, [len(text)]
    for place, char in enumerate(text):
        joins, cluster = join(cluster, cluster_class(char))
        begins += [] if joins else [place]
    return begins


def json_of(text: str, structure: Structure) -> JsonText:
    made = plan_of([NEAR])
    activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
    opened = JsonText(activation, begin(activation), structure)
    out = "".join(map(opened.feed, text)) + opened.close()
    assert "flu" not in out
    return opened


@pytest.mark.semantics(9)
@pytest.mark.semantics(37)
def test_in_json_two_strings_are_near_each_other_and_nothing_can_be_put_in_their_place() -> None:
    free = Structure(lambda _: True)
    assert json_of('{"who": "Aino", "w": "flu"}', free).severed
    assert json_of('{"who": "Aino", "w": "fl\\u0075"}', FREE_NOWHERE).severed
    one = json_of('{"w": "Aino: the fl\\u0075"}', free)
    assert not one.severed
    assert one.omitted


@pytest.mark.semantics(16)
@pytest.mark.semantics(37)
def test_what_removes_nothing_speaks_of_two_things_that_have_both_left() -> None:
    def observed(text: str, *others: Any) -> set[int]:
        detectors: dict[str, Prepared] = {"name": expressions(("aino",)), "ill": expressions(("flu",))}
        rule = withhold("DE/r", "name", near=("ill",), within=10, effect=Effect.PROVIDE)
        made = plan([rule, *others], {**detectors, "has": expressions(("has",)), "flu": expressions(("flu",))})
        activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
        watching = Redactor(activation)
        pieces(watching, text)
        return watching.observed

    assert observed("Aino has the flu.") == {0}
    assert observed("Aino 345678901 flu.") == set()
    assert observed("Aino has the flu.", withhold("DE/o", "flu")) == set()


@pytest.mark.semantics(13)
@pytest.mark.semantics(37)
def test_hostile_text_costs_no_more_than_its_length() -> None:
    """A pattern that matches every part of every word does not keep them all."""
    detectors: dict[str, Prepared] = {"word": expressions((), ("[a-z]{1,40}",)), "no": expressions(("zebra",))}
    of = plan([withhold("DE/r", "word", near=("no",), within=100)], detectors)
    activation = activate(of, rules_in_force(of, situate(of, jurisdiction="DE")))
    made = Redactor(activation)
    made.feed("abcdefgh" * 100)
    ((_, scan),) = made._scans._nearby
    assert sum(map(len, scan._met)) < 200
    assert len(made.feed("! " * 100)) == 339  # the last 100 of the word, its longest part, and the signs
