"""The session of one request: what a key attests, and what its request claims, under a plan."""

from __future__ import annotations

from datetime import date, datetime

from ordinance.policy.plan import Plan
from ordinance.runtime.marking import Sign
from ordinance.runtime.memory import Memory
from ordinance.runtime.opening import open_session
from ordinance.runtime.remembered import Remembered
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from ordinance.serve.door.http_headers import NO_CLAIMS, Claims
from ordinance.serve.http.keys import Client
from ordinance.settings.model import Settings


def session_of(
    client: Client,
    plan: Plan,
    settings: Settings,
    claims: Claims = NO_CLAIMS,
    *,
    turn: int = 1,
    on: date | None = None,
    whole: bool = False,
    memory: Memory | None = None,
    salt: bytes = b"",
    remembered: Remembered | None = None,
    sign: Sign | None = None,
    now: datetime | None = None,
) -> Session:
    """Open a session for ``client`` under ``plan``, as the operator's ``settings`` say; ``on`` replaces today's date,
    and ``now`` the present time. Raises ``SituationError`` if the plan does not know what the client attests."""
    situation = situate(
        plan,
        jurisdiction=client.jurisdiction,
        attested=client.attested,
        turn=turn,
        elapsed=claims.elapsed,
        on=on,
        now=now,
    )
    return open_session(
        plan,
        situation,
        claims.wanted,
        client.locale or settings.locale,
        whole=whole,
        policy_name=settings.policy or "",
        register=settings.register_url or "",
        asked=claims.asked,
        silent=client.machine,
        memory=memory,
        salt=salt,
        remembered=remembered,
        shows_trials=settings.judge.shown,
        sign=sign,
    )
