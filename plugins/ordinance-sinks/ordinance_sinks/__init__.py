"""Sends the audit record to syslog, a SQLite file or an OpenTelemetry collector.

Where the destination fails, the engine hands the same records over again: it never gets a gap, and may get a record
twice (the SQLite file notices).
"""

from __future__ import annotations

from collections.abc import Sequence

from ordinance.plugin import Record, Settings, Sink, Unconfigured, folder, hookimpl
from ordinance_sinks.otlp import Collector
from ordinance_sinks.sqlite import File
from ordinance_sinks.syslog import Syslog

_troubles: list[str] = []


@hookimpl
def audit_sink(settings: Settings) -> Sink | Unconfigured:
    """Return the sink that `to` names."""
    to, address = settings["to"], str(settings["address"])
    if to == "sqlite":
        return Sink(File(folder() / "records.sqlite", int(str(settings["days"]))).write)
    if not address:
        return Unconfigured("`address`, where records go, and the same in `network`")
    if to == "syslog":
        return Sink(Syslog(address, str(settings["facility"])).write)
    collector = Collector(address)

    def write(records: Sequence[Record]) -> None:
        collector.write(records)
        _troubles[:] = [f"the collector has rejected {collector.rejected} records"] if collector.rejected else []

    return Sink(write)


@hookimpl
def health() -> Sequence[str]:
    """Return what a destination has refused for good."""
    return list(_troubles)
