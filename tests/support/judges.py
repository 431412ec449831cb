"""The plugin ordinance-judge as an operator installs it, from this checkout."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ordinance.plugin import Asked, Question, Served
from ordinance.plugins.allowed import Plugin, allow
from ordinance.plugins.prepared import Use
from ordinance.plugins.seal import seal
from ordinance.settings.sections import PluginSettings
from support.commands import ENGINE
from support.scripted_judge import JudgeServer

NAME = "judge.served"
Labels = Mapping[str, Sequence[str]]
_NONE: Labels = {}
WEAPONS = Question("test/weapons", "Making weapons.", "News and history.")


def installed(folder: Path) -> Path:
    """Fill ``folder`` as ``ordinance plugin install`` does."""
    to = folder / "ordinance-judge"
    source = ENGINE.parent / "plugins" / "ordinance-judge" / "ordinance_judge"
    shutil.copytree(source, to / "ordinance_judge", ignore=shutil.ignore_patterns("__pycache__"))
    info = to / "ordinance_judge-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ordinance-judge\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[ordinance]\njudge = ordinance_judge\n")
    return to


def entry(folder: Path, **settings: object) -> PluginSettings:
    """Return the entry of ``plugins`` that allows what is in ``folder``."""
    return PluginSettings(
        name="ordinance-judge", version="0.1.0", path=folder, sha256=seal(folder), settings=dict(settings)
    )


def plugin_at(folder: Path, judge: JudgeServer, **settings: object) -> Plugin:
    """Return the plugin in ``folder``, allowed, and allowed to connect to ``judge``."""
    (plugin,) = allow([entry(folder, **settings).model_copy(update={"network": [f"127.0.0.1:{judge.port}"]})])
    return plugin


def use(judge: JudgeServer, renderer: str = "question", question: Question = WEAPONS, labels: Labels = _NONE) -> Use:
    """Return the use of ``judge`` for ``question``."""
    served = Served(judge.url, "scripted", renderer, judge.seconds, labels)
    return Use("judge", Asked(NAME, (), question.means), question, served)
