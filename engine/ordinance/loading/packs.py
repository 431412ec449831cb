"""Finds packs, reads them, and completes them with what they name: the charter, parents, languages.

What an operator gives is taken first; what the given packs name and nobody gave is looked for among those that ship: of
the languages, those in which the given packs have a notice or a label, and English; all if they have none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

from ordinance.errors import UsageError
from ordinance.language.ast import CharterRef, Kind
from ordinance.language.diagnostics import Diagnostic, diagnose, nearest
from ordinance.language.parser import Role, first_word, parse
from ordinance.language.source import Source, Span
from ordinance.loading.bounds import PACK_LIMIT
from ordinance.loading.files import Room, find_packs, read_lexicons, read_source
from ordinance.policy.ir import Unit
from ordinance.resources import folder

Report = Callable[[Diagnostic], None]

_KINDS = get_args(Kind)
_HEADER = re.compile(rf"(?:\s|#[^\n]*+)*+({'|'.join(_KINDS)})\s+([^\s#]+)")

#: The language in which whoever reads no other is told.
_ALWAYS_SPOKEN = "en"

#: What may lie where: ``jurisdictions/DE/DE.ord`` is a jurisdiction, whatever its first word says.
_ROLES: Mapping[str, Role] = {"jurisdictions": "jurisdiction", "languages": "language", "houses": "house"}


@dataclass(frozen=True, slots=True)
class Packs:
    """What was read. ``complete`` is False where a file was not understood at all, so that linking makes no sense."""

    units: tuple[Unit, ...]
    complete: bool
    diagnostics: tuple[Diagnostic, ...]


def gather(paths: Sequence[Path], without_houses: Collection[str] = (), *, shipped: bool = True) -> Packs:
    """Read the packs at ``paths`` (files, or folders that contain packs) and all packs that they refer to, without the
    house packs of these names. Without ``shipped`` only those at ``paths``."""
    return _Gatherer(shipped=shipped).gather(paths, without_houses)


def shipped_rules() -> Path:
    """Return the folder of the packs that ship."""
    return folder("rules")


def shipped_pack(name: str) -> Path:
    """Return the file of the pack that ships under this ``name``: a language's tag, a jurisdiction's code, a house.
    Raises ``UsageError`` if there is none."""
    paths = _shipped_paths()
    found = {named: source.path for kind in _KINDS for source, named in _of_kind(kind, paths)}
    if name not in found:
        near = nearest(name, found)
        known = f"Those that ship are {', '.join(sorted(found))}."
        raise UsageError(f"no pack called '{name}' ships.", help=f"Did you mean '{near}'?" if near else known)
    return found[name]


def default_packs() -> tuple[Path, ...]:
    """Return the packs that apply if an operator names none: all that ship except the houses, which are examples."""
    return tuple(shipped_rules() / name for name in ("charter", "jurisdictions", "languages"))


class _Gatherer:
    def __init__(self, *, shipped: bool = True) -> None:
        self.shipped = shipped
        self.found: list[Diagnostic] = []
        self.units: list[Unit] = []
        self.complete = True
        self.room = Room(self.found.append)
        self.full = False

    def gather(self, paths: Sequence[Path], without_houses: Collection[str]) -> Packs:
        for path in find_packs(paths, self.found.append):
            self.read(path, given=True)
            if self.full:
                break
        if self.complete:
            self.one_charter()
            self.parents()
            self.languages()
            self.units = [unit for unit in self.units if unit.pack.kind != "house" or unit.name not in without_houses]
            self.refuse_twins()
            self.tell_apart()
            self.compare_with_shipped()
        charters = sum(unit.pack.kind == "charter" for unit in self.units)
        return Packs(tuple(self.units), self.complete and charters == 1, tuple(self.found))

    def read(self, path: Path, *, given: bool) -> None:
        """Read one pack; what is wrong with it is a finding."""
        source = read_source(path, PACK_LIMIT, self.found.append)
        if source is None:
            self.complete = False
        else:
            self.take(source, given=given)

    def take(self, source: Source, *, given: bool) -> None:
        """Take one pack that was read; what is wrong with it is a finding."""
        if not self.room.pack(source):
            self.complete, self.full = False, True
            return
        parsed = parse(source, _role(source.path, source.text))
        self.found += parsed.diagnostics
        if parsed.pack is None:
            self.complete = False
            return
        lexicons = read_lexicons(parsed.pack, self.found.append, self.room)
        if lexicons is None:
            self.complete, self.full = False, True
            return
        self.units.append(Unit(parsed.pack, lexicons, given))

    def of_kind(self, kind: str) -> list[Unit]:
        return [unit for unit in self.units if unit.pack.kind == kind]

    @cached_property
    def shipped_paths(self) -> tuple[Path, ...]:
        return _shipped_paths()

    def others(self, kind: str) -> Iterator[tuple[Source, str]]:
        """Yield each pack of this ``kind`` that may complete the given ones, with its name."""
        return _of_kind(kind, self.shipped_paths if self.shipped else ())

    def one_charter(self) -> None:
        charters = self.of_kind("charter")
        for second in charters[1:]:
            message = f"`{second.name}` is a second charter; the first is {charters[0].name} in {_file(charters[0])}"
            self.found.append(diagnose("charter-second", second.pack.name.span, message))
        if charters:
            return
        named = {unit.pack.charter.name.text: unit for unit in reversed(self.units) if unit.pack.charter}
        if len(named) > 1:
            for unit in list(named.values())[1:]:
                self.found.append(
                    diagnose("charter-differs", unit.pack.name.span, "the packs were written for different charters")
                )
        for name, unit in list(named.items())[:1]:
            span = unit.pack.charter.name.span if unit.pack.charter else unit.pack.name.span
            self.complete_with("charter", name, span, "charter-missing", f"no charter is called `{name}`")

    def parents(self) -> None:
        queue = self.of_kind("jurisdiction")
        loaded = {unit.name for unit in queue}
        while queue:
            pack = queue.pop().pack
            if pack.within and pack.within.text not in loaded:
                name, span = pack.within.text, pack.within.span
                message = f"no pack was found for {name}, which {pack.name} is within"
                added = self.complete_with("jurisdiction", name, span, "parent-missing", message)
                loaded.update(unit.name for unit in added)
                queue += added

    def languages(self) -> None:
        charter = next(iter(self.of_kind("charter")), None)
        if charter is None or self.of_kind("language"):
            return
        major = charter.pack.version.text.partition(".")[0]
        # The charter's English is everybody's.
        below = (unit for unit in self.units if unit.given and unit.pack.kind != "charter")
        spoken = frozenset[str]().union(*(unit.spoken for unit in below))
        for source, name in self.others("language"):
            if not spoken or name in spoken or name == _ALWAYS_SPOKEN:
                self.take(source, given=False)
        others = [unit for unit in self.units if unit.pack.kind != "language"]
        fitting = [unit for unit in self.of_kind("language") if _stands_under(unit.pack.charter, charter.name, major)]
        self.units = others + fitting

    def refuse_twins(self) -> None:
        first: dict[tuple[str, str], Unit] = {}
        for unit in self.units:
            twin = first.setdefault((unit.pack.kind, unit.name), unit)
            if twin is not unit and unit.pack.kind != "charter":
                message = f"a pack called {unit.name} is loaded twice; the other is {_file(twin)}"
                self.found.append(diagnose("pack-twice", unit.pack.name.span, message))
        self.units = list(first.values())

    def tell_apart(self) -> None:
        """Rules are cited as ``pack/name``: packs of different kinds may not share a name either."""
        first: dict[str, Unit] = {}
        for unit in sorted(self.units, key=lambda unit: unit.pack.kind == "charter"):
            other = first.setdefault(unit.name, unit)
            if other is not unit:
                message = f"another pack, the {other.pack.kind} in {_file(other)}, is also called {unit.name}"
                self.found.append(diagnose("name-twice", unit.pack.name.span, message))
                self.complete = False

    def compare_with_shipped(self) -> None:
        """Warn about a charter that has the name and version of one that ships, but is another."""
        for unit in self.of_kind("charter"):
            for source, name in _of_kind("charter", self.shipped_paths) if unit.given else ():
                if name == unit.name and not _same(source.path, unit.pack.source.path):
                    shipped = _Gatherer()
                    shipped.take(source, given=False)
                    for other in shipped.units:
                        if _version(other) == _version(unit) and _content(other) != _content(unit):
                            message = f"this is not the charter {_version(unit)} that ships"
                            self.found.append(diagnose("charter-altered", unit.pack.name.span, message))

    def complete_with(self, kind: str, name: str, span: Span, code: str, message: str) -> list[Unit]:
        """Read the pack that ships under this name; the units that this added."""
        matches = [source for source, named in self.others(kind) if named == name]
        if len(matches) > 1:
            files = " and ".join(source.name for source in matches)
            self.found.append(diagnose("pack-ambiguous", span, f"two packs that ship are called `{name}`: {files}"))
        elif not matches:
            self.found.append(diagnose(code, span, message))
        else:
            before = len(self.units)
            self.take(matches[0], given=False)
            return self.units[before:]
        return []


def _role(path: Path, text: str) -> Role:
    """Return the role of a file by the folder that it is in; elsewhere, by its first word."""
    said: Role = "charter" if first_word(text) == "charter" else "pack"
    return _ROLES.get(path.absolute().parent.parent.name, said)


def _shipped_paths() -> tuple[Path, ...]:
    """Return the files of the packs that ship."""
    return tuple(find_packs([shipped_rules()], lambda _: None))


def _of_kind(kind: str, paths: Iterable[Path]) -> Iterator[tuple[Source, str]]:
    """Yield each pack of this ``kind`` among ``paths`` with its name, by its header. What lies in the folder of another
    kind is not read."""
    for path in paths:
        if _ROLES.get(path.parent.parent.name, kind) != kind:
            continue
        source = read_source(path, PACK_LIMIT, lambda _: None)
        if source and (header := _HEADER.match(source.text)) and header[1] == kind:
            yield source, header[2]


def _stands_under(named: CharterRef | None, charter: str, major: str) -> bool:
    """Whether a pack names this charter and major version."""
    return named is not None and (named.name.text, named.major.text) == (charter, major)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _version(unit: Unit) -> str:
    return f"{unit.name} {unit.pack.version}"


def _content(unit: Unit) -> tuple[str, dict[str, str]]:
    """Return the text of a pack and of its lexicons."""
    return unit.pack.source.text, {path: source.text for path, source in unit.lexicons.items()}


def _file(unit: Unit) -> str:
    return unit.pack.source.name
