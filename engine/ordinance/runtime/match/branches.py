"""The disguises of some phrases as trees, which part where a text leads. All networks that look for the phrases share
them, so that no letter of a form is compared twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ordinance.runtime.match.disguise import ENCODED_FROM, SPACED, Form, Gaps, Step, distinct
from ordinance.runtime.match.patterns import Assertion
from ordinance.runtime.match.trie import beginning

_Key = TypeVar("_Key")


class Branch:
    """Forms of which the first ``depth`` steps are alike. What follows is worked out when it is asked for; threads that
    race work out the same."""

    __slots__ = ("_forms", "_parted", "depth", "gaps")

    def __init__(self, depth: int, gaps: Gaps) -> None:
        self.depth = depth
        self.gaps = gaps
        self._forms: list[Form] = []
        self._parted: tuple[dict[Step, Branch], dict[tuple[Step, str], None]] | None = None

    def add(self, form: Form) -> None:
        """Add a form; only while nobody has asked what follows."""
        self._forms.append(form)

    def parted(self) -> tuple[dict[Step, Branch], Iterable[tuple[Step, str]]]:
        """Return what follows by the next step, and the steps that end a form, each with the form's ``last``."""
        if self._parted is None:
            following: dict[Step, Branch] = {}
            ending: dict[tuple[Step, str], None] = {}
            for form in self._forms:
                step = form.steps[self.depth]
                if self.depth + 1 == len(form.steps):
                    ending[step, form.last] = None
                    continue
                branch = following.get(step)
                if branch is None:
                    branch = following[step] = Branch(self.depth + 1, self.gaps)
                branch.add(form)
            self._parted = following, ending
            self._forms = []
        return self._parted


@dataclass(frozen=True, slots=True)
class Disguises:
    """The disguises of some phrases. ``steps`` are all of their steps, ``gaps`` what may stand between them.

    ``spaced`` begin with a step where that assertion holds. ``encoded`` begin with their first step; parted behind it,
    at their second, ``halved``."""

    steps: frozenset[Step]
    gaps: frozenset[Gaps]
    spaced: dict[tuple[Assertion | None, Step], Branch]
    encoded: dict[Step, Branch]
    halved: dict[Step, Branch]


def disguises(forms: Sequence[Form]) -> Disguises:
    """Return ``forms`` as trees."""
    spaced: dict[tuple[Assertion | None, Step], Branch] = {}
    encoded: dict[Step, Branch] = {}
    halved: dict[Step, Branch] = {}
    for form in forms:
        if form.gaps is SPACED:
            _begin(spaced, (beginning(form.first), form.steps[0]), 1, form)
            continue
        _begin(encoded, form.steps[0], 1, form)
        if len(form.steps) > ENCODED_FROM:
            _begin(halved, form.steps[1], 2, form)
    return Disguises(distinct(forms), frozenset(form.gaps for form in forms), spaced, encoded, halved)


def _begin(begun: dict[_Key, Branch], key: _Key, depth: int, form: Form) -> None:
    branch = begun.get(key)
    if branch is None:
        branch = begun[key] = Branch(depth, form.gaps)
    branch.add(form)
