"""What each key may still send: requests and tokens a minute, and answers at once, of all processes together.

The numbers are in memory that the processes of a gateway share, under a lock of the file. The kernel lets go of a lock
when its holder ends: a worker that is killed leaves nothing locked, and what it had under way does not count any more.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import struct
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.reduction import DupFd
from typing import Any

from ordinance.protocol.problems import Problem, over_limit
from ordinance.settings.sections import KeyLimitSettings

#: Keys that are counted; past them the one that was silent longest is forgotten.
MOST_KEYS = 2048
#: Processes that count together: twice as many as there may be workers, for the time in which others replace them.
MOST_PROCESSES = 512

#: Of a key: its SHA-256, then for requests and for tokens how many are left, and when that was so (monotonic clock).
_BUCKETS = struct.Struct("32s4d")
#: Behind it: how many answers each process has under way.
_UNDER_WAY = struct.Struct(f"<{MOST_PROCESSES}H")
_EACH = _BUCKETS.size + _UNDER_WAY.size
_SIZE = MOST_KEYS * _EACH


@dataclass(slots=True)
class _Key:
    digest: bytes
    requests: float
    requests_at: float
    tokens: float
    tokens_at: float


class Rates:
    """Counts what keys send. It may be given to another process at that one's start; both then count together."""

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            descriptor = _nameless()
            os.ftruncate(descriptor, _SIZE)
        self._file = descriptor
        self._map = mmap.mmap(descriptor, _SIZE)
        weakref.finalize(self, os.close, descriptor)
        self._known: dict[str, int] = {}
        self._column: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _passed, (DupFd(self._file),)

    def enter(self, sha256: str, limits: KeyLimitSettings) -> Mapping[str, str]:
        """Count a request of a key, and its answer as one that is under way until ``leave``. Returns the headers that
        say what is left. Raises ``Problem`` (429), and counts nothing, if one of ``limits`` is reached."""
        with self._locked():
            place = self._place(sha256)
            key, under_way = self._read(place)
            now = time.monotonic()
            requests = _refilled(key.requests, key.requests_at, limits.requests_per_minute, now)
            tokens = _refilled(key.tokens, key.tokens_at, limits.tokens_per_minute, now)
            if limits.streams is not None and sum(under_way) >= limits.streams:
                under_way = self._swept(place, under_way)
            if problem := _over(limits, requests, tokens, sum(under_way)):
                problem.headers = {**_headers(limits, requests, tokens), **problem.headers}
                raise problem
            self._write(place, _Key(key.digest, requests - 1, now, tokens, now), 1)
        return _headers(limits, requests - 1, tokens)

    def further(self, sha256: str, limits: KeyLimitSettings) -> bool:
        """Count a further question to the server for a request of the key that is under way. False, and nothing is
        counted, if one of ``limits`` leaves no room for it."""
        with self._locked():
            place = self._place(sha256)
            key, _ = self._read(place)
            now = time.monotonic()
            requests = _refilled(key.requests, key.requests_at, limits.requests_per_minute, now)
            tokens = _refilled(key.tokens, key.tokens_at, limits.tokens_per_minute, now)
            if _over(limits, requests, tokens, -1):
                return False
            self._write(place, _Key(key.digest, requests - 1, now, tokens, now), 0)
        return True

    def leave(self, sha256: str, limits: KeyLimitSettings, tokens: int) -> None:
        """Note that the answer to a request of the key has ended, and how many ``tokens`` it took."""
        with self._locked():
            place = self._place(sha256)
            key, _ = self._read(place)
            now = time.monotonic()
            left = _refilled(key.tokens, key.tokens_at, limits.tokens_per_minute, now)
            self._write(place, _Key(key.digest, key.requests, key.requests_at, left - tokens, now), -1)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1)
        try:
            if self._column is None:
                self._column = self._claimed()
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1)

    def _claimed(self) -> int:
        """Take a column of answers under way, until this process ends, that no process has. Whoever had it is gone, and
        so are its answers."""
        for column in range(MOST_PROCESSES):
            if self._free(column):
                for place in range(0, _SIZE, _EACH):
                    self._forget(place, column)
                return column
        raise RuntimeError("too many processes")

    def _free(self, column: int) -> bool:
        """Take a column if no process has it; False if one has."""
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _SIZE + column)
            return True
        return False

    def _swept(self, place: int, under_way: tuple[int, ...]) -> tuple[int, ...]:
        """Return what of a key is under way, without what processes had that are gone."""
        for column, number in enumerate(under_way):
            if number and column != self._column and self._free(column):
                self._forget(place, column)
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _SIZE + column)
        return self._read(place)[1]

    def _forget(self, place: int, column: int) -> None:
        at = place + _BUCKETS.size + 2 * column
        if self._map[at : at + 2] != b"\0\0":
            self._map[at : at + 2] = b"\0\0"

    def _place(self, sha256: str) -> int:
        """Return where the numbers of a key are; those of one that is new are all zeros but for its digest."""
        digest, known = bytes.fromhex(sha256), self._known.get(sha256)
        if known is not None and self._map[known : known + 32] == digest:
            return known
        places = range(0, _SIZE, _EACH)
        free = bytes(32)
        found = next((at for at in places if self._map[at : at + 32] in (digest, free)), None)
        if found is None:
            found = min(places, key=lambda at: self._read(at)[0].requests_at)
        if self._map[found : found + 32] != digest:
            full = math.inf  # whatever the limits are; see `_refilled`
            self._map[found : found + _EACH] = _BUCKETS.pack(digest, full, 0, full, 0) + bytes(_UNDER_WAY.size)
        self._known[sha256] = found
        return found

    def _read(self, place: int) -> tuple[_Key, tuple[int, ...]]:
        key = _Key(*_BUCKETS.unpack_from(self._map, place))
        return key, _UNDER_WAY.unpack_from(self._map, place + _BUCKETS.size)

    def _write(self, place: int, key: _Key, change: int) -> None:
        _BUCKETS.pack_into(self._map, place, key.digest, key.requests, key.requests_at, key.tokens, key.tokens_at)
        at = place + _BUCKETS.size + 2 * (self._column or 0)
        number = int.from_bytes(self._map[at : at + 2], "little") + change
        self._map[at : at + 2] = min(max(number, 0), 0xFFFF).to_bytes(2, "little")


