"""Numbers whose check digits hold are found, in whole words only; others that look like them are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Declaration, Expressions, Passage, Pattern
from ordinance.detectors.builtin import prepare_identifier
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.errors import PatternError
from ordinance.policy.plan import Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind
from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.text.folding import fold
from support.oracle import MARKER
from support.plans import mask, plan, refuse, session
from support.strategies import cuttings

#: Published examples: of standards, tax offices and card schemes' test numbers.
VALID = {
    "isikukood": ["37605030299", "38001085718", "60001019906"],
    "steuer_id": ["86095742719", "47 036 892 816", "65929970489"],
    "iban": ["DE89 3704 0044 0532 0130 00", "EE382200221020145685", "gb82 west 1234 5698 7654 32",
             "NO93 8601 1117 947", "MT84MALT011000012345MTLCAST001S"],
    "payment_card": ["4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444", "3056 930902 5904"],
}  # fmt: skip
CASES = [(name, number) for name, numbers in VALID.items() for number in numbers]


def found(name: str) -> Expressions:
    return prepare_identifier(Declaration("identifier", (name,)))


def policy(name: str, **more: object) -> Plan:
    rule = mask("DE/numbers", "number", type="number", **more)
    return plan([rule], {"number": found(name)}, protected=())


def shown(of: Plan, text: str, cut: list[str] | None = None) -> str:
    stream = session(of).stream()
    return "".join(map(stream.feed, cut or text)) + stream.close()


@pytest.mark.requirement("RL-3")
@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_valid_number_is_masked_and_one_with_a_wrong_digit_is_not(name: str, number: str) -> None:
    of = policy(name, told=False)
    assert shown(of, f"It is {number}.") == "It is [number]."
    assert shown(of, f"({number})") == "([number])"
    last = max(at for at, char in enumerate(number) if char.isdigit())
    for other in {"0123456789"[(int(number[last]) + step) % 10] for step in (1, 3, 7)}:
        wrong = number[:last] + other + number[last + 1 :]
        assert shown(of, f"It is {wrong}.") == f"It is {wrong}."


@pytest.mark.requirement("RL-3")
@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
def test_an_office_number_passes(name: str) -> None:
    """Office data of public officials may be said: telephone numbers, file numbers, dates, long counts."""
    text = (
        "The minister's office answers on +372 612 5000 and 0049 30 18272 2720, file 2026/11-40171, reference "
        "DE 2026 1123 4455, on 2026-11-23 at 09:00; 10000000000 kroons, order 20261123000123."
    )
    assert shown(policy(name), text) == text


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_number_inside_a_longer_one_is_none(name: str, number: str) -> None:
    of = policy(name)
    for text in (f"7{number}", f"{number}7", f"a{number}", f"{number}a"):
        assert shown(of, text) == text


@pytest.mark.parametrize("number", ["３８００１０８５７１８", "3800\u200b1085718", "38\u030800\u200d1085718"])
def test_disguised_digits_are_digits(number: str) -> None:
    assert fold(number) == "38001085718"
    assert shown(policy("isikukood", told=False), f"It is {number}.") == "It is [number]."


def _isikukood_check(body: str) -> str:
    """Written down again from the standard, to compare with."""
    first = sum(int(digit) * (at % 9 + 1) for at, digit in enumerate(body)) % 11
    second = sum(int(digit) * ((at + 2) % 9 + 1) for at, digit in enumerate(body)) % 11
    return str(first if first < 10 else second if second < 10 else 0)


@given(st.dates(), st.integers(0, 1), st.integers(0, 999))
def test_every_personal_code_has_one_check_digit(day: object, sex: int, serial: int) -> None:
    year, month, date = str(day).split("-")
    if not 1800 <= int(year) <= 2199:
        year = f"19{year[2:]}"
        if (month, date) == ("02", "29"):
            date = "28"
    century = (int(year) // 100 - 18) * 2 + 1 + sex
    body = f"{century}{year[2:]}{month}{date}{serial:03}"
    accepted = [digit for digit in "0123456789" if IDENTIFIERS["isikukood"].accepts(body + digit)]
    assert accepted == [_isikukood_check(body)]


@given(st.sampled_from([name for name in IDENTIFIERS if name != "isikukood"]), st.data())
def test_one_wrong_digit_is_always_seen(name: str, data: st.DataObject) -> None:
    """What check digits are for; all of these find every single wrong digit."""
    number = data.draw(st.sampled_from(VALID[name]))
    at = data.draw(st.sampled_from([at for at, char in enumerate(number) if char.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[at]]))
    assert IDENTIFIERS[name].accepts(number)
    assert not IDENTIFIERS[name].accepts(number[:at] + other + number[at + 1 :])


#: Pieces that make candidates overlap: groups that look like the beginning of a number, numbers, what stands between.
PIECES = ["4111", "1111", " ", "-", "DE89", "3704", "0044", "0532", "0130", "00", "AB12", "EE38", "38001085718", "x",
          "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "5", ". "]  # fmt: skip


def reference(name: str, text: str) -> str:
    """Every span tried with the standard library, for text without marks; and behind it every check digit, with which a
    number at the end would be one."""
    each = IDENTIFIERS[name]
    gone: set[int] = set()
    broken = {at for start in _broken_off(name, text) for at in range(start, len(text))}
    for source in each.shapes:
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                around = _ending(source, each.any_case, len(text) - end)
                if around.match(text, start) and each.accepts(text[start:end]):
                    gone.update(range(start, end))
    out, run = "", set[str]()
    for at, char in enumerate(f"{text} "):
        if at in gone | broken:
            run.add("[number]" if at in gone else MARKER)
            continue
        out += (MARKER if MARKER in run else "".join(run)) + char
        run = set()
    return out[:-1] + ("\n\n[cut]" if broken - gone else "")


@cache
def _ending(source: str, any_case: bool, after: int) -> re.Pattern[str]:
    """What matches ``source`` where so many characters come ``after`` it; more of them than ``re`` remembers."""
    return re.compile(rf"(?:{source})(?=[\s\S]{{{after}}}\Z)", re.IGNORECASE if any_case else 0)


def _broken_off(name: str, text: str) -> Iterator[int]:
    each = IDENTIFIERS[name]
    for source in each.shapes:
        expression = re.compile(source, re.IGNORECASE if each.any_case else 0)
        for start in range(len(text)):
            for lacking in range(1, each.check_digits + 1):
                ends = [text + "".join(rest) for rest in product("0123456789ABCXYZ", repeat=lacking)]
                if any(expression.fullmatch(end, start) and each.accepts(end[start:]) for end in ends):
                    yield start


@pytest.mark.slow
@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
@given(st.data(), st.sampled_from(["iban", "payment_card"]), st.lists(st.sampled_from(PIECES), max_size=7))
def test_every_candidate_is_tried_by_itself_for_every_cutting(
    data: st.DataObject, name: str, pieces: list[str]
) -> None:
    text = "".join(pieces)[:60]
    of = policy(name, told=False)
    expected = reference(name, text)
    for cut in (list(text), [text], data.draw(cuttings(text))):
        assert shown(of, text, cut) == expected


@pytest.mark.semantics(10)
@pytest.mark.parametrize("at", range(1, 11))
def test_a_number_that_begins_in_what_the_answer_continues_is_found(at: int) -> None:
    for number, told in (("38001085718", "[number]"), ("38001085719", None)):
        opened = session(policy("isikukood", told=False))
        opened.continue_from([f"The code is {number[:at]}", "Something else"], certain=True)
        stream = opened.stream()
        rest = number[at:] + "."
        assert stream.feed(rest) + stream.close() == (rest if told is None else "[number].")


@pytest.mark.semantics(10)
@pytest.mark.parametrize("readings", [["It is 38001085", "It is 38001086"], ["It is 38001086", "It is 38001085"]])
def test_a_number_that_is_valid_under_one_reading_is_found(readings: list[str]) -> None:
    assert not IDENTIFIERS["isikukood"].accepts("38001086718")
    opened = session(policy("isikukood", told=False))
    opened.continue_from(readings, certain=True)
    stream = opened.stream()
    assert stream.feed("718.") + stream.close() == "[number]."


@pytest.mark.semantics(9)
@pytest.mark.parametrize("arguments", ['{"code": %s}', '{"code": "%s"}', '{"who": "the one with %s, please"}'])
def test_a_call_is_removed_for_a_valid_number_only(arguments: str) -> None:
    for number, valid in (("38001085718", True), ("38001085719", False)):
        source = arguments % number
        for cut in ([source], list(source)):
            call = session(policy("isikukood")).stream().arguments()
            out = "".join(map(call.feed, cut)) + call.close()
            assert bool(call.severed) is valid
            assert number not in out if valid else out == source
            assert call.ledger.balanced


@pytest.mark.semantics(6)
def test_on_trial_a_number_is_checked_although_it_has_left() -> None:
    for number, trials in (("38001085718", ("DE/numbers",)), ("38001085719", ())):
        for cut in ([f"It is {number}, yes."], list(f"It is {number}, yes.")):
            opened = session(policy("isikukood", trial=True))
            stream = opened.stream()
            assert [stream.feed(piece) for piece in cut] == cut
            assert stream.close() == ""
            assert opened.outcome().trials == trials


@pytest.mark.semantics(4)
def test_a_prompt_is_refused_or_masked_by_valid_numbers_only() -> None:
    detectors = {"number": found("isikukood")}
    for number, valid in (("38001085718", True), ("38001085719", False)):
        opened = session(plan([refuse("baseline/numbers", "number")], detectors))
        assert opened.screen([f"Who is {number}?"]) is valid
        rule = mask("DE/numbers", "number", type="number", channels=frozenset({Channel.PROMPT}))
        masked = session(plan([rule], detectors)).mask(f"Who is {number}?")
        assert masked == ("Who is [number]?" if valid else f"Who is {number}?")


@pytest.mark.semantics(5)
def test_the_sentence_around_a_valid_number_can_be_withheld() -> None:
    rule: PlannedRule = replace(
        mask("DE/numbers", "number"), effect=Effect.WITHHOLD, kind=NoticeKind.OMISSION, scope=Scope("sentence", 400)
    )
    of = plan([rule], {"number": found("isikukood")})
    assert shown(of, "One. It is 38001085718, he said. Two.").startswith(f"One. {MARKER} Two.\n\n")
    assert shown(of, "One. It is 38001085719, he said. Two.") == "One. It is 38001085719, he said. Two."


@pytest.mark.semantics(13)
def test_a_check_that_raises_counts_as_found_and_is_told() -> None:
    def broken(passage: Passage) -> bool:
        raise ValueError(passage.text)

    rule = mask("DE/numbers", "number", type="number", told=False)
    of = plan([rule], {"number": Expressions(patterns=(Pattern("[0-9]{3}", accepts=broken),))})
    assert shown(of, "It is 123.") == f"It is {MARKER}.\n\n[fault]"


@pytest.mark.semantics(14)
def test_nothing_is_protected_because_it_looks_like_a_number() -> None:
    rule = mask("DE/words", "word", told=False)
    hidden = replace(rule, effect=Effect.WITHHOLD)
    detectors = {"word": Expressions(phrases=("say 38001085719 now",)), "number": found("isikukood")}
    assert shown(plan([hidden], detectors, protected=("number",)), "say 38001085719 now").startswith(MARKER)


def test_every_identifier_says_where_it_is_defined_and_its_shapes_can_be_served() -> None:
    for name, each in IDENTIFIERS.items():
        assert each.name == name
        assert each.source
        for shape in each.shapes:
            check_pattern(shape, each.any_case)


def test_an_unknown_identifier_is_an_error_that_names_a_near_one() -> None:
    with pytest.raises(PatternError) as caught:
        found("isikukod")
    assert caught.value.help == "Did you mean `isikukood`?"
    with pytest.raises(PatternError) as caught:
        found("passport")
    assert "iban, isikukood" in str(caught.value.help)
