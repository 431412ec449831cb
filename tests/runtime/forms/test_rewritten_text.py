"""A rewritten text: the same for every cutting, in balance, and with nothing that rules find because of a form."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Form as GivenForm
from ordinance.policy.plan import Plan
from ordinance.runtime.forms.rewriter import Piece, Rewriter
from ordinance.runtime.forms.rewritten_text import RewrittenText
from ordinance.runtime.forms.second_reading import GAP
from ordinance.runtime.match.matcher import matches_in
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from support.formed import PATTERNS, PIECES, SOUGHT, WAYS, formed, released, texts
from support.oracle import MARKER, Rule
from support.plans import plan_of
from support.strategies import cuttings

pytestmark = pytest.mark.requirement("TR-4")

TAGS = st.sampled_from(sorted(WAYS))
ENDS = st.sampled_from([End.OWN, End.CUT])


def _swapped(text: str) -> str:
    return text.swapcase()


def _shouting(text: str) -> str:
    if "5" in text:
        raise ValueError("never five")
    return text.replace("e", "ee")


GIVEN = (None, None, GivenForm(_swapped, 12), GivenForm(_shouting, 40))

some_rules = st.lists(
    st.one_of(
        st.sampled_from(SOUGHT).map(lambda phrase: Rule((phrase,))),
        st.sampled_from(PATTERNS).map(lambda pattern: Rule((), (pattern,))),
        st.sampled_from(SOUGHT).map(lambda phrase: Rule((phrase,), mask="code")),
        st.sampled_from(SOUGHT).map(lambda phrase: Rule((phrase,), sentence=True)),
        st.sampled_from(SOUGHT[:6]).map(lambda phrase: Rule((phrase,), refuses=True)),
        st.sampled_from(SOUGHT).map(lambda phrase: Rule((phrase,), beside=("groß",), within=5)),
    ),
    max_size=2,
)


def plain(plan: Plan, pieces: list[str], end: End) -> str:
    """What leaves where nothing is rewritten."""
    redactor = Redactor(activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE"))))
    return "".join(map(redactor.feed, pieces)) + redactor.close(end)


def applied(source: str, text: RewrittenText) -> str:
    """The model's text, with each of the edits that were noted."""
    out, at = [], 0
    for cut in text.cuts:
        out += [source[at : cut.start], cut.instead]
        at = cut.end
    return "".join([*out, source[at:]])


@given(st.data())
@pytest.mark.semantics(42)
def test_the_same_text_comes_out_for_every_cutting(data: st.DataObject) -> None:
    plan, text, tag = plan_of(data.draw(some_rules)), data.draw(texts()), data.draw(TAGS)
    given, end = data.draw(st.sampled_from(GIVEN)), data.draw(ENDS)
    one = formed(plan, tag, given=given)
    expected = released(one, list(text), end)
    cut = formed(plan, tag, given=given)
    assert released(cut, data.draw(cuttings(text)), end) == expected
    assert (cut.rewritten, cut.left, cut.cuts) == (one.rewritten, one.left, one.cuts)
    assert one.ledger.balanced
    assert cut.ledger.balanced


@given(st.data())
@pytest.mark.semantics(40)
def test_what_leaves_is_the_models_text_with_the_noted_edits_and_nothing_else(data: st.DataObject) -> None:
    rules = [each for each in data.draw(some_rules) if not each.refuses]
    plan, text, tag = plan_of(rules), data.draw(texts()), data.draw(TAGS)
    one = formed(plan, tag)
    assert released(one, [text]) == applied(text, one)


@given(st.data())
@pytest.mark.semantics(41)
def test_rules_find_in_what_leaves_what_they_found_in_what_the_model_said(data: st.DataObject) -> None:
    rules = [each for each in data.draw(some_rules) if not each.refuses]
    plan, text, tag = plan_of(rules), data.draw(texts()), data.draw(TAGS)
    activation = activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE")))
    before, after = plain(plan, [text], End.OWN), released(formed(plan, tag), [text])
    signs = [MARKER, *(rule.sign for rule in rules if rule.mask)]
    for sign in signs:
        before, after = before.replace(sign, GAP), after.replace(sign, GAP)
    found = [[(each.family, each.tag) for each in matches_in(activation.answer, said)] for said in (before, after)]
    assert found[0] == found[1]


@given(st.data())
@pytest.mark.semantics(42)
def test_no_more_waits_for_a_form_than_it_has_to_see(data: st.DataObject) -> None:
    text, tag, width = data.draw(texts()), data.draw(TAGS), 48
    one, plan = formed(plan_of([]), tag), plan_of([])
    redactor = Redactor(activate(plan, rules_in_force(plan, situate(plan, jurisdiction="DE"))))
    for char in text:
        one.feed(char)
        redactor.feed(char)
        assert one.settled >= redactor.settled - width


