"""What the manual as a site consists of: every page, found by role; `make test-manual` reads the site itself."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from support.checkout import ROOT

sys.path.insert(0, str(ROOT / "deploy" / "manual"))

from navigation import roles
from staging import stage


def test_every_page_is_read_in_one_role() -> None:
    by_role = roles((ROOT / "README.md").read_text("utf-8"))
    assert list(by_role) == ["Run it", "Judge it", "Write rules", "Write a plugin", "Change it"]
    listed = Counter(path for pages in by_role.values() for path in pages.values())
    assert [path for path, times in listed.items() if times > 1] == []
    pages = [*(ROOT / "docs").glob("*.md"), *ROOT.glob("plugins/*/README.md")]
    assert {page.relative_to(ROOT).as_posix() for page in pages} <= set(listed)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("staged")
    stage(ROOT, source)
    return source


def test_pages_keep_their_paths_and_files_get_one(staged: Path) -> None:
    pages = {page.relative_to(ROOT) for page in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not (staged / page).is_file()} == set()
    assert "(files/tests/test_theorems.py.md)" in (staged / "index.md").read_text("utf-8")
    shown = (staged / "files/deploy/envoy/envoy.yaml.md").read_text("utf-8")
    assert (ROOT / "deploy/envoy/envoy.yaml").read_text("utf-8") in shown
    assert "nosearch: true" in shown


def test_a_page_of_many_leads_to_their_list(staged: Path) -> None:
    assert "[Errors](../errors.md)" in (staged / "docs/errors/syntax.md").read_text("utf-8")
    assert "[Errors](../../errors.md)" in (staged / "docs/errors/marks/mark-form.md").read_text("utf-8")
    listed = (staged / "docs/decisions/index.md").read_text("utf-8")
    assert all(f"({page.name})" in listed for page in (ROOT / "docs" / "decisions").glob("*.md"))
