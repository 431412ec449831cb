"""Which jurisdictions are loaded, what each lies within, and which places a code covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ordinance.language.ast import Pack, Word
from ordinance.language.diagnostics import diagnose
from ordinance.policy.conditions import prefixes
from ordinance.policy.ir import Unit
from ordinance.policy.link.names import Report, is_code

UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Places:
    """``members`` are codes that a jurisdiction names as its own without their packs being loaded."""

    parents: Mapping[str, str | None]
    zones: Mapping[str, ZoneInfo]
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def covered(self, code: str) -> frozenset[str]:
        """``code`` and all that lies within it, as packs declare it."""
        inside = self._inside.get(code, set()) | {code}
        return frozenset(inside.union(*(self.members.get(name, frozenset()) for name in inside)))

    def seen_from(self, name: str) -> Places:
        """Return what the jurisdiction ``name`` and those that contain it declare, whatever else is loaded."""
        inside = set(self._lineage(name)) & self.parents.keys()
        parents = {each: parent for each, parent in self.parents.items() if each in inside}
        return Places(parents, self.zones, {each: self.members[each] for each in inside if each in self.members})

    def known(self, code: str) -> bool:
        """Whether some pack speaks of the place: as its own, as a member, or as what it lies within."""
        return any(prefix in self._named for prefix in prefixes(code))

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(self.parents).union(*self.members.values())

    @cached_property
    def _inside(self) -> Mapping[str, set[str]]:
        """The jurisdictions that lie within each, with itself."""
        found: dict[str, set[str]] = {}
        for name in self.parents:
            for above in self._lineage(name):
                found.setdefault(above, set()).add(name)
        return found

    def _lineage(self, name: str | None) -> Iterable[str]:
        seen: set[str] = set()
        while name is not None and name not in seen:
            seen.add(name)
            yield name
            name = self.parents.get(name)


def link_places(units: Iterable[Unit], report: Report) -> Places:
    """Link the loaded jurisdictions. A parent that is not loaded is reported where packs are resolved."""
    jurisdictions = {unit.name: unit.pack for unit in units if unit.pack.kind == "jurisdiction"}
    parents = {name: _parent(name, pack, jurisdictions) for name, pack in jurisdictions.items()}
    for name, pack in jurisdictions.items():
        if not is_code(name):
            report(diagnose("code-invalid", pack.name.span, f"`{name}` is not a jurisdiction's code"))
        for member in pack.members:
            if not is_code(member.text):
                report(diagnose("code-invalid", member.span, f"`{member}` is not a jurisdiction's code"))
        if pack.within and _circles(name, parents):
            report(diagnose("parent-circle", pack.within.span, f"`{name}` is within itself by way of {pack.within}"))
            parents[name] = None
    zones: dict[str, ZoneInfo] = {}
    for name, pack in jurisdictions.items():
        above: str | None = name
        while above is not None and jurisdictions[above].zone is None:
            above = parents[above]
        named = jurisdictions[above].zone if above is not None else None
        zones[name] = zone(named, report if pack.zone else lambda _: None)
    members = {name: frozenset(word.text for word in pack.members) for name, pack in jurisdictions.items()}
    return Places(parents, zones, members)


def zone(name: Word | None, report: Report) -> ZoneInfo:
    """Return the time zone called ``name``; UTC without a name, and, with a finding, if there is no zone of that
    name."""
    if name is None:
        return UTC
    try:
        return ZoneInfo(name.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        report(diagnose("zone-invalid", name.span, f'no time zone is called "{name}"'))
        return UTC


def _parent(name: str, pack: Pack, jurisdictions: Iterable[str]) -> str | None:
    """Return the jurisdiction that contains ``name``: by its pack, else the nearest loaded one by its code, as CA for
    CA-ON; the law of a country does not end where a province has a pack of its own."""
    if pack.within:
        return pack.within.text if pack.within.text in jurisdictions else None
    return next((code for code in prefixes(name) if code != name and code in jurisdictions), None)


def _circles(name: str, parents: Mapping[str, str | None]) -> bool:
    seen = {name}
    above = parents[name]
    while above is not None and above not in seen:
        seen.add(above)
        above = parents[above]
    return above == name
