"""The texts that calibrate a judge: enough of each kind, halves that are alike, no quiet text that a rule refuses."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import mean, median

import pytest

from ordinance.authoring.labelled import Labelled, read_texts
from ordinance.language.source import Source
from ordinance.loading.example_runs import run_example
from ordinance.loading.load import Loaded, load
from ordinance.loading.packs import shipped_rules
from support.packs import TODAY

RULES = shipped_rules()
FOLDER = RULES / "charter" / "calibration"
LINES = (
    "autonomy", "civic_participation", "exclusion", "manipulation", "mass_surveillance", "persecution", "terrorism",
    "violence", "weapons",
)  # fmt: skip
LANGUAGES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

#: For each line: firing and quiet texts. The judge acts from 100 and 300 on, so only in English.
ENOUGH = {"en": (100, 300)}
FEWER = (60, 120)

#: Two texts are near-duplicates if they share this many words in a row, or this part of their rows of three words.
ROW, ROWS_OF_THREE = 8, 0.4

each_language = pytest.mark.parametrize("language", LANGUAGES)


@dataclass(frozen=True)
class Group:
    """The texts of one file that have one label, in their order."""

    name: str
    texts: tuple[Labelled, ...]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """The charter and every language: all red lines, and whatever looks for them."""
    return load([RULES / "charter" / "baseline.ord", *sorted((RULES / "languages").iterdir())], on=TODAY)


@pytest.fixture(scope="module")
def groups(loaded: Loaded) -> dict[str, tuple[Group, ...]]:
    return {language: tuple(_groups(language, loaded)) for language in LANGUAGES}


def _groups(language: str, loaded: Loaded) -> Iterator[Group]:
    known = {rule.id for rule in loaded.plan.rules}
    for path in sorted((FOLDER / language).iterdir()):
        text = path.read_text("utf-8")
        rule = f"baseline/{path.stem}"
        assert set(re.findall(r"^(?:fires|quiet) (\S+)", text, re.MULTILINE)) <= {rule}, path
        # A red line that the charter does not have yet is read under the name of one that it has.
        text = text if rule in known else text.replace(rule, "baseline/weapons")
        texts = read_texts(Source(path, path.name, text), loaded.plan)
        for expects in dict.fromkeys(each.example.expects for each in texts):
            yield Group(f"{path.stem} {expects}", tuple(each for each in texts if each.example.expects == expects))


def folded(text: str) -> list[str]:
    """The words of a text without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"\w+", "".join(each for each in plain if not unicodedata.combining(each)))


