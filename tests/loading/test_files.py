"""Bad input: whatever a file holds, a person gets a line with a way out, and a program the exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ordinance.detection import Expressions
from ordinance.errors import PolicyError, UnreadableError
from ordinance.language.diagnostics import Diagnostic
from ordinance.loading.bounds import LEXICON_LIMIT, PACK_LIMIT
from ordinance.loading.files import find_packs, read_source, shown
from ordinance.loading.load import load
from support.packs import JURISDICTION, errors, load_on, write_jurisdiction

BAD = [
    ("empty", b"", "empty-pack", 1),
    ("blank", b" \n\t\n", "empty-pack", 1),
    ("comments", b"# nothing\n# here\n", "empty-pack", 1),
    ("binary", bytes(range(256)), "nul-character", 2),
    ("nul", JURISDICTION.encode().replace(b"Testland", b"Test\0land"), "nul-character", 2),
    ("latin-1", JURISDICTION.encode("latin-1", "replace"), "not-utf8", 2),
    ("utf-16", JURISDICTION.encode("utf-16"), "not-utf8", 2),
    ("half", JURISDICTION.encode() + b"\xc3", "not-utf8", 2),
    ("html", b"<!DOCTYPE html><html></html>", "unknown-word", 1),
    ("other", b"rules:\n  - id: 1\n", "unknown-word", 1),
]


@pytest.mark.parametrize(("name", "data", "code", "exit_code"), BAD, ids=[name for name, *_ in BAD])
def test_bad_packs(name: str, data: bytes, code: str, exit_code: int, tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    pack.write_bytes(data)
    loaded = load_on(pack)
    assert [item.code for item in loaded.diagnostics] == [code]
    assert loaded.diagnostics[0].help
    assert loaded.exit_code == exit_code
    with pytest.raises(UnreadableError if exit_code == 2 else PolicyError) as raised:
        _ = loaded.plan
    assert raised.value.exit_code == exit_code
    assert "\n" not in raised.value.message


def test_a_pack_of_fifty_megabytes(tmp_path: Path) -> None:
    pack = tmp_path / "large.ord"
    with pack.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    loaded = load_on(pack)
    assert [item.code for item in loaded.diagnostics] == ["file-too-large"]
    assert loaded.exit_code == 2


def test_limits_include_their_last_byte(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    text = JURISDICTION + "#" * (PACK_LIMIT - len(JURISDICTION.encode()))
    pack.write_text(text, "utf-8")
    assert load_on(pack).exit_code == 0
    pack.write_text(text + "#", "utf-8")
    assert load_on(pack).exit_code == 2


def test_line_ends_of_any_system(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    plain = load_on(pack)
    pack.write_bytes(JURISDICTION.replace("\n", "\r\n").encode())
    (tmp_path / "lexicons" / "words.txt").write_bytes(b"# For tests.\r\nsecret words\r\n")
    other = load_on(pack)
    assert not other.diagnostics
    assert other.plan.digest == plain.plan.digest


def test_missing_and_irregular_files(tmp_path: Path) -> None:
    assert [item.code for item in load_on(tmp_path / "none.ord").diagnostics] == ["file-missing"]
    assert [item.code for item in load_on(tmp_path).diagnostics] == ["no-packs"]
    os.mkfifo(tmp_path / "pipe.ord")
    assert [item.code for item in load_on(tmp_path / "pipe.ord").diagnostics] == ["file-unreadable"]
    assert load_on(tmp_path / "none.ord").exit_code == 2


def test_lexicons(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    words = tmp_path / "lexicons" / "words.txt"
    for data, code, exit_code in [
        (b"# only a comment\n\n", "lexicon-empty", 1),
        (b"caf\xe9\n", "not-utf8", 2),
        (b"a\0b\n", "nul-character", 2),
        (b"x" * (LEXICON_LIMIT + 1), "file-too-large", 2),
    ]:
        words.write_bytes(data)
        loaded = load_on(pack)
        assert code in [item.code for item in loaded.diagnostics]
        assert loaded.exit_code == exit_code, code
    words.unlink()
    loaded = load_on(pack)
    assert "lexicon-missing" in [item.code for item in loaded.diagnostics]
    assert loaded.exit_code == 1


@pytest.mark.semantics(22)
def test_a_lexicon_stays_below_its_pack_also_through_links(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path / "pack")
    words = tmp_path / "pack" / "lexicons" / "words.txt"
    words.unlink()
    (tmp_path / "elsewhere.txt").write_text("secret words\n", "utf-8")
    words.symlink_to(tmp_path / "elsewhere.txt")
    assert "outside-folder" in [item.code for item in load_on(pack).diagnostics]


@pytest.mark.semantics(22)
def test_a_folder_does_not_reach_outside_itself(tmp_path: Path) -> None:
    write_jurisdiction(tmp_path / "mine")
    write_jurisdiction(tmp_path / "theirs", JURISDICTION.replace("XA", "XD"))
    (tmp_path / "mine" / "other.ord").symlink_to(tmp_path / "theirs" / "XA.ord")
    found: list[Diagnostic] = []
    assert list(find_packs([tmp_path / "mine"], found.append)) == [tmp_path / "mine" / "XA.ord"]
    assert [item.code for item in found] == ["outside-folder"]


@pytest.mark.semantics(22)
def test_links_to_folders_are_followed_below_and_told_outside(tmp_path: Path) -> None:
    write_jurisdiction(tmp_path / "out")
    write_jurisdiction(tmp_path / "in" / "real")
    (tmp_path / "in" / "again").symlink_to("real")
    (tmp_path / "in" / "round").symlink_to(".")
    (tmp_path / "in" / "zelse").symlink_to(tmp_path / "out")
    found: list[Diagnostic] = []
    packs = [str(path.relative_to(tmp_path)) for path in find_packs([tmp_path / "in"], found.append)]
    assert packs == ["in/again/XA.ord"]
    assert [(item.code, item.file) for item in found] == [("outside-folder", str(tmp_path / "in" / "zelse"))]


def test_a_config_map_is_read_once(tmp_path: Path) -> None:
    """Kubernetes mounts files as links through `..data` to a folder that carries a date."""
    write_jurisdiction(tmp_path / "..2026_11_24")
    (tmp_path / "..data").symlink_to("..2026_11_24")
    (tmp_path / "XA.ord").symlink_to("..data/XA.ord")
    (tmp_path / "lexicons").symlink_to("..data/lexicons")
    loaded = load_on(tmp_path)
    assert not loaded.diagnostics
    assert loaded.policy is not None
    given = [unit.pack.source.name for unit in loaded.policy.units if unit.given]
    assert given == [str(tmp_path / "XA.ord")]


def test_one_file_by_two_names_counts_once(tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path)
    (tmp_path / "link.ord").symlink_to(pack)
    assert load_on(tmp_path / "link.ord", pack, tmp_path).exit_code == 0


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For root no folder is closed, so the system's answer is given here."""
    write_jurisdiction(tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir()
    real = os.scandir

    def scandir(path: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    loaded = load_on(tmp_path)
    assert [(item.code, item.file) for item in loaded.diagnostics] == [("file-unreadable", str(closed))]
    assert loaded.exit_code == 2


def test_links_in_a_circle_and_names_too_long(tmp_path: Path) -> None:
    (tmp_path / "loop.ord").symlink_to("loop.ord")
    assert [item.code for item in load_on(tmp_path).diagnostics] == ["file-unreadable"]
    assert [item.code for item in load_on(tmp_path / "loop.ord").diagnostics] == ["file-missing"]
    assert [item.code for item in load_on(Path("x" * 5000)).diagnostics] == ["file-missing"]
    words = write_jurisdiction(tmp_path / "pack").parent / "lexicons" / "words.txt"
    words.unlink()
    words.symlink_to("words.txt")
    assert "lexicon-missing" in [item.code for item in load_on(tmp_path / "pack").diagnostics]
    pack = write_jurisdiction(tmp_path / "long", JURISDICTION.replace("lexicons/words.txt", "x" * 5000))
    assert "lexicon-missing" in [item.code for item in load_on(pack).diagnostics]


def test_folders_are_read_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b", "a/z", "a"):
        write_jurisdiction(tmp_path / name)
    found: list[Diagnostic] = []
    names = [str(path.parent.relative_to(tmp_path)) for path in find_packs([tmp_path], found.append)]
    assert names == ["a", "a/z", "b"]


def test_paths_are_shown_as_people_gave_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a.ord") == "a.ord"
    assert shown(Path("a.ord")) == "a.ord"
    assert shown(tmp_path) == "."
    assert shown(Path(f"{tmp_path}2/a.ord")) == f"{tmp_path}2/a.ord"
    assert shown(Path("/elsewhere/a.ord")) == "/elsewhere/a.ord"
    assert shown(Path(os.fsdecode(b"\xff.ord"))) == "\\xff.ord"


def test_a_finding_shows_no_more_of_a_file_than_its_line(tmp_path: Path) -> None:
    """A file that is no pack, given by mistake, is not printed."""
    secret = tmp_path / "shadow"
    secret.write_text("root:hash\n" * 1000, "utf-8")
    loaded = load([secret])
    assert len(loaded.diagnostics) == 1


def test_reading_gives_the_text_or_a_finding(tmp_path: Path) -> None:
    found: list[Diagnostic] = []
    (tmp_path / "a").write_text("text\n", "utf-8")
    source = read_source(tmp_path / "a", 10, found.append)
    assert source is not None
    assert source.text == "text\n"
    assert read_source(tmp_path / "b", 10, found.append) is None
    assert len(found) == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_is_no_error(newline: str, tmp_path: Path) -> None:
    """Spreadsheets and editors write one; what they mean is the same."""
    plain = load_on(write_jurisdiction(tmp_path / "plain"))
    path = write_jurisdiction(tmp_path / "marked")
    for file in (path, path.parent / "lexicons" / "words.txt"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_text("utf-8").replace("\n", newline).encode())
    marked = load_on(path)
    assert [item.code for item in marked.diagnostics] == [item.code for item in plain.diagnostics]
    assert marked.plan.digest == plain.plan.digest


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_spreadsheet_is_a_lexicon(sign: str, tmp_path: Path) -> None:
    """With its endings; where a phrase is from, and what there is to say of it, is for people."""
    path = write_jurisdiction(tmp_path, JURISDICTION.replace("lexicons/words.txt", "lexicons/words.csv"))
    rows = [["phrase", "endings", "source", "note"], ["secret words", "", "a list", ""], ["Kind", '"es,er"', "", "x"]]
    text = "\r\n".join(sign.join(row) for row in rows)
    (tmp_path / "lexicons" / "words.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = load_on(path).plan.detectors["XA/lexicon words"]
    assert isinstance(found, Expressions)
    assert found.phrases == ("secret words", "kind", "kindes", "kinder")


def test_a_spreadsheet_without_its_columns_says_so(tmp_path: Path) -> None:
    path = write_jurisdiction(tmp_path, JURISDICTION.replace("lexicons/words.txt", "lexicons/words.csv"))
    (tmp_path / "lexicons" / "words.csv").write_text("secret words;a list\n", "utf-8")
    (item,) = [item for item in load_on(path).diagnostics if item.code == "lexicon-empty"]
    assert "phrase, endings, source, note" in item.help


def test_a_quotation_mark_that_nobody_closed_is_a_finding(tmp_path: Path) -> None:
    path = write_jurisdiction(tmp_path, JURISDICTION.replace("lexicons/words.txt", "lexicons/words.csv"))
    rows = 'phrase,endings\n"secret words,\n' + "and more,\n" * 20_000
    (tmp_path / "lexicons" / "words.csv").write_text(rows, "utf-8")
    loaded = load_on(path)
    assert loaded.compiled is None
    assert errors(loaded) != []
