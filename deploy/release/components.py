"""What a release uses at run time, read from the locks: they name each package, its hashes, and which package asked for
it (``# via``)."""

from __future__ import annotations

import hashlib
import re
import tomllib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.markers import Marker

#: The extras of the engine that are for running it, and not for building or testing it.
EXTRAS = ("embedded", "judge", "trust", "postgresql", "redis", "ext-proc")
_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:[ \t]*;(?P<marker>[^\\\n]+))?")
_VIA = re.compile(r"#(?: via)?[ \t]+([A-Za-z0-9._-]+)(?: \(.*\))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Component:
    """A dependency: its ``name`` and ``version``, the SHA-256 of each of its files, which packages asked for it
    (``by``), for which machines it is (``marker``, empty for all), and its ``wheel`` if that is at hand."""

    name: str
    version: str
    hashes: frozenset[str]
    by: frozenset[str] = frozenset()
    marker: str = ""
    wheel: Path | None = None

    @property
    def here(self) -> bool:
        """Return whether it is for machines like this one."""
        return not self.marker or Marker(self.marker).evaluate()

    @property
    def purl(self) -> str:
        """Return what identifies it in a bill of materials."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def licence(self) -> tuple[str, bool]:
        """Return its licence as its wheel names it, empty if unknown, and whether that is an SPDX expression."""
        if self.wheel is None:
            return "", False
        metadata = _metadata(self.wheel)
        if expression := (metadata["License-Expression"] or "").strip():
            return expression, True
        classified = [each for each in metadata.get_all("Classifier", []) if each.startswith("License ::")]
        named = ", ".join(each.rpartition(" :: ")[2] for each in classified)
        return named or (metadata["License"] or "").strip().partition("\n")[0][:100], False


def components(tree: Path, wheels: Path, also: frozenset[str] = frozenset()) -> tuple[Component, ...]:
    """Return the dependencies of all distributions in ``tree`` and the packages ``also``; their wheels are looked for
    in ``wheels``."""
    wanted = declared(tree, EXTRAS) | plugins_declare(tree) | also
    found = [*needed(locked(tree, "airgap"), wanted), *locked(tree, "model")]
    return tuple(sorted((replace(each, wheel=_wheel(each, wheels)) for each in found), key=lambda each: each.purl))


def normal(name: str) -> str:
    """Return a package's name as it is compared with others."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(tree: Path, extras: Iterable[str]) -> frozenset[str]:
    """Return what the engine in ``tree`` declares that it needs, with ``extras``."""
    engine = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]
    optional = (one for extra in extras for one in engine["optional-dependencies"][extra])
    return _names([*engine["dependencies"], *optional])


def plugins_declare(tree: Path) -> frozenset[str]:
    """Return what the plugins in ``tree`` declare that they need."""
    projects = (tomllib.loads(place.read_text("utf-8")) for place in sorted(tree.glob("plugins/*/pyproject.toml")))
    return _names(one for each in projects for one in each["project"]["dependencies"])


def locked(tree: Path, lock: str) -> list[Component]:
    """Return the packages of a lock; one may be there in several versions, for different machines."""
    found = []
    for part in re.split(r"\n(?=[A-Za-z0-9])", (tree / "deploy" / "locks" / f"{lock}.txt").read_text("utf-8")):
        if entry := _ENTRY.match(part):
            hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", part))
            by = frozenset(normal(name) for name in _VIA.findall(part)) - {"via"}
            found.append(
                Component(normal(entry["name"]), entry["version"], hashes, by, (entry["marker"] or "").strip())
            )
    return found


def needed(entries: Iterable[Component], wanted: frozenset[str]) -> list[Component]:
    """Return those that are ``wanted``, and those that these asked for, directly or not."""
    entries = list(entries)
    names = {each.name for each in entries} & wanted
    while more := {each.name for each in entries if each.by & names} - names:
        names |= more
    return [each for each in entries if each.name in names]


def _names(requirements: Iterable[str]) -> frozenset[str]:
    return frozenset(normal(re.split(r"[^A-Za-z0-9_.-]", one)[0]) for one in requirements)


def _wheel(component: Component, wheels: Path) -> Path | None:
    """Return the wheel of ``component`` among ``wheels``, if it is a file that the locks name."""
    for path in sorted(wheels.glob("*.whl")):
        name, version = path.name.split("-")[:2]
        fits = normal(name) == component.name and version == component.version
        if fits and hashlib.sha256(path.read_bytes()).hexdigest() in component.hashes:
            return path
    return None


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))
