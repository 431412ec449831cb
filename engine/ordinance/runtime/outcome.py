"""What came of a request, in one value, and what a record says of the rules that fired."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ordinance.policy.plan import PlannedRule
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.redact.disclose import Notice


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: the joined verdict, the notices, the rules that fired, whether the ledger balances, and
    the rules whose detector failed, and the rules on trial that would have fired."""

    verdict: Verdict
    notices: tuple[Notice, ...]
    rules: tuple[str, ...]
    balanced: bool
    failed: tuple[str, ...] = ()
    trials: tuple[str, ...] = ()


def grounds(rules: Iterable[PlannedRule], fired: Collection[str]) -> dict[str, Any]:
    """Return the effect of each of the ``rules`` whose id is in ``fired``, and the laws that it stands under, each as
    its article and its title; nothing if none fired."""
    found = {rule.id: rule for rule in rules if rule.id in fired}
    if not found:
        return {}
    laws = {name: [f"{law.article} {law.title}".strip() for law in rule.laws] for name, rule in sorted(found.items())}
    return {
        "effects": {name: rule.effect.value for name, rule in sorted(found.items())},
        "laws": {name: cited for name, cited in laws.items() if cited},
    }
