"""What a plugin's form is shown, and what of its answer leaves."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ordinance.detection import Form
from ordinance.runtime.match.segments import DetectorError
from support.brought import Rewrite, answered, session

pytestmark = pytest.mark.server
#: A phrase of a red line.
REFUSED = "ordinance-canary-weapons-7f3a9c"
TEXT = (
    "Die Straße ist groß, sagt Anna, und „die Straße“ ist 3,5 km lang.\n"
    "Siehe https://straße.example/groß und `groß = 1`, das weiß man.\n\n"
    "    groß = code\n"
    "Ein langer Satz ohne Zeichen darin der weiß wie groß alles ist und nicht aufhört bevor es dreißig Worte sind\n"
)


def swiss(text: str) -> str:
    return text.replace("ß", "ss")


def shown(text: str, width: int, rewrite: Rewrite = str) -> list[str]:
    """The passages that a form is shown."""
    asked: list[str] = []

    def noted(passage: str) -> str:
        asked.append(passage)
        return rewrite(passage)

    answered(session({"acme.swiss": Form(noted, width)}), [text])
    return asked


@pytest.mark.semantics(41)
def test_a_passage_is_whole_words_of_a_line_without_code_links_and_quotations() -> None:
    assert shown(TEXT, 40) == [
        "Die Straße ist groß, sagt Anna, und",
        "ist 3,5 km lang.",
        "Siehe",
        "und",
        "das weiß man.",
        "Ein langer Satz ohne Zeichen darin der",
        "weiß wie groß alles ist und nicht",
        "aufhört bevor es dreißig Worte sind",
    ]


def test_each_passage_is_asked_once() -> None:
    for rewrite in (str, swiss, lambda _: "Etwas anderes."):
        asked = shown(TEXT.replace("dreißig", "zwanzig"), 60, rewrite)
        assert len(asked) == len(set(asked))


@given(some.data())
@pytest.mark.semantics(6)
def test_the_same_text_leaves_for_every_cut(data: some.DataObject) -> None:
    width = data.draw(some.integers(2, 80))
    text = "".join(
        data.draw(some.lists(some.sampled_from([*TEXT.split(" "), " ", "\n", "kanarienvogel", "„", "`"]), max_size=30))
    )
    cuts = sorted(data.draw(some.lists(some.integers(0, len(text)), max_size=12)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, cut = session({"acme.swiss": Form(swiss, width)}), session({"acme.swiss": Form(swiss, width)})
    assert answered(whole, [text]) == answered(cut, pieces)
    assert whole.metadata() == cut.metadata()
    assert whole.outcome().balanced


@pytest.mark.parametrize("cut", [1, 1000])
@pytest.mark.parametrize(
    ("said", "made"),
    [
        ("Es sind 12 km.", "Es sind 13 km."),
        ("Das ist erlaubt.", "Das ist verboten."),
        ("Das ist nicht erlaubt.", "Das ist erlaubt."),
        ("Das stimmt.", "Das stimmt?"),
        ("Das ist erlaubt.", "Das ist e\u0336r\u0336l\u0336a\u0336u\u0336b\u0336t\u0336."),
        ("Das hatte er bezahlt.", "Das hätte er bezahlt."),
        ("Ein kanarienvogell fliegt.", "Ein kanarienvogel fliegt."),
        ("Etwas ist da.", "Etwas ist ⟦…⟧ da."),
    ],
)
def test_what_is_no_form_of_the_passage_leaves_as_it_was_and_is_told(said: str, made: str, cut: int) -> None:
    opened = session({"acme.swiss": Form(lambda _: made, 80)})
    assert answered(opened, [said[at : at + cut] for at in range(0, len(said), cut)]) == said
    (told,) = [each for each in opened.metadata()["adapters"] if each["slot"] == "spelling"]
    assert told == {"slot": "spelling", "value": "de-CH", "state": "missed", "left": True}
    assert opened.record()["adapters"] == opened.metadata()["adapters"]


def test_what_is_rewritten_is_told() -> None:
    opened = session({"acme.swiss": Form(swiss, 80)})
    assert answered(opened, ["Die Straße ist groß."]) == "Die Strasse ist gross."
    assert {"slot": "spelling", "value": "de-CH", "state": "rewritten"} in opened.metadata()["adapters"]
    assert opened.metadata()["plugins"] == ["acme-ordinance 1.2.0"]


@pytest.mark.semantics(13)
@pytest.mark.parametrize("lasting", [True, False])
def test_a_form_that_fails_for_long_is_not_asked_again(lasting: bool) -> None:
    asked = []

    def failing(text: str) -> str:
        asked.append(text)
        raise DetectorError("late", lasting=lasting)

    opened = session({"acme.swiss": Form(failing, 80)})
    text = "Die Straße.\nEine Straße.\n"
    assert answered(opened, [text]) == text
    assert len(asked) == (1 if lasting else 2)
    told = {"slot": "spelling", "value": "de-CH", "state": "missed", "left": True, "fault": True}
    assert told in opened.metadata()["adapters"]


@pytest.mark.semantics(16)
def test_of_a_whole_answer_that_is_refused_nothing_says_what_a_form_did_or_left() -> None:
    def failing(_: str) -> str:
        raise DetectorError("late")

    told = [
        session({"acme.swiss": Form(form, 80)}, whole=True)
        for form in (swiss, failing, lambda text: text.replace("Die", "Eine"), lambda text: text)
    ]
    for each in told:
        assert "Straße" not in answered(each, [f"{TEXT}Die Straße. {REFUSED}"])
        assert each.metadata()["adapters"] == told[0].metadata()["adapters"]


def test_two_forms_rewrite_one_after_the_other() -> None:
    forms = {"acme.swiss": Form(swiss, 80), 'acme.swiss ("numbers")': Form(lambda text: text.replace("3,5", "3.5"), 60)}
    opened = session(
        forms,
        'spelling by acme.swiss\n  rewrite numbers by acme.swiss ("numbers")',
        "spelling de-CH\n  numbers de-CH",
    )
    assert answered(opened, ["Die Straße ist 3,5 km lang."]) == "Die Strasse ist 3.5 km lang."
    told = {each["slot"] for each in opened.metadata()["adapters"] if each["state"] == "rewritten"}
    assert told == {"spelling", "numbers"}


def test_what_the_engine_rewrites_itself_is_shown_to_no_plugin() -> None:
    asked: list[str] = []

    def noted(text: str) -> str:
        asked.append(text)
        return swiss(text)

    opened = session(
        {"acme.swiss": Form(noted, 80)},
        "spelling by acme.swiss\n  rewrite numbers",
        "spelling de-CH\n  numbers de-CH",
    )
    assert (
        answered(opened, ["Die Straße ist 1.234,5 km lang und groß."]) == "Die Strasse ist 1'234.5 km lang und gross."
    )
    assert asked == ["Die Straße ist", "km lang und groß."]


def test_a_form_by_chance_changes_no_substance() -> None:
    chance = random.Random(1)
    opened = session({"acme.swiss": Form(lambda text: chance.choice([text, swiss(text), text.replace("3", "4")]), 80)})
    text = "".join(f"{at}. Die Straße ist 3 km lang.\n" for at in range(50))
    lines = {line.partition(" ")[2] for line in answered(opened, [text]).splitlines()}
    assert lines == {"Die Straße ist 3 km lang.", "Die Strasse ist 3 km lang."}
