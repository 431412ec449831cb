"""From paths to a plan: the one way in for ``check``, ``test``, ``apply`` and ``serve``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from ordinance.detection import Segments
from ordinance.detectors.isolation import Budget, Use, isolated
from ordinance.detectors.plugins import Registry, installed
from ordinance.detectors.trial import Trial
from ordinance.errors import PolicyError, UnreadableError
from ordinance.language.diagnostics import Diagnostic, about_file, capped, in_order
from ordinance.loading.example_runs import prove
from ordinance.loading.files import shown
from ordinance.loading.packs import default_packs, gather
from ordinance.loading.shields import shielding
from ordinance.loading.totals import oversized
from ordinance.policy.check.compile import compile
from ordinance.policy.check.proof import check
from ordinance.policy.ir import Example, Policy, Unit
from ordinance.policy.link.linker import link
from ordinance.policy.plan import Plan

DEFAULT_BUDGET = Budget()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of loading ``paths``; ``policy`` is None where the packs could not even be put together."""

    paths: tuple[Path, ...]
    on: date | None
    policy: Policy | None
    compiled: Plan | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def plan(self) -> Plan:
        """The plan. Raises ``UnreadableError`` or ``PolicyError`` where the packs do not make one."""
        if self.compiled is not None:
            return self.compiled
        errors = [item for item in self.diagnostics if item.severity == "error"]
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        kind = UnreadableError if any(item.unreadable for item in errors) else PolicyError
        paths = " ".join(map(shown, self.paths))
        said = f"{first.message.rstrip('.')}{more}"
        message = f"{first.file}:{first.line}: {said}{'' if said.endswith('?') else '.'}"
        raise kind(message, help=f"{first.help} `ordinance check {paths}` lists all findings.")

    @property
    def exit_code(self) -> int:
        """0 clean (warnings allowed), 1 read but wrong, 2 something could not be read as text."""
        if any(item.unreadable for item in self.diagnostics):
            return 2
        return 1 if any(item.severity == "error" for item in self.diagnostics) else 0

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples of the packs that were given, not of those that these name."""
        return tuple(example for example in self.policy.examples if example.owned) if self.policy else ()


def load(
    paths: Iterable[Path | str] = (),
    *,
    on: date | None = None,
    budget: Budget = DEFAULT_BUDGET,
    examples: bool = True,
    without_houses: Collection[str] = (),
) -> Loaded:
    """Load the packs at ``paths`` (none: all that ship) as one policy, with every finding at once.

    ``on`` is the day that dates are compared with; None is today. ``budget`` bounds what plugins' detectors may take.
    Without ``examples`` those of rules may disagree with the policy, as ``ordinance test`` tells by itself.
    ``without_houses`` are the names of house packs to leave out.
    Raises ``PluginError`` for an installed plugin that breaks its contract; what is wrong with packs is in
    ``Loaded.diagnostics``.
    """
    given = tuple(Path(path) for path in paths) or default_packs()
    with Trial(budget.start) as trial:
        return _load(given, on, budget, trial, examples=examples, without_houses=without_houses)


def _load(
    given: tuple[Path, ...],
    on: date | None,
    budget: Budget,
    trial: Trial,
    *,
    examples: bool,
    without_houses: Collection[str],
) -> Loaded:
    trial.register()
    registry = installed()
    packs = gather(given, without_houses)
    found = list(packs.diagnostics)
    policy: Policy | None = None
    plan: Plan | None = None
    if packs.complete:
        policy = link(packs.units, digest(packs.units, registry))
        over = oversized(policy)
        if not over:
            trial.prepare(_uses(policy).values())
        verdict = None if over else check(policy, registry.kinds, on or datetime.now(UTC).date())
        found += verdict.diagnostics if verdict else over
        if verdict and verdict.checked and not _wrong(found):
            plan = _guarded(compile(verdict.checked), policy, registry, budget)
            found += (*prove(plan, policy, examples=examples), *shielding(plan, policy))
    if _wrong(found):
        plan = None
    elif plan is None:
        where = shown(given[0])
        found.append(about_file("no-plan", where, "no policy could be made of the packs"))
    borrowed = {
        source.name for unit in packs.units if not unit.given for source in (unit.pack.source, *unit.lexicons.values())
    }
    told = capped(in_order(item for item in found if item.severity == "error" or item.file not in borrowed))
    return Loaded(given, on, policy, plan, told)


def _guarded(plan: Plan, policy: Policy, registry: Registry, budget: Budget) -> Plan:
    """Return the plan with the detectors that it calls at run time in processes of their own."""
    if not registry.found or not any(isinstance(each, Segments) for each in plan.detectors.values()):
        return plan
    return replace(plan, detectors=isolated(plan.detectors, _uses(policy), budget))


def _uses(policy: Policy) -> dict[str, Use]:
    """How a process finds each detector again, by its key."""
    return {each.key: Use(each.kind, each.declaration) for each in policy.detectors}


def digest(units: Sequence[Unit], registry: Registry) -> str:
    """SHA-256 over every pack and lexicon by its logical name, in canonical bytes, and over the plugins' ids."""
    parts: list[tuple[str, str]] = [("plugin", name) for name in registry.ids]
    for unit in units:
        home = f"{unit.pack.kind} {unit.name}"
        parts.append((home, unit.pack.source.text))
        parts += [(f"{home}/{path}", source.text) for path, source in unit.lexicons.items()]
    state = hashlib.sha256()
    for name, text in sorted(parts):
        for piece in (name.encode(), text.encode()):
            state.update(len(piece).to_bytes(8, "big"))
            state.update(piece)
    return state.hexdigest()


def _wrong(found: Sequence[Diagnostic]) -> bool:
    return any(item.severity == "error" for item in found)
