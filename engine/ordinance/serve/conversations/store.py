"""The contract of a store: under pseudonyms, when each notice of a conversation was last given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class StoreError(Exception):
    """The store did not answer, or not in time. Its text names no conversation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What to remember: in the conversations of these ``keys``, which belong to ``owner``, the ``notices`` were given
    ``at`` a time; nobody needs that after ``until``. Keys and owner are digests; times have whole seconds."""

    keys: tuple[bytes, ...]
    owner: bytes
    notices: frozenset[str]
    at: datetime
    until: datetime


class Store(Protocol):
    """Every method raises ``StoreError``. Several processes, and several machines, may use one store at once.
    ``lasting`` says that it outlasts this process."""

    lasting: bool

    async def read(self, key: bytes, now: datetime) -> Mapping[str, datetime]:
        """Return when each notice was last given in the conversation of this key; empty if nothing is known of it, or
        nothing that is still kept ``now``."""

    async def write(self, entry: Entry) -> None:
        """Remember ``entry``. Of two times for one notice, the later is kept."""

    async def count(self, now: datetime, owner: bytes | None = None) -> int:
        """Count the conversations that are kept ``now``, all or those of ``owner``."""

    async def forget(self, owners: Collection[bytes]) -> int:
        """Delete the conversations of these owners; return how many there were."""

    async def close(self) -> None:
        """Let go of files and connections. The store opens them again if it is asked again."""
