"""What came of a request, in one value."""

from __future__ import annotations

from dataclasses import dataclass

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
