"""Proves what can be proved of a policy before it runs; the only maker of a ``CheckedPolicy``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ordinance.detection import DetectorKind, Prepared
from ordinance.language.diagnostics import Diagnostic, in_order
from ordinance.policy.check_detectors import prepare_detectors
from ordinance.policy.check_facts import check_facts
from ordinance.policy.check_packs import check_packs
from ordinance.policy.check_rules import check_rules
from ordinance.policy.ir import Policy

_PROOF: Final = object()


class CheckedPolicy:
    """A policy in which ``check`` found no error. Holding one is the proof; ``compile`` takes nothing else."""

    __slots__ = ("_policy", "_prepared")

    def __init__(self, policy: Policy, prepared: Mapping[str, Prepared], *, proof: object) -> None:
        if proof is not _PROOF:
            raise TypeError("a CheckedPolicy comes from ordinance.policy.check.check and from nowhere else")
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


def check(policy: Policy, kinds: Mapping[str, DetectorKind], on: date) -> Checked:
    """Everything that is wrong with ``policy``, linking included, at once.

    ``kinds`` are the registered detectors by name; ``on`` is the day that dates are compared with.
    """
    found = list(policy.findings)
    check_packs(policy, found.append)
    check_rules(policy, found.append)
    check_facts(policy, on, found.append)
    prepared = prepare_detectors(policy, kinds, found.append)
    wrong = any(diagnostic.severity == "error" for diagnostic in found)
    checked = None if wrong else CheckedPolicy(policy, prepared, proof=_PROOF)
    return Checked(checked, in_order(found))
