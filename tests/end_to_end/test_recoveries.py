"""What attackers recovered by cutting answers, and do not any more (semantics, rule 6)."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from ordinance.detection import Expressions
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel, Verdict
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import begin
from ordinance.runtime.redact.ends import LEAST, End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.situation import rules_in_force, situate
from support.data import DATA
from support.ends import CUT_TOLD, identifier, letters, numbers
from support.oracle import MARKER
from support.packs import all_that_ships
from support.plans import mask, plan, session


@cache
def shipped() -> Plan:
    found = all_that_ships().plan
    assert found is not None
    return found


def phrases_of(jurisdiction: str | None) -> list[str]:
    """Every phrase that removes something in a jurisdiction, under the packs that ship."""
    of = shipped()
    removing = [rule for rule in rules_in_force(of, situate(of, jurisdiction=jurisdiction)) if rule.removes]
    looked = [of.detectors[name] for rule in removing for name in rule.detectors]
    return sorted({phrase for each in looked if isinstance(each, Expressions) for phrase in each.phrases})


@pytest.mark.slow
@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize("jurisdiction", ["DE", None])
def test_a_cut_anywhere_in_a_shipped_phrase_gives_less_than_five_of_its_characters(jurisdiction: str | None) -> None:
    """The sentence that was withheld left with all of the phrase but its last character."""
    of = shipped()
    activation = activate(of, rules_in_force(of, situate(of, jurisdiction=jurisdiction)))
    said = "Sehr wohl, alle riefen damals laut: "
    phrases = frozenset(phrases_of(jurisdiction))
    beginnings = {phrase[:at] for phrase in phrases for at in range(1, len(phrase))}  # phrases begin alike
    for cut in sorted(beginnings):
        if cut.strip() in phrases:
            continue
        made = Redactor(activation)
        out = made.feed(said + cut) + made.close(End.CUT)
        assert not made.refused, cut
        assert made.ledger.balanced
        whole = letters(cut) < LEAST
        assert out == said + (cut if whole else MARKER), cut
        assert made.omitted == (set() if whole else {activation.cut})


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(6)
@pytest.mark.semantics(10)
@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("jurisdiction", ["DE", None])
def test_asked_for_letter_by_letter_a_phrase_ends_at_its_fourth_character(
    jurisdiction: str | None, certain: bool
) -> None:
    """What is known is put back as the text that the answer continues, and the next letters are cut off by a stop."""
    of = shipped()
    activation = activate(of, rules_in_force(of, situate(of, jurisdiction=jurisdiction)))
    for phrase in phrases_of(jurisdiction):
        known = ""
        while len(known) < len(phrase):
            beginning, before = begin(activation, ["Very well: " + known], certain), known
            for length in range(1, min(LEAST, len(phrase) - len(known)) + 1):
                made = Redactor(activation, beginning)
                out = made.feed(phrase[len(before) : len(before) + length]) + made.close(End.CUT)
                if MARKER not in out and not made.refused:
                    known = before + out
            if known == before:
                break
        assert letters(known) < LEAST, phrase


@pytest.mark.requirement("RL-3")
@pytest.mark.semantics(6)
@pytest.mark.parametrize("end", [End.OWN, End.CUT])
@pytest.mark.parametrize(("name", "number"), [
    ("isikukood", "37605030299"), ("steuer_id", "47 036 892 816"), ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb82 west 1234 5698 7654 32"), ("payment_card", "4111 1111 1111 1111"),
    ("payment_card", "378282246310005"),
])  # fmt: skip
def test_a_number_never_leaves_without_its_check_digits(name: str, number: str, end: End) -> None:
    """They could be computed: one request gave the number."""
    of = numbers(name)
    digits = IDENTIFIERS[name].check_digits
    plain = sum(map(str.isalnum, number))
    for before in ("It is ", "(", ""):
        for at in range(1, len(number)):
            lacking = plain - sum(map(str.isalnum, number[:at]))
            for cut in ([before + number[:at]], list(before + number[:at])):
                opened = session(of)
                stream = opened.stream()
                out = "".join(map(stream.feed, cut)) + stream.close(end)
                if lacking <= digits or (end is End.CUT and letters(number[:at]) >= LEAST):
                    assert out == f"{before}{MARKER}{CUT_TOLD}".lstrip(), number[:at]
                    assert opened.outcome().verdict is Verdict.WITHHOLD
                elif lacking > 2:
                    assert out == before + number[:at]


@pytest.mark.semantics(6)
def test_a_number_that_no_check_digit_completes_leaves_at_its_own_end() -> None:
    of = numbers("isikukood")
    for number in ("3769903029", "376050302", "9760503029"):  # no such day; two digits lack; no such century
        stream = session(of).stream()
        assert stream.feed(f"Call {number}") + stream.close(End.OWN) == f"Call {number}"


@pytest.mark.semantics(6)
@pytest.mark.semantics(10)
@pytest.mark.parametrize("end", [End.OWN, End.CUT])
def test_a_number_that_begins_in_what_the_answer_continues_does_not_leave_either(end: End) -> None:
    of = numbers("isikukood")
    for at in range(1, 10):
        opened = session(of)
        opened.continue_from([f"The code is {'3760503029'[:at]}", "Something else"], certain=True)
        stream = opened.stream()
        assert stream.feed("3760503029"[at:]) + stream.close(end) == MARKER + CUT_TOLD


@pytest.mark.semantics(4)
@pytest.mark.semantics(6)
def test_what_is_asked_is_never_cut() -> None:
    rule = mask("DE/numbers", "number", type="number", channels=frozenset({Channel.PROMPT}))
    opened = session(plan([rule], {"number": identifier("isikukood")}))
    assert opened.mask("My order is 3760503029") == "My order is 3760503029"
    assert opened.mask("I am 37605030299") == "I am [number]"


@pytest.mark.slow
@pytest.mark.semantics(6)
@pytest.mark.parametrize("jurisdiction", ["DE", None])
def test_ordinary_answers_are_cut_without_a_word(jurisdiction: str | None) -> None:
    """A small part of what `benchmarks/ends.py` measures: at most 1 in 200 carries a marker."""
    folder = DATA / "lingua-testdata" / "sentences"
    if not folder.exists():
        pytest.skip("the data sets lie beside the checkout, and are not here")
    of = shipped()
    activation = activate(of, rules_in_force(of, situate(of, jurisdiction=jurisdiction)))
    chance, marked = Random(1), 0
    answers = [line for tag in ("de", "en", "et") for line in (folder / f"{tag}.txt").read_text("utf-8").splitlines()]
    for text in answers:
        made = Redactor(activation)
        made.feed(text[: chance.randint(1, len(text))])
        made.close(End.CUT)
        marked += bool(made.omitted)
    assert marked * 200 <= len(answers)
