"""A folder that is written whole or not at all, with a manifest of its files that somebody signs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ordinance.errors import UnwritableError, UsageError
from ordinance.trust import strict_json
from ordinance.trust.envelopes import Envelope, sealed
from ordinance.trust.statements import PAYLOAD_TYPE

MANIFEST = "manifest.json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:x-ordinance:evidence:1"


class SealedFolder:
    """Writes files beside ``out``, which is empty or not there yet, until ``seal`` puts them in its place."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._digests: dict[str, str] = {}
        try:
            if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
                raise UsageError(f"{out} is not an empty folder.", help="Name a folder that is not there yet.")
            self._folder = out.absolute().parent / f".{out.name}.{os.urandom(6).hex()}"
            self._folder.mkdir()
        except OSError as error:
            raise _unwritable(out, error) from None

    def __enter__(self) -> SealedFolder:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write the file ``name``. Raises ``UnwritableError``."""
        digest = hashlib.sha256()
        path = self._folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            opened = path.open("xb")
        except OSError as error:
            raise _unwritable(self._out, error) from None
        with opened:
            for piece in pieces:
                digest.update(piece)
                try:
                    opened.write(piece)
                except OSError as error:
                    raise _unwritable(self._out, error) from None
        self._digests[name] = digest.hexdigest()

    def add_json(self, name: str, value: object) -> None:
        """Write ``value`` as JSON in its one form."""
        self.add(name, [strict_json.encode(value)])

    def seal(self, predicate: Mapping[str, Any], sign: Callable[[Envelope], Envelope]) -> str:
        """Write the manifest, which says ``predicate`` of the files and which ``sign`` signs, and put the folder in its
        place. Returns the manifest's SHA-256. Raises ``UnwritableError``."""
        subject = [{"name": name, "digest": {"sha256": each}} for name, each in sorted(self._digests.items())]
        statement = {"_type": _STATEMENT, "predicateType": _PREDICATE, "predicate": predicate, "subject": subject}
        data = strict_json.encode(sign(sealed(strict_json.encode(statement), PAYLOAD_TYPE)))
        self.add(MANIFEST, [data])
        try:
            if self._out.exists():
                self._out.rmdir()
            os.replace(self._folder, self._out)
        except OSError as error:
            raise _unwritable(self._out, error) from None
        return self._digests[MANIFEST]


def _unwritable(out: Path, error: OSError) -> UnwritableError:
    return UnwritableError(f"{out} cannot be written: {error.strerror}.", help="Name another folder, or make room.")
