"""What is in force, policy and keys: requests that begin get it, and those that run keep what they began with."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ordinance.errors import OrdinanceError, SituationError
from ordinance.policy.plan import Plan
from ordinance.serve.door.engine import Engine
from ordinance.serve.door.policies import Policies
from ordinance.serve.http.keys import Client, Keyring
from ordinance.serve.http.stderr import described, tell
from ordinance.settings.differences import changes, renewed
from ordinance.settings.model import Settings
from ordinance.settings.sections import KeySettings

#: What ``stale`` says where loading failed in a way that nobody foresaw.
_DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class Renewal:
    """Where what is to be in force comes from: the packs for the settings that are read then (None: another process
    comes with them in the place of this one), the settings, and the engine that may read them. All are asked in a
    thread, and raise ``OrdinanceError``."""

    policies: Callable[[Settings], Policies] | None
    settings: Callable[[], Settings] | None = None
    engine: Engine | None = None


class Standing:
    """Holds the policies and the keys in force. ``settings`` are those of the start, with the keys that were read last.

    ``try_out`` raises ``SituationError`` where a client cannot be served under a plan. ``prepare`` does what else new
    policies ask before they are in force, and raises ``OrdinanceError`` where it cannot be done. ``follow`` reads
    what else is renewed with the settings, and returns what puts it in force; it raises alike. ``stale`` is the
    code of the error for which the last good plan, or the last good keys, were kept, or of why what is in force would
    not be applied any more; empty while it is current. ``read`` is when the policies in force were last read without
    an error, on the monotonic clock."""

    def __init__(
        self,
        policies: Policies,
        settings: Settings,
        try_out: Callable[[Plan, Client], None],
        renewal: Renewal | None = None,
        prepare: Callable[[Policies], None] = lambda _: None,
        follow: Callable[[Settings], Callable[[], None]] = lambda _: lambda: None,
    ) -> None:
        self._prepare = prepare
        self._follow = follow
        self.policies = policies
        self.read = time.monotonic()
        self.settings = settings
        self.keyring = keyring_of(settings.keys, settings.jurisdiction)
        self._stale_settings = self._stale_plan = ""
        #: Whether this process tells the operator what has changed: of several that read the same, one does. Each tells
        #: why it cannot read: that may be its own.
        self.tells = True
        self._try_out = try_out
        self._renewal = renewal
        self._reading = asyncio.Lock()
        self._loading = asyncio.Lock()
        all_fit(policies, self.keyring, try_out)

    @property
    def stale(self) -> str:
        # Each for itself: a policy that loads does not make up for settings that were found wrong meanwhile.
        expired = self.policies.warrant.stale if self.policies.warrant is not None else ""
        return self._stale_settings or self._stale_plan or expired

    @property
    def is_unread(self) -> bool:
        """Return whether the settings could not be read when that was tried last."""
        return bool(self._stale_settings)

    @property
    def replaceable(self) -> bool:
        return self._renewal is not None

    @property
    def loads(self) -> bool:
        """Return whether this process loads what is to replace its policies; otherwise another one does."""
        return self._renewal is not None and self._renewal.policies is not None

    async def renew(self) -> None:
        """Read keys and policy anew and put them in force; what does not load leaves the last good in force, and
        standard error says why. Keys come first: one that was taken away is gone before a policy is compiled."""
        if self._renewal is None:
            return
        async with self._reading:
            read = await self._read(self._renewal)
            if read is None:
                return
            settings, put_in_force = read
            put_in_force()
            await self._replace_keys(settings)
        if self._renewal.policies is None:
            return
        async with self._loading:
            if settings is self.settings:  # else it was read again meanwhile, and that renewal stands in line
                await self._replace_plan(self._renewal, self._renewal.policies)

    def close(self) -> None:
        """Let nobody in until there are keys: this server had some."""
        self.keyring = Keyring({}, self.keyring.anyone, closed=True)

    def note(self, stale: str) -> None:
        """Take note of what came of reading the policies in another process: those in force are still those that are
        there, or, with a code, ``stale``."""
        self._stale_plan = stale
        if not stale:
            self.read = time.monotonic()

    async def _read(self, renewal: Renewal) -> tuple[Settings, Callable[[], None]] | None:
        """Return the settings in force with what is renewed of the operator's settings as they are now, and what puts
        in force what follows from them."""
        reread = renewal.settings
        if reread is None:
            return self.settings, lambda: None

        def prepared() -> tuple[Settings, Settings, Callable[[], None]]:
            read = reread()
            settings = renewed(self.settings, read)
            return read, settings, self._follow(settings)

        try:
            read, settings, put_in_force = await asyncio.to_thread(prepared)
        except Exception as error:
            self._stale_settings = told_of("keys and policy were not replaced; the last good ones stay in force", error)
            return None
        self._stale_settings = ""
        if self.tells:
            _tell_changes(self.settings, read)
        return settings, put_in_force

    async def _replace_keys(self, settings: Settings) -> None:
        """Put in force at once those that fit the plan in force. Of one that does not, what was in force before remains
        until its plan has come."""
        policies, ring = None, self._ring(settings)
        while policies is not self.policies:  # another renewal may have replaced them while this one tried
            policies = self.policies
            clients = await asyncio.to_thread(self._fitting, policies, ring)
        if self.tells and ring.closed and not self.keyring.closed:
            tell("no key is left: nobody gets in until one is given, or the server is started again without keys")
        self.settings = settings
        self.keyring = Keyring(clients, ring.anyone, ring.closed)

    def _fitting(self, policies: Policies, ring: Keyring) -> dict[str, Client]:
        clients, before = {}, self.keyring.clients
        for digest, client in ring.clients.items():
            try:
                if client != before.get(digest):  # those in force fit: with many, a leaked key would stay for seconds
                    self._try_out(policies.of(client), client)
                clients[digest] = client
            except SituationError:
                if digest in before:
                    clients[digest] = before[digest]
        return clients

    async def _replace_plan(self, renewal: Renewal, read: Callable[[Settings], Policies]) -> None:
        settings, ring = self.settings, self._ring(self.settings)
        try:
            policies = await asyncio.to_thread(self._load, renewal, read, settings, ring)
        except Exception as error:
            kept = f"the policy was not replaced; the last good one ({self._named}) stays in force"
            self._stale_plan = told_of(kept, error)
            return
        if settings is not self.settings:  # keys were read meanwhile that this plan was not tried with; theirs comes
            return
        self._stale_plan = ""
        if policies is self.policies:
            tell(f"the policy has not changed ({self._named})", "info")
        else:
            # The first plan's tables are hidden from the collector (`settle`) and must not stay for ever. The new ones
            # are not hidden: with them would be every request that runs now.
            gc.unfreeze()
            tell(f"policy replaced: {self._named} by {named(policies)}; running answers end under the old one", "info")
        self.policies, self.keyring, self.read = policies, ring, time.monotonic()

    @property
    def _named(self) -> str:
        return named(self.policies)

    def _load(
        self, renewal: Renewal, read: Callable[[Settings], Policies], settings: Settings, ring: Keyring
    ) -> Policies:
        """Return the policies that are to be in force; the same object if none has changed."""
        if renewal.engine is not None:
            renewal.engine.require()
        policies = read(settings)
        if renewal.engine is not None:  # what was read may be of both, where an installer was at work
            renewal.engine.require()
        kept = _kept(self.policies, policies)
        all_fit(kept, ring, self._try_out)
        self._prepare(policies)
        return kept

    def _ring(self, settings: Settings) -> Keyring:
        """Return the keys of ``settings``. If there were some, a reload that leaves none closes the server: it must not
        open it to everyone."""
        ring = keyring_of(settings.keys, settings.jurisdiction)
        had = bool(self.keyring.clients) or self.keyring.closed
        return Keyring(ring.clients, ring.anyone, closed=had and not ring.clients)


def told_of(what: str, error: Exception) -> str:
    """Tell the operator of an ``error``; its code."""
    if isinstance(error, OrdinanceError):
        tell(f"{what}: error[{error.code}]: {error}", "error")
        return error.code
    tell(f"{what}: {described(error)}", "error")  # what is in force must outlive whatever a new one brings
    return _DEFECT


def _tell_changes(before: Settings, after: Settings) -> None:
    found = changes(before, after)
    if found.of_keys:
        tell(f"keys: {found.of_keys}", "info")
    if found.others:
        tell(f"these settings have changed too and need a restart: {', '.join(found.others)}")


def keyring_of(keys: Sequence[KeySettings], jurisdiction: str | None) -> Keyring:
    """Return the clients that have ``keys``; without one of its own, a key's jurisdiction is ``jurisdiction``."""
    clients = {
        key.sha256: Client(
            name=key.name,
            sha256=key.sha256,
            jurisdiction=key.jurisdiction or jurisdiction,
            attested=key.attested,
            system_messages_are_ours=key.system_messages_are_ours,
            locale=key.locale,
            houses=frozenset(key.houses),
            machine=key.audience == "machine",
            limits=key.limits,
            models=frozenset(key.models),
        )
        for key in keys
    }
    return Keyring(clients, Client(jurisdiction=jurisdiction))


