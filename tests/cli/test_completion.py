"""``ordinance completion``: what each shell completes, tried in the shell itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ordinance.cli.completion import FILES
from ordinance.cli.main import main
from support.checkout import ROOT

pytestmark = pytest.mark.server

#: A line as somebody types it, and what completes it.
TYPED = [
    ("ordinance che", {"check"}),
    ("ordinance check --fo", {"--format"}),
    ("ordinance check --format js", {"json"}),
    ("ordinance plugin ins", {"install"}),
    ("ordinance completion fi", {"fish"}),
    ("ordinance serve --upst", {"--upstream"}),
    ("ordinance test pack", {"packs", "packs/"}),
]

BASH = """\
source "$1"; cd "$3"
COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$2; COMP_POINT=${#2}
$(complete -p ordinance | sed 's/.*-F \\([^ ]*\\) .*/\\1/') ordinance
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; cd $argv[3]; complete -C $argv[2] | string replace -r "\\t.*" ""'


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: make system")


def completed(shell: str, script: str, line: str, folder: Path) -> set[str]:
    (folder / "packs").mkdir(exist_ok=True)
    code = [] if shell == "fish" else [shell]
    command = [shell, "-c", script, *code, str(FILES[shell]), line, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return {each.strip() for each in done.stdout.split("\n")} - {""}


@pytest.mark.parametrize(("line", "expected"), TYPED)
def test_bash_completes(line: str, expected: set[str], tmp_path: Path) -> None:
    found = completed("bash", BASH, line, tmp_path)
    assert found
    assert found <= expected


@pytest.mark.parametrize(("line", "expected"), TYPED)
def test_fish_completes(line: str, expected: set[str], tmp_path: Path) -> None:
    needs("fish")
    found = completed("fish", FISH, line, tmp_path)
    assert found
    assert found <= expected


def test_zsh_reads_it() -> None:
    needs("zsh")
    subprocess.run(["zsh", "-n", FILES["zsh"]], check=True)
    assert FILES["zsh"].read_text("utf-8").startswith("#compdef ordinance\n")


@pytest.mark.parametrize("shell", sorted(FILES))
def test_it_is_printed_for(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == FILES[shell].read_text("utf-8")


def test_it_is_what_the_commands_say_today() -> None:
    code = "from completions import completions as c; print(*(f.read_text('utf-8') == text for f, text in c().items()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "deploy", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3, "run `make docs`"
