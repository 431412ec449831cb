"""The plugins that take copies of records, and what plugins say about their health."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
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
from ordinance.serve.record.copies import Copies

#: How long a sink may take for a batch of records, and a plugin to say how it is, in seconds.
SECONDS = 10.0
#: How often a plugin is asked how it is, in seconds.
HEALTH_SECONDS = 30.0

_SINK = Use("audit_sink", Asked(""))
_HEALTH = Use("health", Asked(""))


@dataclass(frozen=True, slots=True)
class _Running:
    """A plugin that takes ``copies`` of records, says how it is, or both."""

    plugin: Plugin
    pool: Pool
    copies: Copies | None
    checkup: Checkup | None

    def close(self) -> None:
        """Hand over the copies that wait, for a bounded time, and end the process."""
        if self.copies is not None:
            self.copies.close()
        self.pool.close()


class Sinks:
    """The plugins that take copies of records or say how they are, each in a process of its own. At most ``room``
    copies wait for each."""

    def __init__(self, budget: Budget, room: int) -> None:
        self._budget = replace(budget, seconds=SECONDS, processes=1)
        self._room = room
        self._running: tuple[_Running, ...] = ()

    def renew(self, plugins: Iterable[Plugin]) -> None:
        """Start those of ``plugins`` that are new or changed, then end those that are gone. Raises ``PluginError``, and
        changes nothing, where one does not start, or needs a setting first: no record that the operator expects is
        missing without a word."""
        wanted = [each for each in plugins if {"sink", "health"} & set(each.manifest.provides)]
        running = [each for each in self._running if each.plugin in wanted]
        begun: list[_Running] = []
        try:
            for plugin in wanted:
                if all(each.plugin != plugin for each in running):
                    begun.append(self._start(plugin))
        except PluginError:
            for each in begun:
                each.close()
            raise
        gone = [each for each in self._running if each not in running]
        self._running = (*running, *begun)
        for each in gone:
            each.close()

    @property
    def copies(self) -> tuple[Copies, ...]:
        """Return the queues of those that take copies."""
        return tuple(each.copies for each in self._running if each.copies is not None)

    def reports(self) -> list[dict[str, Any]]:
        """Return what ``/ready`` says of each; ``wrong`` lists what one that says how it is finds wrong, nothing if all
        is well."""
        return [
            each.pool.status().report(each.plugin)
            | ({} if each.checkup is None else {"wrong": list(each.checkup.wrong)})
            for each in self._running
        ]

    def close(self) -> None:
        """Hand over what waits, for a bounded time, and end the processes."""
        running, self._running = self._running, ()
        for each in running:
            each.close()

    def _start(self, plugin: Plugin) -> _Running:
        uses = [use for name, use in (("sink", _SINK), ("health", _HEALTH)) if name in plugin.manifest.provides]
        pool = Pool(plugin, uses, self._budget)
        try:
            for use, given in zip(uses, pool.prepared(), strict=True):
                if isinstance(given, Unconfigured):
                    raise PluginError(
                        f"the plugin {plugin.shown} is not set up: {use} needs {given.missing}.",
                        help="Set it under the plugin's `settings`, or remove the plugin from the setting `plugins`.",
                    )
        except PluginError:
            pool.close()
            raise
        copies = Copies(plugin.name, partial(pool.write, uses.index(_SINK)), self._room) if _SINK in uses else None
        return _Running(plugin, pool, copies, Checkup(pool, uses.index(_HEALTH)) if _HEALTH in uses else None)


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
