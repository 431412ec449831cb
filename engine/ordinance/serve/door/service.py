"""What every request shares: the policy in force, the keys, what stands behind. Made once per process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from ordinance.detectors.isolation import Budget
from ordinance.errors import SituationError
from ordinance.loading.load import load
from ordinance.policy.plan import Plan
from ordinance.resources import folder
from ordinance.runtime.memory import Memories, Memory
from ordinance.runtime.session import Session
from ordinance.runtime.situation import chosen_locale, situate
from ordinance.serve.behind.contract import Behind
from ordinance.serve.behind.loras import Loras
from ordinance.serve.door.adapters import Adapting
from ordinance.serve.door.current_policy import Renewal, Standing
from ordinance.serve.door.model_names import Names
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.glance import Glance
from ordinance.serve.http.keys import Client, Keyring
from ordinance.serve.record.audit import AuditLog
from ordinance.settings.model import Settings

#: In which a request claims how many seconds ago its conversation last carried a reminder (docs/decisions/006).
ELAPSED_HEADER = "x-ordinance-elapsed"
_MOST_DIGITS = 10
#: How long it is remembered that the package is the same, in seconds: looking costs about 10 ms of a core.
_LOOKED_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """Frozen, but for what is in force, what stands behind, the log and what is remembered of prompts.
    ``on`` replaces today's date; ``restart_due`` says whether the package was replaced since the start."""

    standing: Standing
    settings: Settings
    on: date | None
    behind: Behind
    audit: AuditLog
    adapting: Adapting
    names: Names
    restart_due: Glance[bool]
    memories: Memories = field(default_factory=Memories)

    @property
    def plan(self) -> Plan:
        """The plan in force now."""
        return self.standing.plan

    @property
    def keyring(self) -> Keyring:
        """The keys in force now."""
        return self.standing.keyring

    async def admit(self, exchange: Exchange) -> Client:
        """Who asks. Raises ``Problem`` (401) where the keys, or the server behind, turn them away: before anything that
        an answer could tell was looked at."""
        client = self.keyring.admit(exchange.authorization)
        await self.behind.admit(exchange)
        return client

    def open(
        self,
        client: Client,
        wanted: Sequence[str],
        *,
        turn: int = 1,
        elapsed: int | None = None,
        whole: bool = False,
        asked: Mapping[str, str] | None = None,
        salt: bytes | None = None,
    ) -> Session:
        """A session for one request of ``client``, told in the best of the ``wanted`` languages. ``turn`` and
        ``elapsed`` are what the request claims, ``asked`` how it asks to be spoken to. What it says is known again only
        where the same client says it with the same ``salt``; None: nowhere."""
        return _session(
            self.plan,
            client,
            self.settings,
            self.on,
            wanted,
            turn=turn,
            elapsed=elapsed,
            whole=whole,
            asked=asked,
            memory=None if salt is None else self.memories.of(client.sha256),
            salt=salt or b"",
        )


def _session(
    plan: Plan,
    client: Client,
    settings: Settings,
    on: date | None,
    wanted: Sequence[str],
    *,
    turn: int = 1,
    elapsed: int | None = None,
    whole: bool = False,
    asked: Mapping[str, str] | None = None,
    memory: Memory | None = None,
    salt: bytes = b"",
) -> Session:
    locale = chosen_locale(plan, wanted, settings.locale)
    return Session(
        plan,
        situate(plan, jurisdiction=client.jurisdiction, attested=client.attested, turn=turn, elapsed=elapsed, on=on),
        locale or "en",
        whole=whole,
        policy_name=settings.policy or "",
        speaks=locale is not None,
        asked=asked,
        memory=memory,
        salt=salt,
    )


def plan_of(settings: Settings, on: date | None = None) -> Plan:
    """The policy that the settings name. Raises ``OrdinanceError`` where its packs do not make one."""
    limits = settings.limits
    budget = Budget(limits.detector_seconds, limits.detector_processes, limits.plugin_seconds)
    return load(settings.packs, on=on, budget=budget).plan


def make_service(
    plan: Plan,
    settings: Settings,
    behind: Behind,
    on: date | None = None,
    renewal: Renewal | None = None,
) -> Service:
    """Tie a plan to an operator's settings and to what stands ``behind``; ``renewal`` gives what is to replace plan and
    keys when that is asked for.

    Raises ``OrdinanceError`` where a key attests what the plan lacks, or the log cannot be written.
    """

    def try_out(plan: Plan, client: Client) -> None:
        _try_out(plan, client, settings, on)

    standing = Standing(plan, settings, try_out, renewal)
    engine = None if renewal is None else renewal.engine

    async def restart_due() -> bool:
        return engine is not None and await asyncio.to_thread(lambda: engine.replaced)

    listed = Loras()
    return Service(
        standing,
        settings,
        on,
        behind,
        AuditLog(settings.audit),
        Adapting(settings, behind, listed),
        Names(listed),
        Glance(restart_due, _LOOKED_EVERY),
    )


def _try_out(plan: Plan, client: Client, settings: Settings, on: date | None) -> None:
    """Open a session, which also builds what the first request would wait for. Raises ``SituationError``."""
    try:
        _session(plan, client, settings, on, ()).stream()
    except SituationError as error:
        who = f"the key {client.name!r}" if client.name else "the operator's default"
        raise SituationError(f"{who}: {error.message}", help=error.help + _shipped(plan, client.jurisdiction)) from None


def _shipped(plan: Plan, jurisdiction: str | None) -> str:
    """Where the pack of a jurisdiction that is not loaded lies, if it ships: who names a house has to name it too."""
    if jurisdiction is None or jurisdiction in plan.parents or not jurisdiction.replace("-", "").isalnum():
        return ""
    pack = folder("rules") / "jurisdictions" / jurisdiction
    return f" It ships: name {pack} in `packs` too." if pack.is_dir() else ""


def charter_alone(service: Service) -> bool:
    """Whether somebody may ask under no law, though the packs state some."""
    clients = list(service.keyring.clients.values()) or [service.keyring.anyone]
    return bool(service.plan.parents) and any(client.jurisdiction is None for client in clients)


async def ready_state(service: Service, *, reachable: bool = True, draining: bool = False) -> dict[str, Any]:
    """What ``/ready`` says, first whether requests should come here: not where none would be answered, nor where the
    server is about to leave. A policy that is stale and a log that is not required are told, and stop nothing."""
    audit = service.audit.state()
    recorded = audit["state"] == "ok" or not service.audit.required
    state: dict[str, Any] = {
        "ready": reachable and recorded and not draining,
        "policy": policy_header(service.open(service.keyring.anyone, ())),
        "stale": service.standing.stale or None,
        "draining": draining,
        "restart_due": await service.restart_due(),
        "audit": audit,
    }
    if service.plan.struck:
        state["struck"] = [{"rule": each.rule, "test": each.test} for each in service.plan.struck]
    return state


def marks_header(session: Session) -> str:
    """The value of ``x-ordinance-marks``: what the answer is marked as, in ASCII, separated by commas."""
    return ", ".join(dict.fromkeys(quote(rule.type) for rule in session.marks))


def seconds(claimed: str | None) -> int | None:
    """A claimed time in whole seconds; None where nothing is claimed, or nothing that can be read."""
    claimed = (claimed or "").strip()
    return int(claimed) if claimed.isascii() and claimed.isdecimal() and len(claimed) <= _MOST_DIGITS else None


def policy_header(session: Session) -> str:
    """The value of ``x-ordinance-policy``: ``name@version+digest16``, in ASCII."""
    name, version = session.policy
    return f"{quote(name)}@{version}+{session.plan.digest[:16]}"
