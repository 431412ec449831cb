"""The policies that keys come under: one for everyone, and one for each set of houses that keys name.

A house that some key names applies to the keys that name it, and to nobody else; so two schools share a gateway, and
neither hears the rules of the other. Each set is loaded once, as a policy with a digest of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from ordinance.errors import OrdinanceError, PolicyError, SituationError
from ordinance.judging.configured import maker
from ordinance.judging.joined import Judges
from ordinance.loading.attached import pools
from ordinance.plugins.allowed import Plugin, allow
from ordinance.plugins.budget import Budget
from ordinance.policy.plan import Plan
from ordinance.serve.http.keys import Client
from ordinance.serve.http.stderr import tell
from ordinance.settings.judges import JudgeSettings
from ordinance.settings.model import Settings
from ordinance.settings.sections import KeySettings
from ordinance.trust.applied import Warrant, applied

Houses = frozenset[str]


@dataclass(frozen=True, slots=True)
class Policies:
    """The plans in force: ``common`` for keys that name no house, and those for each set of houses. ``plugins`` are
    those that the operator allowed when they were loaded, asked by a pack or not. ``warrant`` is by what they are in
    force, if they come from a bundle."""

    common: Plan
    by_houses: Mapping[Houses, Plan] = field(default_factory=dict)
    plugins: tuple[Plugin, ...] = field(default=(), compare=False)
    warrant: Warrant | None = None

    def of(self, client: Client) -> Plan:
        """Return the plan for ``client``. Raises ``SituationError`` if none was loaded for its houses."""
        if not client.houses:
            return self.common
        plan = self.by_houses.get(client.houses)
        if plan is None:
            raise SituationError(f"no policy was loaded for the houses {_listed(client.houses)}.")
        return plan

    @property
    def plans(self) -> tuple[Plan, ...]:
        return (self.common, *(plan for _, plan in sorted(self.by_houses.items(), key=_by_names)))

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(plan.digest for plan in self.plans)


def policies_of(settings: Settings, on: date | None = None, *, running: bool = False) -> Policies:
    """Load the policies that the settings name; ``running`` is for a process of a server that runs already. Raises
    ``OrdinanceError`` if a plugin is not what they allow, packs do not make one or are not signed as they require, or a
    key names a house that is not among them."""
    plugins = allow(settings.plugins)
    with applied(settings.packs, settings.trust, plugins, settings.judges, running=running) as packs:
        read = policies_from(packs, settings, on)
        packs.accept()
        return replace(read, plugins=plugins, warrant=packs.warrant)


class Packs(Protocol):
    """Packs that make a policy, with the ``plugins`` and the ``judges`` that they may ask."""

    @property
    def plugins(self) -> Sequence[Plugin]: ...

    @property
    def judges(self) -> Sequence[JudgeSettings]: ...

    def load(self, *, on: date | None, budget: Budget, without_houses: Collection[str], judge: Any) -> Plan:
        """Load the packs but these house packs. Raises ``OrdinanceError``."""


def identity_of(policies: Policies, settings: Settings) -> str:
    """Return what is the same in two processes if, and only if, requests are governed alike by their ``policies``,
    loaded for ``settings``, and asked of the same plugins and judges. A digest, for settings may hold a secret."""
    parts = [
        sorted((sorted(houses), plan.digest) for houses, plan in policies.by_houses.items()),
        policies.common.digest,
        [
            (each.name, each.sha256, str(each.path), sorted(each.settings.items()), each.network, each.writes)
            for each in policies.plugins
        ],
        [each.model_dump_json() for each in settings.judges],
        settings.judge.model_dump_json(),
        [judges.identity for plan in policies.plans if (judges := judges_of(plan))],
        policies.warrant,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rest() -> None:
    """End the processes of all plugins, and the threads that serve them: before this process is forked, which can be
    done safely only where no other thread runs."""
    for pool in pools():
        pool.rest()


def wake() -> None:
    """Start a process for each plugin again, in the background."""
    for pool in pools():
        pool.wake()


def policies_from(packs: Packs, settings: Settings, on: date | None = None) -> Policies:
    """Load the policy for everyone and those for the houses that keys name. Raises as ``policies_of``."""
    first: dict[Houses, KeySettings] = {}
    for key in settings.keys:
        if key.houses:
            first.setdefault(frozenset(key.houses), key)
    common = _common(settings, on, packs)
    return Policies(common, {houses: _own(settings, on, packs, houses, key) for houses, key in first.items()})


def common_plan(settings: Settings, on: date | None = None) -> Plan:
    """Load the policy of whoever has no key that names houses. Raises ``OrdinanceError``."""
    with applied(settings.packs, settings.trust, allow(settings.plugins), settings.judges) as packs:
        plan = _common(settings, on, packs)
        packs.accept()
        return plan


def _common(settings: Settings, on: date | None, packs: Packs) -> Plan:
    """Load the policy for everyone. Raises ``PolicyError`` if it is not the one that the settings expect."""
    plan = _loaded(settings, on, packs, frozenset())
    if settings.expect not in (None, plan.digest):
        raise PolicyError(
            f"the policy has the digest {plan.digest}, but `expect` is {settings.expect}.",
            help="Put back the packs that were approved, or approve these and set `expect` to their digest.",
        )
    return plan


def _own(settings: Settings, on: date | None, packs: Packs, houses: Houses, key: KeySettings) -> Plan:
    who = f"the key {key.name!r}, with the houses {_listed(houses)}"
    try:
        plan = _loaded(settings, on, packs, houses)
    except OrdinanceError as error:
        raise type(error)(f"{who}: {error.message}", help=error.help) from None
    loaded = {pack.name for pack in plan.packs if pack.kind == "house"}
    if missing := houses - loaded:
        raise SituationError(
            f"{who}: no house pack is called {_listed(missing)}.",
            help=f"Name its file in `packs`, or correct `houses`.{_known(loaded)}",
        )
    return plan


def _loaded(settings: Settings, on: date | None, packs: Packs, houses: Houses) -> Plan:
    named = {house for key in settings.keys for house in key.houses}
    return packs.load(
        on=on,
        budget=Budget.of(settings.limits),
        without_houses=named - houses,
        judge=maker(packs.judges, settings.judge, packs.plugins, settings.limits.plugin_seconds, tell),
    )


def judges_of(plan: Plan) -> Judges | None:
    """Return the configured judges that ``plan`` asks, None where it asks none."""
    return plan.judge if isinstance(plan.judge, Judges) else None


def _known(loaded: set[str]) -> str:
    return f" Loaded are {_listed(loaded)}." if loaded else ""


def _listed(names: set[str] | Houses) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _by_names(item: tuple[Houses, Plan]) -> list[str]:
    return sorted(item[0])
