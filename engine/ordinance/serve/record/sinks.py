"""The plugins that take copies of records, and what plugins say about their health."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ordinance.errors import PluginError
from ordinance.plugin import Asked, Unconfigured
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.hosted import FaultError
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use
from ordinance.serve.record.copies import Copies, SinkError

#: How long a sink may take for a batch of records, and a plugin to say how it is, in seconds.
SECONDS = 10.0
#: How often a plugin is asked how it is, in seconds.
HEALTH_SECONDS = 30.0

_SINK = Use("audit_sink", Asked(""))
_HEALTH = Use("health", Asked(""))


@dataclass(frozen=True, slots=True)
class Attached:
    """A plugin that takes ``copies`` of records, says how it is, or both. ``close`` ends its process."""

    plugin: Plugin
    pool: Pool
    copies: Copies | None
    checkup: Checkup | None

    def close(self) -> None:
        """Hand over the copies that wait, for a bounded time, and end the process."""
        if self.copies is not None:
            self.copies.close()
        self.pool.close()


def attach(plugins: Iterable[Plugin], budget: Budget, room: int) -> tuple[Attached, ...]:
    """Start a process for each of ``plugins`` that has a sink or says how it is; at most ``room`` copies wait for a
    sink. Raises ``PluginError`` where one does not start, or needs a setting first: no record that the operator expects
    is missing without a word."""
    attached: list[Attached] = []
    try:
        attached.extend(
            _attach(each, budget, room) for each in plugins if {"sink", "health"} & set(each.manifest.provides)
        )
    except PluginError:
        for each in attached:
            each.close()
        raise
    return tuple(attached)


def _attach(plugin: Plugin, budget: Budget, room: int) -> Attached:
    uses = [use for name, use in (("sink", _SINK), ("health", _HEALTH)) if name in plugin.manifest.provides]
    pool = Pool(plugin, uses, replace(budget, seconds=SECONDS, processes=1))
    try:
        given = pool.prepared()
    except PluginError:
        pool.close()
        raise
    for use, each in zip(uses, given, strict=True):
        if isinstance(each, Unconfigured):
            pool.close()
            raise PluginError(
                f"the plugin {plugin.shown} is not set up: {use} needs {each.missing}.",
                help="Set it under the plugin's `settings`, or remove the plugin from the setting `plugins`.",
            )
    copies = Copies(plugin.name, partial(_write, pool, uses.index(_SINK)), room) if _SINK in uses else None
    checkup = Checkup(pool, uses.index(_HEALTH)) if _HEALTH in uses else None
    return Attached(plugin, pool, copies, checkup)


def _write(pool: Pool, use: int, records: Sequence[Mapping[str, object]]) -> None:
    try:
        pool.write(use, records)
    except FaultError as fault:
        raise SinkError(fault.cause) from None


class Checkup:
    """Asks a plugin every ``HEALTH_SECONDS`` what is wrong, in a thread that ends with the pool."""

    def __init__(self, pool: Pool, use: int) -> None:
        self._wrong: tuple[str, ...] = ()
        self._stop = threading.Event()
        weakref.finalize(pool, self._stop.set)
        threading.Thread(target=self._run, args=(weakref.ref(pool), use), name="ordinance-health", daemon=True).start()

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return what the plugin said last; a fault is one of its own."""
        return self._wrong

    def _run(self, pool: weakref.ref[Pool], use: int) -> None:
        while (asked := pool()) is not None:
            try:
                self._wrong = tuple(asked.health(use))
            except FaultError as fault:
                self._wrong = (f"it does not say how it is ({fault.cause})",)
            stopped = asked.status().state == "stopped"
            del asked
            if stopped or self._stop.wait(HEALTH_SECONDS):
                return


def states(attached: Iterable[Attached]) -> list[dict[str, Any]]:
    """Return what ``/ready`` says of plugins that say how they are: ``wrong`` lists what is wrong, nothing if all is
    well."""
    return [
        {"name": each.plugin.name, "version": each.plugin.version, "wrong": list(each.checkup.wrong)}
        for each in attached
        if each.checkup is not None
    ]
