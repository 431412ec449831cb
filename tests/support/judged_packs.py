"""A charter with a red line that a judge decides, and the settings under which the scripted judge is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ordinance.settings.model import Settings
from support.judges import entry
from support.packs import CHARTER, write_charter
from support.scripted_judge import JudgeServer

#: What the judge finds, and what it lets pass.
FIRES = "judge-canary-weapons-0.93"
QUIET = "judge-canary-weapons-0.31"

_JUDGED = """\
    not     "News and history."
    when    prompt or answer has any of lexicon weapons, judged at least 0.8
"""
_EXAMPLES = "".join(
    f'    example fires prompt "Number {each}: judge-canary-weapons-0.97."\n    example quiet prompt "Day {each}."\n'
    for each in range(6)
)


def charter() -> str:
    """The charter that ships, with red line 1.2 judged."""
    before, head, rest = CHARTER.partition("    when    prompt or answer has lexicon weapons\n")
    assert head
    refuse, _, examples = rest.partition("\n")
    return f"{before}{_JUDGED}{refuse}\n{_EXAMPLES}{examples}"


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
