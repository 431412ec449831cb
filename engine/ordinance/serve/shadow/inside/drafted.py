"""Both policies as this process reads them: what it reads is not applied to anything, so nobody has to have signed
it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ordinance.plugins.allowed import Plugin, allow
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from ordinance.serve.door.policies import Policies, policies_from
from ordinance.settings.judges import JudgeSettings
from ordinance.settings.model import Settings
from ordinance.trust.drafts import load_draft


@dataclass(frozen=True, slots=True)
class _Draft:
    paths: tuple[Path, ...]
    plugins: Sequence[Plugin]
    judges: Sequence[JudgeSettings] = ()

    def load(self, *, on: date | None, budget: Budget, without_houses: Collection[str], judge: Any) -> Plan:
        return load_draft(
            self.paths, plugins=self.plugins, on=on, budget=budget, without_houses=without_houses, judge=judge
        ).plan


def both_of(settings: Settings, on: date | None) -> tuple[Policies, Policies]:
    """Return the policies in force and those that are to be next, which are read first; both without judges: a judge is
    asked once for each answer, by who serves. Plugins run in processes of this process's own. Raises
    ``OrdinanceError``."""
    limits = settings.limits.model_copy(update={"detector_processes": 1})
    settings = settings.model_copy(update={"limits": limits, "expect": None})
    plugins = allow(settings.plugins)
    new, old = (
        policies_from(_Draft(tuple(paths), plugins), settings, on) for paths in (settings.shadow, settings.packs)
    )
    return old, new
