"""A terminal in which a tutorial is followed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.commands import environment


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
