"""What every request of a gateway shares: the plan, the keys, the upstream. Made once per process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from ordinance.errors import ServeError, SituationError
from ordinance.policy.plan import Plan
from ordinance.runtime.session import Session
from ordinance.runtime.situation import choose_locale, situate
from ordinance.serve.audit import AuditLog
from ordinance.serve.keys import Client, Keyring
from ordinance.serve.upstream import Upstream
from ordinance.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """Frozen, but for the upstream's connections and the log. ``on`` replaces today's date."""

    plan: Plan
    settings: Settings
    on: date | None
    keyring: Keyring
    upstream: Upstream
    audit: AuditLog

    def open(self, client: Client, wanted: Sequence[str], *, turn: int = 1, whole: bool = False) -> Session:
        """A session for one request of ``client``, told in the best of the ``wanted`` languages."""
        return Session(
            self.plan,
            situate(self.plan, jurisdiction=client.jurisdiction, attested=client.attested, turn=turn, on=self.on),
            choose_locale(self.plan, wanted, self.settings.locale),
            whole=whole,
            policy_name=self.settings.policy or "",
        )


def make_service(plan: Plan, settings: Settings, on: date | None = None) -> Service:
    """Tie a plan to an operator's settings. Raises ``OrdinanceError`` where a key attests what the plan lacks."""
    if settings.upstream is None:
        raise ServeError("no inference server is named.", help="Set 'upstream.url'.")
    keyring = _keyring(settings)
    service = Service(plan, settings, on, keyring, Upstream(settings.upstream), AuditLog(settings.audit))
    for client in (keyring.anyone, *keyring.clients.values()):
        try:
            service.open(client, ())
        except SituationError as error:
            who = f"the key {client.name!r}" if client.name else "the operator's default"
            raise SituationError(f"{who}: {error.message}", help=error.help) from None
    return service


def _keyring(settings: Settings) -> Keyring:
    clients = {
        key.sha256: Client(
            name=key.name,
            jurisdiction=key.jurisdiction or settings.jurisdiction,
            attested=key.attested,
            system_messages_are_ours=key.system_messages_are_ours,
        )
        for key in settings.keys
    }
    return Keyring(clients, Client(jurisdiction=settings.jurisdiction))


def policy_header(session: Session) -> str:
    """The value of ``x-ordinance-policy``: ``name@version+digest16``, in ASCII."""
    name, version = session.policy
    return f"{quote(name)}@{version}+{session.plan.digest[:16]}"
