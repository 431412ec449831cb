"""What must hold for a rule to apply, in the order in which a reader of the law would ask (semantics, rules 1 to 3).

The runtime asks it of one situation, the proofs ask it of all situations at once, and ``ordinance explain`` names the
first thing that keeps a rule out. All three walk this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ordinance.policy.conditions import Condition
from ordinance.policy.plan import Exemption, Law, PlannedRule, RewriteLine, SlotLine


@dataclass(frozen=True, slots=True)
class Decides:
    """``jurisdiction`` decides, or one that lies within it."""

    jurisdiction: str


@dataclass(frozen=True, slots=True)
class InTime:
    """``law`` is in force on the day; which of its transitions counts depends on attested facts only."""

    law: Law


@dataclass(frozen=True, slots=True)
class Reaches:
    """``law`` reaches the situation, by all that is known of it."""

    law: Law


@dataclass(frozen=True, slots=True)
class Holds:
    """``condition`` holds, by all that is known or by what is ``attested`` only."""

    condition: Condition
    attested: bool = False


@dataclass(frozen=True, slots=True)
class AnyLaw:
    """One of ``laws`` is in force and reaches the situation."""

    laws: tuple[Law, ...]


Requirement = Decides | InTime | Reaches | AnyLaw | Holds


def required_by(jurisdiction: str | None, *laws: Law) -> Iterator[Requirement]:
    """Yield what must hold for anything that a ``jurisdiction`` says under ``laws``, of which one is enough; the
    charter has neither."""
    if jurisdiction is not None:
        yield Decides(jurisdiction)
    if len(laws) == 1:
        yield from applying(laws[0])
    elif laws:
        yield AnyLaw(laws)


def required_of_line(line: SlotLine | RewriteLine) -> Iterator[Requirement]:
    """Yield what must hold for a line of ``speak`` to bind; without a law nothing must."""
    if line.law is not None:
        yield from required_by(line.pack, line.law)


def applying(law: Law) -> Iterator[Requirement]:
    """Yield what must hold for ``law`` to apply."""
    yield InTime(law)
    yield Reaches(law)


def required(rule: PlannedRule) -> Iterator[Requirement]:
    """Yield what must hold for ``rule`` to apply, unless one of its exceptions does."""
    yield from required_by(rule.jurisdiction, *rule.laws)
    yield Holds(rule.condition)


def excepting(exemption: Exemption) -> Iterator[Requirement]:
    """Yield what must hold for an exception to hold."""
    yield Holds(exemption.condition, attested=True)
    if exemption.law is not None:
        yield InTime(exemption.law)
