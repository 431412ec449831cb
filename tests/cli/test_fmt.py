"""``ordinance fmt``: one style, nothing lost, nothing but the layout changed."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import subprocess
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Token

from ordinance.language.format import format_source
from ordinance.language.parser import Role, first_word, make_parser, parse, tree_of
from ordinance.language.source import Source, Span
from ordinance.loading.packs import shipped_rules
from support.checkout import CASES, ROOT
from support.commands import command, environment, run, run_here
from support.packs import CHARTER, JURISDICTION, LANGUAGE
from support.statute import STATUTE

SHIPPED = sorted(shipped_rules().rglob("*.ord"))
FOLDER = CASES / "fmt"
DISORDERLY = sorted(FOLDER.glob("*.ord"))
#: Packs that say, together, everything that the grammar has.
#: Laws that were not read.
EMIRATES = (ROOT / "rules" / "jurisdictions" / "AE" / "AE.ord").read_text("utf-8")
SAMPLES = [CHARTER, JURISDICTION, LANGUAGE, STATUTE, EMIRATES, *(path.read_text("utf-8") for path in DISORDERLY)]


DISARRAYED = """\
# first

jurisdiction XA 1.0.0 # beside
 under charter baseline 1 members AA, BB,
 # within
 CC
lexicon w from "a.txt" lexicon wwww from "b.txt" # last
label one { en "x" } label 日本 { en "y" }
notice n { de formal "a" de informal "b" en "c" }
section 1 "s" { # open
  # lead
  withhold 1.1 y { when answer has any of lexicon w, lexicon wwww and (place is one of AA, BB, CC, DD, EE, FF, GG, HH)
   and (seat is unknown or market within XA) scope span under act telling t about l
   example quiet answer "x" example fires prompt "y" given place XA
   # tail
  } }
# end
"""

ARRANGED = """\
# first

jurisdiction XA 1.0.0  # beside
    under charter baseline 1
members AA, BB,
        # within
        CC

lexicon w    from "a.txt"
lexicon wwww from "b.txt"  # last

label one  { en "x" }
label 日本 { en "y" }

notice n {
  de formal   "a"
  de informal "b"
  en          "c"
}

