"""What wheels say about themselves, read without installing them: which one is the plugin, and what it requires."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from ordinance.errors import PluginError, UnreadableError
from ordinance.plugins.allowed import normal
from ordinance.plugins.manifest import GROUP

#: The largest file of a wheel's metadata that is read, in bytes, unpacked.
_LARGEST = 1024 * 1024
_REQUIRED = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel: the name and version of its distribution, and whether it has an entry point of a plugin."""

    path: Path
    name: str
    version: str
    is_plugin: bool


def read_wheels(paths: Sequence[Path]) -> tuple[Wheel, ...]:
    """Read ``paths``. Raises ``UnreadableError`` for what is not a wheel, ``PluginError`` for a wheel that requires the
    engine, and where not exactly one of them is a plugin."""
    wheels = tuple(_read(path) for path in paths)
    plugins = [wheel.name for wheel in wheels if wheel.is_plugin]
    if len(plugins) != 1:
        found = "none of the wheels is a plugin" if not plugins else f"{' and '.join(plugins)} are both plugins"
        help = f"A plugin's wheel has an entry point in the group `{GROUP}`; install each plugin into its own folder."
        raise PluginError(f"{found}.", help=help)
    return wheels


def _read(path: Path) -> Wheel:
    try:
        with ZipFile(path) as archive:
            inside = {name.rpartition("/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
            metadata = HeaderParser().parsestr(_text(archive, inside["METADATA"]))
            points = _text(archive, inside["entry_points.txt"]) if "entry_points.txt" in inside else ""
        name, version = metadata["Name"], metadata["Version"]
        if not name or not version:
            raise KeyError("Name")
        is_plugin = _has_group(points)
    except (OSError, BadZipFile, EOFError, KeyError, ValueError, RuntimeError, zlib.error, ConfigError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a wheel"
        help = "Give files that end in .whl; `python -m build` makes one from a plugin's source."
        raise UnreadableError(f"{path} cannot be read: {why}.", help=help) from None
    _refuse_engine(f"{name} {version}", metadata.get_all("Requires-Dist", []))
    return Wheel(path, name, version, is_plugin)


def _text(archive: ZipFile, name: str) -> str:
    """Return the text of a file in ``archive``. Raises ``ValueError`` for one that is packed in an unusual way, which
    could take any amount of memory, or is too large."""
    member = archive.getinfo(name)
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or member.file_size > _LARGEST:
        raise ValueError(name)
    return archive.read(member).decode("utf-8")


def _has_group(points: str) -> bool:
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.read_string(points)
    return parser.has_section(GROUP) and bool(parser.options(GROUP))


def _refuse_engine(whose: str, requirements: Sequence[str]) -> None:
    """Refuse a wheel that requires the engine; a requirement of an extra, such as its tests', does not count."""
    for requirement in requirements:
        wanted, _, marker = requirement.partition(";")
        found = _REQUIRED.match(wanted)
        if found and normal(found[1]) == "ordinance" and "extra" not in marker:
            raise PluginError(
                f"{whose} requires `{wanted.strip()}`: a plugin's folder must not contain the engine.",
                help="Its authors remove `ordinance` from `dependencies`. The manifest says `api = 1` instead, and the "
                "engine gives each plugin `ordinance.plugin` and pluggy.",
            )
