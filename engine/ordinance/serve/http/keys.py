"""Who asks: API keys, and what each attests. Only the SHA-256 of a key is ever kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from ordinance.protocol.problems import no_key, no_model
from ordinance.settings.sections import KeyLimitSettings


@dataclass(frozen=True, slots=True)
class Client:
    """What the operator says about the holder of a key; without keys, about everyone.

    ``attested`` gives dimensions of the situation. ``system_messages_are_ours``: the operator writes them, so a
    red line that they name does not refuse the request. ``sha256`` is the key's, in hexadecimal: two keys of one name
    are two clients. ``locale`` is the language of notices where a request asks for none, ``houses`` are the house packs
    that apply, beside those that apply to everyone. For a ``machine`` notices stand in no text.
    ``limits`` are those of the key, None if there are none. ``models`` are those that it may ask for; none: all.
    """

    name: str = ""
    sha256: str = ""
    jurisdiction: str | None = None
    attested: Mapping[str, str] = field(default_factory=dict)
    system_messages_are_ours: bool = False
    locale: str | None = None
    houses: frozenset[str] = frozenset()
    machine: bool = False
    limits: KeyLimitSettings | None = None
    models: frozenset[str] = frozenset()

    def may_ask(self, model: str) -> bool:
        """Return whether the holder may ask for ``model``."""
        return not self.models or model in self.models


def credential(headers: Mapping[str, str]) -> str | None:
    """Return the ``Authorization`` header of a request; clients of the messages API send their key as ``x-api-key``."""
    key = headers.get("x-api-key")
    return headers.get("authorization") or (None if key is None else f"Bearer {key}")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The configured keys by the SHA-256 of each, in hexadecimal. An empty ring lets everyone in as ``anyone``, unless
    it is ``closed``: then all its keys were taken away, and nobody gets in."""

    clients: Mapping[str, Client]
    anyone: Client
    closed: bool = False

    def admit_for(self, model: str, authorization: str | None) -> Client:
        """Return as ``admit`` does, for a request for ``model``. Raises ``Problem`` (404) as if there were none, if the
        key may not ask for it."""
        client = self.admit(authorization)
        if not client.may_ask(model):
            raise no_model()
        return client

    def admit(self, authorization: str | None) -> Client:
        """Return the holder of the bearer token in an ``Authorization`` header. Raises ``Problem`` (401)."""
        if not self.clients and not self.closed:
            return self.anyone
        scheme, _, token = (authorization or "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        holder = None
        for known, client in self.clients.items():
            if hmac.compare_digest(known, digest):
                holder = client
        if holder is None or scheme.lower() != "bearer":
            raise no_key()
        return holder
