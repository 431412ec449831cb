"""What every request shares: the policy in force, the keys, what stands behind. Made once per process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ordinance.errors import SituationError
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Effect
from ordinance.protocol.watermark import watermark_of
from ordinance.resources import folder
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.memory import Memories
from ordinance.runtime.remembered import Remembered
from ordinance.runtime.session import Session
from ordinance.serve.behind.contract import ModelServer, Several
from ordinance.serve.behind.loras import Loras
from ordinance.serve.conversations.recollection import Recollection
from ordinance.serve.conversations.store_choice import recollection
from ordinance.serve.door.adapters import Adapting
from ordinance.serve.door.client_session import session_of
from ordinance.serve.door.current_policy import Renewal, Standing, all_fit, keyring_of
from ordinance.serve.door.http_headers import NO_CLAIMS, Claims, policy_header
from ordinance.serve.door.model_names import Names
from ordinance.serve.door.policies import Policies, judges_of
from ordinance.serve.http.exchange import Exchange
from ordinance.serve.http.glance import Glance
from ordinance.serve.http.keys import Client, Keyring
from ordinance.serve.http.rates import Rates
from ordinance.serve.metrics.meter import Meter
from ordinance.serve.record.audit_log import AuditLog
from ordinance.serve.record.sinks import Sinks
from ordinance.serve.shadow.shadow import Shadow
from ordinance.serve.traces.tracer import Tracer
from ordinance.settings.model import Settings
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.marks.signer import Signer, signer_of

#: How long it is remembered that the package is the same, in seconds: looking costs about 10 ms of a core.
_LOOKED_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """Frozen, but for what is in force, what stands behind, the log, what is counted and what is remembered of prompts.
    ``on`` replaces today's date; ``restart_due`` says whether the package was replaced since the start; ``watermarked``
    whether the server behind has a watermark (None: nobody knows)."""

    standing: Standing
    settings: Settings
    on: date | None
    behind: ModelServer
    audit: AuditLog
    adapting: Adapting
    names: Names
    restart_due: Glance[bool]
    sinks: Sinks
    tracer: Tracer
    shadow: Shadow
    rates: Rates
    signer: Signer | None = None
    watermarked: bool | None = None
    recollection: Recollection | None = None
    memories: Memories = field(default_factory=Memories)
    meter: Meter = field(default_factory=Meter)

    @property
    def plan(self) -> Plan:
        """The plan in force now for whoever has no houses of its own."""
        return self.standing.policies.common

    def plan_of(self, client: Client) -> Plan:
        """Return the plan in force now for ``client``."""
        return self.standing.policies.of(client)

    @property
    def keyring(self) -> Keyring:
        """The keys in force now."""
        return self.standing.keyring

    async def admit(self, exchange: Exchange) -> Client:
        """Return who sends the request. Raises ``Problem`` (401) if the keys, or the server behind, reject them: before
        anything is screened that a response could reveal."""
        client = self.keyring.admit(exchange.authorization)
        await self.behind.admit(exchange)
        return client

    def watermark(self, body: Mapping[str, Any]) -> str:
        """Return what is known of the server's watermark in the answer to a request with this ``body``."""
        return watermark_of(self.watermarked, body)

    async def close(self) -> None:
        """Close the record and what conversations are remembered in."""
        self.shadow.close()
        if self.recollection is not None:
            await self.recollection.close()
        await asyncio.to_thread(self.sinks.close)
        await asyncio.to_thread(self.tracer.close)
        self.audit.close()

    def cutter(self, client: Client, salt: bytes) -> Cutter:
        """Return what takes the engine's own words out of what ``client`` sends back with that ``salt``."""
        return Cutter(self.plan_of(client), self.memories.of(client.sha256), salt)

    def open(
        self,
        client: Client,
        claims: Claims = NO_CLAIMS,
        *,
        turn: int = 1,
        whole: bool = False,
        salt: bytes | None = None,
        remembered: Remembered | None = None,
    ) -> Session:
        """Open a session for one request of ``client``, whose headers say ``claims`` and whose conversation has come to
        this ``turn``. A text is known again only if the same client said it with the same ``salt``; None: never.
        ``remembered`` is what was told in the conversation; None believes what the request claims."""
        memory = None if salt is None else self.memories.of(client.sha256)
        return session_of(
            client,
            self.plan_of(client),
            self.settings,
            claims,
            turn=turn,
            on=self.on,
            whole=whole,
            memory=memory,
            salt=salt or b"",
            remembered=remembered,
            sign=self.signer,
        )


