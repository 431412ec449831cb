"""The tutorial of docs/plugins.md, followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from support.checkout import ROOT
from support.terminal import Terminal

PAGE = (ROOT / "docs" / "plugins.md").read_text("utf-8")
TUTORIAL = PAGE.partition("## From an empty folder to a wheel")[2].partition("\n## The contract")[0]
#: Each block of the tutorial that is a file, or commands; ``text`` is what needs a network.
BLOCKS = re.findall(r"^```(python|toml|ord|sh)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)


def follow(home: Path, blocks: Sequence[tuple[str, str]] = BLOCKS) -> list[str]:
    """Follow it, or another whose ``blocks`` are given, in the empty folder ``home``; return what its commands said."""
    terminal, said = Terminal(home), []
    for kind, text in blocks:
        if kind == "sh":
            said.append(terminal.type(text))
        else:
            first, _, rest = text.partition("\n")
            path = home / first.removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest, "utf-8")
    return said
