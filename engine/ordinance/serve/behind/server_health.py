"""Whether an inference server answers, as one process knows it: from requests that failed there, and from asking it.

Each process has its own view, which ends with it: what one worker cannot reach another may. A server that lists its
models and fails requests is tried again after a while, and is down again after one more failure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ordinance.protocol.problems import Problem

#: So many failures in a row mean that a server does not answer any more. One can be the request's own fault.
MOST_FAILURES = 3
#: The longest that a server can ask to be left alone, in seconds.
_LONGEST_PAUSE = 60
#: Problems after which another server may do better; a 503 is one too. All others are about the request, or come when
#: the answer has begun.
_OF_SERVERS = frozenset({"upstream_unreachable", "upstream_certificate", "upstream_failed", "upstream_timeout"})
#: Those that say of a server that is asked for its models that it is down, without waiting for more of them.
AT_ONCE = frozenset({"upstream_unreachable", "upstream_certificate", "upstream_denied"})


@dataclass(frozen=True, slots=True)
class Health:
    """``why`` is the code of the problem for which the server is down. ``trying``: it lists its models again, and has
    not yet answered a request. ``failures`` are those of requests in a row, ``misses`` those of lists of models.
    ``not_before`` is until when it asked to be left alone, in the loop's time."""

    state: Literal["unknown", "up", "trying", "down"] = "unknown"
    why: str = ""
    failures: int = 0
    misses: int = 0
    not_before: float = 0.0

    @property
    def is_good(self) -> bool:
        """Return whether nothing speaks against the server."""
        return self.state in ("unknown", "up")

    @property
    def is_reached(self) -> bool:
        """Return whether the server lists its models, if it was asked. Requests alone do not decide this: those that
        fail may all be of one client, who must not take a gateway out of service."""
        return self.state != "down" or not self.misses

    def takes(self, now: float) -> bool:
        """Return whether requests may go to the server. One that nobody has asked yet is believed to answer."""
        return self.state != "down" and now >= self.not_before

    def answered(self) -> Health:
        """Return the health after a request has got an answer."""
        return Health("up", not_before=self.not_before)

    def failed(self, problem: Problem, now: float) -> Health:
        """Return the health after a request ended with a ``problem`` of the server's."""
        pause = _pause(problem) if problem.status == 503 else 0
        after = replace(self, failures=self.failures + 1, not_before=max(self.not_before, now + pause))
        is_down = self.state in ("down", "trying") or after.failures >= MOST_FAILURES
        return replace(after, state="down", why=problem.code) if is_down else after

    def listed(self) -> Health:
        """Return the health after the server has listed its models."""
        if self.state == "down" and self.failures >= MOST_FAILURES:
            return replace(self, state="trying", misses=0)
        return self if self.state == "trying" else replace(self, state="up", why="", misses=0)

    def missed(self, problem: Problem) -> Health:
        """Return the health after the server did not list its models, because of ``problem``."""
        after = replace(self, misses=self.misses + 1)
        is_down = self.state != "up" or problem.code in AT_ONCE or after.misses >= MOST_FAILURES
        return replace(after, state="down", why=problem.code) if is_down else after


def is_of_server(problem: Problem) -> bool:
    """Return whether ``problem`` says that the server failed, not that it refused the request."""
    return problem.code in _OF_SERVERS or (problem.code == "upstream_busy" and problem.status == 503)


def _pause(problem: Problem) -> int:
    """Return for how many seconds the server asks to be left alone."""
    asked = problem.headers.get("retry-after", "0")  # digits (``refused``)
    return min(int(asked[:_LONGEST_PAUSE]), _LONGEST_PAUSE)
