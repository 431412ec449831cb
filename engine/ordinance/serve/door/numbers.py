"""What one process shows at ``/metrics``: what its meter has counted, and how things are now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

from ordinance import __version__
from ordinance.loading.attached import Attached
from ordinance.policy.plan import Plan
from ordinance.serve.behind.contract import ServerCounts, Several
from ordinance.serve.door.service import Service
from ordinance.serve.metrics import families
from ordinance.serve.metrics.families import Family
from ordinance.serve.metrics.tally import COUNT, SUM, Key, Numbers, joined

_effects: WeakKeyDictionary[Plan, Mapping[str, str]] = WeakKeyDictionary()


def effects_of(plan: Plan) -> Mapping[str, str]:
    """Return what each rule of ``plan`` does, by its id."""
    found = _effects.get(plan)
    if found is None:
        adapters = {each.id: "adapter" for each in plan.without}
        found = _effects[plan] = {**adapters, **{rule.id: rule.effect.value for rule in plan.rules}}
    return found


def numbers(service: Service) -> Numbers:
    """Return all numbers of this process. Called in any thread."""
    return joined([service.meter.numbers(), *({key: value} for key, value in _readings(service))])


def _readings(service: Service) -> Iterator[tuple[Key, float]]:
    yield _one(families.BUILD, 1, __version__)
    yield _one(families.PROCESSES, 1)
    standing = service.standing
    for digest in standing.policies.digests:
        yield _one(families.POLICY, 1, digest)
    yield _one(families.POLICY_AGE, round(time.monotonic() - standing.read, 1))
    yield _one(families.POLICY_STALE, bool(standing.stale))
    for digest in (service.shadow.state() or {}).get("digests", ()):
        yield _one(families.SHADOW, 1, digest)
    audit = service.audit.state()
    yield _one(families.AUDIT_LOST, audit["lost"])
    yield _one(families.AUDIT_FAILING, audit["state"] != "ok")
    if (lost := service.tracer.lost) is not None:
        yield _one(families.SPANS_LOST, lost)
    if isinstance(service.behind, Several):
        yield from _of_servers(service.behind.counts())
    for sink in audit.get("sinks", ()):
        yield _one(families.SINK_LOST, sink["lost"], sink["sink"])
    if service.recollection is not None:
        yield _one(families.CONVERSATIONS_FAILING, service.recollection.failing)
    for report in service.sinks.reports():
        yield from _of_plugin(report["name"], report["faults"], report["state"] != "ready" or bool(report.get("wrong")))
    attached = (each for plan in standing.policies.plans for each in plan.attached if isinstance(each, Attached))
    for name, status in {each.pool: (each.name, each.pool.status()) for each in attached}.values():
        yield from _of_plugin(name, status.faults, status.state != "ready")
        yield (families.PLUGIN_SECONDS.name, COUNT, name), status.answers
        yield (families.PLUGIN_SECONDS.name, SUM, name), status.seconds


def _of_servers(counts: ServerCounts) -> Iterator[tuple[Key, float]]:
    by_server = (
        (families.UPSTREAM_UP, counts.up),
        (families.UPSTREAM_OPEN, counts.open),
        (families.UPSTREAM_REQUESTS, counts.requests),
        (families.UPSTREAM_FURTHER, counts.further),
    )
    for family, counted in by_server:
        for name, number in counted.items():
            yield _one(family, number, name)
    for (name, kind), number in counts.failures.items():
        yield _one(families.UPSTREAM_FAILURES, number, name, kind)


def _of_plugin(name: str, faults: int, failing: bool) -> Iterator[tuple[Key, float]]:
    yield _one(families.PLUGIN_FAULTS, faults, name)
    yield _one(families.PLUGIN_FAILING, failing, name)


def _one(family: Family, value: float, *labels: str) -> tuple[Key, float]:
    return (family.name, "", *labels), float(value)
