"""What `ordinance-verify` reads, signed by somebody who makes up what they like."""

from __future__ import annotations

import base64
import json
import tempfile
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

from fuzz.target import Target
from ordinance.trust import strict_json
from ordinance.trust.envelopes import sealed, sign
from ordinance_verify.policies import read_root
from ordinance_verify.problems import WrongError
from ordinance_verify.verification import Given, verify
from support.bundles import ROOT, key, public
from support.edits import sign_again
from support.evidences import month

_KEYS = {name: {sha256(public(name)).hexdigest(): public(name)} for name in ("office", "old", "new")}
_GIVEN = Given(_KEYS["office"], _KEYS["old"] | _KEYS["new"], read_root(ROOT, "root"), public("marks"))
_RECORD, _MANIFEST = "record/2.jsonl", "manifest.json"
_RELEASE = "policy/1/statements/release.json"
_SECTIONS = ("policies", "laws", "changes", "parts", "keys")


@cache
def _made() -> tuple[tempfile.TemporaryDirectory[str], Path]:
    """Return a folder that lasts as long as this process, and evidence in it."""
    kept = tempfile.TemporaryDirectory(prefix="ordinance-fuzz-")
    made = month(Path(kept.name), days=range(10, 17))
    folder = made.folder / "evidence"
    done = made.make(folder, "--mark-key", "marks.pem")
    assert done.returncode == 0, done.stderr
    return kept, folder


def _sample(name: str) -> bytes:
    return (_made()[1] / name).read_bytes()


def _verified(name: str, sample: bytes, data: bytes) -> object:
    """Verify evidence that has ``data`` for one file, and whose office has signed that."""
    folder = _made()[1]
    (folder / name).write_bytes(data)
    try:
        if name != _MANIFEST:
            sign_again(folder)
        return verify(folder, _GIVEN)
    finally:
        (folder / name).write_bytes(sample)


def _stated(data: bytes) -> object:
    """Verify a folder whose office has signed ``data``, whatever it is."""
    envelope = sign(sealed(data, "application/vnd.in-toto+json"), key("office"))
    return _verified(_MANIFEST, _sample(_MANIFEST), strict_json.encode(envelope))


def _root(data: bytes) -> object:
    return read_root(data, "root")


def targets() -> tuple[Target, ...]:
    """Return what reads them."""
    manifest, record, release = _sample(_MANIFEST), _sample(_RECORD), _sample(_RELEASE)
    statement = base64.b64decode(json.loads(manifest)["payload"])
    files = {name: _sample(f"{name}.json") for name in _SECTIONS}
    return (
        Target("evidence-manifest", partial(_verified, _MANIFEST, manifest), (manifest,), (), longest=64 * 1024),
        Target("evidence-statement", _stated, (statement,), (), longest=64 * 1024),
        Target("evidence-record", partial(_verified, _RECORD, record), (record,), (), longest=128 * 1024),
        Target("evidence-root", _root, (ROOT,), (WrongError,)),
        Target("evidence-policy-statement", partial(_verified, _RELEASE, release), (release,), ()),
        *(
            Target(f"evidence-{name}", partial(_verified, f"{name}.json", data), (data,), (), longest=32 * 1024)
            for name, data in files.items()
        ),
    )
