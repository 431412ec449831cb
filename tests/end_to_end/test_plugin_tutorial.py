"""The tutorial of docs/plugins.md leads where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.commands import run
from support.tutorial import BLOCKS, TUTORIAL, follow

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder in which the tutorial was followed, and what its commands said."""
    home = tmp_path_factory.mktemp("tutorial")
    return home, follow(home)


@pytest.mark.slow
def test_the_tutorial_leads_from_an_empty_folder_to_a_plugin_in_use(followed: tuple[Path, list[str]]) -> None:
    home, said = followed
    assert len([kind for kind, _ in BLOCKS if kind == "sh"]) == 4
    new, tested, built, used = said
    assert "acme-codes/acme_codes/ordinance-plugin.toml" in new
    assert "2 passed" in tested
    assert "0 faults" in built
    assert "2 examples of 1 rule: 2 hold, 0 failed" in used
    assert re.search(r"^acme-codes +0\.1\.0 +ready", used, re.MULTILINE)
    assert '"answer": "It is ⟦…⟧, and not part-12341.' in used
    assert (home / "acme-codes/dist/acme_codes-0.1.0-py3-none-any.whl").is_file()


@pytest.mark.slow
def test_the_page_shows_what_new_writes(followed: tuple[Path, list[str]], tmp_path: Path) -> None:
    """The test that the page shows as the starter's is the starter's, and its table names every file."""
    home, _ = followed
    assert run("new", "plugin", "acme-codes", "--kind", "detector", "--into", tmp_path).returncode == 0
    shown = home / "acme-codes/tests/test_conformance.py"
    assert shown.read_text("utf-8") == (tmp_path / "acme-codes/tests/test_conformance.py").read_text("utf-8")
    made = {str(path.relative_to(tmp_path / "acme-codes")) for path in (tmp_path / "acme-codes").rglob("*.*")}
    table = TUTORIAL.partition("| file |")[2].partition("\n\n")[0]
    assert {path for path in made if path.partition("/")[0] not in table} == set()
    assert all(f"`{path}`" in table for path in made if not path.startswith("."))


@pytest.mark.slow
def test_an_argument_that_makes_no_sense_stops_the_load_and_says_why(followed: tuple[Path, list[str]]) -> None:
    home, _ = followed
    pack = home / "wrong" / "wrong.ord"
    pack.parent.mkdir(exist_ok=True)
    rule = (home / "school/school.ord").read_text("utf-8").replace('("part")', '("spare")')
    pack.write_text(rule.replace("house school", "house wrong"), "utf-8")
    done = run("check", pack, "--config", home / "ordinance.yaml", cwd=home)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "there are no spare numbers, but part and lot numbers" in said
    assert "Traceback" not in said
