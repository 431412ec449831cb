"""How many connections a process has descriptors for."""

from __future__ import annotations

import resource

#: For a connection that is served: the client's, and the one to the server behind.
EACH = 2
#: For all else that a process opens: packs, logs, the processes of detectors, connections beyond the bound.
_ELSE = 80


def needed(connections: int) -> int:
    """Return how many descriptors so many connections need; what ``LimitNOFILE`` should say at least."""
    return EACH * connections + _ELSE


def affordable(connections: int) -> int:
    """Return how many of the wanted ``connections`` there are descriptors for, at least one. The soft limit of this
    process, which those that it starts inherit, is raised as far as they need, where the hard limit lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_less(soft, needed(connections)):
        wanted = hard if _is_less(hard, needed(connections)) else needed(connections)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(1, min(connections, (soft - _ELSE) // EACH)) if _is_less(soft, needed(connections)) else connections


def _is_less(limit: int, number: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < number
