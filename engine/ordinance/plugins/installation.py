"""Fills a folder with a plugin: pip into a new folder beside it, without a network, which then takes its place."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ordinance.errors import PluginError, UnwritableError, UsageError
from ordinance.plugins.allowed import normal
from ordinance.plugins.manifest import Found, read
from ordinance.plugins.seal import seal
from ordinance.plugins.wheels import Wheel, read_wheels

#: What an installer writes that differs from machine to machine: scripts with the path of a Python, and from where the
#: wheel came. A plugin's process runs neither, and the same wheels give the same SHA-256 without them.
_SCRIPTS = ("bin", "Scripts")
LEFT_OUT = ("direct_url.json", "REQUESTED", "INSTALLER")


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin's folder: what it contains, and its seal. ``before`` are version and seal of what it contained."""

    path: Path
    found: Found
    sha256: str
    before: tuple[str, str] | None = None

    @property
    def was_changed(self) -> bool:
        """Return whether the files differ from those that the folder had under the same version."""
        return self.before is not None and self.before[0] == self.found.version and self.before[1] != self.sha256


def install(paths: Sequence[Path], to: Path) -> Installed:
    """Install the wheels at ``paths``, one of which is the plugin, into the folder ``to``.

    What the plugin depends on is taken from ``paths`` and from the folders in which they are; nothing is downloaded and
    nothing is built. An older version of the same plugin in ``to`` is replaced whole, and stays where anything fails.
    Raises ``PluginError`` for wheels that are not a plugin, ``UsageError`` for a folder that contains something else,
    ``UnwritableError`` where the folder cannot be written.
    """
    wheels = read_wheels(paths)
    to = Path(os.path.realpath(to))
    before = _before(to, next(wheel for wheel in wheels if wheel.is_plugin))
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
    except OSError as error:
        raise _unwritable(to, error) from None
    try:
        new = staging / "new"
        _run_pip(wheels, new, to)
        _clean(new)
        found, sha256 = read(new), seal(new)
        _swap(new, to, staging / "old")
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Installed(to, found, sha256, before)


def _before(to: Path, plugin: Wheel) -> tuple[str, str] | None:
    """Return the version and the seal of the plugin in ``to``, None where there is nothing."""
    help = f"Give another folder with --to, one for {plugin.name} alone."
    if not to.exists():
        return None
    if not to.is_dir():
        raise UsageError(f"{to} is not a folder.", help=help)
    if not any(to.iterdir()):
        return None
    try:
        found = read(to)
        sha256 = seal(to)
    except PluginError:
        raise UsageError(f"{to} is not empty, and does not contain this plugin.", help=help) from None
    if normal(found.name) != normal(plugin.name):
        raise UsageError(f"{to} contains {found.name}, another plugin.", help=help)
    return found.version, sha256


def _run_pip(wheels: Sequence[Wheel], new: Path, to: Path) -> None:
    folders = dict.fromkeys(str(wheel.path.resolve().parent) for wheel in wheels)
    offline = ["--no-index", *(word for folder in folders for word in ("--find-links", folder)), "--no-compile"]
    files = [str(wheel.path.resolve()) for wheel in wheels]
    if importlib.util.find_spec("pip") is None:
        words = ["uv", "pip", "install", "--python", sys.executable, "--target", str(to), *offline, *files]
        raise UsageError(
            f"this Python has no pip ({sys.executable}).",
            help=f"Type `{shlex.join(words)}`, then `ordinance plugin check {shlex.quote(str(to))}`: it prints the "
            "entry for the settings.",
        )
    words = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-input", "install"]
    words += ["--quiet", "--only-binary", ":all:", "--target", str(new), *offline, *files]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - files that the operator named
    if done.returncode:
        said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        plugin = next(wheel for wheel in wheels if wheel.is_plugin)
        why = said[-1].rstrip(".") if said else "it gave no reason"
        raise PluginError(
            f"pip cannot install {plugin.name} {plugin.version}: {why}.",
            help="Put the wheels of all that it depends on beside it. Where there is a network, "
            f"`pip download --only-binary :all: -d {shlex.quote(next(iter(folders)))} {plugin.name}` fetches them.",
        )


def _clean(new: Path) -> None:
    """Remove what would make the seal differ from one machine to the next."""
    for name in _SCRIPTS:
        shutil.rmtree(new / name, ignore_errors=True)
    for folder in new.glob("*.dist-info"):
        for name in LEFT_OUT:
            (folder / name).unlink(missing_ok=True)


def _swap(new: Path, to: Path, old: Path) -> None:
    """Put ``new`` in the place of ``to``; what was there goes to ``old``, and comes back where that fails."""
    try:
        if to.exists():
            to.rename(old)
        try:
            new.rename(to)
        except OSError:
            with suppress(OSError):
                old.rename(to)
            raise
    except OSError as error:
        raise _unwritable(to, error) from None


def _unwritable(to: Path, error: OSError) -> UnwritableError:
    return UnwritableError(f"{to} cannot be written: {error.strerror}.", help="Give another folder with --to.")