def all_fit(policies: Policies, ring: Keyring, try_out: Callable[[Plan, Client], None]) -> None:
    """Try out each client of ``ring`` under its plan. Raises what ``try_out`` raises."""
    for client in (ring.anyone, *ring.clients.values()):
        try_out(policies.of(client), client)


def _kept(old: Policies, new: Policies) -> Policies:
    """Return ``new`` with the plans of ``old`` that are the same; ``old`` itself if all are."""
    plans = (old.common, *old.by_houses.values())

    def kept(plan: Plan) -> Plan:
        # A plugin's password, or a judge's address, may be another one, of which a digest says nothing.
        same = (each for each in plans if _parts(each) == _parts(plan))
        return next(same, plan)

    by_houses = {houses: kept(plan) for houses, plan in new.by_houses.items()}
    policies = Policies(kept(new.common), by_houses, warrant=new.warrant)
    return old if policies == old else policies


def _parts(plan: Plan) -> tuple[object, ...]:
    return plan.digest, plan.plugins, plan.judge


def named(policies: Policies) -> str:
    """Return the beginnings of the digests of ``policies``, as the operator is told them."""
    return " ".join(digest[:16] for digest in policies.digests)


def settle() -> None:
    """Spare the collector the large tables that will stay. Before the first request."""
    gc.collect()
    gc.freeze()
