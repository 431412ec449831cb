"""The policies in a folder: their digests, and who signed them, from a root that whoever verifies has brought."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ordinance_verify.folder import read
from ordinance_verify.problems import Report, WrongError
from ordinance_verify.strict import Envelope, Kind, decode, has, opened, sha256

_ROOT = "application/vnd.ordinance.root+json"
_STATED = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_POLICY = "urn:x-ordinance:signed-policy:1"
_PACK = re.compile(r"packs/(charter|jurisdictions|languages|houses)/([^/]+)/(.+)")
_OTHER = re.compile(r"approved/diff\.json|policy\.json|calibration/[^/]+\.json")
_KINDS = {"charter": "charter", "jurisdictions": "jurisdiction", "languages": "language", "houses": "house"}
_GENERAL = {"charter": "charter", "jurisdiction": "jurisdictions", "language": "languages", "house": "houses"}
_HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Root:
    """A root: which ``keys`` people have, and what each of the ``roles`` needs. It came in an ``envelope``, which
    contains ``value``."""

    envelope: Envelope
    value: Mapping[str, Any]
    version: int
    keys: Mapping[str, tuple[str, bytes]]
    roles: Mapping[str, tuple[frozenset[str], int]]

    def owners(self, envelope: Envelope) -> list[str]:
        """Return whose signatures an envelope claims to have, whether they are right or not."""
        return sorted(self.keys[key][0] if key in self.keys else f"key {key[:16]}" for key in envelope.signatures)

    def report(self) -> dict[str, Any]:
        """Return what ``policies.json`` must say of it."""
        roles = [
            {
                "name": name,
                "people": sorted({self.keys[key][0] for key in keys}),
                "threshold": threshold,
                "least": self.value["roles"][name]["least"],
            }
            for name, (keys, threshold) in sorted(self.roles.items())
        ]
        told = {name: self.value[name] for name in ("version", "issued", "expires")}
        return {**told, "roles": roles, "signed_by": self.owners(self.envelope)}

    def covering(self, kind: str, name: str) -> str | None:
        """Return the role that answers for the pack ``name`` of this ``kind``."""
        parts = name.split("-")
        exact = (f"{kind} {'-'.join(parts[:length])}" for length in range(len(parts), 0, -1))
        return next((role for role in (*exact, _GENERAL[kind]) if role in self.roles), None)


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement of a role: the digests of ``files``, what was ``approved`` and when it was issued."""

    envelope: Envelope
    files: Mapping[str, str]
    said: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return sha256(self.envelope.content)


@dataclass(slots=True)
class Policy:
    """A policy of the folder, as ``policies.json`` has it (``told``) and as its files are."""

    number: int
    told: Mapping[str, Any]
    members: dict[str, bytes] = field(default_factory=dict)
    roots: dict[int, Root] = field(default_factory=dict)
    statements: dict[str, Stated] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return str(self.told["digest"])

    def report(self) -> dict[str, Any]:
        """Return what ``policies.json`` must say of its packs, roots and statements."""
        made: dict[str, Any] = {"packs": sorted(_packs(self.members), key=lambda each: (each["kind"], each["name"]))}
        if not self.told["bundle"]:
            return made
        newest = self.roots[max(self.roots)] if self.roots else None
        statements = []
        for role, each in sorted(self.statements.items()):
            names = ("version", "issued", "expires", "grace_days", "approved")
            needs = newest.roles[role][1] if newest and role in newest.roles else None
            signed_by = newest.owners(each.envelope) if newest else []
            told = {name: each.said[name] for name in names}
            statements.append({"role": role, **told, "statement": each.digest, "signed_by": signed_by, "needs": needs})
        return {**made, "roots": [each.report() for _, each in sorted(self.roots.items())], "statements": statements}


