"""What came of many lines is counted by kind and by rule."""

from __future__ import annotations

from collections.abc import Mapping

from ordinance.authoring.replayed import Tally
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.compared.two_policies import Seen


def seen(
    released: str = "one two", verdict: Verdict = Verdict.PASS, told: Mapping[str, int] | None = None, rules: str = ""
) -> Seen:
    return Seen(verdict, (released,), told or {}, frozenset(rules.split()))


def test_lines_and_rules_are_counted() -> None:
    tally = Tally()
    tally.add("a", seen(rules="X/one"), seen(rules="X/one"))
    tally.skip()
    tally.add(7, seen(rules="X/one", told={"omission": 1}), seen(rules="X/two", told={"omission": 1}))
    found = tally.as_json()
    assert {name: found[name] for name in ("lines", "unusable", "same", "stricter", "different", "looser")} == {
        "lines": 3, "unusable": 1, "same": 1, "stricter": 0, "different": 1, "looser": 0,
    }  # fmt: skip
    assert found["rules"] == {"X/one": {"old": 2, "new": 1}, "X/two": {"old": 0, "new": 1}}
    assert found["changes"] == [
        {"line": 3, "id": 7, "kind": "different", "verdict": {"old": "pass", "new": "pass"},
         "rules": {"gone": ["X/one"], "added": ["X/two"]}}
    ]  # fmt: skip
