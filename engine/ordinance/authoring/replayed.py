"""What came of many lines of traffic under two policies. No text is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ordinance.runtime.compared.two_policies import Difference, Kind, Seen, difference

_STRICTNESS: tuple[Kind, ...] = ("stricter", "different", "looser")


@dataclass(frozen=True, slots=True)
class Changed:
    """A line that the policies treat differently: its ``number`` (from 1), its ``id`` if it has one, and how."""

    number: int
    id: Any
    how: Difference

    def as_json(self) -> dict[str, Any]:
        """Return the line as ``--format json`` shows it."""
        return {"line": self.number, "id": self.id, **self.how.as_json()}


@dataclass(slots=True)
class Tally:
    """Counts lines as they are compared: ``same``, each kind of change, ``unusable``; and for each rule, how many lines
    it fired on under the old policy and under the new one."""

    lines: int = 0
    unusable: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    rules: dict[str, list[int]] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)

    def add(self, id: Any, old: Seen, new: Seen) -> None:
        """Count a line of which the policies made ``old`` and ``new``."""
        self.lines += 1
        for side, seen in enumerate((old, new)):
            for rule in seen.rules:
                self.rules.setdefault(rule, [0, 0])[side] += 1
        how = difference(old, new)
        if how is not None:
            self.kinds[how.kind] += 1
            self.changes.append(Changed(self.lines, id, how))

    def skip(self) -> None:
        """Count a line that cannot be used."""
        self.lines += 1
        self.unusable += 1

    @property
    def same(self) -> int:
        """How many lines both policies treat alike."""
        return self.lines - self.unusable - self.kinds.total()

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``--format json`` shows them."""
        return {
            "lines": self.lines,
            "unusable": self.unusable,
            "same": self.same,
            **{kind: self.kinds[kind] for kind in _STRICTNESS},
            "rules": {rule: {"old": old, "new": new} for rule, (old, new) in sorted(self.rules.items())},
            "changes": [each.as_json() for each in self.changes],
        }