def _packs(members: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """Yield the packs by their first words: ``jurisdiction XA 1.0.0``."""
    for name, content in members.items():
        found = _PACK.fullmatch(name)
        if found and found[3] == f"{found[2]}.ord":
            kind = _KINDS[found[1]]
            begins = re.search(
                rf"^[ \t]*{kind}[ \t]+(\S+)[ \t]+(\S+)", content.decode("utf-8", "replace"), re.MULTILINE
            )
            yield {"kind": kind, "name": found[2], "version": begins[2] if begins else ""}


def read_policy(folder: Path, number: int, told: Mapping[str, Any], names: Mapping[str, str]) -> Policy:
    """Read a policy, of whose files ``names`` has the SHA-256. Raises ``WrongError``."""
    home = f"policy/{number}/"
    policy = Policy(number, told)
    policy.members = {
        name.removeprefix(home): read(folder, name, names[name]) for name in names if name.startswith(home)
    }
    for name, content in policy.members.items():
        if found := re.fullmatch(r"roots/([1-9][0-9]{0,8})\.json", name):
            policy.roots[int(found[1])] = read_root(content, home + name)
        elif name.startswith("statements/"):
            made = _read_statement(content, home + name)
            role = made.said["role"]
            if name != f"statements/{role.replace(' ', '.')}.json":
                raise WrongError("policy-statement", home + name, "it is the statement of another role")
            policy.statements[role] = made
        elif not _PACK.fullmatch(name) and not _OTHER.fullmatch(name):
            raise WrongError("policy-member", home + name, "a policy does not contain such a file")
    return policy


def read_root(data: bytes, where: str) -> Root:
    """Read a root. Raises ``WrongError``."""
    envelope = opened(data, "policy-root", where)
    value = decode(envelope.content, "policy-root", where)
    try:
        if envelope.kind != _ROOT or not has(value, expires=str, issued=str, keys=dict, roles=dict, version=int):
            raise ValueError("it is not a root")
        keys = {}
        for name, each in value["keys"].items():
            if not has(each, owner=str, public=str) or not _HEX.fullmatch(each["public"]):
                raise ValueError("a key of it is not one")
            public = bytes.fromhex(each["public"])
            if sha256(public) != name or not each["owner"].strip():
                raise ValueError("a key of it has another id, or nobody owns it")
            keys[name] = (each["owner"], public)
        roles = {}
        for name, each in value["roles"].items():
            if not has(each, keys=list, least=int, threshold=int) or not all(key in keys for key in each["keys"]):
                raise ValueError("a role of it is not one")
            if not 1 <= each["threshold"] <= len({keys[key][0] for key in each["keys"]}):
                raise ValueError("a role of it needs more people than it has, or nobody")
            roles[name] = (frozenset(each["keys"]), each["threshold"])
        if not {"charter", "release", "root"} <= roles.keys() or roles["release"][1] < 2:
            raise ValueError("a role of it is missing, or the release needs one person alone")
        if _moment(value["issued"]) >= _moment(value["expires"]) or value["version"] < 1:
            raise ValueError("its times or its version are not possible")
    except (ValueError, TypeError) as error:
        raise WrongError("policy-root", where, str(error)[:200]) from None
    return Root(envelope, value, value["version"], keys, roles)


def _read_statement(data: bytes, where: str) -> Stated:
    envelope = opened(data, "policy-statement", where)
    value = decode(envelope.content, "policy-statement", where)
    kinds = {"_type": str, "predicate": dict, "predicateType": str, "subject": list}
    said = {"approved": dict, "engine": str, "expires": str, "grace_days": int, "issued": str, "role": str}
    try:
        if envelope.kind != _STATED or not has(value, **kinds) or not has(value["predicate"], **said, version=int):
            raise ValueError("it does not say what a statement says")
        if (value["_type"], value["predicateType"]) != (_STATEMENT, _POLICY):
            raise ValueError("it states something else")
        approved = value["predicate"]["approved"]
        if not has(approved, diff=str, previous=(str, type(None))):
            raise ValueError("it does not say what its signers approved")
        if _moment(value["predicate"]["issued"]) >= _moment(value["predicate"]["expires"]):
            raise ValueError("its times are not possible")
        files = {}
        for each in value["subject"]:
            if not has(each, name=str, digest=dict) or not has(each["digest"], sha256=str) or each["name"] in files:
                raise ValueError("it lists a file twice, or something that is not a file")
            files[each["name"]] = each["digest"]["sha256"]
    except (ValueError, TypeError) as error:
        raise WrongError("policy-statement", where, str(error)[:200]) from None
    return Stated(envelope, files, value["predicate"])


def verify(policy: Policy, anchor: Root | None, report: Report) -> None:
    """Report what is wrong with a policy. Without an ``anchor`` nobody's signatures are verified."""
    home = f"policy/{policy.number}/"
    seal = policy.told["seal"]
    if seal is None and policy.told["bundle"] and not policy.told["plugins"]:
        report.wrong("policy-digest", home, "no plugin takes part, so its digest can be computed, and is not")
    elif seal is None:
        report.note("policy-digest", home, "plugins take part, so its digest cannot be computed from what is here")
    elif _digest(policy.members, seal) != policy.digest:
        report.wrong("policy-digest", home, "its digest is not that of its files")
    if not policy.told["bundle"]:
        report.note("policy-unsigned", home, "nobody has signed this policy")
        if policy.told["verified"]:
            report.wrong(
                "section-differs", "policies.json: verified", "a policy that nobody has signed is not verified"
            )
        if policy.statements or policy.roots:
            report.wrong("policy-member", home, "it has statements, and is said not to be signed")
        return
    root = policy.roots[max(policy.roots)] if policy.roots else None
    if root is None:
        report.wrong("policy-root", home, "it has no root")
        return
    signed = {name: data for name, data in policy.members.items() if not name.startswith(("roots/", "statements/"))}
    _members(policy, root, signed, report, home)
    if anchor is None:
        report.note("policy-signatures", home, "who signed it was not verified: no root was given")
        return
    root = _trusted(anchor, policy.roots, report, home)
    for role, made in policy.statements.items():
        _signers(made.envelope, role, root, report, f"{home}statements/{role.replace(' ', '.')}.json")


def _members(policy: Policy, root: Root, signed: Mapping[str, bytes], report: Report, home: str) -> None:
    parts: dict[str, set[str]] = {"release": set(signed)}
    for name in signed:
        found = _PACK.fullmatch(name)
        role = root.covering(_KINDS[found[1]], found[2]) if found else "release"
        if role is None:
            report.wrong("policy-role", home + name, "the root names nobody who may sign it")
        else:
            parts.setdefault(role, set()).add(name)
    for role in sorted(parts.keys() | policy.statements.keys()):
        made = policy.statements.get(role)
        if role not in parts:
            report.wrong("policy-role", f"{home}statements/", f"nothing needs the statement of the role {role[:100]}")
        elif made is None:
            report.wrong("policy-signatures", f"{home}statements/", f"the statement of the role {role} is missing")
        else:
            for name in sorted(made.files.keys() ^ parts[role]):
                report.wrong("policy-member", home + name, f"the role {role} has not signed it, or it is missing")
            for name in sorted(made.files.keys() & parts[role]):
                if sha256(signed[name]) != made.files[name]:
                    report.wrong("policy-member", home + name, "it is not the file that was signed")
    release = policy.statements.get("release")
    if release and release.said["approved"]["diff"] != sha256(signed.get("approved/diff.json", b"")):
        report.wrong("policy-approved", f"{home}approved/diff.json", "it is not what the release's signers approved")


def _trusted(anchor: Root, roots: Mapping[int, Root], report: Report, home: str) -> Root:
    """Return the newest root that ``anchor`` vouches for; each is signed as the one before asks, and as itself asks."""
    _signers(anchor.envelope, "root", anchor, report, "the root that was given")
    current = anchor
    same = roots.get(anchor.version)
    if same is not None and same.envelope.content != anchor.envelope.content:
        report.wrong(
            "policy-root", f"{home}roots/{anchor.version}.json", "it is another root than the one that was given"
        )
    while (later := roots.get(current.version + 1)) is not None:
        where = f"{home}roots/{later.version}.json"
        if not _signers(later.envelope, "root", current, report, where, alone=False):
            return current
        if not _signers(later.envelope, "root", later, report, where, alone=False):
            return current
        current = later
    if max(roots) > current.version:
        report.wrong("policy-root", f"{home}roots/", "roots between the one that was given and the newest are missing")
    return current


def _signers(envelope: Envelope, role: str, root: Root, report: Report, where: str, *, alone: bool = True) -> bool:
    """Report whether too few people have signed, or somebody whom the role does not have (``alone``)."""
    if role not in root.roles:
        report.wrong("policy-role", where, f"the root has no role {role[:100]}")
        return False
    needed, threshold = root.roles[role]
    people = {root.keys[key][0] for key in needed if key in envelope.signatures and envelope.is_by(root.keys[key][1])}
    wrong = [key for key in envelope.signatures if key in needed and not envelope.is_by(root.keys[key][1])]
    if wrong or (alone and not envelope.signatures.keys() <= needed):
        report.wrong("policy-signature", where, f"a signature is wrong, or by a key that the role {role} does not have")
    if len(people) < threshold:
        report.wrong("policy-signatures", where, f"{len(people)} of the {threshold} people of {role} have signed")
    return len(people) >= threshold and not wrong


def _digest(members: Mapping[str, bytes], seal: Mapping[str, Any]) -> str:
    """Return the digest of a policy without plugins, as records name it (docs/evidence.md, "The policy's digest")."""
    parts = [("plugin", seal["engine"].encode())]
    for name, content in members.items():
        if found := _PACK.fullmatch(name):
            pack = f"{_KINDS[found[1]]} {found[2]}"
            parts.append((pack if found[3] == f"{found[2]}.ord" else f"{pack}/{found[3]}", content))
    state = hashlib.sha256()
    for label, content in sorted(parts):
        for piece in (label.encode(), content):
            state.update(len(piece).to_bytes(8, "big") + piece)
    if not seal["struck"] and seal["judge"] is None:
        return state.hexdigest()
    judge = [] if seal["judge"] is None else ["judge", seal["judge"]]
    return sha256("\n".join([state.hexdigest(), *seal["struck"], *judge]).encode())


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def told_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the policies in the content of ``policies.json``. Raises ``WrongError`` for another form."""
    where = "policies.json"
    if not isinstance(value, list):
        raise WrongError("section-form", where, "it is not a list")
    for number, each in enumerate(value, 1):
        kinds = {"number": int, "digest": str, "packs": list, "bundle": bool, "verified": bool, "problems": list}
        more = {"roots": list, "statements": list, "plugins": list, "judges": list}
        wanted: dict[str, Kind] = {
            **kinds,
            "seal": (dict, type(None)),
            **(more if isinstance(each, dict) and each.get("bundle") else {}),
        }
        if not has(each, **wanted) or each["number"] != number or not _HEX.fullmatch(each["digest"]):
            raise WrongError("section-form", where, f"policy {number} is not in the form that it has")
        seal = each["seal"]
        if seal is not None and (
            not has(seal, engine=str, struck=list, judge=(str, type(None)))
            or not all(isinstance(one, str) for one in seal["struck"])
        ):
            raise WrongError("section-form", where, f"the seal of policy {number} is not in the form that it has")
        yield each
