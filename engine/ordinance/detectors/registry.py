"""Who answers for a detector that a pack names: the engine's own, or what an allowed plugin has prepared for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pluggy

from ordinance.detection import Declaration, Prepared, Unconfigured
from ordinance.detectors import builtin
from ordinance.plugin import Hooks


class Registry:
    """``prepared`` is what plugins gave for each use; ``names`` are the detectors that they provide, used or not."""

    def __init__(
        self, prepared: Mapping[Declaration, Prepared | Unconfigured] | None = None, names: Iterable[str] = ()
    ) -> None:
        self._prepared = prepared or {}
        self.names = sorted({*names, *(asked.name for asked in self._prepared)})
        self._own = pluggy.PluginManager("ordinance")
        self._own.add_hookspecs(Hooks)
        self._own.register(builtin)

    def detector(self, asked: Declaration) -> Prepared | Unconfigured | None:
        """Return how ``asked`` is found; None where nobody provides it. Raises ``PatternError`` for what the engine
        cannot look for."""
        if asked in self._prepared:
            return self._prepared[asked]
        found: Prepared | None = self._own.hook.detector(asked=asked, settings={})
        return found
