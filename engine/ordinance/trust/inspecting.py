"""What is in a bundle or a root, for people and for programs. Nothing is verified here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.trust.contents import Contents
from ordinance.trust.envelopes import Envelope
from ordinance.trust.roots import Root, Rooted
from ordinance.trust.statements import sha256
from ordinance.trust.trouble import printable


def report_of(shown: Contents | Rooted) -> dict[str, Any]:
    """Return what there is as JSON."""
    if isinstance(shown, Rooted):
        return {"root": _root(shown)}
    newest = shown.newest.root if shown.newest else None
    return {
        "roots": [_root(each) for _, each in sorted(shown.roots.items())],
        "statements": [
            {
                "role": role,
                "version": made.statement.predicate.version,
                "statement": made.digest,
                "issued": made.statement.predicate.issued,
                "expires": made.statement.predicate.expires,
                "grace_days": made.statement.predicate.grace_days,
                "approved": {
                    "diff": made.statement.predicate.approved.diff,
                    "previous": made.statement.predicate.approved.previous,
                },
                "signed_by": _signed_by(made.envelope, newest),
                "needs": newest.roles[role].threshold if newest and role in newest.roles else None,
            }
            for role, made in sorted(shown.statements.items())
        ],
        "files": [{"name": name, "sha256": sha256(content)} for name, content in sorted(shown.signed.items())],
        "plugins": [
            {"name": each.name, "version": each.version, "sha256": each.sha256, "network": list(each.network)}
            for each in shown.extent.plugins
        ],
        "judges": list(shown.extent.judges),
    }


def lines_of(shown: Contents | Rooted) -> Iterator[str]:
    """Yield what there is, a line for each part."""
    return map(printable, _lines(shown))


def _lines(shown: Contents | Rooted) -> Iterator[str]:
    report = report_of(shown)
    for root in [report["root"]] if "root" in report else report["roots"]:
        yield f"root version {root['version']}, expires {root['expires']}, signed by {_names(root['signed_by'])}"
        for role in root["roles"]:
            least = f", from version {role['least']}" if role["least"] > 1 else ""
            yield f"  {role['name']}: {role['threshold']} of {_names(role['people'])}{least}"
    for made in report.get("statements", ()):
        grace = f" and {made['grace_days']} days" if made["grace_days"] else ""
        yield (
            f"{made['role']} version {made['version']}, expires {made['expires']}{grace}, signed by "
            f"{_names(made['signed_by'])} (needs {made['needs'] or 'a role that the root lacks'})"
        )
    for file in report.get("files", ()):
        yield f"  {file['sha256'][:16]}  {file['name']}"
    for plugin in report.get("plugins", ()):
        yield f"plugin {plugin['name']} {plugin['version']}"
    for judge in report.get("judges", ()):
        yield f"judge {judge}"


def _root(rooted: Rooted) -> dict[str, Any]:
    root = rooted.root
    return {
        "version": root.version,
        "issued": root.issued,
        "expires": root.expires,
        "roles": [
            {
                "name": name,
                "people": sorted({root.keys[each].owner for each in role.keys}),
                "threshold": role.threshold,
                "least": role.least,
            }
            for name, role in sorted(root.roles.items())
        ],
        "signed_by": _signed_by(rooted.envelope, root),
    }


def _signed_by(envelope: Envelope, root: Root | None) -> list[str]:
    """Return whose signatures an envelope claims to have."""
    keys = {} if root is None else root.keys
    return sorted(
        keys[each.keyid].owner if each.keyid in keys else f"key {each.keyid[:16]}" for each in envelope.signatures
    )


def _names(people: list[str]) -> str:
    return ", ".join(people) if people else "nobody"