@pytest.mark.slow
@pytest.mark.semantics(42)
def test_a_million_random_cuts_change_nothing() -> None:
    cuts, chance = int(os.environ.get("FORM_CUTS", "20000")), random.Random(84)
    plans = [plan_of([Rule((each,))]) for each in SOUGHT] + [plan_of([])]
    made = 0
    while made < cuts:
        plan, tag = chance.choice(plans), chance.choice(sorted(WAYS))
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 24)))
        expected = released(formed(plan, tag), [text])
        places = sorted({chance.randint(0, len(text)) for _ in range(chance.randint(1, 2 * len(text) + 1))})
        pieces = [text[low:high] for low, high in pairwise([0, *places, len(text)])]
        assert released(formed(plan, tag), pieces) == expected, (tag, pieces)
        made += len(places)


@pytest.mark.semantics(42)
def test_a_long_text_is_looked_at_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is looked at for each unit, so a text that comes whole would be looked at as often as it has units."""
    waiting: list[int] = []
    decide = Rewriter._decide

    def watched(self: Rewriter, *, ended: bool) -> Iterator[Piece]:
        waiting.append(self.waiting)
        return decide(self, ended=ended)

    monkeypatch.setattr(Rewriter, "_decide", watched)
    said = "Die Straße ist groß. " * 500
    assert released(formed(plan_of([]), "de-CH"), [said]) == said.replace("ß", "ss")
    assert max(waiting) < 400


@pytest.mark.semantics(41)
@pytest.mark.parametrize(
    ("tag", "phrase", "text"),
    [
        ("de", "24.12.2026", "Am 12/24/2026 ist es so weit."),
        ("de", "1.234,50", "Es kostet 1,234.50 EUR am Tag."),
        ("en-US", "the color red", "It is the colour red of all."),
        ("en-US", "color", "It is the colour red of all."),
        ("sr", "ljubav", "То је љубав и мир."),
        ("de-CH", "Strassenfest", "Das Straßenfest"),
    ],
)
def test_a_form_makes_no_phrase_that_a_rule_looks_for(tag: str, phrase: str, text: str) -> None:
    one = formed(plan_of([Rule((phrase,))]), tag)
    out = released(one, [text])
    assert phrase.lower() not in out.lower()
    assert one.left or MARKER in out
    free = formed(plan_of([]), tag)
    assert phrase.lower() in released(free, [text]).lower()


@pytest.mark.semantics(40)
def test_a_refusal_lets_nothing_leave_that_waited_for_a_form() -> None:
    plan = plan_of([Rule(("forbidden",), refuses=True)])
    for pieces in (["It is 1,234.5 forbidden"], list("It is 1,234.5 forbidden")):
        one = formed(plan, "de")
        out = released(one, pieces)
        assert one.refused
        assert out in ("It is 1.234,5 ", "It is ")
        assert one.ledger.balanced


@pytest.mark.semantics(43)
def test_a_form_of_a_plugin_that_changes_substance_or_fails_changes_nothing() -> None:
    text = "Ohne 3,5 km geht es nicht, sagt Frau Meier."
    hostile: tuple[Callable[[str], Any], ...] = (
        lambda text: text.replace("3,5", "5,3"),
        lambda text: text.replace("Meier", "Maier"),
        lambda text: text.replace("nicht", "gut"),
        lambda text: text + " Kaufen!",
        lambda text: None,
        lambda text: 1 / 0,
    )
    for form in hostile:
        one = formed(plan_of([]), "de", {"spelling": "de"}, GivenForm(form, 80))
        assert released(one, [text]) == text
    assert one.left == {"spelling"}
    fine = formed(
        plan_of([]), "de", {"spelling": "de"}, GivenForm(lambda text: text.replace("3,5 km", "3,5\u00a0km"), 80)
    )
    assert released(fine, [text]) == text.replace("3,5 km", "3,5\u00a0km")


@pytest.mark.semantics(43)
def test_a_form_of_a_plugin_sees_each_passage_once_and_nothing_but_prose() -> None:
    asked: list[str] = []

    def noted(text: str) -> str:
        asked.append(text)
        return text

    text = (
        'Der erste Satz steht hier. `code` und "ein Zitat" und https://a.example/b dann\nnoch eine Zeile {"a": 1} Ende.'
    )
    one = formed(plan_of([]), "de", {"spelling": "de"}, GivenForm(noted, 30))
    assert released(one, list(text)) == text
    assert asked == ["Der erste Satz steht hier.", "und", "und", "dann", "noch eine Zeile", "Ende."]
