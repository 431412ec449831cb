"""One situation out of a region, as facts that a person can attest and a command can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ordinance.policy.check.cubes import Region
from ordinance.policy.check.spaces import JURISDICTION, MOMENT, Space
from ordinance.policy.plan import Plan
from ordinance.runtime.situation import Situation, situate

#: The turn of a situation that says nothing of it.
_TURN = 2


@dataclass(frozen=True, slots=True)
class Case:
    """``given`` are attested facts, `unknown` among them; what is in none may be anything. ``words`` say it all."""

    jurisdiction: str | None
    given: Mapping[str, str]
    turn: int
    on: date | None
    words: str

    def situation(self, plan: Plan) -> Situation:
        """Return the situation under ``plan``. Raises ``SituationError`` if the plan lacks the jurisdiction."""
        return situate(plan, jurisdiction=self.jurisdiction, attested=self.given, turn=self.turn, on=self.on)

    def as_json(self) -> dict[str, Any]:
        """Return the facts as ``--format json`` prints them."""
        return {
            "jurisdiction": self.jurisdiction,
            "given": dict(self.given),
            "turn": self.turn,
            "on": self.on and str(self.on),
            "words": self.words,
        }


def case_in(of: Space, region: Region, jurisdiction: str | None) -> Case:
    """Return a situation in ``region``, which must contain one; in ``jurisdiction`` if the region leaves that open."""
    cells = region.witness() or {}
    values = {axis: of.axes[axis][cell] for axis, cell in cells.items()}
    decides = values.pop(JURISDICTION) if JURISDICTION in values else jurisdiction
    moment = values.pop(MOMENT, None)
    turn = values.pop("turn", None)
    given = {axis: value or "unknown" for axis, value in values.items() if axis != "language"}
    on = date.fromisoformat(moment) if moment else None
    return Case(decides, given, int(turn) if turn else _TURN, on, of.words(region))
