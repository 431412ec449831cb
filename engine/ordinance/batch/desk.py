"""The operator's settings as a batch needs them: which policy, which situation, where records go."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import choose_locale, situate
from ordinance.serve.audit import AuditLog
from ordinance.serve.service import plan_of
from ordinance.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """Opens a session for each prompt. ``system_is_ours``: the operator writes the system messages, so they are not
    looked at (semantics, rule 4). ``on`` replaces today's date."""

    plan: Plan
    settings: Settings
    attested: Mapping[str, str]
    system_is_ours: bool = False
    on: date | None = None
    audit: AuditLog | None = None

    def open(self, turn: int) -> Session:
        """A session for one prompt; ``turn`` counts answers from 1. Raises ``SituationError`` where what is attested
        is not declared."""
        settings = self.settings
        situation = situate(
            self.plan, jurisdiction=settings.jurisdiction, attested=self.attested, turn=turn, on=self.on
        )
        locale = choose_locale(self.plan, (), settings.locale)
        return Session(self.plan, situation, locale, whole=True, policy_name=settings.policy or "")

    def record(self, request: str, session: Session) -> None:
        """A line in the audit log, where the settings name one: no text, no counts of it."""
        if self.audit is not None:
            self.audit.write({"request": request, "key": "", "status": 200, **session.record()})


def make_desk(
    settings: Settings, attested: Mapping[str, str], *, system_is_ours: bool = False, on: date | None = None
) -> Desk:
    """Load the policy that ``settings`` name. Raises ``OrdinanceError`` where it does not load, or does not know what
    is attested."""
    plan = plan_of(settings, on)
    audit = None if settings.audit is None else AuditLog(settings.audit)
    desk = Desk(plan, settings, dict(attested), system_is_ours, on, audit)
    desk.open(1).stream()  # what is wrong is told before the first prompt
    if settings.jurisdiction is None and plan.parents:
        told = f"no jurisdiction: only the charter applies; name one with jurisdiction={min(plan.parents)!r}"
        warnings.warn(f"ordinance: {told}", stacklevel=3)
    return desk
