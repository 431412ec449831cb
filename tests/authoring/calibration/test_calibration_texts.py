"""Labelled texts are sorted by rule and language, and refused where they would mislead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ordinance.authoring.calibration.calibration_texts import Sorted, sort
from ordinance.authoring.labelled import read_texts
from ordinance.language.source import Source
from ordinance.plugin import Question
from ordinance.policy.plan import Plan
from support.packs import all_that_ships

WEAPONS = Question("baseline/weapons", "Making weapons.", "News.", ("Shown to the judge, firing.",), ("Shown, quiet.",))
VIOLENCE = Question("baseline/violence", "Violence against people.")

GOOD = """\
fires baseline/weapons prompt
  en one that fires
fires baseline/weapons prompt
  en two that fires
quiet baseline/weapons prompt contrast
  en a near miss
quiet baseline/weapons prompt contrast
  en another near miss
passes prompt request
  en a request
passes prompt request
  en another request
passes prompt prose
  en some prose
passes prompt prose
  en more prose
"""


def language_of(text: str) -> str:
    """The first word, where it is a language."""
    first = text.partition(" ")[0]
    return first if len(first) == 2 else ""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return all_that_ships().plan


@pytest.fixture
def sorted_from(plan: Plan) -> Callable[..., Sorted]:
    def made(*texts: str, unseen: bool = False) -> Sorted:
        names = [f"{number}.txt" for number in range(len(texts))]
        files = [
            (name, read_texts(Source(Path(name), name, text), plan)) for name, text in zip(names, texts, strict=True)
        ]
        return sort(files, {each.rule: each for each in (WEAPONS, VIOLENCE)}, language_of, unseen=unseen)

    return made


SortedFrom = Callable[..., Sorted]


def codes(found: Sorted) -> list[str]:
    return [fault.code for fault in found.faults]


def test_a_rule_has_its_own_texts_and_those_for_every_rule(sorted_from: SortedFrom) -> None:
    found = sorted_from(GOOD)
    assert not found.faults
    assert not found.notes
    ((key, samples),) = found.samples.items()
    assert key == ("baseline/weapons", "en")
    assert len(samples) == 8
    assert [each.kind for each in samples].count(None) == 2


def test_without_marks_every_second_text_of_a_group_is_kept_out_and_all_measure(sorted_from: SortedFrom) -> None:
    (samples,) = sorted_from(GOOD).samples.values()
    assert [each.kept_out for each in samples] == [False, True] * 4
    assert all(each.measured for each in samples)


def test_with_marks_only_the_marked_measure_unless_all_are_unseen(sorted_from: SortedFrom) -> None:
    marked = GOOD.replace("prompt\n  en two", "prompt kept_out\n  en two")
    for kind in ("contrast\n  en another", "request\n  en another", "prose\n  en more"):
        marked = marked.replace(kind, kind.replace("\n", " kept_out\n"))
    (samples,) = sorted_from(marked).samples.values()
    assert [each.measured for each in samples] == [False, True] * 4
    (samples,) = sorted_from(marked, unseen=True).samples.values()
    assert [each.kept_out for each in samples] == [False, True] * 4
    assert all(each.measured for each in samples)


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("request", "texts-requests", "baseline/weapons in en: there are no harmless requests"),
        ("prose", "texts-prose", "baseline/weapons in en: there are no harmless prose"),
        ("contrast", "texts-contrasts", "baseline/weapons in en: there are no near misses"),
    ],
)
def test_each_language_needs_every_kind_of_quiet_text(sorted_from: SortedFrom, kind: str, code: str, said: str) -> None:
    lines = GOOD.splitlines()
    blocks = [f"{head}\n{text}\n" for head, text in zip(lines[::2], lines[1::2], strict=True)]
    (fault,) = sorted_from("".join(each for each in blocks if f" {kind}\n" not in each)).faults
    assert (fault.code, fault.message) == (code, said)
    assert "Add" in fault.help


def test_a_language_borrows_no_texts_of_another(sorted_from: SortedFrom) -> None:
    found = sorted_from(GOOD, GOOD.replace("  en", "  de").replace("prompt request", "prompt prose"))
    assert [(fault.code, fault.message.partition(":")[0]) for fault in found.faults] == [
        ("texts-requests", "baseline/weapons in de")
    ]


def test_texts_that_cannot_be_used_are_named_by_their_line(sorted_from: SortedFrom) -> None:
    added = "passes prompt\n  en no kind\nquiet DE/symbols prompt contrast\n  en a rule without a judge\n"
    added += "passes prompt request\n  Shown, quiet.\n"
    found = sorted_from(GOOD + added)
    assert [(fault.code, fault.message.partition(": ")[0]) for fault in found.faults] == [
        ("texts-kind", "0.txt:17"),
        ("texts-rule", "0.txt:19"),
        ("texts-in-prompt", "0.txt:21"),
    ]


def test_a_text_that_fires_and_is_quiet_is_refused_and_one_that_is_there_twice_counts_once(
    sorted_from: SortedFrom,
) -> None:
    found = sorted_from(GOOD, "passes prompt request\n  en one that fires\n")
    assert codes(found) == ["texts-both"]
    found = sorted_from(GOOD, "passes prompt request\n  en a request\n")
    assert found.notes == ["texts that are there twice, and count once: 1"]
    assert len(found.samples["baseline/weapons", "en"]) == 8


def test_half_of_the_texts_cannot_be_without_firing_ones(sorted_from: SortedFrom) -> None:
    one = GOOD.replace("fires baseline/weapons prompt\n  en two that fires\n", "")
    assert codes(sorted_from(one)) == ["texts-few"]
    assert codes(sorted_from(one.replace("fires baseline/weapons prompt\n  en one that fires\n", ""))) == [
        "texts-firing"
    ]


def test_undecided_texts_count_with_their_file_and_strays_are_told(sorted_from: SortedFrom) -> None:
    many = "".join(f"passes prompt request\n  en number {number}\n" for number in range(12))
    found = sorted_from(GOOD + many + "passes prompt prose\n  unclear\npasses prompt prose\n  de eins\n")
    assert len(found.samples["baseline/weapons", "en"]) == 22
    assert found.notes == ["0.txt: 1 of 22 texts look like another language; all count as en"]


def test_in_a_file_of_several_languages_each_text_says_its_own(sorted_from: SortedFrom) -> None:
    found = sorted_from(GOOD + GOOD.replace("  en", "  de") + "passes prompt prose\n  unclear\n")
    assert [key[1] for key in found.samples] == ["de", "en"]
    assert found.notes == ["0.txt: 1 of 17 texts are left out: their language cannot be told"]


def test_a_file_in_no_language_and_no_firing_text_at_all_are_refused(sorted_from: SortedFrom) -> None:
    assert codes(sorted_from("passes prompt prose\n  unclear\n")) == ["texts-language"]
    assert codes(sorted_from("passes prompt prose\n  en some prose\n")) == ["texts-firing"]
