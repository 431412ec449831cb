"""What tests share, because each of them would make it anew.

Automata outlive a test by a little: many tests load nearly the same packs, and the engine builds nothing that is in
use. The packs that ship are parsed once, and the certificates that HTTP clients trust are read once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import httpcore2

from ordinance.detection import Expressions
from ordinance.language.parser import Parsed, Role, parse
from ordinance.language.source import Source
from ordinance.loading import packs
from ordinance.policy.plan import Plan
from ordinance.runtime.redact import activation
from support.checkout import RULES

#: The last automata that were asked for: a small pack with its examples needs about twenty.
RECENT: deque[activation._Held] = deque(maxlen=64)


def share_automata() -> None:
    """From now on keep the last automata of this process in use."""
    make = activation._held

    def made(plan: Plan, *families: Iterable[tuple[int, Expressions]]) -> activation._Held:
        held = make(plan, *families)
        RECENT.append(held)
        return held

    activation._held = made


def share_parses() -> None:
    """From now on parse a pack that ships once, as long as its text is the same: a load parses sixteen or more."""

    @lru_cache(maxsize=256)
    def once(path: Path, name: str, text: str, role: Role) -> Parsed:
        return parse(Source(path, name, text), role)

    def parsed(source: Source, role: Role) -> Parsed:
        ships = source.path.is_relative_to(RULES)
        return once(source.path, source.name, source.text, role) if ships else parse(source, role)

    packs.parse = parsed  # type: ignore[attr-defined]


def share_trust() -> None:
    """From now on give all HTTP clients of this process the same certificates: to read those of the system takes 27 ms,
    and each call of ``httpx2`` makes a client."""
    httpcore2.default_ssl_context = cache(httpcore2.default_ssl_context)
