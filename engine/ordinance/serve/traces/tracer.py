"""The traces of one process: begun with a request, handed over when it has ended, by a thread that no answer waits
for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ordinance.serve.http.correlation import Traced
from ordinance.serve.record.copies import Copies
from ordinance.serve.traces.collector import Collector
from ordinance.serve.traces.spans import Interval, Tracing, begun, spans
from ordinance.settings.reporting import TraceSettings

#: Spans that may wait to be handed over, about 1 kB each.
_MOST_WAITING = 4096


class Tracer:
    """Traces requests as ``settings`` say; with no collector named, none."""

    def __init__(self, settings: TraceSettings) -> None:
        self._ratio = settings.ratio
        self._collector = Collector(settings)
        self._waiting = None if settings.url is None else Copies("traces", self._collector.write, _MOST_WAITING)

    @property
    def lost(self) -> int | None:
        """Return how many spans were lost or refused since the process began; None without a collector."""
        return None if self._waiting is None else self._waiting.lost + self._collector.refused

    def begin(self, parent: Traced | None) -> Tracing | None:
        """Begin to trace a request whose ``traceparent`` is ``parent``; None if it is not to be traced."""
        return None if self._waiting is None else begun(parent, self._ratio)

    def end(
        self, tracing: Tracing, record: Mapping[str, Any], whole: tuple[float, float], behind: tuple[float, float]
    ) -> None:
        """Hand over the spans of a request that has ended; ``whole`` and ``behind`` are when it and the server behind
        began and ended, on the monotonic clock. 0 for the end of what did not end."""
        if self._waiting is None:
            return
        offset = time.time_ns() - time.monotonic_ns()
        asked = _interval(behind, offset) if all(behind) else None
        for span in spans(tracing, record, _interval(whole, offset), asked):
            self._waiting.take(span)

    def close(self) -> None:
        """Hand over what waits, for a bounded time."""
        if self._waiting is not None:
            self._waiting.close()


def _interval(moments: tuple[float, float], offset: int) -> Interval:
    start, end = (offset + int(moment * 1e9) for moment in moments)
    return Interval(start, end)
