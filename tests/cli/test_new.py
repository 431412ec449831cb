"""``ordinance new``: packs to begin with are right as they stand, and nothing is overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ordinance.authoring.countries import countries_called, is_assigned
from ordinance.authoring.results import examine
from ordinance.authoring.skeleton import DUTIES, SkeletonError, skeleton
from ordinance.cli.main import main
from ordinance.errors import UsageError
from ordinance.language.format import format_source
from ordinance.language.source import Source
from ordinance.loading.load import load
from ordinance.loading.packs import shipped_pack, shipped_rules
from support.commands import run, run_here
from support.packs import all_that_ships

DAY = date(2026, 12, 24)


@pytest.mark.parametrize("code", ["JP", "US-CA", "AQ", "EU", "DE-BY"])
def test_a_jurisdiction(code: str, tmp_path: Path) -> None:
    """No finding at all, every example holds, every branch is shown, and it is laid out in the one style."""
    paths = skeleton("jurisdiction", code, DAY).write(tmp_path)
    assert paths == (tmp_path / code / f"{code}.ord", tmp_path / code / "lexicons" / "example_words.txt")
    loaded = load([tmp_path], on=DAY)
    assert loaded.diagnostics == ()
    examined = examine(loaded)
    assert examined.results
    assert not examined.failed
    assert [each.missing for each in examined.coverage] == [()]
    assert examined.coverage[0].untold == ()
    text = paths[0].read_text("utf-8")
    assert text == format_source(Source(paths[0], "x", text), "pack")
    assert text.startswith("# The law of ")
    assert f"{code} 2026.12.0 under charter baseline 1" in text


@pytest.mark.slow
def test_the_zone_of_a_country_that_has_one() -> None:
    for code, zone in (("JP", "Asia/Tokyo"), ("EE", "Europe/Tallinn"), ("US-CA", "UTC"), ("EU", "UTC")):
        assert f'zone  "{zone}"' in skeleton("jurisdiction", code, DAY).files[f"{code}.ord"]


@pytest.mark.parametrize("tag", ["ja", "fr-CA", "ar"])
def test_a_language(tag: str, tmp_path: Path) -> None:
    """It tells every rule that ships, alone and with all jurisdictions that ship."""
    (path,) = skeleton("language", tag, DAY).write(tmp_path)
    for others in ((), (shipped_rules() / "jurisdictions",)):
        loaded = load([path, *others], on=DAY)
        assert not [item for item in loaded.diagnostics if item.severity == "error"]
        examined = examine(loaded)
        assert len(examined.told) >= 7
        assert not examined.failed


@pytest.mark.server
def test_as_processes(tmp_path: Path) -> None:
    """Made, checked, tested and formatted green; made again, nothing is touched."""
    for start, kind, name in ((run, "jurisdiction", "JP"), (run_here, "language", "ja"), (run_here, "house", "school")):
        made = start("new", kind, name, "--into", tmp_path / "packs", cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert made.stdout.splitlines()[0] == f"packs/{name}/{name}.ord"
        assert "ordinance check packs/" in made.stderr
        home = tmp_path / "packs" / name
        for words in (("check", home), ("test", home), ("fmt", "--check", home)):
            result = start(*words)
            assert result.returncode == 0, result.stdout
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        again = start("new", kind, name, "--into", tmp_path / "packs", cwd=tmp_path)
        assert again.returncode == 2
        assert f"packs/{name}/{name}.ord already exists" in again.stderr
        assert before == {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_lexicon_that_is_there_stays(tmp_path: Path) -> None:
    lexicon = tmp_path / "JP" / "lexicons" / "example_words.txt"
    lexicon.parent.mkdir(parents=True)
    lexicon.write_text("mine\n", "utf-8")
    assert run_here("new", "jurisdiction", "JP", "--into", tmp_path).returncode == 2
    assert lexicon.read_text("utf-8") == "mine\n"
    assert not (tmp_path / "JP" / "JP.ord").exists()


def test_a_skeleton_that_is_not_green_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is checked and tested before it is given: an engine that cannot carry it says so."""
    monkeypatch.setattr("ordinance.authoring.skeleton._zone", lambda _: "Mars/Olympus")
    with pytest.raises(SkeletonError, match="no time zone is called"):
        skeleton("jurisdiction", "JP", DAY).write(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jurisdiction", "jp"), "Did you mean 'JP'?"),
        (("jurisdiction", "../x"), "is not a jurisdiction's code"),
        (("language", "JA"), "Write 'ja'."),
        (("language", "??"), "is not a language tag"),
        (("house", "a b"), "cannot name a house"),
        (("house", "../x"), "cannot name a house"),
        (("planet", "mars"), "invalid choice"),
        (("jurisdiction",), "required: NAME"),
        (("jurisdiction", "JP", "--in", "x", "y"), "unexpected argument"),
        (("jurisdiction", "JP", "--into", "file"), "cannot be written"),
    ],
)
def test_usage(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    result = run_here("new", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize("languages", [(), ("sv", "en")])
def test_each_duty_checks_green(duty: str, languages: tuple[str, ...], tmp_path: Path) -> None:
    """In the languages that ship, or in others, for which a language's pack to begin with is beside it."""
    paths = skeleton("jurisdiction", "KR", DAY, duty, languages).write(tmp_path)
    assert (tmp_path / "KR" / "languages" / "sv" / "sv.ord" in paths) is bool(languages)
    beside = [shipped_pack("en")] if languages else []
    loaded = load([tmp_path, *beside], on=DAY)
    assert loaded.diagnostics == ()
    assert not examine(loaded).failed
    assert set(loaded.plan.languages) == (set(languages) or set(all_that_ships().plan.languages))
    text = paths[0].read_text("utf-8")
    assert text == format_source(Source(paths[0], "x", text), "pack")


@pytest.mark.parametrize(
    ("code", "near"),
    [("UK", "GB"), ("KOR", "KR"), ("UK-ENG", "GB-ENG"), ("jp", "JP"), ("EL", "GR"), ("el", "GR"), ("EL-A", "GR-A")],
)
def test_a_code_that_is_not_of_iso_3166_gets_the_one_that_is(code: str, near: str, tmp_path: Path) -> None:
    made = run_here("new", "jurisdiction", code, "--into", tmp_path)
    assert made.returncode == 2
    assert f"Did you mean '{near}'?" in made.stderr


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("GER", "Did you mean 'DE' (Germany)?"),
        ("Korea", "Did you mean 'KP' (Korea (North)) or 'KR' (Korea (South))?"),
        ("vietnam", "Did you mean 'VN' (Vietnam)?"),
        ("Un", "Write it as JP, EU or US-CA, or XX for a trial."),
        ("Nowhere", "Write it as JP, EU or US-CA, or XX for a trial."),
        ("AB", "Write it as JP, EU or US-CA, or XX for a trial."),
    ],
)
def test_a_countrys_english_name_gets_its_code(written: str, advice: str) -> None:
    with pytest.raises(UsageError) as refused:
        skeleton("jurisdiction", written, DAY)
    assert refused.value.help == advice


