"""What an examination finds, one fact at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """``OPEN``: something can leave, or come in, that should not. ``UNTRIED``: it could not be seen from here."""

    OPEN = "open"
    UNTRIED = "not_tried"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is the kind of look that was taken, ``subject`` what was looked at, ``part`` which piece of it, if it
    has some; ``what`` was seen there, ``help`` says what to do about it (empty where it is well)."""

    state: State
    check: str
    subject: str
    what: str
    help: str = ""
    part: str = ""


def is_open(check: str, subject: str, what: str, help: str, part: str = "") -> Finding:
    return Finding(State.OPEN, check, subject, what, help, part)


def untried(check: str, subject: str, what: str, help: str, part: str = "") -> Finding:
    return Finding(State.UNTRIED, check, subject, what, help, part)


def well(check: str, subject: str, what: str, part: str = "") -> Finding:
    return Finding(State.WELL, check, subject, what, "", part)
