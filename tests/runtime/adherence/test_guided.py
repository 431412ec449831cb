"""Whether a learner is led to a result or handed it: decided where closed patterns decide it, else nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ordinance.runtime.adherence.guided import Guided
from ordinance.runtime.adherence.looking import Look, Wanted
from ordinance.runtime.adherence.own_prose import Prose
from support.checkout import CASES, ROOT

pytestmark = pytest.mark.semantics(47)

OWN = [tuple(line.split("\t")) for line in (CASES / "guided" / "own.tsv").read_text("utf-8").splitlines()]
ORDINARY = sorted((CASES / "ordinary").glob("*.txt"))


def state(text: str, value: str = "guided") -> str:
    prose, guided = Prose(), Guided()
    for piece in (*prose.take(text), *prose.close()):
        guided.take(piece)
    return guided.state(value)


@pytest.mark.parametrize(("tag", "due", "text"), OWN, ids=lambda each: each[:24])
def test_own_sentences(tag: str, due: str, text: str) -> None:
    assert state(text.replace("\\n", "\n")) == due


def test_every_language_that_ships_is_known_and_has_sentences_of_each_kind() -> None:
    shipped = {path.stem for path in (ROOT / "rules" / "languages").glob("*/*.ord")}
    for due in ("missed", "kept", "cannot_tell"):
        assert {tag for tag, each, _ in OWN if each == due} == shipped


@pytest.mark.parametrize("path", ORDINARY, ids=lambda path: path.stem)
def test_ordinary_sentences_state_no_result(path: Path) -> None:
    texts = [line.partition(" | ")[2] for line in path.read_text("utf-8").splitlines() if " | " in line]
    assert [text for text in texts if state(text) == "missed"] == []


@pytest.mark.parametrize(
    "text",
    [
        "> The answer is 42.",
        "Somebody wrote “The answer is 42.”",
        "```\nx = 3\n```",
        "`x = 3`",
        "Here x = 3 is only an example of how to write it.",
        "The result is well known.",
        "",
    ],
)
def test_quotations_code_and_examples_state_nothing(text: str) -> None:
    assert state(text) == "cannot_tell"


def test_a_boxed_result_is_one_in_any_language() -> None:
    assert state("Nii saame \\boxed{42}.") == "missed"


@pytest.mark.parametrize(
    "text",
    ["answer is 42" + " " * 9000 + "x", "answer is 1" + "," * 9000 + "x y z", "?!" * 9000 + "x", "1+" * 9000 + "="],
)
def test_a_hostile_text_is_looked_at_in_pieces_and_ends(text: str) -> None:
    assert state(text) in ("cannot_tell", "missed")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("1. Was weißt du über die Winkel?\n2. Welche Seite ist die längste?", "kept"),
        ("Überlege zuerst:\n\n(1) Sieh dir die Winkel an.\n(2) Welche Seite ist die längste?", "kept"),
        ("**1.** Sieh dir die Winkel an.\n\n**2.** Welche Seite ist die längste?", "kept"),
        ("1. Sieh dir die Winkel an.\n2. Was fällt dir auf?\n\n1. Sieh hin.\n2. Und nun?", "kept"),
        ("42. Was fällt dir auf?", "cannot_tell"),
        ("1. Die Winkel sind gleich.\n42. Was fällt dir auf?", "cannot_tell"),
        ("1. Es sind 42 Säcke.\n2. Was fällt dir auf?", "cannot_tell"),
        ("1.5 sind es.\nWas fällt dir auf?", "cannot_tell"),
    ],
)
def test_labels_of_a_list_that_counts_are_no_figures(text: str, due: str) -> None:
    assert state(text) == due


def test_direct_is_never_decided() -> None:
    assert state("The answer is 42.", "direct") == "cannot_tell"


def test_the_slot_says_so_for_every_cutting() -> None:
    text = "Look at the left side first.\n\nSo x = 3."
    for cut in range(len(text)):
        look = Look(Wanted({"pedagogy": "guided"}, "en"))
        look.take(text[:cut])
        look.take(text[cut:])
        look.close()
        assert look.states() == {"pedagogy": "missed"}


@pytest.mark.parametrize(
    "text",
    [
        "x equals 42. What would you try next?",
        "You get 42 in the end. What would you do first?",
        "Am Ende kommt 4\u00ad2 heraus. Was fällt dir auf?",
        "最後に４２になります。何に気づきますか？",
    ],
)
def test_who_says_a_number_and_then_asks_does_not_count_as_leading(text: str) -> None:
    assert state(text) == "cannot_tell"