def make_service(
    policies: Policies,
    settings: Settings,
    behind: ModelServer,
    on: date | None = None,
    renewal: Renewal | None = None,
    rates: Rates | None = None,
    *,
    watermarked: bool | None = None,
) -> Service:
    """Tie policies to an operator's settings and to what stands ``behind``; ``renewal`` gives what is to replace them,
    and the keys, when that is asked for. ``rates`` are shared with other processes. ``watermarked`` says whether the
    server behind has a watermark; None: as the settings say.

    Raises ``OrdinanceError`` where a key attests what its plan lacks, or the log cannot be written.
    """

    def try_out(plan: Plan, client: Client) -> None:
        _try_out(plan, client, settings, on)

    sinks = Sinks(Budget.of(settings.limits), (settings.audit or AuditSettings()).queue)

    meter = Meter()

    def prepare(read: Policies) -> None:
        sinks.renew(read.plugins)
        for plan in read.plans:
            if judges := judges_of(plan):
                judges.watch(meter.judged)

    follow = behind.prepared if isinstance(behind, Several) else _nothing
    standing = Standing(policies, settings, try_out, renewal, prepare, follow)
    prepare(policies)
    engine = None if renewal is None else renewal.engine

    async def restart_due() -> bool:
        return engine is not None and await asyncio.to_thread(lambda: engine.replaced)

    listed = Loras()
    audit = AuditLog(settings.audit, lambda: sinks.copies)
    return Service(
        standing,
        settings,
        on,
        behind,
        audit,
        Adapting(settings, behind, listed),
        Names(listed),
        Glance(restart_due, _LOOKED_EVERY),
        sinks,
        Tracer(settings.traces),
        Shadow(meter, audit, on),
        rates or Rates(),
        signer_of(settings.mark),
        settings.watermarked if watermarked is None else watermarked,
        recollection(settings.conversation),
        meter=meter,
    )


def check_keys(policies: Policies, settings: Settings, on: date | None) -> None:
    """Try out each key of ``settings``, which also builds what the first request would wait for. Raises
    ``SituationError`` where one attests what its plan lacks."""
    all_fit(
        policies,
        keyring_of(settings.keys, settings.jurisdiction),
        lambda plan, client: _try_out(plan, client, settings, on),
    )


def _nothing(_: Settings) -> Callable[[], None]:
    return lambda: None


def _try_out(plan: Plan, client: Client, settings: Settings, on: date | None) -> None:
    """Open a session, which also builds what the first request would wait for. Raises ``SituationError``."""
    try:
        session_of(client, plan, settings, on=on).stream()
    except SituationError as error:
        who = f"the key {client.name!r}" if client.name else "the operator's default"
        raise SituationError(f"{who}: {error.message}", help=error.help + _shipped(plan, client.jurisdiction)) from None


def _shipped(plan: Plan, jurisdiction: str | None) -> str:
    """Return where the pack of a jurisdiction that is not loaded lies, if it ships: whoever names a house has to name
    it too."""
    if jurisdiction is None or jurisdiction in plan.parents or not jurisdiction.replace("-", "").isalnum():
        return ""
    pack = folder("rules") / "jurisdictions" / jurisdiction
    return f" It ships: name {pack} in `packs` too." if pack.is_dir() else ""


def charter_alone(service: Service) -> bool:
    """Return whether somebody may ask under no law, though the packs state some."""
    clients = list(service.keyring.clients.values()) or [service.keyring.anyone]
    return bool(service.plan.parents) and any(client.jurisdiction is None for client in clients)


#: How long it is remembered whether the upstream answers, in seconds.
REACHED_EVERY = 1.0


async def ready_answer(service: Service, trouble: str | None, *, draining: bool) -> tuple[dict[str, Any], int]:
    """Return the answer at ``/ready`` and its status. ``trouble`` is that of the upstream (``Upstream.trouble``); None
    where it is not asked."""
    state = await ready_state(service, reachable=not trouble, draining=draining)
    if trouble is None:
        seen = {"upstream": "not asked"}
    elif trouble:
        seen = {"upstream": "unreachable", "upstream_problem": trouble}
    else:
        seen = {"upstream": "reachable"}
    return {**state, **seen}, 200 if state["ready"] else 503


async def ready_state(service: Service, *, reachable: bool = True, draining: bool = False) -> dict[str, Any]:
    """Return what ``/ready`` says, first whether requests should come here: not if they would get no answer, nor if the
    server is about to stop, nor while a plugin says that something is wrong, or a judge is silent or wrong. A stale
    policy, a shadow that does not judge, a failing plugin and a failing log that is not required are reported, but stop
    nothing."""
    audit = service.audit.state()
    recorded = audit["state"] == "ok" or not service.audit.required
    others = service.sinks.reports()
    plans = service.standing.policies.plans
    judges = {each.name: each for plan in plans if (joined := judges_of(plan)) for each in joined.judges}
    state: dict[str, Any] = {
        "ready": reachable
        and recorded
        and not draining
        and not any(each.get("wrong") for each in others)
        and not any(each.is_wrong for each in judges.values()),
        "policy": policy_header(service.open(service.keyring.anyone)),
        "stale": service.standing.stale or None,
        **({"bundle": warrant.report()} if (warrant := service.standing.policies.warrant) else {}),
        "draining": draining,
        "restart_due": await service.restart_due(),
        "audit": audit,
    }
    if (shadow := service.shadow.state()) is not None:
        state["shadow"] = shadow
    if service.recollection is not None:
        state["conversations"] = {"state": "failing" if service.recollection.failing else "ok"}
    plugins = {each.name: each.report() for plan in plans for each in plan.attached}
    for other in others:  # of one that also answers for rules, what it answers there counts
        plugins[other["name"]] = {**other, **plugins.get(other["name"], {})}
    if plugins:
        state["plugins"] = [plugins[name] for name in sorted(plugins)]
    if judges:
        state["judges"] = [judges[name].report() for name in sorted(judges)]
    if any(rule.effect is Effect.MARK and not rule.trial for plan in plans for rule in plan.rules):
        state["marks"] = {
            "key": None if service.signer is None else service.signer.key_id,
            "watermark": {None: "unknown", True: "on", False: "off"}[service.watermarked],
        }
    if service.plan.struck:
        state["struck"] = [{"rule": each.rule, "test": each.test} for each in service.plan.struck]
    return state
