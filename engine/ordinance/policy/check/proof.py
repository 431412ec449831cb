"""Proves what can be proved of a policy before it runs; the only maker of a ``CheckedPolicy``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ordinance.detection import Prepared
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic, in_order
from ordinance.policy.check.detector_uses import Provider, prepare_detectors
from ordinance.policy.check.facts import check_facts
from ordinance.policy.check.firing import check_rules
from ordinance.policy.check.forces import laws_of
from ordinance.policy.check.headers import check_packs
from ordinance.policy.check.legibility import check_written
from ordinance.policy.check.reach import check_reach
from ordinance.policy.check.silent import check_silent
from ordinance.policy.check.substance import check_slots
from ordinance.policy.check.weaken import check_weaken
from ordinance.policy.ir import Policy, Rule, Unit

_PROOF: Final = object()


class CheckedPolicy:
    """A policy in which ``check`` found no error. Holding one is the proof; ``compile`` takes nothing else."""

    __slots__ = ("_policy", "_prepared")

    def __init__(self, policy: Policy, prepared: Mapping[str, Prepared], *, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("a CheckedPolicy comes from ordinance.policy.check.proof.check and from nowhere else")
        self._policy = policy
        self._prepared = prepared

    @property
    def policy(self) -> Policy:
        return self._policy

    @property
    def prepared(self) -> Mapping[str, Prepared]:
        """What each detector of the policy became, by its key."""
        return self._prepared


@dataclass(frozen=True, slots=True)
class Checked:
    """``checked`` is None where a diagnostic is an error."""

    checked: CheckedPolicy | None
    diagnostics: tuple[Diagnostic, ...]


def check(policy: Policy, provider: Provider, on: date) -> Checked:
    """Check ``policy``, linking included, and report every problem at once.

    ``provider`` says how detectors find what they find; ``on`` is the day that dates are compared with.
    """
    found = list(policy.findings)
    check_packs(policy, found.append)
    check_rules(policy, found.append)
    check_facts(policy, on, found.append)
    check_written(policy, found.append)
    prepared = prepare_detectors(policy, provider, found.append)
    check_reach(tuple(_whole(policy, found)), policy, prepared, found.append)
    if not any(diagnostic.severity == "error" for diagnostic in found):
        check_weaken(policy, found.append)
        check_silent(policy, found.append)
        check_slots(policy, found.append)
    wrong = any(diagnostic.severity == "error" for diagnostic in found)
    checked = None if wrong else CheckedPolicy(policy, prepared, proof=_PROOF)
    return Checked(checked, in_order(found))


def _whole(policy: Policy, found: Iterable[Diagnostic]) -> Iterator[Rule]:
    """Yield the rules without errors of their own or in their laws: nothing can be proved about the others."""
    starts = {unit.pack.source.name: sorted(_starts(unit)) for unit in policy.units}
    wrong = {
        (each.file, starts[each.file][bisect_right(starts[each.file], each.line) - 1])
        for each in found
        if each.severity == "error" and starts.get(each.file)
    }
    laws = {cited.law: cited.node.name.span for cited in policy.laws if cited.law}
    for rule in policy.rules:
        spans = [rule.node.number.span, *(laws[law] for law in laws_of(rule) if law in laws)]
        if wrong.isdisjoint((span.source.name, span.line) for span in spans):
            yield rule


def _starts(unit: Unit) -> Iterator[int]:
    """Yield the lines where something begins that findings belong to: the header, each declaration, each rule."""
    yield 1
    for declaration in unit.pack.declarations:
        yield declaration.span.line if isinstance(declaration, ast.SpeakDecl) else declaration.name.span.line
    for section in unit.pack.sections:
        yield section.number.span.line
        yield from (rule.number.span.line for rule in section.rules)
