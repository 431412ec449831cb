"""Where the time of an answer goes: to Ordinance, to the server behind, or to a client that is slow."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic as now

__all__ = ["Times", "now"]


@dataclass(slots=True)
class Times:
    """Moments of one answer, on the monotonic clock: the request was ``heard``, the server ``asked`` (0: it was not),
    its answer ``complete`` (0: it gave none, or a judge refused the prompt meanwhile), the governed answer ``ready``.
    While the server answered, so many seconds went into ``governing`` and into ``writing`` to the client."""

    heard: float = 0.0
    asked: float = 0.0
    complete: float = 0.0
    ready: float = 0.0
    governing: float = 0.0
    writing: float = 0.0

    @property
    def upstream(self) -> float | None:
        """Return the seconds that the server behind took; None if it has not answered."""
        return max(0.0, self.complete - self.asked - self.governing - self.writing) if self.complete else None

    @property
    def added(self) -> float:
        """Return the seconds that Ordinance took."""
        if not self.complete:
            return self.ready - self.heard
        return self.asked - self.heard + self.governing + self.ready - self.complete
