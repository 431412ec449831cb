"""What every request shares: the policy in force, the keys, what stands behind. Made once per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from ordinance.errors import SituationError
from ordinance.isolation import Budget
from ordinance.load import load
from ordinance.policy.plan import Plan
from ordinance.resources import folder
from ordinance.runtime.memory import Memories
from ordinance.runtime.session import Session
from ordinance.runtime.situation import chosen_locale, situate
from ordinance.serve.adapting import Adapting
from ordinance.serve.audit import AuditLog
from ordinance.serve.behind import Behind
from ordinance.serve.exchange import Exchange
from ordinance.serve.keys import Client, Keyring
from ordinance.serve.standing import Standing
from ordinance.settings.model import Settings

#: In which a request claims how many seconds ago its conversation last carried a reminder (docs/decisions/006).
ELAPSED_HEADER = "x-ordinance-elapsed"
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Service:
    """Frozen, but for the policy in force, what stands behind, the log and what is remembered of prompts. ``on``
    replaces today's date."""

    standing: Standing
    settings: Settings
    on: date | None
    keyring: Keyring
    behind: Behind
    audit: AuditLog
    adapting: Adapting
    memories: Memories = field(default_factory=Memories)

    @property
    def plan(self) -> Plan:
        """The plan in force now."""
        return self.standing.plan

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
        plan = self.plan
        locale = chosen_locale(plan, wanted, self.settings.locale)
        return Session(
            plan,
            situate(
                plan, jurisdiction=client.jurisdiction, attested=client.attested, turn=turn, elapsed=elapsed, on=self.on
            ),
            locale or "en",
            whole=whole,
            policy_name=self.settings.policy or "",
            speaks=locale is not None,
            asked=asked,
            memory=None if salt is None else self.memories.of(client.sha256),
            salt=salt or b"",
        )


def plan_of(settings: Settings, on: date | None = None) -> Plan:
    """The policy that the settings name. Raises ``OrdinanceError`` where its packs do not make one."""
    budget = Budget(settings.limits.detector_seconds, settings.limits.detector_processes)
    return load(settings.packs, on=on, budget=budget).plan


def make_service(
    plan: Plan,
    settings: Settings,
    behind: Behind,
    on: date | None = None,
    renew: Callable[[], Plan] | None = None,
) -> Service:
    """Tie a plan to an operator's settings and to what stands ``behind``; ``renew`` gives the plan that is to
    replace it when that is asked for.

    Raises ``OrdinanceError`` where a key attests what the plan lacks, or the log cannot be written.
    """
    keyring, audit = _keyring(settings), AuditLog(settings.audit)
    adapting = Adapting(settings, behind)

    def under(standing: Standing) -> Service:
        service = Service(standing, settings, on, keyring, behind, audit, adapting)
        _try_out(service)
        return service

    make = None if renew is None else lambda: under(Standing(renew())).plan
    return under(Standing(plan, make))


def _try_out(service: Service) -> None:
    """Open a session for every client, which also builds what the first request would wait for."""
    for client in (service.keyring.anyone, *service.keyring.clients.values()):
        try:
            service.open(client, ()).stream()
        except SituationError as error:
            who = f"the key {client.name!r}" if client.name else "the operator's default"
            raise SituationError(
                f"{who}: {error.message}", help=error.help + _shipped(service.plan, client.jurisdiction)
            ) from None


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


def _keyring(settings: Settings) -> Keyring:
    clients = {
        key.sha256: Client(
            name=key.name,
            sha256=key.sha256,
            jurisdiction=key.jurisdiction or settings.jurisdiction,
            attested=key.attested,
            system_messages_are_ours=key.system_messages_are_ours,
        )
        for key in settings.keys
    }
    return Keyring(clients, Client(jurisdiction=settings.jurisdiction))


def ready_state(service: Service) -> dict[str, Any]:
    """What ``/ready`` says of the policy."""
    state: dict[str, Any] = {"policy": policy_header(service.open(service.keyring.anyone, ()))}
    if service.standing.stale:
        state["stale"] = service.standing.stale
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
