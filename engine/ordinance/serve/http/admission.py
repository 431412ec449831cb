"""How many connections may be open at once, and which of them makes room for another.

What is bounded is what costs: descriptors. A connection without a request is worth least, so the one that has said
nothing for longest is closed for one that comes. Whoever opens connections and is silent therefore closes his own, and
nobody waits for him. How many requests may run is bounded apart (``front_checks.py``).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterator
from typing import Protocol

from ordinance.serve.http.descriptors import EACH
from ordinance.serve.http.stderr import tell

#: Connections beyond the bound: where all others are busy, these ask for `/health` or are told to come again.
SPARE = 8
#: How often the operator is told that connections were closed, in seconds.
_TOLD_EVERY = 60.0
#: How long fewer connections are taken after the descriptors ran out, in seconds.
_FEWER_SECONDS = 60.0


class Guest(Protocol):
    """A connection. ``idle``: no request of it runs. ``served``: one of it was answered."""

    home: str

    @property
    def idle(self) -> bool: ...

    @property
    def served(self) -> bool: ...

    def dismiss(self) -> None:
        """Close now."""


class Places:
    """The connections of one process: at most ``most``, and ``each`` from one address where that is given."""

    def __init__(self, most: int, each: int | None = None) -> None:
        self._most = self._wanted = most
        self._each = each
        self._fewer: asyncio.TimerHandle | None = None
        self._guests: dict[Guest, None] = {}
        self._coming = 0
        self._news = _News()

    @property
    def full(self) -> bool:
        """Return whether there is no place at all, not even one that is spare."""
        return len(self._guests) + self._coming >= self._most + SPARE

    def expect(self) -> None:
        """Count a connection that was accepted and has no protocol yet."""
        self._coming += 1
        if len(self._guests) + self._coming > self._most:
            self.make_room()

    def arrived(self) -> None:
        """Note that an expected connection is a guest now, or has gone before it was one."""
        self._coming -= 1

    def enter(self, guest: Guest) -> None:
        """Take a guest in. Where its address has too many, one of the others makes room, if one is idle."""
        if self._each is not None:
            others = [each for each in self._guests if each.home == guest.home]
            if len(others) >= self._each:
                self._dismiss(others, f"one address has {self._each} (limits.connections_per_address)")
        self._guests[guest] = None

    def stay(self, guest: Guest) -> None:
        """Make ``guest`` the newest of those that wait, because a request of it was answered."""
        if guest in self._guests:
            del self._guests[guest]
            self._guests[guest] = None

    def leave(self, guest: Guest) -> None:
        self._guests.pop(guest, None)

    def make_room(self) -> bool:
        """Close the connection that is worth least; False where all are busy."""
        why = f"all {self._most} places are taken (limits.connections)"
        if self._fewer is not None:
            why = "no file descriptors are left (LimitNOFILE)"
        return self._dismiss(self._guests, why)

    def exhausted(self) -> None:
        """Note that no descriptors are left. For a minute, take no more connections than there are descriptors for,
        with one to the server behind for each: whoever has said nothing makes room for that now."""
        busy = sum(not guest.idle for guest in self._guests)
        self._most = max(1, min(self._most, (len(self._guests) + busy) // EACH))
        if self._fewer is not None:
            self._fewer.cancel()
        self._fewer = asyncio.get_running_loop().call_later(_FEWER_SECONDS, self._restore)
        while len(self._guests) > self._most and self.make_room():
            pass

    def _restore(self) -> None:
        self._most, self._fewer = self._wanted, None

    def _dismiss(self, among: dict[Guest, None] | list[Guest], why: str) -> bool:
        guest = next(_idle(among), None)
        if guest is None:
            return False
        self.leave(guest)
        guest.dismiss()
        self._news.count(why)
        return True


def _idle(guests: dict[Guest, None] | list[Guest]) -> Iterator[Guest]:
    """Yield the guests without a request, those that never had one first, the oldest of each first."""
    for served in (False, True):
        yield from (guest for guest in guests if guest.idle and guest.served is served)


def home_of(host: str) -> str:
    """Return the owner of an address: IPv4 itself, for IPv6 the /64 network that one customer has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)


class _News:
    """Tells the operator how many connections were closed, at once and then at most once a minute."""

    def __init__(self) -> None:
        self._closed = 0
        self._why = ""
        self._waiting = False

    def count(self, why: str) -> None:
        self._closed += 1
        self._why = why
        if not self._waiting:
            self._tell()

    def _tell(self) -> None:
        self._waiting = self._closed > 0
        if self._closed:
            tell(f"idle connections were closed to make room: {self._closed}; {self._why}")
            self._closed = 0
            asyncio.get_running_loop().call_later(_TOLD_EVERY, self._tell)
