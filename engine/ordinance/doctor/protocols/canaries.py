"""The canaries of a policy: phrases of its lexicons that mean nothing and that ordinary text does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ordinance.detection import Expressions
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect, NoticeKind

#: As lexicons write them (docs/commands.md): a name, and six digits of hexadecimal that make it the only one.
_FORM = re.compile(r"ordinance-canary-[a-z0-9-]+-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Canary:
    """``tail`` is what cannot be said by chance. ``jurisdiction`` is None where the charter knows it."""

    word: str
    jurisdiction: str | None = None

    @property
    def tail(self) -> str:
        return self.word[-7:]

    @property
    def halves(self) -> tuple[str, str]:
        """Two pieces, neither of which is found by itself."""
        return self.word[:-12], self.word[-12:]

    @property
    def pattern(self) -> str:
        """A regular expression that matches the word alone and does not hold it, under no disguise either: one letter
        is written as its number."""
        digit = self.word[-6]
        return f"{self.word[:-6]}\\x{ord(digit):02x}({self.word[-5]}){self.word[-4:]}"


@dataclass(frozen=True, slots=True)
class Canaries:
    """``red`` is refused wherever it is asked or said; ``withheld`` is left out of answers where its law applies."""

    red: Canary | None
    withheld: Canary | None


def canaries_of(plan: Plan) -> Canaries:
    """Return the first canary of each kind that ``plan`` has."""
    red = (word for rule, word in _known(plan) if rule.kind is NoticeKind.RED_LINE and Channel.PROMPT in rule.channels)
    law = ((rule, word) for rule, word in _known(plan) if rule.effect is Effect.WITHHOLD)
    first, second = next(red, None), next(law, None)
    return Canaries(
        None if first is None else Canary(first),
        None if second is None else Canary(second[1], second[0].jurisdiction),
    )


def _known(plan: Plan) -> Iterator[tuple[PlannedRule, str]]:
    for rule in plan.rules:
        for name in rule.detectors:
            detector = plan.detectors.get(name)
            if isinstance(detector, Expressions) and not rule.trial:
                yield from ((rule, word) for word in detector.phrases if _FORM.fullmatch(word))
