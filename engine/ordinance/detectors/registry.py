"""Who answers for a detector that a pack names: the engine's own, or what an allowed plugin has prepared for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import pluggy

from ordinance.detection import Declaration, Prepared, Unconfigured
from ordinance.detectors import builtin
from ordinance.plugin import Hooks

#: Uses of the engine's own detectors that are remembered: lines of lexicons most of all.
_KEPT = 2048


class Registry:
    """``prepared`` is what plugins gave for each use; ``names`` are the detectors that they provide, used or not."""

    def __init__(
        self, prepared: Mapping[Declaration, Prepared | Unconfigured] | None = None, names: Iterable[str] = ()
    ) -> None:
        self._prepared = prepared or {}
        self.names = sorted({*names, *(asked.name for asked in self._prepared)})

    def detector(self, asked: Declaration) -> Prepared | Unconfigured | None:
        """Return how ``asked`` is found; None where nobody provides it. Raises ``PatternError`` for what the engine
        cannot look for."""
        if asked in self._prepared:
            return self._prepared[asked]
        return _built_in(asked)


@lru_cache(maxsize=_KEPT)
def _built_in(asked: Declaration) -> Prepared | None:
    """Return how the engine's own detectors find ``asked``, which depends on nothing else. Raises ``PatternError``."""
    found: Prepared | None = _engine().hook.detector(asked=asked, settings={})
    return found


@cache
def _engine() -> pluggy.PluginManager:
    own = pluggy.PluginManager("ordinance")
    own.add_hookspecs(Hooks)
    own.register(builtin)
    return own
