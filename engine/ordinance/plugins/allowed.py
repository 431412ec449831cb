"""Plugins that the operator allows: what the settings say, held against what lies in their folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ordinance.errors import PluginError
from ordinance.plugin import Settings
from ordinance.plugins.own_settings import typed
from ordinance.plugins.seal import seal

if TYPE_CHECKING:  # they need pydantic, which commands that read no settings do not load
    from ordinance.plugins.manifest import Manifest
    from ordinance.settings.sections import PluginSettings

#: Where the engine lies.
_ENGINE = Path(__file__).resolve().parent.parent
#: What a digest has in the place of a setting that was read from a file, which may be a password.
_FROM_A_FILE = {"file": True}


@dataclass(frozen=True, slots=True)
class Plugin:
    """An allowed plugin. ``settings`` are of the manifest's types, defaults included; ``from_files`` are the names of
    those that were read from files. ``network`` are the addresses (``HOST:PORT``, ``unix:PATH``) that the engine
    connects to for it; ``writes`` is the folder that it may write in."""

    name: str
    version: str
    path: Path
    sha256: str
    package: str
    manifest: Manifest
    settings: Settings = field(default_factory=dict, repr=False)
    network: tuple[str, ...] = ()
    writes: Path | None = None
    from_files: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """Name and version, as answers and records show them."""
        return f"{self.name} {self.version}"

    @property
    def identity(self) -> Mapping[str, object]:
        """What the policy's digest covers: which files, with which settings; of one read from a file, perhaps
        a password, only that it was."""
        settings = {
            name: _FROM_A_FILE if name in self.from_files else value for name, value in sorted(self.settings.items())
        }
        return {"name": self.name, "version": self.version, "sha256": self.sha256, "settings": settings}

    @property
    def packs(self) -> tuple[Path, ...]:
        """Where the packs lie that the plugin contains."""
        return tuple(self._package / pack for pack in self.manifest.packs)

    @property
    def instructions(self) -> Mapping[str, Path]:
        """Where the instructions to the model lie that the plugin contains, by language."""
        return {language: self._package / path for language, path in self.manifest.instructions.items()}

    @property
    def _package(self) -> Path:
        return self.path.joinpath(*self.package.split("."))


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry of the setting ``plugins`` that does not fit what is in its folder; ``why`` says how, and what to do."""

    name: str
    version: str
    path: Path
    why: str


def allow_each(listed: Iterable[PluginSettings]) -> tuple[Plugin | Refused, ...]:
    """Return, for each plugin that the setting ``plugins`` lists, the plugin, or why it is refused. Raises
    ``PluginError`` where two collide."""
    each = tuple(_allowed_or_refused(entry) for entry in listed)
    _are_distinct([plugin for plugin in each if isinstance(plugin, Plugin)])
    return each


def _allowed_or_refused(entry: PluginSettings) -> Plugin | Refused:
    try:
        return _allowed(entry)
    except PluginError as error:
        return Refused(entry.name, entry.version, entry.path, f"{error.message} {error.help}")


def allow(listed: Iterable[PluginSettings]) -> tuple[Plugin, ...]:
    """Return the plugins that the setting ``plugins`` lists. Raises ``PluginError`` where one is not what the settings
    say, or two collide."""
    allowed = tuple(_allowed(entry) for entry in listed)
    _are_distinct(allowed)
    return allowed


def _allowed(entry: PluginSettings) -> Plugin:
    from ordinance.plugins.manifest import read

    folder = entry.path.absolute()
    found = read(folder)
    if normal(found.name) != normal(entry.name):
        raise PluginError(
            f"{folder} contains the plugin {found.name}, not {entry.name}.",
            help="Correct `name` or `path` in the setting `plugins`.",
        )
    if not _is_version(found.version, entry.version):
        raise PluginError(
            f"{folder} contains {found.name} {found.version}; the settings allow {entry.version}.",
            help=f"If you trust it, write `version: {found.version}` and `sha256: {_sealed(folder)}` in the setting "
            "`plugins`.",
        )
    actual = _sealed(folder)
    if actual != entry.sha256:
        raise PluginError(
            f"the files of the plugin {found.name} in {folder} are not those that the settings allow.",
            help=f"If you trust them, write `sha256: {actual}` in the setting `plugins`.",
        )
    settings, from_files = typed(found, entry.settings)
    return Plugin(
        name=found.name,
        version=found.version,
        path=folder,
        sha256=actual,
        package=found.package,
        manifest=found.manifest,
        settings=settings,
        network=tuple(entry.network),
        writes=_writes(found.name, folder, entry.folder),
        from_files=from_files,
    )


def _writes(name: str, plugin: Path, folder: Path | None) -> Path | None:
    if folder is None:
        return None
    folder = folder.absolute()
    if not folder.is_dir():
        raise PluginError(f"the `folder` of the plugin {name}, {folder}, is not a folder.", help="Make it.")
    for what, place in (("the plugin's own folder", plugin), ("the engine's", _ENGINE)):
        _are_apart(name, folder, what, place)
    return folder


def _are_apart(name: str, folder: Path, what: str, place: Path) -> None:
    """Refuse a ``folder`` for writing that lies in ``place``, or contains it. A link leads where it leads."""
    written, kept = folder.resolve(), place.resolve()
    for how, one, other in (("lies in", written, kept), ("contains", kept, written)):
        if one.is_relative_to(other):
            raise PluginError(
                f"the `folder` of the plugin {name} {how} {what}.",
                help="Name one elsewhere, for nothing but what the plugin writes: what is written among those files "
                "would change what they do.",
            )


def _sealed(folder: Path) -> str:
    try:
        return seal(folder)
    except OSError as error:
        raise PluginError(
            f"{error.filename or folder} cannot be read: {error.strerror}.", help="Make it readable for the server."
        ) from None


def _is_version(found: str, wanted: str) -> bool:
    if wanted.endswith(".*"):
        return f"{found}.".startswith(wanted.removesuffix("*"))
    return found == wanted


def _are_distinct(allowed: Sequence[Plugin]) -> None:
    """Refuse two plugins of one name, two that provide the same, and one that may write among another's files."""
    names: dict[str, Plugin] = {}
    for plugin in allowed:
        if names.setdefault(normal(plugin.name), plugin) is not plugin:
            raise PluginError(f"the setting `plugins` lists {plugin.name} twice.", help="Remove one of the entries.")
    owners: dict[str, Plugin] = {}
    for plugin in allowed:
        spoken = (f"instructions in {language}" for language in plugin.manifest.instructions)
        for offered in (*plugin.manifest.provides, *spoken):
            owner = owners.setdefault(offered, plugin) if " " in offered else plugin
            if owner is not plugin:
                raise PluginError(
                    f"both {owner.shown} and {plugin.shown} provide `{offered}`.",
                    help="Remove one of them from the setting `plugins`.",
                )
    for plugin in allowed:
        for other in allowed if plugin.writes else ():
            if other is not plugin and plugin.writes:
                _are_apart(plugin.name, plugin.writes, f"the folder of the plugin {other.name}", other.path)


def normal(name: str) -> str:
    """Return a distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
