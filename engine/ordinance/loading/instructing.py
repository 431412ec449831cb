"""Instructions to the model that plugins bring: a catalogue for a language in which the engine has none of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ordinance.errors import PluginError
from ordinance.plugins.allowed import Plugin
from ordinance.policy.catalogue import Catalogue
from ordinance.policy.taking_part import Instructions

_FIX = "Ask the plugin's authors: `ordinance plugin check` shows them what is wrong."


@dataclass(frozen=True, slots=True)
class Instructor:
    """A plugin that takes part with what a model is told; no process of it runs for that."""

    plugin: Plugin

    @property
    def name(self) -> str:
        return self.plugin.name

    @property
    def version(self) -> str:
        return self.plugin.version

    def report(self) -> dict[str, Any]:
        """Return what ``/ready`` and ``ordinance check`` say of the plugin."""
        return {"name": self.name, "version": self.version, "state": "data", "cause": None, **languages(self.plugin)}

    def line(self) -> str:
        """Return name, version, and what it brings."""
        return f"{self.plugin.shown}: instructions in {', '.join(sorted(self.plugin.instructions))}"


def languages(plugin: Plugin) -> dict[str, list[str]]:
    """Return what a report says of the languages in which ``plugin`` instructs; nothing where there are none."""
    return {"instructions": sorted(plugin.instructions)} if plugin.instructions else {}


def instructions_of(plugins: Iterable[Plugin]) -> Mapping[str, Instructions]:
    """Return the instructions of ``plugins``, by language. Raises ``PluginError`` where a file is not a catalogue, or
    is one for a language that the engine speaks itself."""
    return {
        language: Instructions(catalogue_of(plugin, language), Instructor(plugin))
        for plugin in plugins
        for language in plugin.instructions
    }


def catalogue_of(plugin: Plugin, language: str) -> Catalogue:
    """Read the instructions of ``plugin`` in ``language``. Raises ``PluginError`` as ``instructions_of`` does."""
    from ordinance.instructions.catalogue_file import MOST_BYTES, CatalogueError, read_catalogue
    from ordinance.instructions.composition import CATALOGUES

    where = f"the plugin {plugin.shown}: {plugin.manifest.instructions[language]}"
    if language in CATALOGUES:
        raise PluginError(
            f"{where}: the engine has instructions in `{language}` of its own; a plugin adds a language and replaces "
            "none.",
            help="Take the plugin's name out of the setting `packs`, or ask its authors to leave the language out.",
            cause="taken",
        )
    try:
        with plugin.instructions[language].open("rb") as file:
            return read_catalogue(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise PluginError(f"{where} cannot be read: {error.strerror}.", help=_FIX) from None
    except CatalogueError as error:
        raise PluginError(f"{where}: {error}.", help=_FIX) from None
