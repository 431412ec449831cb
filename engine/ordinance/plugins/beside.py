"""Plugins that somebody has installed beside the engine, where their code would run in the engine's own process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, MetadataPathFinder, entry_points

from ordinance.errors import PluginError

#: The group of entry points by which a distribution is a plugin.
GROUP = "ordinance"

#: How the name of a folder or file ends that describes an installed distribution.
_DESCRIBES = "-info"

#: A path, and what changes when somebody writes there: nothing but the path where there is nothing.
_Written = tuple[str | int, ...]


def refuse_beside() -> None:
    """Raise ``PluginError`` if a plugin is installed in the environment of the engine: whatever the engine imports,
    files there run in its interpreter. Imports nothing."""
    for point in _installed():
        distribution = point.dist
        name, version = (distribution.name, distribution.version) if distribution else (point.name, "")
        raise PluginError(
            f"the plugin {' '.join([name, version]).rstrip()} is installed beside the engine.",
            help=f"Its code would run in the engine's process. Move it: `pip uninstall {name}`, then `ordinance plugin "
            f"install WHEEL --to FOLDER`, and list FOLDER in the setting `plugins` (docs/plugins.md).",
        )


def _installed() -> tuple[EntryPoint, ...]:
    """Return the entry points of installed plugins. Reading what every distribution says takes milliseconds, so it is
    read again only when something was written since."""
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return _read()  # what such a finder knows need not be a file
    return _read_of(tuple(_written()))


@lru_cache(maxsize=1)
def _read_of(written: tuple[_Written, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of plugins where just this was ``written``."""
    return _read()


def _read() -> tuple[EntryPoint, ...]:
    # It knows a folder's list by the time of its last change, and clocks have steps.
    MetadataPathFinder().invalidate_caches()
    return tuple(sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)))


def _written() -> Iterator[_Written]:
    """Yield each place on the path of imports where entry points of distributions are, and when it was written."""
    yield _at(os.curdir)[:3]  # which folder it is, not what is in it
    for place in sys.path:
        folder = place or os.curdir
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries if entry.name.lower().endswith(_DESCRIBES)]
        except OSError:  # an archive, or nothing
            yield _at(folder)
            continue
        yield (folder,)
        for name in names:
            yield _at(os.path.join(folder, name, "entry_points.txt"))


def _at(path: str) -> _Written:
    try:
        found = os.stat(path)
    except OSError:
        return (path,)
    return path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
