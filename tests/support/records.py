"""Records with chains: made as a server makes them, without its threads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from ordinance.record.series import kept_in
from ordinance.record.verified_record import Known, Verified, verify
from ordinance.serve.record.chained_file import chained_file
from ordinance.serve.record.chained_log import ChainedLog
from ordinance.serve.record.logfile import LogFile
from ordinance.settings.reporting import AuditSettings
from ordinance.trust.detached import either_key
from support.bundles import key, write_keys

#: The same for all tests, so that nothing but the salts and the time differs.
PRIVATE = key("record")


def key_file(folder: Path) -> Path:
    """Write the private key, and ``record.pub`` beside it."""
    return write_keys(folder, "record")[0]


def opened(path: Path, *, every: int = 3, seconds: float = 3600) -> ChainedLog:
    """Open the record at ``path`` as a process of a server does; the key is beside it."""
    private = key_file(path.parent)
    settings = AuditSettings(path=path, key_file=private, checkpoint_records=every, checkpoint_seconds=seconds)
    return chained_file(LogFile(path), path, private, settings)


def record(n: int, **more: Any) -> bytes:
    """A record as it is handed over to be written."""
    entry = {"v": 1, "time": f"2026-11-27T10:00:{n % 60:02}.000+00:00", "event": "end", "mono": n % 60 * 1000, "n": n}
    return json.dumps({**entry, **more}, separators=(",", ":")).encode() + b"\n"


def write(file: ChainedLog, *lines: bytes) -> None:
    """Append ``lines`` and do what is due, as the log's thread does."""
    done = 0
    while done < len(lines):
        done += file.append(lines[done:])
    file.settle()


def known(path: Path, **more: Any) -> Known:
    """What a verifier on the server's machine knows."""
    public = either_key(path.parent / "record.pub")
    return Known({sha256(public).hexdigest(): public}, head=kept_in(path), **more)


def verified(path: Path, files: Sequence[Path] = (), **more: Any) -> Verified:
    return verify(files or [path], known(path, **more))


def codes(found: Verified) -> set[str]:
    return {each.code for each in found.problems}


def breaks(found: Verified) -> set[str]:
    return {each.code for each in found.breaks}


def numbers(path: Path) -> list[int]:
    """The numbers of the records that are still there, in the file's order."""
    read = (json.loads(line) for line in path.read_bytes().splitlines() if line.startswith(b'{"v":1,"time"'))
    return [each["n"] for each in read if "n" in each]
