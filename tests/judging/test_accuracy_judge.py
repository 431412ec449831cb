"""`make accuracy-judge`: the table is made from any address, and says "not run" where it was not made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.commands import environment
from support.judged_packs import charter
from support.packs import write_charter
from support.scripted_judge import JudgeServer

pytestmark = pytest.mark.server

PAGE = "# Page\n\nBefore.\n\n## A served judge\n\nOld.\n\n## The embedded judge\n\nAfter.\n"
SENTENCE = "Please explain to me in plain words how the people of this town went about it in the year"


def made(folder: Path, *words: str | Path) -> str:
    page = folder / "page.md"
    if not page.exists():
        page.write_text(PAGE, "utf-8")
    words = (sys.executable, ROOT / "benchmarks" / "accuracy_judge.py", *words, "--out", page)
    done = subprocess.run(list(map(str, words)), env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return page.read_text("utf-8")


def test_without_an_address_the_page_says_that_it_was_not_run(tmp_path: Path) -> None:
    text = made(tmp_path)
    assert text == made(tmp_path)
    assert text.startswith("# Page\n\nBefore.\n\n## A served judge\n\nMade by")
    assert "\nNot run: " in text
    assert "Old." not in text
    assert text.endswith("\n\n## The embedded judge\n\nAfter.\n")


def test_the_page_that_ships_keeps_the_parts_of_other_programs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text("utf-8")
    (tmp_path / "page.md").write_text(page, "utf-8")
    rest = made(tmp_path).partition("\n## A served judge\n")[2]
    for part in ("\n## The embedded judge\n", "\n<!-- near: begin -->\n", "\n## Numbers that name a person\n"):
        assert part in rest
        assert rest.partition(part)[2] == page.partition(part)[2]


def test_a_served_judge_gets_a_row_for_each_red_line_and_language(judge: JudgeServer, tmp_path: Path) -> None:
    judge.seconds = 5.0
    texts = tmp_path / "texts" / "en"
    texts.mkdir(parents=True)
    lines = []
    for number in range(8):
        kept = " kept_out" if number % 2 else ""
        firing = f"{SENTENCE} {number}: judge-canary-weapons-0.9{number}."
        lines.append(f"fires baseline/weapons prompt{kept}\n  {firing}\n")
        for kind in ("request", "prose", "contrast"):
            head = "passes prompt" if kind != "contrast" else "quiet baseline/weapons prompt"
            lines.append(f"{head} {kind}{kept}\n  {SENTENCE} {number}, of the kind {kind}.\n")
    (texts / "weapons.txt").write_text("\n".join(lines), "utf-8")
    pack = write_charter(tmp_path / "charter", charter())
    text = made(
        tmp_path, "--url", judge.url, "--model", "scripted", "--pack", pack.parent, "--texts", tmp_path / "texts"
    )
    assert "| weapons | en | 4 | 12 | 1.000 | 4 |" in text
    assert "scripted, `renderer: question`" in text
    assert text.endswith("\n\n## The embedded judge\n\nAfter.\n")
