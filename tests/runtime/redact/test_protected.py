"""Numbers of help survive in withheld text, and nothing else of it does (semantics, rules 14 and 16)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import PlannedRule, Scope
from ordinance.policy.vocabulary import MARKER
from support.plans import expressions, mask, plan, refuse, session, withhold
from support.strategies import cuttings

HELP = ["112", "911"]
#: What may stand between numbers of help in a withheld sentence.
BETWEEN = st.lists(st.sampled_from(["call", "or", "forbidden flag", "at 9112", "-", "never"]), min_size=1, max_size=4)
DETECTORS = {"flag": expressions(("forbidden flag",)), "help": expressions((), (r"\b(?:112|911)\b",))}


def answered(rule: PlannedRule, cut: list[str]) -> tuple[str, dict[str, Any]]:
    opened = session(plan([rule], DETECTORS, protected=("help",)))
    stream = opened.stream()
    return "".join([*map(stream.feed, cut), stream.close()]).partition("\n\n")[0], opened.metadata()


@pytest.mark.semantics(14)
@pytest.mark.semantics(16)
@pytest.mark.requirement("RL-4")
@pytest.mark.requirement("TR-3")
@given(st.lists(st.sampled_from(HELP), max_size=4), st.data())
def test_nothing_leaves_of_a_withheld_sentence_but_its_numbers_of_help(numbers: list[str], data: st.DataObject) -> None:
    """Decision 013: they stay where they are; what stands between them leaves no trace but the marker."""
    rule = withhold("DE/flags", "flag", scope=Scope("sentence", 400))
    found = []
    for _ in range(2):
        said = "The forbidden flag"
        for number in numbers:
            said += f" {number} {' '.join(data.draw(BETWEEN))}"
        found.append(answered(rule, data.draw(cuttings(said + "."))))
    assert found[0] == found[1]
    assert found[0][0] == MARKER + "".join(number + MARKER for number in numbers)


@pytest.mark.semantics(14)
@pytest.mark.requirement("TR-3")
def test_red_lines_and_masks_let_no_number_through() -> None:
    text = "The 112 flag."
    DETECTORS["number"] = expressions(("112 flag",))
    assert answered(mask("DE/flags", "number"), [text])[0] == "The [code]."
    assert "112" not in answered(refuse("baseline/weapons", "number"), [text])[0]
