"""Scores that were given before: for retries, several choices, and system prompts that come with every request.

In memory, bounded, and for each asker apart: a client learns nothing of what another has asked, and cannot push it out.
A key is a keyed digest; no text is kept.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock

from ordinance.judging.asking import Call

#: Askers whose scores are kept, and scores of each.
MOST_ASKERS, MOST_SCORES = 256, 1024


class Cache:
    """The scores of one judge, by who asked."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._kept: OrderedDict[bytes, OrderedDict[bytes, float]] = OrderedDict()

    def get(self, salt: bytes, call: Call) -> float | None:
        """Return the score of ``call`` that the asker of ``salt`` got before; an empty salt is nobody's."""
        if not salt:
            return None
        with self._lock:
            scores = self._kept.get(self._digest(salt))
            return None if scores is None else scores.get(self._digest(salt, call))

    def keep(self, salt: bytes, call: Call, score: float) -> None:
        """Keep a score."""
        if not salt:
            return
        asker = self._digest(salt)
        with self._lock:
            scores = self._kept.setdefault(asker, OrderedDict())
            self._kept.move_to_end(asker)
            scores[self._digest(salt, call)] = score
            if len(scores) > MOST_SCORES:
                scores.popitem(last=False)
            if len(self._kept) > MOST_ASKERS:
                self._kept.popitem(last=False)

    def _digest(self, salt: bytes, call: Call | None = None) -> bytes:
        made = blake2b(key=self._key, digest_size=16)
        for part in (salt, *(each.encode("utf-8", "surrogatepass") for each in call or ())):
            made.update(b"%d " % len(part) + part)
        return made.digest()
