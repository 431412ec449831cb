"""Whatever a plugin answers, no verdict is lower with it than without, and no character comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.detection import Expressions, Passage, Pattern, Prepared, Segments
from ordinance.policy.plan import Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Effect, Verdict
from ordinance.runtime.match.segments import DetectorError
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from support.plans import mask, plan_of, refuse, session, withhold
from support.strategies import CHARACTERS, SEVERAL, cuttings, rules

pytestmark = [pytest.mark.semantics(11), pytest.mark.semantics(13), pytest.mark.requirement("RL-6")]

#: What a plugin may say about a sentence or a candidate, of the right type or not.
ANSWERS = st.one_of(
    st.lists(st.tuples(st.integers(-2, 30), st.integers(-2, 30)), max_size=3),
    st.sampled_from(
        [None, True, False, 0, 1, "01", [(False, True)], [(0.0, 3.0)], {(0, 4): 1}, [(0, 10**9)], ["pass"]]
    ),
    st.sampled_from([RuntimeError("x"), DetectorError("late", lasting=True), DetectorError("raised"), MemoryError()]),
)


class Truthless:
    def __bool__(self) -> bool:
        raise RuntimeError("neither")


@dataclass(eq=False)
class Hostile:
    """Answers what it was given to say, call by call, and then over again."""

    answers: list[Any]
    calls: int = 0

    def __call__(self, passage: Passage) -> Any:
        self.calls += 1
        said = self.answers[self.calls % len(self.answers)]
        if isinstance(said, Exception):
            raise said
        return said


@st.composite
def hostile(draw: st.DrawFn) -> Prepared:
    answers = draw(st.lists(st.one_of(ANSWERS, st.builds(Truthless)), min_size=1, max_size=5))
    if draw(st.booleans()):
        return Segments(Hostile(answers), draw(st.integers(0, 9)))
    shapes = draw(st.lists(st.sampled_from(["a", "1[ b]?", r"\bb\b", "[ab1]{2}"]), min_size=1, max_size=2, unique=True))
    found = (Pattern(shape, accepts=Hostile(answers), before=draw(st.integers(0, 5)), waits=True) for shape in shapes)
    return Expressions(patterns=tuple(found))


@st.composite
def asking(draw: st.DrawFn) -> PlannedRule:
    """A rule that asks the plugin, alone or beside what the engine finds itself."""
    scope = draw(st.sampled_from([Scope("span", 0), Scope("sentence", 5), Scope("paragraph", 9)]))
    more: dict[str, Any] = {"trial": draw(st.booleans())}
    if draw(st.booleans()):
        more["near"] = ("hostile",)
        return withhold("test/asking", "detector_0", **more)
    match draw(st.integers(0, 2)):
        case 0:
            return refuse("test/asking", "hostile")
        case 1:
            return mask("test/asking", "hostile", **more)
        case _:
            return withhold("test/asking", "hostile", scope=scope, **more)


def met(plan: Plan, pieces: list[str], end: End) -> tuple[frozenset[int], bool, bool]:
    """Which characters are gone, whether the answer ended as refused, and whether anything was put in their place."""
    redactor = Redactor(activate(plan, plan.rules))
    for piece in pieces:
        redactor.feed(piece)
    redactor.close(end)
    gone = {at for cut in redactor.cuts for at in range(cut.start, cut.end)}
    ended = bool(redactor.refused or redactor.fault)
    if ended:
        gone |= set(range(redactor.settled, len("".join(pieces))))
    return frozenset(gone), ended, bool(redactor.omitted)


@SEVERAL
@given(st.lists(rules(), min_size=1, max_size=2), asking(), hostile(), st.text(CHARACTERS, max_size=40), st.data())
def test_with_a_plugin_a_policy_is_never_looser(
    known: list[Any], rule: PlannedRule, prepared: Prepared, text: str, data: st.DataObject
) -> None:
    without = plan_of(known)
    detectors = {**without.detectors, "hostile": prepared}
    within = replace(without, rules=(*without.rules, rule), detectors=detectors)
    pieces = data.draw(cuttings(text))
    end = data.draw(st.sampled_from(list(End)))
    gone, ended, _ = met(without, pieces, end)
    also_gone, also_ended, _ = met(within, pieces, end)
    assert gone <= also_gone
    assert ended <= also_ended
    verdicts = list(verdict_of([without, within], pieces))
    assert verdicts == sorted(verdicts)


def verdict_of(plans: list[Plan], pieces: list[str]) -> Iterator[Verdict]:
    for plan in plans:
        opened = session(plan)
        stream = opened.stream()
        for piece in pieces:
            stream.feed(piece)
        stream.close()
        yield opened.outcome().verdict


@SEVERAL
@given(st.lists(rules(), min_size=1, max_size=2), hostile(), st.text(CHARACTERS, max_size=40))
def test_with_a_plugin_no_question_is_let_through_that_was_refused(
    known: list[Any], prepared: Prepared, text: str
) -> None:
    without = plan_of(known)
    asks = refuse("test/asking", "hostile", channels=frozenset({Channel.PROMPT}))
    within = replace(without, rules=(*without.rules, asks), detectors={**without.detectors, "hostile": prepared})
    refused = session(without).screen([text])
    assert refused <= session(within).screen([text])
    assert Effect.REFUSE.removes