@pytest.mark.parametrize("code", ["EU", "XK", "XX", "ZZ", "GR", "US-CA"])
def test_a_country_or_a_code_for_trials_is_assigned(code: str) -> None:
    assert is_assigned(code)


def test_where_no_table_is_no_code_is_refused_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ordinance.authoring.countries.files", _no_package)
    monkeypatch.setattr("ordinance.authoring.countries.TZPATH", ())
    assert is_assigned("AB")
    assert countries_called("Ger") == {}


def test_parts_of_a_country_are_said_not_to_be_checked(tmp_path: Path) -> None:
    made = run_here("new", "jurisdiction", "US-XX", "--duty", "disclosure", "--languages", "en", "--into", tmp_path)
    assert made.returncode == 0
    assert "whether XX is a part of US is not checked" in made.stderr
    whole = run_here("new", "jurisdiction", "NO", "--duty", "disclosure", "--languages", "en", "--into", tmp_path)
    assert "not checked" not in whole.stderr


def test_a_pack_in_a_new_language_is_checked_compared_and_applied_beside_english(tmp_path: Path) -> None:
    """By the names of what ships, in each command; and its author reads that its texts are still English."""
    made = run_here("new", "jurisdiction", "KE", "--duty", "disclosure", "--languages", "sw,en", "--into", tmp_path)
    home = tmp_path / "KE"
    listing = ("translate", str(home), "--with", "en", "--to", "sw")
    assert f"the texts in sw are still English; this lists them: ordinance {' '.join(listing)}" in made.stderr
    assert "sw/notice ai_disclosure: sw" in run_here(*listing).stdout
    assert run_here("diff", home, home, "--with", "en").stdout == "no difference\n"
    line = b'{"answer": "Hello.", "turn": 1, "locale": "en"}'
    told = run_here("apply", "--pack", home, "--with", "en", "--jurisdiction", "KE", given=line)
    assert "You are interacting with an AI system" in told.stdout
    text = (home / "languages" / "sw" / "sw.ord").read_text("utf-8")
    with (home / "languages" / "sw" / "sw.ord").open("w", encoding="utf-8") as file:
        file.write(text.replace("You are interacting with an AI system", "Unazungumza na mfumo wa AI"))
    told = run_here("apply", "--pack", home, "--with", "en", "--jurisdiction", "KE", "--locale", "sw", given=line)
    assert "You are interacting with an AI system" in told.stdout, "English is loaded beside Swahili"
    told = run_here("apply", "--pack", home, "--jurisdiction", "KE", "--locale", "sw", given=line)
    assert "Unazungumza na mfumo wa AI" in told.stdout


def _no_package(name: str) -> object:
    raise ModuleNotFoundError(name)


def test_a_pack_that_ships_is_given_by_its_name(tmp_path: Path) -> None:
    skeleton("jurisdiction", "KR", DAY, "disclosure", ("sv", "en")).write(tmp_path)
    checked = run_here("check", tmp_path / "KR", "--with", "en")
    assert checked.returncode == 0, checked.stdout
    assert "sv 2026.12.0" in checked.stdout
    wrong = run_here("check", tmp_path / "KR", "--with", "enn")
    assert wrong.returncode == 2
    assert "Did you mean 'en'?" in wrong.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("apply",),
        ("doctor", "http://127.0.0.1:9"),
        ("explain", "Hello."),
        ("check",),
        ("test",),
        ("print",),
        ("translate",),
    ],
    ids=lambda words: str(words[0]),
)
def test_a_pack_that_ships_never_takes_the_place_of_the_default(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--with", "en"]) == 2
    assert "--with adds to the packs that are named, and none is" in capsys.readouterr().err
