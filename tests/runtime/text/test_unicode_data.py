"""The Unicode tables: a file that its generator made, and that is refused when it is anything else."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from ordinance.errors import UnreadableError
from ordinance.runtime.text import unicode_data
from ordinance.runtime.text.folding import symbol_kind
from support.checkout import ROOT

FILE = ROOT / "engine" / "ordinance" / "runtime" / "text" / "unicode_data.txt"

#: What this Python knows; later characters it calls unassigned.
KNOWN = [
    char for char in map(chr, range(0x110000)) if unicodedata.category(char) not in ("Cn", "Cs") and char != "\ufffd"
]


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The script that makes the file, over the Unicode data of this Python and without look-alikes."""
    folder = tmp_path_factory.mktemp("confusables")
    (folder / "confusables.json").write_text("{}", "utf-8")
    confusables = ModuleType("confusable_homoglyphs")
    confusables.__file__ = str(folder / "__init__.py")
    fonts = ModuleType("fontTools")
    fonts.unicodedata = unicodedata  # type: ignore[attr-defined]
    given = {"unicodedata2": unicodedata, "confusable_homoglyphs": confusables, "fontTools": fonts}
    with pytest.MonkeyPatch.context() as patch:
        for name, module in given.items():
            patch.setitem(sys.modules, name, module)
        spec = importlib.util.spec_from_file_location("generate_unicode_data", ROOT / "engine/generate_unicode_data.py")
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
    return made


def test_kinds_are_what_the_generator_reads_from_unicode(generator: ModuleType) -> None:
    assert len(KNOWN) > 280_000
    assert not [hex(ord(char)) for char in KNOWN if generator.kind(char) != symbol_kind(char)]


@pytest.mark.semantics(25)
def test_folds_are_what_the_generator_reads_from_unicode(generator: ModuleType) -> None:
    """Without the list of look-alikes, which only adds letters and digits of ASCII, in a few blocks."""
    folds = unicode_data.FOLDS
    others = [
        char for char in KNOWN if not "\uac00" <= char <= "\ud7a3" and generator.fold(char) != folds.get(char, char)
    ]
    assert 100 < len(others) < 2000
    for char in others:
        assert folds.get(char, char).isascii(), hex(ord(char))
        parts = char + unicodedata.normalize("NFKD", char + char.casefold())
        assert any(generator.within(ord(part), generator.LOOK_ALIKES) for part in parts), hex(ord(char))


def test_the_file_reads_back_as_the_generator_writes_it(generator: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "again.txt").write_text(generator.written(unicode_data.read(FILE)), "utf-8")
    assert unicode_data.read(tmp_path / "again.txt") == unicode_data.read(FILE)
    assert len(FILE.read_bytes()) < 120_000


def test_range_tables_begin_at_the_first_character_and_name_each_value_once_in_a_row() -> None:
    tables = unicode_data.read(FILE)
    for name in ("dropped", "kinds", "clusters", "scripts", "sentences"):
        steps, values = tables[name]["steps"], tables[name]["values"]
        assert len(steps) == len(values)
        assert steps[0] == 0
        assert all(step > 0 for step in steps[1:])
        assert sum(steps) < 0x110000
        assert all(one != other for one, other in pairwise(values))


@pytest.mark.parametrize("damage", ["missing", "cut", "one letter", "line ends", "empty"])
def test_a_damaged_file_is_refused(damage: str, tmp_path: Path) -> None:
    file, whole = tmp_path / "unicode_data.txt", FILE.read_bytes()
    if damage != "missing":
        file.write_bytes(
            {
                "cut": whole[: len(whole) // 2],
                "one letter": whole.replace(b'"values":"d-', b'"values":"-d', 1),
                "line ends": whole.replace(b"\n", b"\r\n"),
                "empty": b"",
            }[damage]
        )
    with pytest.raises(UnreadableError) as told:
        unicode_data.read(file)
    assert told.value.code == "unreadable"
    assert str(file) in told.value.message
    assert "Install ordinance again." in str(told.value)


@pytest.mark.server
def test_a_command_without_the_tables_says_so_in_one_line(tmp_path: Path) -> None:
    for name in ("engine", "grammars", "rules"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "engine/ordinance/runtime/text/unicode_data.txt").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "ordinance.cli.main", "check", "--format", "json"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "engine"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert "error[unreadable]" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["diagnostics"][0]["code"] == "unreadable"