section 1 "s" {  # open
  # lead
  withhold 1.1 y {
    when    answer has any of lexicon w, lexicon wwww and (place is one of AA, BB, CC, DD, EE, FF, GG, HH)
            and (seat is unknown or market within XA)
    scope   span
    under   act
    telling t about l
    example quiet answer "x"
    example fires prompt "y" given place XA
    # tail
  }
}
# end
"""


def role_of(text: str) -> Role:
    return "charter" if first_word(text) == "charter" else "pack"


def formatted(text: str) -> str:
    done = format_source(Source(Path("x.ord"), "x.ord", text), role_of(text))
    assert done is not None
    return done


def meaning(value: object) -> object:
    """A syntax tree without its places."""
    if isinstance(value, (Span, Source)):
        return None
    if isinstance(value, tuple):
        return tuple(meaning(each) for each in value)
    if is_dataclass(value):
        return type(value).__name__, tuple(meaning(getattr(value, field.name)) for field in fields(value))
    return value


def parsed(text: str) -> object:
    return meaning(parse(Source(Path("x.ord"), "x.ord", text), role_of(text)).pack)


def comments(text: str) -> list[str]:
    return [found[2].rstrip() for found in re.finditer(r'("[^"\n]*")|(#[^\n]*)', text) if found[2]]


def words(text: str) -> list[str]:
    return re.findall(r'"[^"\n]*"|[{}(),]|[^\s{}(),"#]+', re.sub(r'("[^"\n]*")|#[^\n]*', lambda m: m[1] or " ", text))


@st.composite
def disarranged(draw: st.DrawFn) -> str:
    """A pack with other white space between its words, and comments in any place."""
    pieces = words(draw(st.sampled_from(SAMPLES)))
    chance = random.Random(draw(st.integers(0, 2**32)))
    out: list[str] = []
    for piece in pieces:
        together = piece in ("not", "unknown", "or") and out and out[-1].strip() in (",", "not", "or")
        out.append(piece)
        gap = chance.choice(["\n", " ", "  ", "\n\n\n", "\t", " \n "])
        if chance.random() < 0.05 and piece != "," and not together and piece not in ("not", "or"):
            gap = chance.choice([" # beside\n", "\n# above\n", "\n\n\t # alone \n\n", "#\n# two\n"])
        out.append(gap)
    return "".join(out)


@settings(max_examples=40)
@given(disarranged())
def test_layout_changes_and_nothing_else(text: str) -> None:
    done = formatted(text)
    assert parsed(done) == parsed(text)
    assert comments(done) == comments(text)
    assert words(done) == words(text)
    assert formatted(done) == done
    assert not re.search(r"[ \t]$|\t|\n\n\n|\{\n\n|\n\n *\}", re.sub(r'"[^"\n]*"|#[^\n]*', "x", done), re.MULTILINE)


@settings(max_examples=20)
@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False))
def test_how_it_was_laid_out_before_leaves_no_trace(text: str, chance: random.Random) -> None:
    """Canonical: packs with the same words, without comments, become the same text."""
    bare = re.sub(r'("[^"\n]*")|#[^\n]*', lambda found: found[1] or "", text)
    pieces = words(bare)
    other = "".join(piece + chance.choice([" ", "\n", "\n\n", "   "]) for piece in pieces)
    assert formatted(other) == formatted(bare)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_ships_is_in_the_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text, f"run: ordinance fmt {path}"


@pytest.mark.parametrize("path", DISORDERLY, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    """Every construct, laid out and read by hand; written anew with ORDINANCE_GOLDEN=write."""
    done, golden = formatted(path.read_text("utf-8")), path.with_suffix(".txt")
    if os.environ.get("ORDINANCE_GOLDEN") == "write":
        golden.write_text(done, "utf-8")
    assert done == golden.read_text("utf-8")


def test_the_samples_say_everything() -> None:
    """A terminal that is new to the grammar needs a sample here, so that somebody looks at how it is laid out."""
    seen: set[str] = set()
    for text in SAMPLES:
        tree = tree_of(Source(Path("x.ord"), "x.ord", text), role_of(text))
        assert tree is not None
        seen |= {token.type for token in tree.scan_values(lambda value: isinstance(value, Token))}
    caught = {"UNFINISHED", "STRAY", "SPACE", "COMMENT"}
    assert {terminal.name for terminal in make_parser().terminals} - caught - seen == set()


def test_columns_comments_and_long_lines() -> None:
    assert formatted(DISARRAYED) == ARRANGED


@pytest.mark.server
def test_as_a_process(tmp_path: Path) -> None:
    """Written once, whole; listed and not written with --check; the mode of the file and a link to it stay."""
    pack = tmp_path / "XA.ord"
    pack.write_bytes(JURISDICTION.replace("\n", "\r\n").encode())
    pack.chmod(0o640)
    (tmp_path / "link.ord").symlink_to(pack)
    listed = run("fmt", "--check", tmp_path, cwd=tmp_path)
    assert (listed.returncode, listed.stdout) == (
        1, "XA.ord: would be formatted\n1 pack would be formatted, 0 left unchanged\n",
    )  # fmt: skip
    assert pack.read_bytes() == JURISDICTION.replace("\n", "\r\n").encode()
    done = run("fmt", tmp_path / "link.ord", "--format", "json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"changed": ["link.ord"], "packs": 1, "diagnostics": []})
    assert pack.read_bytes() == formatted(JURISDICTION).encode()
    assert (tmp_path / "link.ord").is_symlink()
    assert pack.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["XA.ord", "link.ord"]
    assert run("fmt", "--check", tmp_path).returncode == 0


def test_what_does_not_parse_is_left_alone(tmp_path: Path) -> None:
    """It is told as `check` tells it, and the other packs are written."""
    bad, good = tmp_path / "bad.ord", tmp_path / "good.ord"
    bad.write_text(JURISDICTION.replace("scope   sentence", "scoop   sentence"), "utf-8")
    good.write_text(LANGUAGE, "utf-8")
    result = run_here("fmt", tmp_path, cwd=tmp_path)
    assert result.returncode == 1
    assert "bad.ord:42:5: error[unknown-word]: the word `scoop`" in result.stdout
    assert "good.ord: formatted" in result.stdout
    assert "scoop" in bad.read_text("utf-8")
    assert good.read_text("utf-8") == formatted(LANGUAGE)


@pytest.mark.parametrize(
    ("data", "code", "exit_code"),
    [(None, "file-missing", 2), (b"", "empty-pack", 1), (b"\0", "nul-character", 2), (b"\xff\xfe\xfd", "not-utf8", 2)],
)
def test_bad_input(data: bytes | None, code: str, exit_code: int, tmp_path: Path) -> None:
    pack = tmp_path / "bad.ord"
    if data is not None:
        pack.write_bytes(data)
    result = run_here("fmt", pack)
    assert (result.returncode, result.stderr) == (exit_code, "")
    assert f"error[{code}]" in result.stdout
    assert run_here("fmt", "--check", tmp_path / "none").returncode == 2
    assert run_here("fmt", "--width", "80", pack).returncode == 2


@pytest.mark.server
def test_a_disk_without_room(tmp_path: Path) -> None:
    """The pack is as it was, nothing is left beside it, and the error says what to do."""
    pack = tmp_path / "XA.ord"
    pack.write_text(JURISDICTION, "utf-8")
    words = shlex.join(command("fmt", pack))
    result = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; {words}"], env=environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "error[unwritable]" in result.stderr
    assert pack.read_text("utf-8") == JURISDICTION
    assert os.listdir(tmp_path) == ["XA.ord"]
