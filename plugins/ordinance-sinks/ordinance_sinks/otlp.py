"""OpenTelemetry log records over OTLP/HTTP in JSON (OTLP 1.x, ``POST /v1/logs``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from ordinance.plugin import Record, connect
from ordinance_sinks.line import is_quiet, line

_SCOPE = {"name": "ordinance.audit", "version": "1"}
_INFO, _WARN = 9, 13
#: How long the collector may take to answer, in seconds.
_SECONDS = 10.0


class Collector:
    """Sends records to the collector at ``address``. ``rejected`` counts those that it refused for good."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.rejected = 0

    def write(self, records: Sequence[Record]) -> None:
        """Send ``records`` as one request. Raises ``OSError`` if the collector is not there or does not take them."""
        body = json.dumps(exported(records)).encode()
        connection = HTTPConnection("collector", timeout=_SECONDS)
        connection.sock = connect(self._address)
        connection.sock.settimeout(_SECONDS)
        try:
            connection.request("POST", "/v1/logs", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read(65536)
        except HTTPException as error:
            raise OSError(type(error).__name__) from None
        finally:
            connection.close()
        if answer.status // 100 != 2:
            raise OSError(f"status {answer.status}")
        self.rejected += _rejected(said)


def exported(records: Sequence[Record]) -> dict[str, Any]:
    """Return the body of a request: ``ExportLogsServiceRequest``."""
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [_attribute("service.name", "ordinance")]},
                "scopeLogs": [{"scope": _SCOPE, "logRecords": [_record(each) for each in records]}],
            }
        ]
    }


def _record(record: Record) -> dict[str, Any]:
    at = datetime.fromisoformat(str(record["time"]))
    nanoseconds = int(at.timestamp()) * 10**9 + at.microsecond * 1000
    return {
        "timeUnixNano": str(nanoseconds),
        "severityNumber": _INFO if is_quiet(record) else _WARN,
        "body": {"stringValue": line(record)},
        "attributes": [_attribute(f"ordinance.{name}", value) for name, value in record.items() if _is_plain(value)],
    }


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _attribute(name: str, value: object) -> dict[str, Any]:
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def _rejected(said: bytes) -> int:
    try:
        return int(json.loads(said or b"{}").get("partialSuccess", {}).get("rejectedLogRecords", 0))
    except (ValueError, AttributeError, TypeError):
        return 0
