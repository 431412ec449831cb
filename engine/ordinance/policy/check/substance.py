"""The lemma *never substance*: in every situation a slot has one value (semantics, rule 15).

Slots and their values are closed by the grammar and when they are linked. What is left to prove is that no two
settings of equal rank, two houses or two laws, meet with different values; the higher of unequal ranks holds. What two
houses say for the case that there is no adapter meets in every situation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ordinance.language import ast
from ordinance.language.diagnostics import diagnose
from ordinance.language.source import Span
from ordinance.policy.application import required_of_line
from ordinance.policy.check.cubes import Region, TooComplexError
from ordinance.policy.check.forces import meeting, space_of
from ordinance.policy.check.spaces import Space
from ordinance.policy.ir import Policy
from ordinance.policy.link.names import Report
from ordinance.policy.plan import SlotLine
from ordinance.policy.vocabulary import Rank


def check_slots(policy: Policy, report: Report) -> None:
    """Report lines of ``speak`` that contradict each other, and values that no situation chooses."""
    _check_without(policy, report)
    _check_rewrites(policy, report)
    if not policy.slots:
        return
    of = space_of((), policy)
    chosen: list[tuple[SlotLine, list[tuple[Region, str]]]] = []
    for line in policy.slots:
        try:
            chosen.append((line, list(_chosen(of, line, policy))))
        except TooComplexError:
            report(
                diagnose("too-complex", _place(policy, line), f"the setting of `{line.slot}` is too complex to check")
            )
    for (one, ones), (two, twos) in combinations(chosen, 2):
        if one.slot == two.slot and one.rank == two.rank != Rank.DEFAULT:  # of languages, the nearest alone counts
            try:
                _check_pair(of, policy, (one, ones), (two, twos), report)
            except TooComplexError:
                message = f"whether two settings of `{two.slot}` conflict is too complex to compute"
                report(diagnose("too-complex", _place(policy, two), message))


def _chosen(of: Space, line: SlotLine, policy: Policy) -> Iterator[tuple[Region, str]]:
    """Where the line says which value; the first condition that holds decides."""
    left = meeting(of, required_of_line(line), policy.parents)
    for condition, value in line.values:
        where = left & of.region(condition)
        left -= where
        if where and value:
            yield where, value


def _check_pair(
    of: Space,
    policy: Policy,
    one: tuple[SlotLine, list[tuple[Region, str]]],
    two: tuple[SlotLine, list[tuple[Region, str]]],
    report: Report,
) -> None:
    for where, value in one[1]:
        for elsewhere, other in two[1]:
            if value != other and (both := where & elsewhere):
                said = f"`{two[0].slot}` is {other} here and {value} in {one[0].pack}, which has the same rank"
                message = f"{said}: {of.words(both)}"
                report(diagnose("slots-conflict", _place(policy, two[0]), message))
                return


def _check_without(policy: Policy, report: Report) -> None:
    houses = [each for each in policy.without if each.rank is Rank.HOUSE]
    for one, two in combinations(houses, 2):
        said, other = ((each.declines, each.notice.texts, each.notice.addressed) for each in (one, two))
        if said != other:
            speak = next(unit for unit in policy.units if unit.name == two.pack).pack.each(ast.SpeakDecl)[0]
            message = f"`without adapter` says something else in {one.pack}, which has the same rank"
            report(diagnose("slots-conflict", speak.without[0].span, f"{message}: any situation"))


def _check_rewrites(policy: Policy, report: Report) -> None:
    """Report a slot that two houses, or two laws, have rewritten in different ways."""
    for one, two in combinations(policy.rewrites, 2):
        shared = [slot for slot in one.slots if slot in two.slots]
        if one.pack == two.pack or one.rank != two.rank or one.rank is Rank.DEFAULT or one.by == two.by or not shared:
            continue
        speak = next(unit for unit in policy.units if unit.name == two.pack).pack.each(ast.SpeakDecl)[0]
        message = f"`{shared[0]}` is rewritten in another way in {one.pack}, which has the same rank: any situation"
        report(diagnose("slots-conflict", speak.rewrites[0].span, message))


def _place(policy: Policy, line: SlotLine) -> Span:
    unit = next(unit for unit in policy.units if unit.name == line.pack)
    slots = (slot for speak in unit.pack.each(ast.SpeakDecl) for slot in speak.slots if slot.slot == line.slot)
    return next((slot.span for slot in slots), unit.pack.name.span)
