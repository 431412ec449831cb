"""Finds installed plugins, refuses what does not keep the contract of ``hookspecs``, and collects what they register.

At load only. Hooks are called one by one and not through pluggy's dispatch, so that no plugin can wrap, reorder or
silence another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import cast

import pluggy

from ordinance import __version__, hookspecs
from ordinance.detection import DetectorKind
from ordinance.detectors import builtin
from ordinance.errors import PluginError

GROUP = "ordinance"

_FOREIGN_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Registry:
    """The detector kinds by name, and the plugins' ids with their versions, sorted, for the policy's digest.

    ``found`` says that all of them came from entry points, so that another process finds the same.
    """

    kinds: Mapping[str, DetectorKind]
    ids: tuple[str, ...]
    found: bool = False


def found() -> list[EntryPoint]:
    """Return the entry points of the installed plugins. Imports nothing."""
    return sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def installed(next_is: Callable[[str], None] = lambda _: None) -> Registry:
    """Collect what the engine and the installed plugins register; ``next_is`` is called with the id of each before its
    import. Raises ``PluginError`` for a plugin that breaks the contract."""

    def plugins() -> Iterator[tuple[str, object]]:
        for point in found():
            name = _id(point)
            next_is(name)
            yield name, _import(point, name)

    return replace(collect(plugins()), found=True)


def collect(plugins: Iterable[tuple[str, object]]) -> Registry:
    """Collect what the engine and ``plugins`` register; each plugin is an id and a module or object. Raises
    ``PluginError``."""
    kinds: dict[str, DetectorKind] = {}
    owners: dict[str, str] = {}
    named = [(f"ordinance {__version__}", builtin), *plugins]
    for name, plugin in named:
        for kind in _register(name, plugin):
            if plugin is not builtin and not _FOREIGN_NAME.fullmatch(kind.name):
                raise PluginError(
                    f"the plugin {name} registers the detector '{kind.name}'.",
                    help="A plugin's detectors must be named vendor.name, in lower-case letters.",
                )
            if kind.name in kinds:
                raise PluginError(
                    f"the detector '{kind.name}' is registered by both {owners[kind.name]} and {name}.",
                    help="Uninstall one of them.",
                )
            kinds[kind.name], owners[kind.name] = kind, name
    return Registry(kinds, tuple(sorted(name for name, _ in named)))


def _register(name: str, plugin: object) -> list[DetectorKind]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except (pluggy.PluginValidationError, ValueError) as error:
        raise PluginError(f"the plugin {name} does not fit: {error}.", help="See ordinance/hookspecs.py.") from error
    registered: list[DetectorKind] = []
    for implementation in manager.hook.register_detectors.get_hookimpls():
        if implementation.wrapper or implementation.hookwrapper:
            raise PluginError(
                f"the plugin {name} wraps a registration hook.",
                help="A plugin registers its own detectors and nothing else.",
            )
        if implementation.tryfirst or implementation.trylast:
            raise PluginError(
                f"the plugin {name} asks to come first or last.", help="Registration has no order; remove the option."
            )
        if implementation.argnames:
            raise PluginError(
                f"the plugin {name} asks register_detectors for arguments.",
                help="The hook is called without arguments.",
            )
        try:
            given = list(cast(Iterable[object], implementation.function()))
        except BaseException as error:  # third-party code may raise anything, an exit among it
            raise PluginError(
                f"the plugin {name} failed while registering ({type(error).__name__}).", help="Ask its authors."
            ) from error
        for kind in given:
            if not isinstance(kind, DetectorKind):
                raise PluginError(
                    f"the plugin {name} registers a {type(kind).__name__}.", help="Give DetectorKind values."
                )
            registered.append(kind)
    return registered


def _id(point: EntryPoint) -> str:
    distribution = point.dist
    return f"{distribution.name} {distribution.version}" if distribution else point.name


def _import(point: EntryPoint, name: str) -> object:
    try:
        return point.load()
    except BaseException as error:  # an import may raise anything, an exit among it
        raise PluginError(
            f"the plugin {name} cannot be imported ({type(error).__name__}: {error}).",
            help="Reinstall or remove it.",
        ) from error
