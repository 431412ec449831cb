"""The bill of materials of a release: CycloneDX 1.6, in JSON, the same bytes for the same release."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components import Component, normal

#: What the id of a bill is made from, together with its contents.
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:x-ordinance:release")
_ENGINE = "ordinance"


def bill(built: Sequence[Path], used: Sequence[Component], moment: int) -> bytes:
    """Return the bill of the distributions ``built`` (wheels and sdists) and the dependencies ``used``."""
    ours = {name: _ours(name, files) for name, files in sorted(_by_name(built).items())}
    others = [_other(each) for each in used]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**ours[_ENGINE], "type": "application"},
        },
        "components": [*(each for name, each in ours.items() if name != _ENGINE), *others],
        "dependencies": _dependencies({name: each["bom-ref"] for name, each in ours.items()}, used),
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(_SPACE, digest)}"
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _by_name(built: Sequence[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in built:
        found.setdefault(normal(path.name.split("-")[0]), []).append(path)
    return found


def _ours(name: str, files: Sequence[Path]) -> dict[str, Any]:
    version = next(path for path in files if path.suffix == ".whl").name.split("-")[1]
    purl = f"pkg:pypi/{name}@{version}"
    made = [
        {"type": "distribution", "url": path.name, "hashes": [_hash(hashlib.sha256(path.read_bytes()).hexdigest())]}
        for path in files
    ]
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "licenses": [{"expression": "Apache-2.0"}], "externalReferences": made,
    }  # fmt: skip


def _other(each: Component) -> dict[str, Any]:
    licence, expression = each.licence
    found: dict[str, Any] = {
        "type": "library", "bom-ref": each.purl, "name": each.name, "version": each.version, "purl": each.purl,
        "externalReferences": [
            {"type": "distribution", "url": each.purl, "hashes": [_hash(digest) for digest in sorted(each.hashes)]}
        ],
    }  # fmt: skip
    if licence:
        found["licenses"] = [{"expression": licence} if expression else {"license": {"name": licence}}]
    return found


def _hash(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _dependencies(refs: Mapping[str, str], used: Sequence[Component]) -> list[dict[str, Any]]:
    """Return which depends on which, as the locks say; ``refs`` are our own, by name."""
    after: dict[str, list[str]] = {ref: [] for ref in (*refs.values(), *(each.purl for each in used))}
    by_name: dict[str, list[str]] = {name: [ref] for name, ref in refs.items()}
    for each in used:
        by_name.setdefault(each.name, []).append(each.purl)
    for each in used:
        for asker in each.by:
            for ref in by_name.get(asker, ()):
                after[ref].append(each.purl)
    return [{"ref": ref, "dependsOn": sorted(set(below))} for ref, below in sorted(after.items())]
