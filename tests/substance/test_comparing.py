"""The witness: what changes form passes, what changes substance does not, and what nobody can tell fails closed."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.substance.closed_classes import language_of, tags
from ordinance.substance.comparing import LONGEST, compare
from ordinance.substance.protected_spans import Kind, State
from support.checkout import ROOT

pytestmark = pytest.mark.semantics(39)
CASES = ROOT / "tests" / "cases" / "substance"
ADDRESS = [line.split("\t") for line in (CASES / "address.tsv").read_text("utf-8").splitlines()]
FACTS = [line.split(": ", 1) for line in (CASES / "facts.txt").read_text("utf-8").splitlines()[1:]]
_MARKED = re.compile(r"\[([^\[\]|]+)\|([a-z]+)\]")

#: Language, a text, and the same in another form.
SAME = [
    ("de", "Das kostet 1.234,50 € und wiegt 3,5 kg.", "Das kostet 1\u202f234,50 EUR und wiegt 3.5 Kilogramm."),
    ("de", "Am 3. Mai 2026 um 14:30 sind es 20 %.", "Am 03.05.2026 um 14.30 Uhr sind es 20 Prozent."),
    ("en", "It is 10 - 3, as x = 7 shows.", "It is 10 − 3, as x = 7 shows."),
    ("de", "Sie müssen zwei Straßen weiter.", "Du musst 2 Strassen weiter."),
    ("de", "Er sagte: „Geh nicht.“", 'Er sagte: "Geh nicht."'),
    ("de", "Es sind 3 Millionen Euro.", "Es sind 3.000.000 €."),
    ("de", "Nach § 86a StGB gilt das.", "Nach §\u00a086a StGB gilt das."),
    ("en", "It costs $3,500.00 (14%).", "It costs 3500 USD (14 per cent)."),
    ("en", "The programme's colour doesn't change at 3:30 pm.", "The program's color does not change at 15:30."),
    ("en", "See May 3, 2026.", "See 3 May 2026."),
    ("fr", "Vous payez 1 234,5 euros à 14h30.", "Tu payes 1\u202f234,5 € à 14:30."),
    ("hi", "आप १,२३,४५६ रुपये दें।", "तुम 1,23,456 रुपये दो।"),
    ("ar", "الثمن ٣٫٥ دولار.", "الثمن 3.5 دولار."),
    ("ja", "田中さんは3万円を払いません。", "田中さんは30000円を払わない。"),
    ("ja", "三人が2026年5月3日に来ます。", "3人が2026年5月3日に来る。"),
    ("ko", "민수는 3만 원을 냈습니다.", "민수는 30000원을 냈어."),
]
#: Language, a text, another substance, and the kind that shows it.
OTHER = [
    ("de", "Das kostet 12,50 €.", "Das kostet 12,05 €.", Kind.NUMBER),
    ("de", "Es sind -5 °C.", "Es sind 5 °C.", Kind.NUMBER),
    ("de", "Es sind heute 12 Euro.", "Es sind heute ²12 Euro.", Kind.NUMBER),
    ("de", "Es sind heute 5 Euro.", "Es sind heute \ufe635 Euro.", Kind.NUMBER),
    ("de", "Es sind heute 5 Euro.", "Es sind heute ≈5 Euro.", Kind.NUMBER),
    ("de", "Es sind viele.", "Es sind ½ viele.", Kind.NUMBER),
    ("en", "It is 5 × 3.", "It is 5 ÷ 3.", Kind.NUMBER),
    ("en", "It is 3 + 5 − 2.", "It is 3 − 5 + 2.", Kind.NUMBER),
    ("en", "Here x < 5 and y > 3.", "Here x > 5 and y < 3.", Kind.NUMBER),
    ("de", "Es wiegt 3 kg.", "Es wiegt 3 g.", Kind.UNIT),
    ("de", "Er kommt am 3. Mai.", "Er kommt am 3. Juni.", Kind.DATE),
    ("de", "Er kommt am Montag.", "Er kommt am Dienstag.", Kind.DATE),
    ("de", "Rot ist nicht gut, blau ist schön.", "Rot ist gut, blau ist nicht schön.", Kind.NEGATION),
    ("de", "Man kann gehen.", "Man muss gehen.", Kind.HEDGE),
    ("de", "Gestern kam Anna.", "Gestern kam Berta.", Kind.NAME),
    ("de", "Nach § 86a gilt das.", "Nach § 86 gilt das.", Kind.CITATION),
    ("de", "Das steht dort [3].", "Das steht dort [4].", Kind.CITATION),
    ("en", "He said “go now”.", "He said “go later”.", Kind.QUOTATION),
    ("en", "Run `ls -l` now.", "Run `ls -a` now.", Kind.CODE),
    ("en", "Run:\n```\nif x:\n  y\n```\n", "Run:\n```\nif x:\ny\n```\n", Kind.CODE),
    ("en", "See https://example.org/a now.", "See https://example.org/b now.", Kind.LINK),
    ("en", "Write to a@example.org now.", "Write to b@example.org now.", Kind.CONTACT),
    ("en", "Call +372 600 1234 now.", "Call +372 600 1235 now.", Kind.CONTACT),
    ("en", "It is ⟦…⟧ here.", "It is here.", Kind.NOTICE),
    ("pl", "To jest mniej niż 20 osób.", "To jest więcej niż 20 osób.", Kind.HEDGE),
    ("en", "It is more than 20.", "It is less than 20.", Kind.HEDGE),
    ("en", "It took fifteen days.", "It took fifty days.", Kind.NUMBER),
    ("de", "Es sind einundzwanzig Tage.", "Es sind zweiundzwanzig Tage.", Kind.NUMBER),
    ("fr", "Il a quatre-vingt-deux ans.", "Il a quatre-vingt-trois ans.", Kind.NUMBER),
    ("en", "You must pay.", "You might pay.", Kind.HEDGE),
    ("de", "Das geht heute gut.", "Das geht heute n\u00adicht gut.", Kind.NEGATION),
    ("de", "Das geht heute ni\u200bcht gut.", "Das geht heute gut.", Kind.NEGATION),
    ("de", "Das geht heute gut.", "Das geht heute n**ich**t gut.", Kind.NEGATION),
    (
        "de",
        "Das geht heute gut.",
        "Das geht heute \U0001d427\U0001d422\U0001d41c\U0001d421\U0001d42d gut.",
        Kind.NEGATION,
    ),
    ("en", "It is good.", "It isn\u02bct good.", Kind.NEGATION),
    ("en", "It is good.", "It isnt good.", Kind.NEGATION),
    ("ja", "それはできません。", "それはいたします。", Kind.NEGATION),
    ("ja", "30分程度です。", "30分です。", Kind.HEDGE),
    ("ja", "雨みたい！", "雨！", Kind.HEDGE),
    ("ja", "雨みたい？", "雨？", Kind.HEDGE),
    ("ja", "雨だろ！", "雨！", Kind.HEDGE),
    ("ja", "行かないと！", "行かない！", Kind.HEDGE),
    ("ja", "行かなければ！", "行かない！", Kind.HEDGE),
    ("en", "Take vitamin B2 daily.", "Take vitamin B6 daily.", Kind.NUMBER),
    ("ja", "薬を飲みます。", "薬を飲みません。", Kind.NEGATION),
    ("ko", "약을 먹습니다.", "약을 먹지 않습니다.", Kind.NEGATION),
    ("hi", "वह दवा लेगी और जाएगी।", "वह दवा नहीं लेगी और जाएगी।", Kind.NEGATION),
    ("ar", "هو يأخذ الدواء.", "هو لا يأخذ الدواء.", Kind.NEGATION),
]
#: Language, and two texts of which nobody can tell.
UNCLEAR = [
    ("de", "Es sind 1.234 Stück.", "Es sind 1234 Stück.", Kind.NUMBER),
    ("en", "It is 03/04/2026.", "It is April 3, 2026.", Kind.DATE),
    ("en", "Use version 3.10 here.", "Use version 3.1 here.", Kind.NUMBER),
    ("de", "Anna zahlt heute.", "Berta zahlt heute.", Kind.NAME),
    ("de", "Das ist klug und schön.", "Das ist unklug und schön.", Kind.NEGATION),
    ("ko", "민수는 왔습니다.", "지훈은 왔습니다.", Kind.NAME),
    ("de", "Das geht heute gut.", "Das geht heute n\u0456cht gut.", Kind.NAME),
    ("en", "It is good.", "It is n\u0585t good.", Kind.NAME),
]
#: Language, and two texts that show something else than they are read as.
SHOWN = [
    ("en", "The moon is big.", "The moon is big.\u202eton si ti"),
    ("en", "Take 12 or 34 of them.", "Take \u202e12 or 34\u202c of them."),
    ("ja", "薬を飲みます。", "薬を飲みま\u200bす。"),
    ("de", "Das ist erlaubt.", "Das ist e\u0336r\u0336l\u0336a\u0336u\u0336b\u0336t\u0336."),
    ("de", "Das ist ein Ja.", "Das ist ein Ja\u20e0."),
]


@pytest.mark.parametrize(("language", "a", "b"), SAME)
def test_another_form_is_the_same_substance(language: str, a: str, b: str) -> None:
    assert compare(a, b, language).state is State.SOUND, compare(a, b, language)
    assert compare(b, a, language).state is State.SOUND


@pytest.mark.parametrize(("language", "a", "b", "kind"), OTHER)
def test_another_substance_is_named_by_kind_and_place(language: str, a: str, b: str, kind: Kind) -> None:
    found = compare(a, b, language)
    assert found.state is State.DIFFERS
    assert found.kinds[kind] is State.DIFFERS
    assert [each for each in found.differences if each.kind is kind]
    for each in found.differences:
        for place, text in ((each.a, a), (each.b, b)):
            assert place is None or 0 <= place[0] < place[1] <= len(text)


@pytest.mark.parametrize(("language", "a", "b", "kind"), UNCLEAR)
def test_what_can_be_read_in_two_ways_fails_closed(language: str, a: str, b: str, kind: Kind) -> None:
    found = compare(a, b, language)
    assert found.kinds[kind] is State.CANNOT_TELL
    assert not found.same


@pytest.mark.parametrize(("language", "a", "b"), SHOWN)
def test_what_is_shown_otherwise_than_it_is_read_fails_closed(language: str, a: str, b: str) -> None:
    assert not compare(a, b, language).same
    assert not compare(b, a, language).same


def test_what_nobody_sees_within_a_word_changes_nothing() -> None:
    assert compare("Das geht heute nicht mit Anna.", "Das geht heu\u00adte n\u00adicht mit An\u00adna.", "de").same


@pytest.mark.parametrize(("language", "a", "b"), ADDRESS)
def test_a_change_of_address_alone_passes(language: str, a: str, b: str) -> None:
    assert compare(a, b, language).same, compare(a, b, language)


@pytest.mark.parametrize(("language", "line"), FACTS)
def test_what_is_left_out_of_a_sentence_is_missed(language: str, line: str) -> None:
    """Each marked span, of each kind and in each language."""
    whole = _MARKED.sub(r"\1", line)
    for match in _MARKED.finditer(line):
        without = _MARKED.sub(r"\1", line[: match.start()] + line[match.end() :])
        assert not compare(whole, without, language).same, match[0]


@pytest.mark.parametrize("language", tags())
def test_spans_in_another_order_are_found(language: str) -> None:
    numbers = " ".join(f"{n} km" for n in random.Random(language).sample(range(10, 99), 6))
    first, *rest = re.findall(r"\d+ km", numbers)
    assert not compare(numbers, " ".join((*rest, first)), language).same


def test_without_a_language_names_negation_and_hedges_are_not_told() -> None:
    found = compare("it is  5", "it is 5")
    assert found.state is State.CANNOT_TELL
    assert {kind for kind, state in found.kinds.items() if state is State.CANNOT_TELL} == {
        Kind.NAME, Kind.NEGATION, Kind.HEDGE,
    }  # fmt: skip
    assert compare("it is 4", "it is 5", "xx-unknown").state is State.DIFFERS


@pytest.mark.parametrize(
    "other", ["", "Wir gehen heute in den Wald und singen dort laut.", "The train leaves late today, they say."]
)
def test_another_text_altogether_is_not_the_same(other: str) -> None:
    assert not compare("Der Zug fährt heute später ab, sagen sie am Bahnhof.", other, "de").same


def test_a_notice_of_the_engine_comes_back_as_it_is() -> None:
    a, b = "ja gut. Hinweis: etwas fehlt hier.", "ja gut. Hinweis: etwas fehlte hier."
    assert compare(a, b, "de").kinds[Kind.NOTICE] is State.SOUND
    assert compare(a, b, "de", ["Hinweis: etwas fehlt hier."]).kinds[Kind.NOTICE] is State.DIFFERS


def test_a_number_of_no_value_before_a_numeral_counts_as_written() -> None:
    """Found by fuzzing."""
    assert compare("03.05.3조 원", "03.05.3조  원", "ko").same
    assert not compare("03.05.3조 원", "03.05.3억 원", "ko").same
    assert not compare("1.234만 명", "1234만 명", "ko").same


def test_a_text_that_is_too_long_is_not_told() -> None:
    found = compare("a" * (LONGEST + 1), "a b", "de")
    assert found.state is State.CANNOT_TELL
    assert found.other_text


_PIECES = st.sampled_from([
    "3", "1.234", "1,5", " ", "\n", "„", "“", '"', "'", "`", "```", "§ 5", "[3]", "nicht", "not", "Anna", "kann",
    "ない", "५", "万", "三人", "€", "km", "5/6", "2026-05-03", "14:30", "3. Mai", "https://a.b/c", "a@b.ee",
    "+372 6001234", "⟦x⟧", "않", ".", "²", "½", "\ufffc", "\x00", "𝟛", "ß", "İ", "<a>",
])  # fmt: skip
TEXTS = st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=25).map("".join)
LANGUAGE = st.sampled_from(["", *tags()])


@settings(max_examples=60, deadline=None)
@given(TEXTS, LANGUAGE)
def test_every_text_has_its_own_substance(text: str, language: str) -> None:
    assert compare(text, text, language).same
    spaced = compare(text + " ", text, language)  # the shortcut for equal texts does not count
    assert spaced.state is State.SOUND or not language or "`" in text


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, LANGUAGE)
def test_the_verdict_is_the_same_from_both_sides(a: str, b: str, language: str) -> None:
    one, other = compare(a, b, language), compare(b, a, language)
    assert one.state is other.state
    assert one.kinds == other.kinds


@settings(max_examples=60, deadline=None)
@given(st.permutations(["rot", "blau", "nicht", "grün", "weiß", "kann", "gelb", "Haus", "Baum", "3"]))
def test_what_moved_is_the_same_from_both_sides(order: list[str]) -> None:
    first = "es rot blau nicht grün weiß kann gelb Haus Baum 3"
    one, other = compare(first, " ".join(("es", *order)), "de"), compare(" ".join(("es", *order)), first, "de")
    assert one.kinds == other.kinds


@settings(max_examples=60, deadline=None)
@given(st.permutations(["3", "47", "1,5", "Anna", "nicht", "kann", "`x`", "3. Mai", "§ 5", "„ja“", "a@b.ee"]))
def test_a_permutation_of_protected_spans_is_found(order: list[str]) -> None:
    first = ["3", "47", "1,5", "Anna", "nicht", "kann", "`x`", "3. Mai", "§ 5", "„ja“", "a@b.ee"]
    assert compare("es " + " so ".join(first), "es " + " so ".join(order), "de").same is (
        [each for each in order if each != "Anna"] == [each for each in first if each != "Anna"]
    )


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FACTS), st.sampled_from(["\u00a0", "  ", "\u202f", "\t"]))
def test_spaces_change_nothing(fact: list[str], space: str) -> None:
    text = _MARKED.sub(r"\1", fact[1])
    words = text.split(" ")
    at = len(words) // 2
    assert compare(text, " ".join(words[:at]) + space + " ".join(words[at:]), fact[0]).same


def test_each_language_has_each_class() -> None:
    assert len(tags()) == 14
    for tag in tags():
        assert language_of(tag)
        text = (Path(ROOT) / "engine/ordinance/substance/languages" / f"{tag}.toml").read_text("utf-8")
        assert all(f"[{name}]" in text for name in ("dates", "units", "negation", "hedges", "names"))
