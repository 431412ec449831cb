"""How much time and how many processes a plugin has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it needs pydantic, which commands that read no settings do not load
    from ordinance.settings.sections import LimitSettings

from ordinance.plugins.inside.frames import THREADS


@dataclass(frozen=True, slots=True)
class Budget:
    """``seconds`` of wall time for one question, how many ``processes`` may run at once, and ``start``, the seconds in
    which a process imports the plugin and prepares its uses. A process works on so many questions at once as it has
    ``threads``."""

    seconds: float = 1.0
    processes: int = 2
    start: float = 60.0
    threads: int = THREADS

    @classmethod
    def of(cls, limits: LimitSettings) -> Budget:
        """Return what the settings allow each plugin."""
        return cls(limits.detector_seconds, limits.detector_processes, limits.plugin_seconds)

    @property
    def silence(self) -> float:
        """Return after how many seconds without an answer to a ping a process counts as stuck."""
        return max(2 * self.seconds, 1.0)
