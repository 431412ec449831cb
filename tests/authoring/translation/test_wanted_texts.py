"""``ordinance translate``: what lacks which language, and translations that go out and come back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.skeleton import skeleton
from ordinance.authoring.translation.exchange_files import languages, read, write
from ordinance.authoring.translation.wanted_texts import Wanted, wanted
from ordinance.cli.main import main
from ordinance.errors import UsageError
from ordinance.loading.load import load
from ordinance.loading.packs import shipped_pack
from support.packs import TODAY
from support.statute import write_house

DAY = date(2026, 12, 24)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    skeleton("jurisdiction", "KR", DAY, "reminder", ("sv", "en")).write(folder)
    return folder


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    """A copy of what was made, which the test may change."""
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True) / "KR"


def texts(path: Path, *to: str) -> tuple[Wanted, ...]:
    loaded = load([path, shipped_pack("en")], on=DAY)
    assert loaded.policy is not None
    return tuple(each for each in wanted(loaded.policy, to) if each.unit.name in ("KR", "sv"))


def lacking(path: Path) -> set[str]:
    return {each.id for each in texts(path, "sv") if each.lacking}


def test_it_lists_what_lacks_a_language(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", str(pack), "--with", "en", "--to", "sv"]) == 1
    shown = capsys.readouterr().out
    assert "KR/law example_act title: sv" in shown
    assert "KR/notice machine_reminder: sv" in shown, "English words are no Swedish text"
    assert "sv/notice omitted: sv" in shown
    assert "sv/label weapons: sv" in shown


@pytest.mark.parametrize("ending", ["csv", "xliff"])
def test_what_goes_out_comes_back(ending: str, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exported, translated, imported: nothing lacks, the packs check green, and the same export says the same."""
    file = tmp_path / f"sv.{ending}"
    assert main(["translate", str(pack), "--with", "en", "--to", "sv", "--export", str(file)]) == 0
    out = texts(pack, "sv")
    assert read(file.name, file.read_text("utf-8")) == {(each.id, each.to): each.target for each in out if each.target}
    said = {(each.id, each.to): f"번역, <{number}> & {each.source}" for number, each in enumerate(out)}
    filled = [
        Wanted(e.id, e.unit, e.tag, e.source, e.to, said[e.id, e.to], e.span, e.head, e.replaces, e.alone) for e in out
    ]
    file.write_text(write(file.name, filled), "utf-8")
    assert main(["translate", str(pack), "--with", "en", "--import", str(file)]) == 0
    assert lacking(pack) == set()
    assert {(each.id, each.to): each.target for each in texts(pack, "sv")} == said
    loaded = load([pack, shipped_pack("en")], on=DAY)
    assert [item for item in loaded.diagnostics if item.severity == "error"] == []
    capsys.readouterr()
    before = {path: path.read_bytes() for path in pack.rglob("*.ord")}
    assert main(["translate", str(pack), "--with", "en", "--import", str(file)]) == 0
    assert before == {path: path.read_bytes() for path in pack.rglob("*.ord")}, "twice is once"


def test_a_third_language_stands_beside_the_others(tmp_path: Path) -> None:
    """In texts that have languages and in those that have none, in each form of a notice."""
    path = write_house(tmp_path)
    loaded = load([path], on=TODAY)
    assert loaded.policy is not None
    own = wanted(loaded.policy, ("fr", "fi"))
    file = tmp_path / "both.csv"
    said = [Wanted(e.id, e.unit, e.tag, e.source, e.to, f"{e.to}: {e.source}", e.span, e.head) for e in own]
    file.write_text(write(file.name, said), "utf-8")
    assert main(["translate", str(path), "--import", str(file)]) == 0
    text = path.read_text("utf-8")
    assert 'title { en "A school" fr "fr: A school" fi "fi: A school" }' in " ".join(text.split())
    assert 'fr "fr: Think first. {law}."' in text
    again = load([path], on=TODAY)
    assert again.compiled is not None, again.diagnostics
    assert again.policy is not None
    assert not [each for each in wanted(again.policy, ("fr", "fi")) if each.lacking]


