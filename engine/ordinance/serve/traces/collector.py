"""Spans handed to an OpenTelemetry collector: OTLP over HTTP, in JSON (OTLP 1.x, ``POST /v1/traces``)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

from ordinance import __version__
from ordinance.plugins.hosted import FaultError
from ordinance.settings.reporting import TraceSettings

#: How long the collector may take to answer, in seconds.
_SECONDS = 10.0
#: How long spans gather, so that a busy server connects ten times a second and no more.
_GATHER_SECONDS = 0.1
#: The most that is read of its answer, in bytes.
_MOST_READ = 65536


class Collector:
    """Sends spans to the collector that ``settings`` name. No proxy variable and no redirect is followed. ``refused``
    counts the spans that it refused for good."""

    def __init__(self, settings: TraceSettings) -> None:
        self._parts = urlsplit(settings.url or "")
        self.refused = 0

    def write(self, spans: Sequence[Mapping[str, object]]) -> None:
        """Send ``spans`` as one request. Raises ``FaultError`` if the collector did not take them, and may later."""
        url = self._parts
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=_SECONDS)
        body = msgspec.json.encode(exported(spans))
        try:
            connection.request("POST", f"{url.path.rstrip('/')}/v1/traces", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read(_MOST_READ)
        except (OSError, HTTPException) as error:
            raise FaultError(type(error).__name__) from None
        finally:
            connection.close()
        if answer.status in (408, 429) or answer.status >= 500:
            raise FaultError(f"status {answer.status}")
        if answer.status // 100 != 2:
            self.refused += len(spans)
        time.sleep(_GATHER_SECONDS)


def exported(spans: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the body of a request: ``ExportTraceServiceRequest``."""
    resource = {"service.name": "ordinance", "service.version": __version__}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    scope = {"name": "ordinance", "version": __version__}
    return {
        "resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"scope": scope, "spans": spans}]}]
    }