def _passed(descriptor: Any) -> Rates:
    return Rates(descriptor.detach())


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ordinance-rates")
    descriptor, name = tempfile.mkstemp()  # on macOS
    os.unlink(name)
    return descriptor


def _refilled(left: float, at: float, a_minute: int | None, now: float) -> float:
    """Return how many are left ``now``: as many come back as the limit allows in that time, up to the limit."""
    return math.inf if a_minute is None else min(float(a_minute), left + (now - at) * a_minute / 60)


def _over(limits: KeyLimitSettings, requests: float, tokens: float, under_way: int) -> Problem | None:
    if (most := limits.requests_per_minute) is not None and requests < 1:
        return over_limit(f"{most} requests a minute", (1 - requests) * 60 / most)
    if (most := limits.tokens_per_minute) is not None and tokens <= 0:
        return over_limit(f"{most} tokens a minute", (1 - tokens) * 60 / most)
    if limits.streams is not None and under_way >= limits.streams:
        return over_limit(f"{limits.streams} answers at once", 1)
    return None


def _headers(limits: KeyLimitSettings, requests: float, tokens: float) -> dict[str, str]:
    """Return what clients of the OpenAI API read about the limits that there are."""
    found = {}
    each = ("requests", limits.requests_per_minute, requests), ("tokens", limits.tokens_per_minute, tokens)
    for what, a_minute, left in each:
        if a_minute is not None:
            found[f"x-ratelimit-limit-{what}"] = str(a_minute)
            found[f"x-ratelimit-remaining-{what}"] = str(max(0, math.floor(left)))
            found[f"x-ratelimit-reset-{what}"] = f"{math.ceil((a_minute - left) * 60 / a_minute)}s"
    return found
