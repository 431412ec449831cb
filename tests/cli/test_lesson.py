"""Each code has a page; the wrong sample on it has exactly that finding, where it is marked, and the right one none."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ordinance.cli.main import main
from ordinance.language.codes import CATALOGUE
from ordinance.loading import packs
from ordinance.resources import folder
from ordinance.trust.trouble import CODES, MARKS, Code
from support.allowing import MANIFEST, entry, write_plugin
from support.checkout import ROOT
from support.packs import TODAY
from support.pages import Mark, Page, page, pages, put

#: What no pack can show: a defect of Ordinance itself, and what its own proof would have to find.
UNSHOWN = {"no-plan": "test_load", "charter-weakened": "test_weaken"}

#: Findings that cannot come alone, with those beside which they come.
BESIDE = {
    "too-many": {"name-unused"},
    "language-unknown": {"example-disagrees"},
    "not-yet": {"judge-missing", "judged-without-means", "judged-without-not", "judged-examples", "name-unused"},
    "judged-alone": {"judge-missing", "judged-examples", "harm-toothless", "name-unused"},
    **{code: {"judge-missing"} for code in ("judged-without-means", "judged-without-not", "judged-examples")},
}

#: Commands that check a sample pack as it is, of which one run is enough.
GREEN: set[str] = set()

_MANIFEST = MANIFEST.replace("acme.codes", "acme.insults")

SECTIONS = ("Wrong", "Right", "Why")


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(pages()) == CATALOGUE.keys()


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_page_has_its_parts_and_leads_somewhere(code: str) -> None:
    shown = page(code)
    assert shown.text.startswith(f"# {code}\n\n")
    assert shown.sections[:3] == SECTIONS or (code in UNSHOWN and "Why" in shown.sections)
    assert set(shown.sections) <= {*SECTIONS, "See also"}
    assert shown.samples.keys() == (set() if code in UNSHOWN else {"Wrong", "Right"})
    for link in re.findall(r"\]\(([^)#]+)", shown.text):
        assert (folder("lessons") / link).exists() or not link.endswith(".md"), link


@pytest.mark.parametrize(("code", "module"), UNSHOWN.items())
def test_what_no_sample_shows_has_a_test_of_its_own(code: str, module: str) -> None:
    assert f'"{code}"' in next((ROOT / "tests").rglob(f"{module}.py")).read_text("utf-8")


def check(command: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    words = command.split()[1:]
    main([*words, *more, "--on", str(TODAY), "--format", "json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["diagnostics"]
    return found


def shown_codes() -> Iterator[Any]:
    """What samples show; where one has a plugin, a process runs."""
    for code in sorted(CATALOGUE.keys() - UNSHOWN.keys()):
        plugin = code in pages() and "`plugin.py`" in page(code).text
        yield pytest.param(code, marks=pytest.mark.server if plugin else ())


@pytest.mark.parametrize("code", list(shown_codes()))
def test_the_wrong_sample_has_the_finding_and_the_right_one_none(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = page(code)
    more = ("--cost",) if code == "rule-waits" else ()
    right, _ = _laid(shown, tmp_path / "right", monkeypatch, spoiled=False)
    if right not in GREEN:
        assert {item["code"] for item in check(right, capsys, *more)} <= BESIDE.get(code, set())
    if shown.samples["Wrong"].parts and not shown.samples["Wrong"].files:
        GREEN.add(right)
    command, marks = _laid(shown, tmp_path / "wrong", monkeypatch, spoiled=True)
    found = check(command, capsys, *more)
    assert {item["code"] for item in found} - BESIDE.get(code, set()) == {code}, found
    own = [item for item in found if item["code"] == code]
    assert len(own) == max(len(marks), 1), own
    assert all(item["lesson"] == f"ordinance lesson {code}" for item in own)
    assert marks or {item["file"] for item in own} <= shown.samples["Wrong"].files.keys()
    for item, mark in zip(own, marks, strict=False):
        assert _is_at(item, mark), (item, mark)


def _is_at(item: dict[str, Any], mark: Mark) -> bool:
    """Whether a finding is where the page marks it; of one over several lines the first is marked."""
    if Path(item["file"]) != Path(mark.file) or not mark.lines[0] <= item["line"] <= mark.lines[1]:
        return False
    return item["column"] == mark.column and (item["end_line"] > item["line"] or mark.end in (0, item["end_column"]))


def _laid(shown: Page, to: Path, monkeypatch: pytest.MonkeyPatch, *, spoiled: bool) -> tuple[str, list[Mark]]:
    """Write a sample and go there; its plugin is allowed, and its ``rules`` are added to those that ship."""
    to.mkdir()
    laid = put(shown.samples["Wrong"], shown.samples["Right"], to, spoiled=spoiled)
    monkeypatch.chdir(to)
    if (to / "plugin.py").exists():
        written = write_plugin(to.parent / f"{to.name}-plugin", (to / "plugin.py").read_text("utf-8"), _MANIFEST)
        (to / "plugin.py").unlink()
        monkeypatch.setenv("ORDINANCE_PLUGINS", json.dumps([entry(written)]))
    if (to / "rules").exists():
        shutil.copytree(folder("rules"), to.parent / "shipped", dirs_exist_ok=True)
        shutil.copytree(to / "rules", to.parent / "shipped", dirs_exist_ok=True)
        shutil.rmtree(to / "rules")
        monkeypatch.setattr(packs, "shipped_rules", lambda: to.parent / "shipped")
    return laid


def test_a_lesson_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "lexicon-missing"]) == 0
    assert capsys.readouterr().out == page("lexicon-missing").text


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*CATALOGUE, *CODES, *MARKS]


@pytest.mark.parametrize("code", [*CODES, *MARKS])
def test_a_code_of_bundles_or_marks_has_a_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", code]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"# {code}\n\n")
    assert re.findall("^## (.+)", said, re.MULTILINE) == ["What to do", "Why", "See also"]


@pytest.mark.parametrize(("below", "codes"), [("bundles", CODES), ("marks", MARKS)])
def test_every_page_on_bundles_and_marks_has_a_code(below: str, codes: dict[str, Code]) -> None:
    assert {path.stem for path in (folder("lessons") / below).glob("*.md")} == codes.keys()


def test_an_unknown_code_is_a_usage_error_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "lexicon-mising"]) == 2
    assert "Did you mean `lexicon-missing`?" in capsys.readouterr().err


def test_text_names_the_command_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.ord").write_text("", "utf-8")
    (tmp_path / "b.ord").write_text("", "utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("ordinance lesson empty-pack") == 1
