"""Unicode facts, pinned to one version; ``engine/generate_unicode_data.py`` makes the file they are read from.

See NOTICE for their sources.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from ordinance.errors import UnreadableError

_FILE = Path(__file__).parent / "unicode_data.txt"


def read(file: Path) -> dict[str, Any]:
    """Read the tables in ``file``, by name. Raises ``UnreadableError`` if it is missing or altered: text would be
    released that another server holds."""
    help = "Install ordinance again."
    try:
        first, _, rest = file.read_bytes().partition(b"\n")
    except OSError as error:
        raise UnreadableError(f"{file}: the Unicode tables cannot be read: {error.strerror}.", help=help) from None
    if first.rpartition(b" ")[2].decode("ascii", "replace") != sha256(rest).hexdigest():
        raise UnreadableError(f"{file}: the Unicode tables are damaged.", help=help)
    tables: dict[str, Any] = json.loads(rest)
    return tables


class Ranges(NamedTuple):
    """A value for each code point: from each of ``starts`` on the one of ``values`` that has its number."""

    starts: list[int]
    values: Sequence[str]


def _ranges(table: Mapping[str, Any]) -> Ranges:
    return Ranges(list(accumulate(table["steps"])), table["values"])


def _folds(tables: Mapping[str, Any]) -> dict[str, str]:
    starts, values = _ranges(tables["dropped"])
    spans = zip(starts, [*starts[1:], 0x110000], values, strict=True)
    found = {chr(code): "" for start, end, value in spans if value == "d" for code in range(start, end)}
    for folded, chars in tables["folds"].items():
        found.update(dict.fromkeys(chars, folded))
    return found


_TABLES = read(_FILE)

UNICODE_VERSION: str = _TABLES["unicode"]
#: What each character that folding changes counts as; Hangul syllables, which decompose by arithmetic, are not in it.
FOLDS: dict[str, str] = _folds(_TABLES)
#: By letter or digit, the characters that pass for it and are not folded to it.
PASSING: Mapping[str, str] = _TABLES["passing"]
#: By letter or digit, the characters that fold to nothing and say it.
FAINT: Mapping[str, str] = _TABLES["faint"]
#: Names of scripts in Unicode, by ISO 15924 code.
SCRIPT_NAMES: Mapping[str, str] = _TABLES["script_names"]

# The letters of these are explained in the script that makes them.
KINDS = _ranges(_TABLES["kinds"])
CLUSTERS = _ranges(_TABLES["clusters"])
SCRIPTS = _ranges(_TABLES["scripts"])
SENTENCES = _ranges(_TABLES["sentences"])
