"""The tutorial of docs/plugins.md, followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.checkout import ROOT
from support.commands import environment

PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
TUTORIAL = PAGE.partition("## From an empty folder to a wheel")[2].partition("\n## The contract")[0]
#: Each block of the tutorial that is a file, or commands; ``text`` is what needs a network.
BLOCKS = re.findall(r"^```(python|toml|ord|sh)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)


class Terminal:
    """Runs commands one after the other, in the folder into which the last ones have changed."""

    def __init__(self, home: Path) -> None:
        self._folder = home
        self._path = f"{Path(sys.executable).parent}:/usr/bin:/bin"

    def type(self, commands: str) -> str:
        script = f"set -e\n{commands}\npwd >&3\n"
        reading = self._folder / ".where"
        done = subprocess.run(
            ["bash", "-c", f"exec 3>'{reading}'\n{script}"],
            cwd=self._folder, env=environment(PATH=self._path), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        self._folder = Path(reading.read_text("utf-8").strip())
        return done.stdout


def follow(home: Path) -> list[str]:
    """Follow it in the empty folder ``home``, and return what its commands said."""
    terminal, said = Terminal(home), []
    for kind, text in BLOCKS:
        if kind == "sh":
            said.append(terminal.type(text))
        else:
            first, _, rest = text.partition("\n")
            path = home / first.removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest, "utf-8")
    return said
