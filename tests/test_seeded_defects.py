"""The seeded defects still fit the code, and their page lists them; that each is caught, their own command shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.seed_defects import DEFECTS, ROOT, Defect, page


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.what)
def test_a_defect_fits_the_code(defect: Defect) -> None:
    text = (ROOT / "engine" / "ordinance" / defect.file).read_text("utf-8")
    assert text.count(defect.old) == 1
    assert defect.old != defect.new
    theorems = (Path(__file__).parent / "test_theorems.py").read_text("utf-8")
    assert any(defect.caught_by in line for line in theorems.split("\n") if line.startswith("def test_"))


def test_there_are_twenty_and_the_page_lists_them() -> None:
    assert len(DEFECTS) >= 20
    assert (ROOT / "docs" / "seeded-defects.md").read_text("utf-8") == page()
