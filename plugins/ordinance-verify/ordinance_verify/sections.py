"""Whether the sections of evidence say what the files that they are made from say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from ordinance_verify.counting import Counting
from ordinance_verify.folder import Manifest
from ordinance_verify.policies import Policy
from ordinance_verify.problems import Report, WrongError
from ordinance_verify.record import Numbers
from ordinance_verify.strict import Kind, decode, has, loads, sha256

_DIFFERS = "section-differs"


def same(name: str, found: Any, made: Any, report: Report) -> None:
    """Report whether the section ``name`` says something else than ``made``."""
    if _differ(found, made):
        part = next((key for key in made if not isinstance(found, dict) or _differ(found.get(key), made[key])), "more")
        report.wrong(_DIFFERS, f"{name}.json: {part}"[:200], "it is not what the records and policies here say")


def _differ(found: Any, made: Any) -> bool:
    """Return whether two values are other JSON. To Python, ``1`` and ``true`` are equal."""
    return json.dumps(found, sort_keys=True) != json.dumps(made, sort_keys=True)


def numbers(found: Any, counted: Numbers, report: Report) -> None:
    """Compare ``record.json`` with the lines of the record."""
    made = asdict(counted)
    span: dict[str, Kind] = dict.fromkeys(("begins", "ends"), (str, type(None)))
    kinds: dict[str, Kind] = {**dict.fromkeys(made, int), **span}
    if not has(found, **kinds, problems=list, breaks=list):
        raise WrongError("section-form", "record.json", "it is not in the form that it has")
    same("record", {name: found[name] for name in made}, made, report)
    for each in found["problems"]:
        if not has(each, code=str, where=str):
            raise WrongError("section-form", "record.json", "a problem is not in the form that it has")
        report.wrong("record-wrong", each["where"], f"whoever made the evidence found {each['code']}")


def counted(sections: Mapping[str, Any], counting: Counting, policies: Sequence[Policy], report: Report) -> None:
    """Compare counts, failures and parts with the records."""
    same("counts", sections["counts"], counting.counts(), report)
    verified = {each.digest: each.told["verified"] for each in policies}
    same("failures", sections["failures"], counting.failures(verified), report)
    parts = sections["parts"]
    same("parts", {name: parts[name] for name in parts if name != "allowed"} if isinstance(parts, dict) else parts,
         counting.parts(), report)  # fmt: skip
    days = sections["laws"]["days"]
    same("laws", {day["day"]: day["requests"] for day in days if day["requests"]},
         {day: dict(counts) for day, counts in counting.days.items()}, report)  # fmt: skip


def allowed(found: Any, policies: Sequence[Policy], report: Report) -> None:
    """Compare what each policy allows with what ``parts.json`` and ``policies.json`` say of it."""
    made = []
    for policy in policies:
        if policy.told["bundle"]:
            extent = decode(
                policy.members.get("policy.json", b""), "policy-statement", f"policy/{policy.number}/policy.json"
            )
            if not has(extent, judges=list, plugins=list):
                raise WrongError("policy-statement", f"policy/{policy.number}/policy.json", "it is not in its form")
            names = ("name", "version", "sha256", "network")
            plugins = [{name: each.get(name) for name in names} for each in extent["plugins"] if isinstance(each, dict)]
            made.append({"policy": policy.number, "plugins": plugins, "judges": extent["judges"]})
            told = {name: policy.told[name] for name in ("plugins", "judges")}
            same("policies", told, {"plugins": plugins, "judges": extent["judges"]}, report)
    if not isinstance(found, dict) or _differ(found.get("allowed"), made):
        report.wrong(_DIFFERS, "parts.json: allowed", "it is not what the policies here say")


def laws(found: Any, manifest: Manifest, policies: Sequence[Policy], report: Report) -> None:
    """Verify which laws were in force on which day, and that each policy under which there were requests is here."""
    where = "laws.json"
    if not has(found, policies=dict, days=list) or found["policies"].keys() != {each.digest for each in policies}:
        raise WrongError("section-form", where, "it is not about the policies that are here")
    for own in found["policies"].values():
        if not isinstance(own, dict) or not all(map(_is_law, own.values())):
            raise WrongError("section-form", where, "a law is not in the form that it has")
    days = [manifest.first + timedelta(days=each) for each in range((manifest.last - manifest.first).days + 1)]
    if len(found["days"]) != len(days):
        raise WrongError(_DIFFERS, where, "its days are not those of the evidence")
    for day, told in zip(days, found["days"], strict=True):
        if not has(told, day=str, requests=dict, in_force=dict) or told["day"] != day.isoformat():
            raise WrongError(_DIFFERS, where, f"{day} is missing, or is not in the form that it has")
        made = {
            digest: sorted(name for name, law in found["policies"][digest].items() if _in_force(law, day))
            for digest in told["requests"]
            if digest in found["policies"]
        }
        if told["in_force"] != made:
            report.wrong(_DIFFERS, f"{where}: {day}", "the laws in force are not those that the dates of the laws give")
        for digest in told["requests"]:
            if digest and digest not in found["policies"]:
                report.wrong("policy-unknown", f"{where}: {day}", f"the policy {digest[:64]} is not here")


def _is_law(law: Any) -> bool:
    texts = dict.fromkeys(("title", "article", "jurisdiction", "source", "seen"), str)
    period: dict[str, Kind] = {"from": (str, type(None)), "until": (str, type(None)), "zone": str}
    return has(law, **texts, in_force=dict, transitions=list) and all(
        has(each, **period) for each in (law["in_force"], *law["transitions"])
    )


def _in_force(law: Mapping[str, Any], day: date) -> bool:
    text = day.isoformat()
    return any(
        (each["from"] is None or each["from"] <= text) and (each["until"] is None or text < each["until"])
        for each in (law["in_force"], *law["transitions"])
    )


def changes(found: Any, policies: Sequence[Policy], report: Report) -> None:
    """Compare what changed, and who signed, with the statements; and that each policy follows the one before."""
    made = []
    for policy in policies:
        told, said = policy.report(), policy.told
        same("policies", {name: _sorted(name, said[name]) for name in told}, told, report)
        release = policy.statements.get("release")
        if release is None or not policy.roots:
            continue
        root = policy.roots[max(policy.roots)]
        diff = policy.members.get("approved/diff.json", b"")
        this = {"diff": sha256(diff), "previous": release.said["approved"]["previous"]}
        people = {role: root.owners(each.envelope) for role, each in policy.statements.items()}
        approving = {role for role, each in policy.statements.items() if each.said["approved"] == this}
        made.append(
            {
                "policy": policy.number,
                "digest": policy.digest,
                "version": release.said["version"],
                "issued": release.said["issued"],
                **this,
                "approved_by": {role: people[role] for role in approving},
                "signed_before": {role: names for role, names in people.items() if role not in approving},
                "approved": decode(diff, "policy-approved", f"policy/{policy.number}/approved/diff.json"),
            }
        )
        for each in policy.told["problems"]:
            report.wrong(
                "policy-wrong", f"policy/{policy.number}/", f"whoever made the evidence found {str(each)[:200]}"
            )
    if _differ(found, made):
        report.wrong(_DIFFERS, "changes.json", "it is not what the statements and what was approved say")
    for before, after in pairwise(made):
        follows = policies[before["policy"] - 1].statements["release"].digest
        if after["version"] == before["version"] + 1 and after["previous"] != follows:
            report.wrong("policy-approved", f"policy/{after['policy']}/", "it does not follow the policy before it")


def _sorted(name: str, told: Any) -> Any:
    """Return packs in the order in which they are compared, and everything else as it is."""
    if name == "packs" and all(has(each, kind=str, name=str, version=str) for each in told):
        return sorted(told, key=lambda each: (each["kind"], each["name"]))
    return told


def others(sections: Mapping[str, Any], keys: Mapping[str, bytes], mark: bytes | None, report: Report) -> None:
    """Verify the keys that the folder names, and the form of what others made."""
    found = sections["keys"]
    if not has(found, record=list, mark=(dict, type(None))):
        raise WrongError("section-form", "keys.json", "it is not in the form that it has")
    for each in found["record"]:
        if not has(each, keyid=str, public=str) or not _is_key(each):
            raise WrongError("section-form", "keys.json", "a key has another id than it says")
        if each["keyid"] not in keys:
            report.note("key-not-given", "keys.json", f"the key {each['keyid']} of the record was not given")
    if found["mark"] is not None and not (
        has(found["mark"], keyid=str, public=str, provider=str) and _is_key(found["mark"])
    ):
        raise WrongError("section-form", "keys.json", "the key of marks has another id than it says")
    if mark is not None and (found["mark"] is None or found["mark"]["public"] != mark.hex()):
        report.wrong("mark-key", "keys.json", "the key of marks is not the one that was given")
    doctor = sections.get("doctor")
    if doctor is not None and not has(doctor, url=str, model=str, findings=list):
        raise WrongError("section-form", "doctor.json", "it is not what the doctor prints")
    objections = sections.get("objections")
    if objections is not None and not (
        isinstance(objections, dict)
        and all(isinstance(each, dict) and all(type(n) is int for n in each.values()) for each in objections.values())
    ):
        raise WrongError("section-form", "objections.json", "it is not in the form that it has")


def bill(data: bytes) -> None:
    """Verify that the bill of materials is one. Raises ``WrongError``."""
    try:
        if loads(data).get("bomFormat") != "CycloneDX":
            raise ValueError("it is not CycloneDX")
    except (ValueError, AttributeError) as error:
        raise WrongError("section-form", "sbom.cdx.json", str(error)[:200]) from None


def _is_key(each: Mapping[str, str]) -> bool:
    try:
        public = bytes.fromhex(each["public"])
    except ValueError:
        return False
    return len(public) == 32 and public.hex() == each["public"] and sha256(public) == each["keyid"]
