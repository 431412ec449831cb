"""Signs the marks of answers, with the key that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ordinance.settings.trust import MarkSettings
from ordinance.trust.envelopes import key_id
from ordinance.trust.marks import jws
from ordinance.trust.signing import private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: The version of what a mark says. Members are added to it; none is renamed or taken away.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs as ``provider``, at the present time, with a key of the name ``key_id``. Several threads may use it."""

    provider: str
    key_id: str
    _private: Ed25519PrivateKey

    def __call__(self, claims: Mapping[str, Any]) -> str:
        """Return a JWS over ``claims``, with the provider and the time."""
        time = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return jws.sign({"v": VERSION, "provider": self.provider, "time": time, **claims}, self._private, self.key_id)


def signer_of(settings: MarkSettings | None) -> Signer | None:
    """Read the key that ``settings`` name; None if there are none. Raises ``OrdinanceError`` where it cannot be
    read: a server that is to mark its answers does not come up without its key."""
    if settings is None:
        return None
    private = private_key(settings.key_file, None)
    named = settings.key_id or key_id(private.public_key().public_bytes_raw())
    return Signer(settings.provider, named, private)
