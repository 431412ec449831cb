"""Objections are counted and nothing else of them is kept; the register shows the counts where the operator wants."""

from __future__ import annotations

import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.authoring.objections import OUTCOMES, add, counted, objection, read
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.markdown import to_markdown
from ordinance.authoring.register.overview import Published
from ordinance.authoring.register.wording import Wording, languages, words_in
from ordinance.errors import UnreadableError, UsageError
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.commands import run, run_here
from support.packs import load_on
from support.statute import STATUTE, write_statute

DAY = date(2026, 11, 27)


@given(st.lists(st.tuples(st.sampled_from(["DE/a", "DE/b", "house/c"]), st.sampled_from(OUTCOMES))))
def test_each_objection_counts_once(made: list[tuple[str, str]]) -> None:
    counts = counted(objection(DAY, rule, outcome) for rule, outcome in made)
    expected = Counter(made)
    assert {(each.rule, name): count for each in counts for name, count in each.outcomes.items() if count} == expected
    assert sum(each.total for each in counts) == len(made)


@pytest.mark.server
@pytest.mark.requirement("HO-1")
def test_objections_are_added_listed_and_counted(tmp_path: Path) -> None:
    file, settings = tmp_path / "counts" / "objections.jsonl", tmp_path / "ordinance.yaml"
    file.parent.mkdir()
    settings.write_text("objections: counts/objections.jsonl\n")
    for rule, outcome, count in (
        ("XZ/words", "upheld", "1"),
        ("XZ/words", "rejected", "2"),
        ("XZ/old", "withdrawn", "1"),
    ):
        done = run_here(
            "objection", "add", "--rule", rule, "--outcome", outcome, "--count", count, "--on", str(DAY),
            "--config", settings,
        )  # fmt: skip
        assert done.returncode == 0
    told = run("objection", "report", "--config", settings, "--format", "json")
    assert json.loads(told.stdout)["objections"] == [
        {"rule": "XZ/old", "total": 1, "upheld": 0, "partly_upheld": 0, "rejected": 0, "withdrawn": 1},
        {"rule": "XZ/words", "total": 3, "upheld": 1, "partly_upheld": 0, "rejected": 2, "withdrawn": 0},
    ]
    listed: list[Any] = json.loads(run_here("objection", "list", "--file", file, "--format", "json").stdout)[
        "objections"
    ]
    assert listed[0] == {"day": "2026-11-27", "rule": "XZ/words", "outcome": "upheld"}
    assert len(listed) == 4
    later = run_here("objection", "list", "--file", file, "--from", "2026-11-28")
    assert later.stdout.strip() == ""
    assert {tuple(json.loads(line)) for line in file.read_text().splitlines()} == {("day", "rule", "outcome")}


def test_a_day_to_come_is_refused(tmp_path: Path) -> None:
    today, file = datetime.now(UTC).date(), tmp_path / "objections.jsonl"
    words = ("objection", "add", "--rule", "XZ/w", "--outcome", "upheld", "--file", file, "--on")
    done = run_here(*words, str(today + timedelta(days=2)))
    assert done.returncode == 2
    assert "is still to come" in done.stderr
    assert not file.exists()
    assert run_here(*words, str(today)).returncode == 0


def test_a_variable_names_the_file_without_any_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "objections.jsonl"
    monkeypatch.setenv("ORDINANCE_OBJECTIONS", str(file))
    assert run_here("objection", "add", "--rule", "XZ/w", "--outcome", "upheld").returncode == 0
    assert [each.rule for each in read(file)] == ["XZ/w"]


def test_nothing_but_a_rule_and_an_outcome_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "objections.jsonl"
    for rule in ("", "words", "XZ/the man at the counter", "XZ/words\n", "XZ/" + "w" * 101):
        with pytest.raises(UsageError):
            objection(DAY, rule, "upheld")
    assert (
        run_here("objection", "add", "--rule", "XZ/w", "--outcome", "they were right", "--file", file).returncode == 2
    )
    assert run_here("objection", "add", "--rule", "XZ/w", "--outcome", "upheld").returncode == 2  # no file is named
    assert not file.exists()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        '{"day":"2026-11-27","rule":"XZ/w","outcome":"maybe"}',
        '{"day":"2026-11-27","rule":"a b","outcome":"upheld"}',
        '{"day":"2026-11-27","rule":"XZ/w","outcome":"upheld","text":"…"}',
        '{"day":"2026-11-27","rule":"XZ/w"',
    ],
)
def test_a_line_that_is_no_objection_is_named(line: str, tmp_path: Path) -> None:
    file = tmp_path / "objections.jsonl"
    add(file, objection(DAY, "XZ/w", "upheld"))
    with file.open("a") as opened:
        opened.write(f"{line}\n")
    with pytest.raises(UnreadableError, match=r"objections\.jsonl:2: "):
        read(file)


def test_no_objection_is_lost_where_several_are_added_at_once(tmp_path: Path) -> None:
    file = tmp_path / "objections.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: add(file, objection(DAY, "XZ/w", "upheld")), range(200)))
    assert [each.total for each in counted(read(file))] == [200]


@pytest.mark.requirement("HO-1")
def test_a_notice_says_where_to_object_and_the_register_how_many_did(tmp_path: Path) -> None:
    pack = write_statute(tmp_path / "packs", STATUTE)
    loaded = load_on(pack)
    plan, policy = loaded.plan, loaded.policy
    assert policy is not None
    attested = {"place": "XZ", "seat": "XZ", "deployment": "school"}
    session = Session(plan, situate(plan, jurisdiction="XZ", attested=attested, on=DAY), "en")
    stream = session.stream()
    assert "https://ombud.example" in stream.feed("A badge secret.") + stream.close()
    file = tmp_path / "objections.jsonl"
    add(file, objection(DAY, "XZ/words", "upheld"), 3)
    add(file, objection(DAY, "XZ/gone", "rejected"))
    counts = {each.rule: each for each in counted(read(file))}
    for language in languages():
        wording = Wording.of(language, words_in(language), policy)
        plain, shown = (
            to_markdown(register(plan, policy, wording, DAY, Published(objections=each))) for each in ({}, counts)
        )
        assert "https://ombud.example" in plain
        (line,) = set(shown.splitlines()) - set(plain.splitlines())
        assert re.findall("[0-9]+", line) == ["3", "3", "0", "0", "0"]
        assert "{" not in line
    done = run_here("print", "--format", "markdown", pack, "--on", str(DAY), "--objections", file)
    assert "3 decided: 3 upheld" in done.stdout
    assert "XZ/gone, which is not a rule here" in done.stderr