@pytest.mark.parametrize(
    ("translation", "said"),
    [
        ("Ohne Namen", "names in braces"),
        ('Ein "Zitat" {hours} {law}', "plain quote"),
        ("{hours} {law} {type}", "braces"),
    ],
)
def test_a_translation_that_no_pack_can_contain_changes_nothing(
    translation: str, said: str, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sv.csv"
    quoted = translation.replace('"', '""')
    file.write_text(f'id,to,translation\nKR/notice machine_reminder,sv,"{quoted}"\n', "utf-8")
    before = (pack / "KR.ord").read_bytes()
    assert main(["translate", str(pack), "--with", "en", "--import", str(file)]) == 2
    assert said in capsys.readouterr().err
    assert (pack / "KR.ord").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.txt", "", "neither CSV nor XLIFF"),
        ("x.csv", "a,b\n", "no column"),
        ("x.xliff", "<a", "is not XML"),
        ("x.xliff", "<a/>", "is not XLIFF 2.0"),
        ("x.xliff", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
    ],
)
def test_a_file_that_is_something_else(name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(name, text)


def test_a_text_that_no_pack_has_is_named(pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sv.csv"
    file.write_text("id,to,translation\nKR/notice gone,sv,x\n", "utf-8")
    assert main(["translate", str(pack), "--with", "en", "--import", str(file)]) == 2
    assert "KR/notice gone" in capsys.readouterr().err


XLIFF = (
    '<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="nb" trgLang="de"><file id="nb-de">'
    '<unit id="u1" name="NO/title"><segment><source>Norge</source><target>Norwegen</target></segment></unit></file>'
    "</xliff>"
)
NORWEGIAN = """jurisdiction NO 1.0.0 under charter baseline 1
title "Norge"
zone  "Europe/Oslo"

law opplysning_1 {
  title   "Lov om opplysning"
  article "§ 1"
  reaches place within NO, not unknown
  in force from 2024-01-01
  source  "https://law.example/opplysning" seen 2026-11-01
}

notice maskin {
  nb "Her svarer en maskin ({law})."@ENGLISH@
}

section 1 "Opplysning" {
  say 1.1 maskin {
    means   "Folk får vite at en maskin svarer."
    at      every answer
    under   opplysning_1
    telling maskin
    example fires answer "God morgen."
    example quiet answer "God morgen." given place SE
  }
}
"""


@pytest.mark.parametrize("ending", ["csv", "xliff"])
@pytest.mark.parametrize(
    ("english", "flags"), [("", []), ('\n  en "A machine answers here ({law})."', ["--from", "nb"])]
)
def test_a_text_that_is_written_once_is_in_the_language_of_its_pack(
    english: str, flags: list[str], ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the pack has English too, its author says so; the file says it again when it comes back."""
    file, out = tmp_path / "NO.ord", tmp_path / f"en.{ending}"
    file.write_text(NORWEGIAN.replace("@ENGLISH@", english), "utf-8")
    assert main(["translate", str(file), "--to", "en", *flags, "--export", str(out)]) == 0
    exported = out.read_text("utf-8")
    assert "Folk får vite" in exported
    if ending == "csv":
        assert "NO/rule maskin means,nb,Folk får vite at en maskin svarer.,en," in exported
        filled = exported.replace("svarer.,en,", "svarer.,en,People are told that a machine answers.")
    else:
        assert 'srcLang="nb" trgLang="en"' in exported
        head, _, tail = exported.partition("Folk får vite at en maskin svarer.</source>")
        filled = f"{head}Folk får vite at en maskin svarer.</source>" + tail.replace(
            "<target />", "<target>People are told that a machine answers.</target>", 1
        )
    out.write_text(filled, "utf-8")
    assert main(["translate", str(file), "--import", str(out)]) == 0, capsys.readouterr().err
    said = " ".join(file.read_text("utf-8").split())
    assert 'means { nb "Folk får vite at en maskin svarer." en "People are told that a machine answers." }' in said


@pytest.mark.parametrize("ending", ["csv", "xliff"])
def test_texts_in_two_languages_come_back_each_in_its_own(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notice is translated from English, what is written once from Norwegian."""
    file, out = tmp_path / "NO.ord", tmp_path / f"de.{ending}"
    file.write_text(NORWEGIAN.replace("@ENGLISH@", '\n  en "A machine answers here ({law})."'), "utf-8")
    assert main(["translate", str(file), "--from", "nb", "--to", "de", "--export", str(out)]) == 0
    loaded = load([file], on=DAY)
    assert loaded.policy is not None
    own = [each for each in wanted(loaded.policy, ("de",), "nb") if each.unit.name == "NO"]
    assert {each.tag for each in own} == {"en", "nb"}
    # The order of both languages decides nothing.
    for texts_out in (own, own[::-1]):
        out.write_text(write(out.name, [replace(e, target=f"auf Deutsch: {e.source}") for e in texts_out]), "utf-8")
        assert languages(out.name, out.read_text("utf-8")) == {each.id: each.tag for each in own}
    assert main(["translate", str(file), "--import", str(out)]) == 0, capsys.readouterr().err
    said = " ".join(file.read_text("utf-8").split())
    assert 'title { nb "Norge" de "auf Deutsch: Norge" }' in said
    assert 'de "auf Deutsch: A machine answers here ({law})."' in said


@pytest.mark.parametrize("wrong", ["German", "en-us", 'e" x', "en_US"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "id,language,to,translation\nNO/title,@,de,Norwegen\n"),
        ("x.csv", "id,language,to,translation\nNO/title,nb,@,Norwegen\n"),
        ("x.xliff", XLIFF.replace("nb-de", "@-de")),
        ("x.xliff", XLIFF.replace('"de"', '"@"').replace("nb-de", "nb-@")),
    ],
    ids=["csv, from", "csv, to", "xliff, from", "xliff, to"],
)
def test_what_is_no_language_is_written_into_no_pack(
    name: str, text: str, wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "NO.ord", tmp_path / name
    file.write_text(NORWEGIAN.replace("@ENGLISH@", ""), "utf-8")
    before = file.read_bytes()
    wrong = wrong.replace('"', '""' if name == "x.csv" else "&quot;")
    out.write_text(text.replace("@", f'"{wrong}"' if name == "x.csv" else wrong), "utf-8")
    assert main(["translate", str(file), "--import", str(out)]) == 2
    assert "is not a language tag in its usual form" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_tool_that_renames_the_language_of_a_whole_file_renames_no_text() -> None:
    assert languages("x.xliff", XLIFF.replace('srcLang="nb"', 'srcLang="nb-NO"')) == {"NO/title": "nb"}
    with pytest.raises(UsageError, match=r"the file 'f1' in x\.xliff does not say from which language"):
        languages("x.xliff", XLIFF.replace("nb-de", "f1"))
