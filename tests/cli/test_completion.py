"""``ordinance completion``: what each shell completes, tried in the shell itself."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ordinance.cli.completion import FILES
from ordinance.cli.main import main
from support.checkout import ROOT
from support.waiting import until

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
    ("ordinance serve --jurisdiction US-N", {"US-NY"}),
    ("ordinance check --with example_s", {"example_school"}),
    ("ordinance translate --to zh", {"zh"}),
    ("ordinance lesson reach-u", {"reach-unknown"}),
    ("ordinance replay --format ht", {"html"}),
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


#: A key that writes the line as it is then into a file; and one that says that the shell reads keys.
ZSH = """\
fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -d {folder}/dump
shown() {{ print -rn -- $BUFFER >{folder}/line.new; mv {folder}/line.new {folder}/line }}
zle -N shown; bindkey '^T' shown
"""


def typed_in_zsh(line: str, folder: Path) -> str:
    """The line that zsh shows after a press of Tab."""
    (folder / "packs").mkdir(exist_ok=True)
    shutil.copy(FILES["zsh"], folder / "_ordinance")
    (folder / ".zshrc").write_text(ZSH.format(folder=folder), "utf-8")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-i"], {**os.environ, "ZDOTDIR": str(folder), "TERM": "xterm"})
    try:
        threading.Thread(target=_read_all, args=(terminal,), daemon=True).start()
        os.write(terminal, b"\x14")
        until((folder / "line").exists, seconds=60)
        (folder / "line").unlink()
        os.write(terminal, f"{line}\t\x14".encode())
        until((folder / "line").exists, seconds=60)
        return (folder / "line").read_text("utf-8")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read_all(terminal: int) -> None:
    with contextlib.suppress(OSError):  # the shell has ended
        while os.read(terminal, 4096):
            pass


@pytest.mark.parametrize(("line", "expected"), TYPED)
def test_zsh_completes(line: str, expected: set[str], tmp_path: Path) -> None:
    needs("zsh")
    assert typed_in_zsh(line, tmp_path).rstrip().rpartition(" ")[2] in expected


@pytest.mark.parametrize("shell", sorted(FILES))
def test_it_is_printed_for(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == FILES[shell].read_text("utf-8")


def test_it_is_what_the_commands_say_today() -> None:
    code = "from completions import completions as c; print(*(f.read_text('utf-8') == text for f, text in c().items()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "deploy", capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3, "run `make docs`"
