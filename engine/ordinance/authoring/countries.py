"""The countries of ISO 3166 and what people call them in English, by the table that comes with the time zones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from zoneinfo import TZPATH

import regex

#: Codes that are not in the table and may still be meant: the European Union, Kosovo, and those that ISO 3166 leaves to
#: users, for trials.
_ALSO = regex.compile(r"EU|XK|AA|Q[M-Z]|X[A-Z]|ZZ")

#: More would not help an author to choose.
_MOST_NAMES = 3


def zone_table(name: str) -> str:
    """Return the table called ``name``, of the package tzdata or of the system; empty where neither has it."""
    with suppress(ModuleNotFoundError, OSError):
        return files("tzdata").joinpath(f"zoneinfo/{name}").read_text("utf-8")
    for folder in TZPATH:
        with suppress(OSError):
            return (Path(folder) / name).read_text("utf-8")
    return ""


def is_assigned(code: str) -> bool:
    """Whether the country of ``code``, such as ``JP`` or ``US-CA``, is in ISO 3166 or its code is free for trials; true
    where the machine has no table. Parts of a country are in no table."""
    country, known = code.partition("-")[0], _countries()
    return not known or country in known or _ALSO.fullmatch(country) is not None


def countries_called(start: str) -> Mapping[str, str]:
    """Return the countries whose English name begins with ``start``, the code before the name: ``DE`` for ``Ger``.

    Nothing for fewer than three letters, or where more than three countries match.
    """
    wanted = start.casefold()
    found = {code: name for code, name in _countries().items() if name.casefold().startswith(wanted)}
    return found if len(wanted) >= 3 and len(found) <= _MOST_NAMES else {}


def _countries() -> dict[str, str]:
    rows = (line.split("\t") for line in zone_table("iso3166.tab").splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows if len(row) == 2}
