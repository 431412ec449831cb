"""The files of a folder, by their digests: none more, none less, none other than its manifest lists."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from ordinance_verify.problems import Report, WrongError
from ordinance_verify.strict import decode, has, opened, sha256

MANIFEST = "manifest.json"
_KIND = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:x-ordinance:evidence:1"
_PART = re.compile(r"[\w+-][\w.+-]*")
_NAMES = re.compile(
    r"index\.html|sbom\.cdx\.json|policy/[1-9][0-9]{0,5}/.+|record/[1-9][0-9]{0,5}\.jsonl"
    r"|(policies|laws|changes|counts|failures|parts|record|keys|doctor|objections)\.json"
)
#: What every folder of evidence has.
_NEEDED = ("changes", "counts", "failures", "keys", "laws", "parts", "policies", "record")
MEANWHILE = "it was changed while it was verified"
#: Larger files than this are not read whole, in bytes.
LARGEST = 64 * 1024 * 1024
#: It is parsed before anybody knows who wrote it.
_LARGEST_MANIFEST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was signed: the digests of ``files``, the days, and whether records are shown (``whole``)."""

    files: Mapping[str, str]
    first: date
    last: date
    whole: bool


def manifest_of(folder: Path, keys: Mapping[str, bytes]) -> Manifest:
    """Read the manifest, which must be signed by one of ``keys``, and by no other. Raises ``WrongError``."""
    try:
        data = _whole(folder / MANIFEST, _LARGEST_MANIFEST)
    except OSError as error:
        raise WrongError("folder-unreadable", MANIFEST, error.strerror or "it cannot be read") from None
    envelope = opened(data, "manifest-form", MANIFEST)
    if envelope.kind != _KIND:
        raise WrongError("manifest-form", MANIFEST, "it is not a statement")
    if not envelope.signatures:
        raise WrongError("manifest-signature", MANIFEST, "nobody has signed it")
    for key in envelope.signatures:
        if key not in keys:
            raise WrongError("manifest-signature", MANIFEST, f"it is signed by a key that was not given, {key[:64]}")
        if not envelope.is_by(keys[key]):
            raise WrongError("manifest-signature", MANIFEST, f"the signature by {key} is not over this manifest")
    return _stated(decode(envelope.content, "manifest-form", MANIFEST))


def _stated(value: Any) -> Manifest:
    kinds = {"_type": str, "predicate": dict, "predicateType": str, "subject": list}
    said: Any = value.get("predicate") if isinstance(value, dict) else None
    names = {"engine": str, "from": str, "to": str, "issued": str, "records": str}
    try:
        if not has(value, **kinds) or not has(said, **names) or said["records"] not in ("whole", "hashed"):
            raise ValueError("it does not say what a manifest says")
        if (value["_type"], value["predicateType"]) != (_STATEMENT, _PREDICATE):
            raise ValueError("it states something else")
        files: dict[str, str] = {}
        seen: set[str] = set()
        for each in value["subject"]:
            if not has(each, name=str, digest=dict) or not has(each["digest"], sha256=str):
                raise ValueError("it lists something that is not a file")
            if not re.fullmatch("[0-9a-f]{64}", each["digest"]["sha256"]) or not _is_name(each["name"]):
                raise ValueError("it lists a file that cannot be there")
            if each["name"].casefold() in seen:
                raise ValueError("it lists a file twice")
            seen.add(each["name"].casefold())
            files[each["name"]] = each["digest"]["sha256"]
        first, last = date.fromisoformat(said["from"]), date.fromisoformat(said["to"])
        if first > last or last.year > 9998 or (first.isoformat(), last.isoformat()) != (said["from"], said["to"]):
            raise ValueError("its days are not possible")
    except (ValueError, AttributeError) as error:
        raise WrongError("manifest-form", MANIFEST, str(error)[:200]) from None
    return Manifest(files, first, last, said["records"] == "whole")


def _is_name(name: str) -> bool:
    return unicodedata.normalize("NFC", name) == name and all(map(_PART.fullmatch, name.split("/")))


def compare(folder: Path, manifest: Manifest, report: Report) -> Mapping[str, str]:
    """Report how the folder differs from what was signed; return the names and SHA-256 of the files that are as they
    were. Whoever reads one later compares again: the folder may be changed meanwhile."""
    there: set[str] = set()
    sound: dict[str, str] = {}
    folders = {
        "/".join(name.split("/")[:length]) for name in manifest.files for length in range(1, name.count("/") + 1)
    }
    for name, kind in _walk(folder, ""):
        there.add(name)
        if kind == "folder":
            if name not in folders:
                report.wrong("file-unlisted", _shown(name), "no file that was signed is in this folder")
        elif name == MANIFEST and kind == "file":
            continue
        elif name not in manifest.files:
            report.wrong("file-unlisted", _shown(name), "nobody signed it")
        elif kind != "file":
            report.wrong("file-kind", name, "it is not a plain file")
        elif not _NAMES.fullmatch(name):
            report.wrong("file-unknown", name, "evidence does not contain such a file")
        elif _digest(folder / name) != manifest.files[name]:
            report.wrong("file-changed", name, "its SHA-256 is not the one that was signed")
        else:
            sound[name] = manifest.files[name]
    for name in sorted(manifest.files.keys() - there):
        report.wrong("file-missing", name, "it was signed, and is not here")
    for name in _NEEDED:
        if f"{name}.json" not in manifest.files:
            report.wrong("file-missing", f"{name}.json", "evidence has this file, and this manifest lists none")
    return sound


def _walk(folder: Path, above: str) -> Iterator[tuple[str, str]]:
    """Yield every name below ``folder``, and what it is: ``file``, ``folder``, or ``other``. Links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise WrongError("folder-unreadable", _shown(above or "."), error.strerror or "it cannot be read") from None
    for entry in entries:
        name = f"{above}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield name, "folder"
            if name.count("/") < 32:
                yield from _walk(Path(entry.path), f"{name}/")
        else:
            yield name, "file" if entry.is_file(follow_symlinks=False) else "other"


def read(folder: Path, name: str, digest: str) -> bytes:
    """Return the content of a file, whose SHA-256 must be ``digest``. Raises ``WrongError``."""
    try:
        data = _whole(folder / name)
    except OSError as error:
        raise WrongError("folder-unreadable", name, error.strerror or "it cannot be read") from None
    if sha256(data) != digest:
        raise WrongError("file-changed", name, MEANWHILE)
    return data


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file, not through a link, and without waiting for a pipe. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a plain file")
    return open(descriptor, "rb")


def _whole(path: Path, largest: int = LARGEST) -> bytes:
    with open_plain(path) as opened_file:
        data = opened_file.read(largest + 1)
    if len(data) > largest:
        raise OSError(0, f"it is larger than {largest >> 20} MiB")
    return data


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open_plain(path) as opened_file:
            while piece := opened_file.read(1 << 20):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
