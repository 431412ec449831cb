"""What signed policy is made of: bundles, envelopes, roots, statements, the state, plans of roots."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from fuzz.target import Target, as_file, written
from ordinance.trust import archive, strict_json
from ordinance.trust.contents import misplaced, read_contents
from ordinance.trust.envelopes import Envelope
from ordinance.trust.planning import plan_root
from ordinance.trust.roots import read_root
from ordinance.trust.seen import Seen, read_seen
from ordinance.trust.signing import public_key
from ordinance.trust.statements import read_statement
from ordinance.trust.trouble import TroubleError
from ordinance.trust.verifying import verify
from support.bundles import NOW, ROOT, Office, public_pem, read

_PLAN = (
    "expires: 2028-06-01\nkeys: {anna: anna.pub, ben: [ben.pub, spare.pub], cleo: cleo.pub, dora: dora.pub, "
    "emil: emil.pub}\nroles:\n  root: {keys: [anna, ben], threshold: 2}\n"
    "  release: {keys: [cleo, dora], threshold: 2, least: 3}\n"
    "  charter: {keys: [emil], threshold: 1}\n"
)


@cache
def _bundle() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return Office(Path(folder)).bundle()


@cache
def _members() -> dict[str, bytes]:
    return dict(read(_bundle()).members)


def _member(ending: str) -> bytes:
    return next(content for name, content in sorted(_members().items()) if name.endswith(ending))


def _verified(data: bytes) -> object:
    return verify(as_file("fuzzed.bundle", data), as_file("root.json", ROOT), Seen(), NOW)


def _misplaced(data: bytes) -> object:
    """Read a pack as it is read once the right people have signed it."""
    return list(misplaced({"packs/jurisdictions/XA/XA.ord": data}))


def _planned(data: bytes) -> object:
    for name in ("anna", "ben", "spare", "cleo", "dora", "emil"):
        as_file(f"{name}.pub", public_pem(name))
    return plan_root(as_file("plan.yaml", data), None, NOW)


def _key(data: bytes) -> object:
    return public_key(as_file("key.pub", data))


def _in_bundle(name: str, data: bytes) -> object:
    """Read a bundle in which one member is ``data``: past the archive, which has one form."""
    return read_contents({**_members(), name: data})


def _envelope(data: bytes) -> object:
    envelope = strict_json.decode(data, Envelope)
    return envelope.signed_bytes


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    trouble = (TroubleError,)
    root, statement = _members()["roots/1.json"], _member("statements/release.json")
    everything = archive.write({name: content for name, content in _members().items() if len(content) < 9000})
    return (
        Target("bundle", _verified, (_bundle(), everything), (), longest=len(_bundle()) + 4096),
        Target("bundle-pack", _misplaced, (_member("XA.ord"),), ()),
        Target("bundle-archive", lambda data: archive.read(data, "a bundle"), (everything,), trouble,
               longest=64 * 1024),
        Target("bundle-policy", lambda data: _in_bundle("policy.json", data), (_members()["policy.json"],), trouble),
        Target("bundle-statement", lambda data: read_statement(data, "s"), (statement,), trouble),
        Target("bundle-envelope", _envelope, (statement, root), (ValueError,)),
        Target("root", lambda data: read_root(data, "r"), (root,), trouble),
        Target("trust-state", lambda data: read_seen(as_file("state.json", data)),
               written(strict_json.encode(Seen())), trouble),
        Target("root-plan", _planned, written(_PLAN)),
        Target("public-key", _key, (public_pem("anna"),)),
    )  # fmt: skip
