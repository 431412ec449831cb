"""A plugin that the operator allows: what the settings say, held against what lies in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ordinance.plugin import Settings
from ordinance.plugins.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Plugin:
    """An allowed plugin. ``settings`` are of the manifest's types, defaults included; ``network`` are the addresses
    (``HOST:PORT``, ``unix:PATH``) that the engine connects to for it; ``writes`` is the folder that it may write in."""

    name: str
    version: str
    path: Path
    sha256: str
    package: str
    manifest: Manifest
    settings: Settings = field(default_factory=dict)
    network: tuple[str, ...] = ()
    writes: Path | None = None

    @property
    def identity(self) -> Mapping[str, object]:
        """What the policy's digest covers: which files, with which settings."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256, "settings": dict(self.settings)}
