"""What is old in a conversation and what is new (semantics, rule 26)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from ordinance.policy.plan import PlannedRule

#: Turns of a conversation that are over: what was asked and what was answered, oldest first.
Earlier = Sequence[tuple[str, str]]


class Speaker(Enum):
    """Who speaks in an item of a conversation. ``OPERATOR`` is also who has a role that nobody knows."""

    OPERATOR = "operator"
    USER = "user"
    MODEL = "model"
    TOOL = "tool"


class Item(NamedTuple):
    """One item of a conversation: whether people read a text in it (of a user's: whether anything is in it), and
    whether it calls a tool."""

    speaker: Speaker
    read: bool = False
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """Something old: its texts as they would be sent. ``helped`` says that its answer or a later one offered contacts,
    as far as the request shows. ``said`` is what each speaker says in a row."""

    texts: Collection[str]
    helped: bool = False
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: the texts that are ``new`` and the ``old`` exchanges, oldest first. ``told`` says that an
    earlier answer told, as far as the request shows, that something old was left out. Of what is new, ``said`` is what
    each speaker says in a row, the ``question`` what was asked last, and ``form`` the words of the protocol."""

    new: Collection[str]
    old: Sequence[Exchange] = ()
    told: bool = False
    said: tuple[str, ...] = ()
    question: str = ""
    form: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many old exchanges the model does not read, the red lines that they met, those of them whose detector failed,
    and whether an earlier answer ``told`` it."""

    exchanges: int = 0
    rules: tuple[PlannedRule, ...] = ()
    failed: tuple[PlannedRule, ...] = ()
    told: bool = False

    def and_one(self, rules: Sequence[PlannedRule], failed: Sequence[PlannedRule], *, told: bool) -> LeftOut:
        """Return this and one exchange more. ``told`` says that an earlier answer told of some."""
        return LeftOut(
            self.exchanges + 1,
            tuple(dict.fromkeys([*self.rules, *rules])),
            tuple(dict.fromkeys([*self.failed, *failed])),
            told or self.told,
        )

    @property
    def types(self) -> list[str]:
        """The types of the red lines."""
        return sorted({rule.type for rule in (*self.rules, *self.failed)})


NOTHING_LEFT_OUT = LeftOut()


def exchanges(items: Sequence[Item]) -> list[list[int]]:
    """Find the old exchanges in a conversation, oldest first, as places in ``items``. Each ends with an answer (a text
    of the model that people read, after which it called nothing) that a user's message with something in it follows.
    What is in none of them is new; an operator's messages always are."""
    found: list[list[int]] = []
    open: list[int] = []
    answered = False
    for place, item in enumerate(items):
        match item.speaker:
            case Speaker.OPERATOR:
                continue
            case Speaker.USER:
                if answered and item.read:
                    found.append(open)
                    open, answered = [], False
            case Speaker.TOOL:
                answered = False
            case Speaker.MODEL if item.calls:
                answered = False
            case Speaker.MODEL if item.read:
                answered = True
        open.append(place)
    return found


def turn_of(items: Sequence[Item]) -> int:
    """Count which answer of the conversation the next one is, from 1. What the model said before anybody asked, such as
    a greeting that a client shows, is no answer."""
    asked = [any(items[place].speaker is Speaker.USER for place in places) for places in exchanges(items)]
    return asked.count(True) + 1
