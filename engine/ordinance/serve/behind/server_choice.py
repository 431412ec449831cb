"""Which of several inference servers a request goes to: a function of frozen values.

Of the servers of a model those are asked that answer and are not drained; of these the one with the fewest open
requests, and of equals the one whose last request is longest ago. So requests are spread evenly, and the same states
give the same choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server as one request finds it. ``models`` has its own name of each model that it serves, by the name that
    clients use. ``turn`` is a number that grows with each request: that of the last one that went there."""

    name: str
    models: Mapping[str, str]
    fallback: str | None = None
    healthy: bool = True
    drained: bool = False
    open: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """Where a request goes: the name of the ``server``, and the ``model`` that is asked there, as clients name it.
    ``substitute``: it is not the model that was requested."""

    server: str
    model: str
    substitute: bool = False


def is_served(servers: Iterable[Candidate], model: str) -> bool:
    """Return whether one of ``servers`` serves ``model``, whatever its state."""
    return any(model in server.models for server in servers)


def fallback_of(servers: Iterable[Candidate], model: str) -> str | None:
    """Return the model that the operator lets answer in the place of ``model``."""
    return next((each.fallback for each in servers if model in each.models and each.fallback is not None), None)


def first_way(servers: Sequence[Candidate], model: str, *, substitute: bool = True) -> Way | None:
    """Return where a request for ``model`` goes first; None if no server takes requests for it. A server that does not
    answer is asked only if no other way is left: what is known of it may be old. With ``substitute`` another model may
    answer, if the operator names one."""
    ways = _ways(servers, model, substitute)
    return _taken(ways, [each for each in servers if each.healthy]) or _taken(ways, servers)


def further_way(servers: Sequence[Candidate], model: str, failed: str, *, substitute: bool = True) -> Way | None:
    """Return where a request goes once more after the server ``failed`` did, with the same model if possible; None if
    no other server that answers takes it."""
    others = [each for each in servers if each.healthy and each.name != failed]
    return _taken(_ways(servers, model, substitute), others)


def _ways(servers: Iterable[Candidate], model: str, substitute: bool) -> Sequence[tuple[str, bool]]:
    """Return the models that may answer, the best first, and whether each is another one."""
    fallback = fallback_of(servers, model) if substitute else None
    return [(model, False)] if fallback is None else [(model, False), (fallback, True)]


def _taken(ways: Sequence[tuple[str, bool]], servers: Iterable[Candidate]) -> Way | None:
    taking = [each for each in servers if not each.drained]
    for model, is_substitute in ways:
        serving = [each for each in taking if model in each.models]
        if serving:
            chosen = min(serving, key=lambda each: (each.open, each.turn, each.name))
            return Way(chosen.name, model, is_substitute)
    return None
