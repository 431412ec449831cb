"""Objections of people to what rules did, counted: by rule and outcome, on days. No text and no person."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import msgspec

from ordinance.errors import UnreadableError, UnwritableError, UsageError

#: What became of an objection, once somebody decided on it.
Outcome = Literal["upheld", "partly_upheld", "rejected", "withdrawn"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
#: A rule's id as answers and records show it: a pack and a name. Nothing else can be written into the file.
_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LARGEST = 64 * 1024 * 1024


class Objection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One objection to one rule, and the day on which it was decided."""

    day: date
    rule: str
    outcome: Outcome

    def __post_init__(self) -> None:
        if not _RULE.fullmatch(self.rule):
            raise ValueError("`rule` is not a rule's id")


@dataclass(frozen=True, slots=True)
class Count:
    """How many objections to a ``rule`` were decided, by outcome; outcomes that nobody got are 0."""

    rule: str
    outcomes: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())


def objection(day: date, rule: str, outcome: str) -> Objection:
    """Return an objection. Raises ``UsageError`` for what is not a rule's id or an outcome."""
    if not _RULE.fullmatch(rule):
        raise UsageError("--rule is not a rule's id.", help="Write it as answers show it, such as DE/symbols.")
    return msgspec.convert({"day": day, "rule": rule, "outcome": outcome}, Objection)


def add(file: Path, made: Objection, times: int = 1) -> None:
    """Append an objection to ``file``, ``times`` times, in one piece. Raises ``UnwritableError``."""
    data = (msgspec.json.encode(made) + b"\n") * times
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            written = os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UnwritableError(f"{file} cannot be written: {error.strerror}.", help="Name another file.") from None
    if written < len(data):
        raise UnwritableError(f"{file} was not written to its end.", help="Free some space, and look at its last line.")


def read(file: Path) -> list[Objection]:
    """Read all objections in ``file``; none if there is no such file. Raises ``UnreadableError`` with the line that is
    not one."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Check the path.") from None
    if len(data) > _LARGEST:
        raise UnreadableError(f"{file} is larger than {_LARGEST >> 20} MiB.", help="Is it the right file?")
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            found.append(msgspec.json.decode(line, type=Objection, strict=True))
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            raise UnreadableError(
                f"{file}:{number}: this line is not an objection.", help="Take it out, or correct it."
            ) from None
    return found


def counted(objections: Iterable[Objection]) -> list[Count]:
    """Count by rule and outcome; in the order of the rules' ids."""
    found: dict[str, Counter[str]] = {}
    for each in objections:
        found.setdefault(each.rule, Counter())[each.outcome] += 1
    return [Count(rule, {outcome: of[outcome] for outcome in OUTCOMES}) for rule, of in sorted(found.items())]
