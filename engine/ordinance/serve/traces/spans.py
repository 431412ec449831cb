"""The spans of one request, as OTLP writes them in JSON: times, ids, and what its record says. No word of anybody's.

Names follow OpenTelemetry's conventions for HTTP and for generative AI, where these have one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ordinance.serve.http.correlation import Traced

Span = Mapping[str, Any]

#: OTLP's numbers.
_SERVER, _CLIENT, _ERROR = 2, 3, 2
#: Fields of a record, by the names that spans have for them.
_ATTRIBUTES = {
    "request": "ordinance.request",
    "status": "http.response.status_code",
    "model": "gen_ai.request.model",
    "problem": "error.type",
    "key": "ordinance.key",
    "jurisdiction": "ordinance.jurisdiction",
    "verdict": "ordinance.verdict",
    "digest": "ordinance.policy.digest",
    "stream": "ordinance.stream",
    "rules": "ordinance.rules",
}


@dataclass(frozen=True, slots=True)
class Tracing:
    """The place of one request in its trace: who asked (``parent``; None if nobody said), the ``trace``, the id of the
    request's own ``span``, and the id of the span of the server ``behind``."""

    parent: Traced | None
    trace: str
    span: str = field(default_factory=lambda: secrets.token_hex(8))
    behind: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def onward(self) -> Traced:
        """Return what the server behind is told: it is part of the trace, below the span of the question to it."""
        return Traced(self.trace, self.behind, sampled=True)


def begun(parent: Traced | None, ratio: float) -> Tracing | None:
    """Begin the spans of a request, or return None if it is not to be traced: ``parent`` says so, or chance does, where
    there is none: of so many requests the ``ratio`` is traced."""
    if parent is not None:
        return Tracing(parent, parent.trace) if parent.sampled else None
    traced = secrets.randbelow(1_000_000) < ratio * 1_000_000
    return Tracing(None, secrets.token_hex(16)) if traced else None


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``start`` to ``end``, in nanoseconds since 1970."""

    start: int
    end: int


def spans(tracing: Tracing, record: Mapping[str, Any], whole: Interval, behind: Interval | None) -> Iterator[Span]:
    """Yield the spans of a request that has ended, as its ``record`` says, and took the ``whole`` time; None if the
    server ``behind`` gave no answer."""
    api = str(record["api"])
    failed = record["status"] >= 500 or "problem" in record
    attributes = {shown: record[name] for name, shown in _ATTRIBUTES.items() if record.get(name) not in (None, "")}
    parent = "" if tracing.parent is None else tracing.parent.span
    operation = {"gen_ai.operation.name": _operation(api), "http.request.method": "POST", "http.route": f"/v1/{api}"}
    own = _span(tracing.trace, tracing.span, parent, f"POST /v1/{api}", _SERVER, whole, operation | attributes)
    yield own | ({"status": {"code": _ERROR}} if failed else {})
    if behind is not None:
        yield _span(tracing.trace, tracing.behind, tracing.span, _operation(api), _CLIENT, behind, operation)


def _operation(api: str) -> str:
    return "text_completion" if api == "completions" else "chat"


def _span(
    trace: str, span: str, parent: str, name: str, kind: int, interval: Interval, attributes: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "traceId": trace,
        "spanId": span,
        **({"parentSpanId": parent} if parent else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(interval.start),
        "endTimeUnixNano": str(interval.end),
        "attributes": [{"key": key, "value": _value(value)} for key, value in attributes.items()],
    }


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
