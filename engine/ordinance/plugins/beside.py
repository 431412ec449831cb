"""Plugins that somebody has installed beside the engine, where their code would run in the engine's own process."""

from __future__ import annotations

from importlib.metadata import entry_points

from ordinance.errors import PluginError

#: The group of entry points by which a distribution is a plugin.
GROUP = "ordinance"


def refuse_beside() -> None:
    """Raise ``PluginError`` if a plugin is installed in the environment of the engine: whatever the engine imports,
    files there run in its interpreter. Imports nothing."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        distribution = point.dist
        name, version = (distribution.name, distribution.version) if distribution else (point.name, "")
        raise PluginError(
            f"the plugin {' '.join([name, version]).rstrip()} is installed beside the engine.",
            help=f"Its code would run in the engine's process. Move it: `pip uninstall {name}`, then `ordinance plugin "
            f"install WHEEL --to FOLDER`, and list FOLDER in the setting `plugins` (docs/plugins.md).",
        )
