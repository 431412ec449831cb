"""The policies of evidence: their files, who signed them, what each changed, and which law was in force on a day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ordinance.errors import UsageError
from ordinance.evidence.days import Days
from ordinance.loading.load import Loaded, digest
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Law, Period, Plan
from ordinance.trust.building import members_of
from ordinance.trust.contents import DIFF, RELEASE, Contents
from ordinance.trust.drafts import load_contents, load_draft, read_draft
from ordinance.trust.inspecting import report_of
from ordinance.trust.moments import moment
from ordinance.trust.seen import Seen
from ordinance.trust.statements import sha256
from ordinance.trust.trouble import Trouble
from ordinance.trust.unpacked import is_bundle
from ordinance.trust.verifying import verify


@dataclass(frozen=True, slots=True)
class Evident:
    """A policy as evidence has it, the ``number`` of its folder, its ``contents`` if it came as a bundle, and what was
    found when it was verified from the root as on the day of its issue; None: no root was given."""

    number: int
    plan: Plan
    policy: Policy
    contents: Contents | None
    found: tuple[Trouble, ...] | None

    @property
    def verified(self) -> bool:
        return self.contents is not None and self.found == ()

    @property
    def files(self) -> dict[str, bytes]:
        """Return its files by their names in the evidence."""
        if self.contents is not None:
            members = dict(self.contents.members)
        else:
            members = {name: content for unit in self.policy.units for name, content in members_of(unit)}
        return {f"policy/{self.number}/{name}": content for name, content in members.items()}

    def seal(self) -> dict[str, Any] | None:
        """Return from what, besides the files, the digest is computed; None where plugins take part, whose settings it
        covers and evidence does not show."""
        if digest(self.policy.units, ()) != self.policy.digest:
            return None
        from ordinance import __version__

        judge = self.plan.judge
        return {
            "engine": f"ordinance {__version__}",
            "struck": sorted(f"{each.rule}\0{each.test}" for each in self.plan.struck),
            "judge": None if judge is None else json.dumps(dict(judge.identity), sort_keys=True),
        }

    def report(self) -> dict[str, Any]:
        """Return what ``policies.json`` says of it."""
        packs = [{"kind": each.kind, "name": each.name, "version": each.version} for each in self.plan.packs]
        report = {"number": self.number, "digest": self.plan.digest, "packs": packs, "seal": self.seal()}
        report |= {"bundle": self.contents is not None, "verified": self.verified, "problems": []}
        report["problems"] = [{"code": each.code, "where": each.where} for each in self.found or ()]
        if self.contents is not None:
            shown = report_of(self.contents)
            report |= {name: shown[name] for name in ("roots", "statements", "plugins", "judges")}
        return report

    def change(self) -> dict[str, Any] | None:
        """Return what ``changes.json`` says of it: the difference, and by role who approved it. Who signed before, on a
        part that did not change, approved what that part was then."""
        if self.contents is None or RELEASE not in self.contents.statements:
            return None
        said = self.contents.statements[RELEASE].statement.predicate
        statements = report_of(self.contents)["statements"]
        this = {"diff": sha256(self.contents.members[DIFF]), "previous": said.approved.previous}
        return {
            "policy": self.number,
            "digest": self.plan.digest,
            "version": said.version,
            "issued": said.issued,
            **this,
            "approved_by": {each["role"]: each["signed_by"] for each in statements if each["approved"] == this},
            "signed_before": {each["role"]: each["signed_by"] for each in statements if each["approved"] != this},
            "approved": json.loads(self.contents.members[DIFF]),
        }


def policies(packs: Sequence[Path], root: Path | None, load: Callable[..., Loaded] = load_draft) -> list[Evident]:
    """Return the policies in ``packs``: each bundle is one, in the order of their versions; what is not a bundle is one
    together. Bundles are verified from ``root``, if there is one. Raises ``OrdinanceError`` where one does not load."""
    read = [(read_draft(each), each) for each in packs if is_bundle(each)]
    for contents, path in read:
        if RELEASE not in contents.statements:
            raise UsageError(f"{path} has no statement of its release.", help="Name bundles that were in force.")
    read.sort(key=lambda each: each[0].statements[RELEASE].statement.predicate.version)
    found = []
    for number, (contents, path) in enumerate(read, 1):
        issued = moment(contents.statements[RELEASE].statement.predicate.issued)
        troubles = None if root is None else tuple(verify(path, root, Seen(), issued)[1])
        found.append(_evident(number, load(contents, path), contents, troubles))
    if loose := [each for each in packs if not is_bundle(each)]:
        found.append(_evident(len(found) + 1, load(None, loose), None, None))
    return found


def loader(on: date, plugins: Any, budget: Any, judge: Any) -> Callable[..., Loaded]:
    """Return what loads the contents of a bundle, or packs, as a draft on the day ``on``."""

    def load(contents: Contents | None, path: Any) -> Loaded:
        more = {"plugins": plugins, "budget": budget, "judge": judge, "on": on, "examples": False}
        return load_draft(path, **more) if contents is None else load_contents(contents, path, **more)

    return load


def _evident(number: int, loaded: Loaded, contents: Contents | None, found: tuple[Trouble, ...] | None) -> Evident:
    plan = loaded.plan  # raises, with what is wrong
    if loaded.policy is None:  # a plan is made of a policy
        raise AssertionError
    return Evident(number, plan, loaded.policy, contents, found)


def laws(found: Sequence[Evident], days: Days, requests: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return what ``laws.json`` says: the laws of each policy, and by day under which policy there were requests
    (``requests``, by day and digest) and which of its laws were in force then."""
    cited = {each.plan.digest: _cited(each.policy) for each in found}
    return {
        "policies": {key: {name: _as_json(law) for name, law in own.items()} for key, own in cited.items()},
        "days": [
            {
                "day": day.isoformat(),
                "requests": dict(sorted(requests.get(day.isoformat(), {}).items())),
                "in_force": {
                    key: sorted(name for name, law in cited[key].items() if _in_force(law, day))
                    for key in sorted(requests.get(day.isoformat(), {}))
                    if key in cited
                },
            }
            for day in days
        ],
    }


def _cited(policy: Policy) -> dict[str, Law]:
    return {f"{each.pack}/{each.node.name.text}": each.law for each in policy.laws if each.law is not None}


def _as_json(law: Law) -> dict[str, Any]:
    return {
        "title": law.title,
        "article": law.article,
        "jurisdiction": law.jurisdiction,
        "source": law.source,
        "seen": law.seen.isoformat(),
        "in_force": _period(law.in_force),
        "transitions": [_period(each.period) for each in law.transitions],
    }


def _period(period: Period) -> dict[str, str | None]:
    return {
        "from": None if period.start is None else period.start.isoformat(),
        "until": None if period.end is None else period.end.isoformat(),
        "zone": period.zone.key,
    }


def _in_force(law: Law, day: date) -> bool:
    """Return whether the law is in force on ``day`` for some: dates are compared as they are written, without zones."""
    return any(
        (each.start is None or each.start <= day) and (each.end is None or day < each.end)
        for each in (law.in_force, *(one.period for one in law.transitions))
    )
