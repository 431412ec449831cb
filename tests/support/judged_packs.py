"""A charter with a red line that a judge decides, and the settings under which the scripted judge is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ordinance.settings.model import Settings
from support.judges import entry
from support.packs import CHARTER, write_charter
from support.scripted_judge import JudgeServer

#: What the judge finds, and what it lets pass.
FIRES = "judge-canary-weapons-0.93"
QUIET = "judge-canary-weapons-0.31"

_NOT = re.compile(r"^    not     .*\n", re.MULTILINE)
_EXAMPLES = "".join(
    f'    example fires prompt "Number {each}: judge-canary-weapons-0.97."\n    example quiet prompt "Day {each}."\n'
    for each in range(6)
)


def charter() -> str:
    """The charter that ships, with red line 1.2 judged and no other."""
    before, head, rest = CHARTER.partition("  red line 1.2 weapons {\n")
    assert head
    own, end, after = rest.partition("  }\n")
    refuse = "    refuse  telling red_line\n"
    assert "judged at least 0.8" in own
    assert refuse in own
    return f"{_plain(before)}{head}{own.replace(refuse, refuse + _EXAMPLES)}{end}{_plain(after)}"


def _plain(text: str) -> str:
    """Return red lines that ask no judge."""
    return re.sub(r" any of (lexicon \w+), judged at least [\d.]+$", r" \1", _NOT.sub("", text), flags=re.MULTILINE)


def values(folder: Path, plugin: Path, server: JudgeServer, **more: Any) -> dict[str, Any]:
    """The settings of an operator who has the judge act without a calibration, as JSON; ``more`` are other settings,
    and ``entry`` what its entry of ``judges`` says besides. The first examples are the judge's canaries."""
    own = {"name": "guard", "url": server.url, "model": server.model, "renderer": "question", "seconds": server.seconds}
    own |= more.pop("entry", {})
    return {
        "packs": [str(write_charter(folder / "charter", charter()))],
        "plugins": [entry(plugin).model_dump(mode="json")],
        "judges": [own],
        "judge": {"uncalibrated": "act"},
        **more,
    }


def settings(folder: Path, plugin: Path, server: JudgeServer, **more: Any) -> Settings:
    """The same, as the engine has them."""
    return Settings.model_validate(values(folder, plugin, server, **more))