def rows(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


def prompts(found: tuple[Group, ...]) -> list[str]:
    return [each.example.prompt or "" for group in found for each in group.texts]


@each_language
def test_a_language_has_every_file_and_no_other(language: str) -> None:
    files = {path.name for path in (FOLDER / language).iterdir()}
    assert files == {f"{name}.txt" for name in (*LINES, "requests", "prose")}


def test_the_four_languages_are_there_and_child_abuse_is_not() -> None:
    assert {"en", "de", "et", "fr"} <= set(LANGUAGES)
    assert not [path for path in FOLDER.rglob("*") if "child" in path.name]


@each_language
def test_each_line_has_enough_texts_of_each_kind(language: str, groups: dict[str, tuple[Group, ...]]) -> None:
    counts = Counter[str]()
    for group in groups[language]:
        for each in group.texts:
            counts[f"{group.name} {each.kind}"] += 1
            assert (each.example.expects == "fires") is (each.kind is None)
            assert each.example.prompt
            assert each.example.answer is None
    firing, quiet = ENOUGH.get(language, FEWER)
    requests, prose = counts["requests passes request"], counts["prose passes prose"]
    assert (requests, prose) >= ((120, 100) if language == "en" else (40, 40))
    for line in LINES:
        assert counts[f"{line} fires None"] >= firing, line
        assert counts[f"{line} quiet contrast"] >= (80 if language == "en" else 40), line
        assert counts[f"{line} quiet contrast"] + requests + prose >= quiet, line
    assert len(counts) == 2 * len(LINES) + 2


def test_the_readme_counts_what_is_there(groups: dict[str, tuple[Group, ...]]) -> None:
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|(.+)\|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    stated = {
        name: [int(each) for each in row.split("|")] for names, row in table for name in re.findall(r"\w+", names)
    }
    assert sorted(stated) == LANGUAGES
    for language, (firing, contrasts, requests, prose, quiet) in stated.items():
        sizes = {group.name: len(group.texts) for group in groups[language]}
        assert min(sizes[f"{line} fires"] for line in LINES) == firing
        assert min(sizes[f"{line} quiet"] for line in LINES) == contrasts
        assert (sizes["requests passes"], sizes["prose passes"]) == (requests, prose)
        assert quiet == contrasts + requests + prose


@each_language
def test_every_second_text_is_kept_out(language: str, groups: dict[str, tuple[Group, ...]]) -> None:
    for group in groups[language]:
        flags = [each.kept_out for each in group.texts]
        assert flags == [at % 2 == 1 for at in range(len(flags))], group.name


@each_language
def test_the_halves_are_alike_in_style(language: str, groups: dict[str, tuple[Group, ...]]) -> None:
    for label in ("fires", "quiet", "passes"):
        texts = [each for group in groups[language] if group.name.endswith(label) for each in group.texts]
        fitted, kept = (_style([each for each in texts if each.kept_out is flag]) for flag in (False, True))
        assert kept[0] == pytest.approx(fitted[0], rel=0.1), label
        assert kept[1] == pytest.approx(fitted[1], abs=0.12), label


@each_language
def test_firing_texts_and_near_misses_do_not_differ_in_style_alone(
    language: str, groups: dict[str, tuple[Group, ...]]
) -> None:
    """Neither their length nor their form as a question decides."""
    firing = [each for group in groups[language] if group.name.endswith("fires") for each in group.texts]
    misses = [each for group in groups[language] if group.name.endswith("quiet") for each in group.texts]
    (length, asked), (other_length, other_asked) = _style(firing), _style(misses)
    assert 0.7 < other_length / length < 1.4
    assert abs(asked - other_asked) < 0.3


def _style(texts: list[Labelled]) -> tuple[float, float]:
    """The median number of characters and the share that contains a question mark."""
    found = [each.example.prompt or "" for each in texts]
    return median(map(len, found)), mean("?" in each for each in found)


@each_language
def test_no_text_is_another_or_nearly_another(language: str, groups: dict[str, tuple[Group, ...]]) -> None:
    texts = [folded(each) for each in prompts(groups[language])]
    twice = [" ".join(words) for words, count in Counter(map(tuple, texts)).items() if count > 1]
    assert not twice
    where: dict[tuple[str, ...], set[int]] = {}
    for at, words in enumerate(texts):
        for row in rows(words, 3):
            where.setdefault(row, set()).add(at)
    shared = Counter(pair for found in where.values() for pair in combinations(sorted(found), 2))
    near = [
        (" ".join(texts[one]), " ".join(texts[two]))
        for (one, two), count in shared.items()
        if count > 1
        and (
            count / len(rows(texts[one], 3) | rows(texts[two], 3)) >= ROWS_OF_THREE
            or rows(texts[one], ROW) & rows(texts[two], ROW)
        )
    ]
    assert not near


@each_language
def test_texts_are_short_and_contain_no_canary(language: str, groups: dict[str, tuple[Group, ...]]) -> None:
    for text in prompts(groups[language]):
        assert 0 < len(text) <= 600
        assert text == text.strip()
        assert text == unicodedata.normalize("NFC", text)
        assert "canary" not in text


@each_language
def test_the_rules_of_today_refuse_no_quiet_text(
    language: str, groups: dict[str, tuple[Group, ...]], loaded: Loaded
) -> None:
    """A phrase list that takes one of them is too wide."""
    taken = [
        (group.name, each.example.prompt, result.problem)
        for group in groups[language]
        for each in group.texts
        if each.example.expects != "fires"
        if (result := run_example(loaded.plan, replace(each.example, expects="passes"), TODAY)).problem
    ]
    assert not taken


@each_language
def test_each_file_states_its_licence_and_its_review(language: str) -> None:
    for path in sorted((FOLDER / language).iterdir()):
        head = path.read_text("utf-8").split("\n", 1)[0]
        assert "CC0-1.0" in head, path
        assert re.search(r"Not reviewed\.|Reviewed by \S+", head), path
