"""The commands ``check`` and ``test`` as others call them: arguments, exit codes, JSON, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ordinance import __version__
from ordinance.cli import check as check_command
from ordinance.cli.arguments import region_of
from ordinance.cli.main import COMMANDS, main
from ordinance.errors import PluginError, UsageError
from support.checkout import ROOT, RULES
from support.packs import JURISDICTION, write_jurisdiction


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process, from the root of the checkout or another folder."""

    def command(*arguments: str | Path, cwd: Path = ROOT) -> Ran:
        monkeypatch.chdir(cwd)
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:  # argparse leaves so after --help and --version
            code = int(left.code or 0)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return command


def process(*words: str | Path, code: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command, or other code, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    start = ["-c", code] if code else ["-m", "ordinance.cli.main"]
    command = [sys.executable, *start, *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.server
def test_as_processes(tmp_path: Path) -> None:
    """What a shell sees: exit codes, and never a traceback."""
    (tmp_path / "binary.ord").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "empty.ord").write_bytes(b"")
    cases: list[tuple[tuple[str | Path, ...], int]] = [
        (("check", "rules/jurisdictions/DE"), 0),
        (("test", "rules/jurisdictions/DE"), 0),
        (("check", tmp_path / "empty.ord"), 1),
        (("check", tmp_path / "binary.ord"), 2),
        (("check", tmp_path / "none.ord"), 2),
        (("chek",), 2),
    ]
    for words, expected in cases:
        result = process(*words)
        assert result.returncode == expected, words
        assert "Traceback" not in result.stdout + result.stderr


def test_check_of_what_ships(run: Run) -> None:
    result = run("check", "rules")
    assert result.returncode == 0
    assert "0 errors" in result.stdout
    assert "DE/symbols: holds what may become a match" in result.stdout
    assert result.stderr == ""


def test_check_of_a_wrong_pack(run: Run, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path, JURISDICTION.replace("any of lexicon words", "any of lexicon wrods"))
    result = run("check", "XA.ord", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith("XA.ord:40:39: error[name-undefined]: no lexicon is called `wrods` here")
    assert "help: Did you mean `words`?" in result.stdout


def test_check_as_json(run: Run, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path, JURISDICTION.replace(", not unknown", ""))
    result = run("check", "XA.ord", "--format", "json", cwd=tmp_path)
    assert result.returncode == 1
    found = json.loads(result.stdout)
    assert set(found) == {"diagnostics", "statutes"}
    assert found["diagnostics"] == [
        {
            "code": "reach-unknown", "severity": "error",
            "message": "the law `act` does not say whether it applies if the place is unknown", "file": "XA.ord",
            "line": 15, "column": 5, "end_line": 15, "end_column": 8, "law": "",
            "help": "End `reaches` with `, not unknown` or `, or unknown`.",
            "lesson": "ordinance lesson reach-unknown",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code", "exit_code"),
    [(None, "file-missing", 2), (b"", "empty-pack", 1), (b"\0\1\2", "nul-character", 2),
     (b"\xff\xfe\xfd", "not-utf8", 2), (b"\xef\xbb\xbf# x\n", "empty-pack", 1),
     (b"#" * (5 * 1024 * 1024), "file-too-large", 2)],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "test"])
def test_bad_input(run: Run, data: bytes | None, code: str, exit_code: int, command: str, tmp_path: Path) -> None:
    pack = tmp_path / "bad.ord"
    if data is not None:
        pack.write_bytes(data)
    text = run(command, pack)
    assert text.returncode == exit_code
    assert f"error[{code}]" in text.stdout
    assert "help: " in text.stdout
    report = run(command, pack, "--format", "json")
    assert report.returncode == exit_code
    assert code in [item["code"] for item in json.loads(report.stdout)["diagnostics"]]


def test_a_folder_without_packs(run: Run, tmp_path: Path) -> None:
    assert run("check", tmp_path).returncode == 2
    assert run("test", tmp_path).returncode == 2


def test_examples_of_what_ships(run: Run) -> None:
    result = run("test", "rules")
    assert result.returncode == 0
    assert "0 failed" in result.stdout


def test_examples_as_json(run: Run) -> None:
    languages = sorted(path.stem for path in RULES.glob("languages/*/*.ord"))
    result = run("test", "rules/jurisdictions/DE", "--format", "json")
    assert result.returncode == 0
    report = json.loads(result.stdout)
    assert (report["examples"], report["failed"], report["off"]) == (5, 0, 0)
    assert report["rules"] == {
        "DE/symbols": {
            "fires": 2, "quiet": 3, "languages": {"told": languages, "missing": []},
            "coverage": {
                "shown": ["except civic_purposes when purpose is education"],
                "missing": [
                    f"except civic_purposes when purpose is {purpose}" for purpose in ("art", "reporting", "research")
                ],
            },
        }
    }  # fmt: skip


def test_a_failing_example(run: Run, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path, JURISDICTION.replace("Nothing to see", "Secret words"))
    result = run("test", "XA.ord", cwd=tmp_path)
    assert result.returncode == 1
    assert "XA.ord:49:5: failed: XA/words: the example says `quiet`, but it fires" in result.stdout
    report = json.loads(run("test", "XA.ord", "--format", "json", cwd=tmp_path).stdout)
    assert (report["examples"], report["failed"]) == (7, 1)


def test_no_example_is_a_failure(run: Run) -> None:
    result = run("test", "rules/jurisdictions/EE")
    assert result.returncode == 1
    assert "no example" in result.stdout


def test_wrong_packs_run_no_example(run: Run, tmp_path: Path) -> None:
    pack = write_jurisdiction(tmp_path, JURISDICTION.replace(", not unknown", ""))
    result = run("test", pack)
    assert result.returncode == 1
    assert "error[reach-unknown]" in result.stdout


@pytest.mark.semantics(23)
def test_the_day_can_be_chosen(run: Run) -> None:
    """Before 2 August 2026 the EU's disclosure is off; that is a warning for `check`, and its firing examples are
    listed and not run."""
    before, after = ("--on", "2026-08-01"), ("--on", "2026-08-02")
    result = run("check", "rules/jurisdictions/EU", *before)
    assert result.returncode == 0
    assert "warning[law-off]" in result.stdout
    early = run("test", "rules/jurisdictions/EU", *before)
    assert early.returncode == 0
    assert "not run: EU/machine: Regulation (EU) 2024/1689 Article 50(1) is not in force on 2026-08-01" in early.stdout
    assert "7 hold, 0 failed, 2 not run" in early.stdout
    assert "not run" not in run("test", "rules/jurisdictions/EU", *after).stdout


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("fmt",), ("check", "rules", "--format", "xml"), ("check", "rules", "--on", "yesterday"),
     ("test", "rules", "--frob"), ("--frob",)],
)  # fmt: skip
def test_usage(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("ordinance: error[usage]: ")
    assert "--help" in result.stderr


def test_help_teaches(run: Run) -> None:
    assert all(name in run("--help").stdout for name, _ in COMMANDS)
    assert run("--version").stdout == f"ordinance {__version__}\n"
    for name in ("check", "test"):
        result = run(name, "--help")
        assert result.returncode == 0
        assert f"  ordinance {name} rules/jurisdictions/DE" in result.stdout
        assert "exit codes:" in result.stdout


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_the_help_of_each_command_has_an_example_and_its_exit_codes(run: Run, name: str) -> None:
    said = run(name, "--help").stdout
    assert said.startswith(f"usage: ordinance {name}")
    assert f"\n  ordinance {name}" in said or f"| ordinance {name}" in said
    assert "\nexit codes: 0" in said


@pytest.mark.server
def test_check_needs_no_server() -> None:
    code = "import sys; from ordinance.cli.main import main; main(['check', 'rules']); print(*sys.modules, sep='\\n')"
    loaded = set(process(code=code).stdout.split("\n"))
    assert "ordinance.policy.check.proof" in loaded
    assert not {"starlette", "aiohttp", "uvicorn", "pydantic"} & loaded


@pytest.mark.server
def test_a_closed_pipe_is_no_error() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    command = f"{sys.executable} -m ordinance.cli.main check rules | true"
    result = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert result.stderr == b""


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell from the root of the checkout, in which $ORDINANCE is the command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), **variables}
    environment["ORDINANCE"] = f"{sys.executable} -m ordinance.cli.main"
    return subprocess.run(["sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, check=False)


@pytest.mark.server
def test_streams_that_are_closed(tmp_path: Path) -> None:
    """The exit code says it, where nobody reads the words."""
    (tmp_path / "bad.ord").write_text("nonsense", "utf-8")
    for streams in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
        assert shell(f"$ORDINANCE check rules/jurisdictions/DE {streams}").returncode == 0
        assert shell(f"$ORDINANCE check {tmp_path} {streams}").returncode == 1
        assert shell(f"$ORDINANCE check nowhere {streams}").returncode == 2
        assert shell(f"$ORDINANCE fmt {streams}").returncode == 2
    assert shell("$ORDINANCE apply --jurisdiction DE <&-").returncode == 0


@pytest.mark.server
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("words", ["check rules", "check rules --format json", "test rules/jurisdictions/DE", "apply"])
def test_an_output_without_room(words: str) -> None:
    result = shell(f'echo \'{{"answer": "x"}}\' | $ORDINANCE {words} >/dev/full')
    assert result.returncode == 2
    assert b"ordinance: error[unwritable]: the output cannot be written: " in result.stderr
    assert b"Traceback" not in result.stderr
    assert b"Exception ignored" not in result.stderr


@pytest.mark.server
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_is_printed_is_utf_8(encoding: str, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path, JURISDICTION.replace("jurisdiction XA", "jurisdiction “XA”"))
    os.rename(tmp_path / "XA.ord", os.fsencode(tmp_path) + b"/\xff\xc3\xa9.ord")
    for form in ("text", "json"):
        result = shell(f"$ORDINANCE check {tmp_path} --format {form}", PYTHONIOENCODING=encoding)
        assert result.returncode == 1
        assert "“" in result.stdout.decode()
        assert result.stderr == b""
    found = json.loads(result.stdout)["diagnostics"]
    assert {item["file"] for item in found} == {f"{tmp_path}/\\xffé.ord"}


def broken_plugin() -> object:
    raise PluginError("the plugin acme is broken.", help="Remove it.")


@pytest.mark.parametrize("command", ["check", "test"])
def test_programs_get_json_whatever_fails(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard output, in the command's own shape, where its finding stands as on standard error."""

    def found(*words: str | Path) -> tuple[int, list[str]]:
        result = run(command, *words)
        report = json.loads(result.stdout)
        assert command == "check" or (report["examples"], report["failed"], report["rules"]) == (0, 0, {})
        return result.returncode, [item["code"] for item in report["diagnostics"]]

    assert found("--format", "json", "--with") == (2, ["usage"])
    assert found("rules", "--format=json", "--on", "yesterday") == (2, ["usage"])
    assert found("rules", "--frob", "--form", "json") == (2, ["usage"])
    assert found("x" * 5000, "--format", "json") == (2, ["file-missing"])
    (tmp_path / "loop.ord").symlink_to("loop.ord")
    assert found(tmp_path, "--format", "json") == (2, ["file-unreadable"])
    monkeypatch.setattr("ordinance.loading.load.refuse_beside", broken_plugin)
    assert found("rules", "--format", "json") == (1, ["plugin"])
    monkeypatch.setattr("ordinance.loading.load.refuse_beside", {}.__getitem__)
    assert found("rules", "--format", "json") == (3, ["defect"])


def test_interruption_and_defects(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    def broken(_: object) -> int:
        raise ValueError("the text of a person")

    monkeypatch.setattr(check_command, "run", interrupted)
    assert main(["check", "rules"]) == 130
    monkeypatch.setattr(check_command, "run", broken)
    assert main(["check", "rules"]) == 3
    shown = capsys.readouterr().err
    assert shown.startswith("ordinance: error[defect]: ValueError in cli/main.py:")
    assert "the text of a person" not in shown


@pytest.mark.parametrize("command", ["apply", "serve"])
def test_an_empty_locale_is_an_error(command: str, run: Run) -> None:
    result = run(command, "--locale", "")
    assert result.returncode == 2
    assert "'' is not a locale" in result.stderr


def test_a_region_stands_for_a_jurisdiction() -> None:
    assert region_of("de-DE") == "DE"
    assert region_of("zh-Hant-TW") == "TW"
    assert region_of("et") is None
    assert region_of("de-DD") == "DD", "exactly: law is never chosen by best fit"
    assert region_of("en-UK") == "UK"
    with pytest.raises(UsageError):
        region_of("not a locale")


@pytest.mark.parametrize(
    ("word", "advice"),
    [("chekc", "Did you mean `check`?"), ("zzz", f"Commands: {', '.join(name for name, _ in COMMANDS)}.")],
)
def test_a_command_that_is_none(run: Run, word: str, advice: str) -> None:
    found = run(word, "rules")
    assert found.returncode == 2
    said, help = found.stderr.splitlines()
    assert said == f"ordinance: error[usage]: there is no command '{word}'."
    assert help == f"  help: {advice} See `ordinance --help`."


def test_one_rule_is_told_in_the_singular(run: Run, tmp_path: Path) -> None:
    write_jurisdiction(tmp_path, re.sub(r"(?ms)^  say.*?^  }\n", "", JURISDICTION))
    assert " of 1 rule: " in run("test", tmp_path).stdout


#: How each command that reads packs is called with a path, which stands for PATH.
READING = {
    "check": ("PATH",),
    "test": ("PATH",),
    "fmt": ("--check", "PATH"),
    "explain": ("--pack", "PATH", "--jurisdiction", "DE", "x"),
    "diff": ("PATH", "PATH"),
    "print": ("PATH",),
}

#: Bytes that no pack is made of, and pieces of packs.
ODD = [
    b"", b"\0", b"\xff\xfe\x00\x00", b"\xef\xbb\xbf", b"{}[]()", b'"' * 999, b"\xe2\x80\xae", b"charter", b"(" * 5000,
    b"language fr 1.0.0 under charter baseline 1\n", b"house x 1.0.0 under charter baseline 1\n", b"#" * 5000,
    b'jurisdiction XA 1.0.0 under charter baseline 1\nsection 1 "x" { withhold 1.1', b"\r\n\t\v\f", b"jurisdiction",
    b"\xf0\x9f\x8f\xb4" * 99,
]  # fmt: skip


def reading(command: str, path: str | Path) -> list[str]:
    return [command, *(str(path) if word == "PATH" else word for word in READING[command])]


@pytest.mark.parametrize("command", sorted(READING))
@pytest.mark.parametrize("data", ODD, ids=lambda data: repr(data[:20]))
def test_no_command_stumbles_over_a_file(run: Run, command: str, data: bytes, tmp_path: Path) -> None:
    """An exit code of 0, 1 or 2, a code and a way out; never a defect, never a traceback."""
    (tmp_path / "odd.ord").write_bytes(data)
    result = run(*reading(command, tmp_path / "odd.ord"))
    assert result.returncode in (0, 1, 2)
    assert "Traceback" not in result.stdout + result.stderr
    assert result.returncode == 0 or re.search(r"\[|no example", result.stdout + result.stderr)


@pytest.mark.parametrize("command", sorted(READING))
def test_paths_that_are_none(run: Run, command: str, tmp_path: Path) -> None:
    """A file that is missing, a folder without packs, a device, a name that is no text."""
    for path in ("nowhere.ord", str(tmp_path), "/dev/null", os.fsdecode(b"\xff\xfe")):
        result = run(*reading(command, path))
        assert result.returncode == 2, path
        assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["fmt", "explain", "diff"])
def test_programs_get_json_from_every_tool(command: str, run: Run) -> None:
    """Also where the command could not begin."""
    result = run(command, "--format", "json", "--frob", "x", "y")
    assert result.returncode == 2
    assert [item["code"] for item in json.loads(result.stdout)["diagnostics"]] == ["usage"]


def test_ordinance_alone_says_what_to_do_first(run: Run) -> None:
    ran = run()
    assert (ran.returncode, ran.stderr) == (0, "")
    steps = [line.split() for line in ran.stdout.splitlines() if line.startswith("  ordinance ")]
    assert {step[1] for step in steps} == {"serve", "doctor", "new", "check", "print"}
    assert ran.stdout.endswith("All commands: ordinance --help\n")
