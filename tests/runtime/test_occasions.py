"""When something is due to be said, by a clock that the test sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordinance.policy.plan import NoticeTemplate, PlannedRule
from ordinance.policy.vocabulary import Effect, NoticeKind, Occasion
from ordinance.runtime.remembered import Remembered, Told
from ordinance.runtime.session import Session
from ordinance.runtime.situation import situate
from support.plans import SAYING, law, plan, session, withhold

#: Noon in Berlin, on a day in winter.
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)
HOUR = 3600


def say(occasion: Occasion, *, hours: int = 0, zone: str = "Europe/Berlin") -> PlannedRule:
    return withhold("DE/machine", effect=Effect.SAY, kind=NoticeKind.ADDITION, notice=SAYING, occasion=occasion,
                    hours=hours, law=law(zone=zone))  # fmt: skip


@pytest.mark.semantics(29)
def test_a_notice_is_shorter_only_where_it_is_known_that_the_full_one_was_given() -> None:
    """What a client claims of earlier turns leaves it whole."""
    desk = NoticeTemplate("desk", {"en": "This is a machine."}, {}, {"en": "Still a machine."})
    rule = replace(say(Occasion.EVERY_HOURS, hours=3), notice=desk)
    policy = plan([rule], {})
    situation = situate(policy, jurisdiction="DE", turn=5)
    ago = situation.now - timedelta(hours=4)
    for remembered, told in (
        (None, "This is a machine."),
        (Remembered(others=Told(ago)), "This is a machine."),
        (Remembered({"DE/other": Told(ago)}), "This is a machine."),
        (Remembered({"DE/machine": Told(ago)}), "Still a machine."),
        (Remembered({"DE/machine": Told(None)}), "Still a machine."),
        (Remembered({"DE/machine": Told(situation.now)}), ""),
    ):
        for whole in (False, True):
            stream = Session(policy, situation, "en", remembered=remembered, whole=whole).stream()
            assert stream.feed("Hello.") + stream.close() == "\n\n".join(filter(None, ("Hello.", told)))


def is_said(rule: PlannedRule, *, turn: int = 5, elapsed: int | None = None, now: datetime = NOON) -> bool:
    stream = session(plan([rule], {}), turn=turn, elapsed=elapsed, now=now).stream()
    return "machine" in stream.feed("Hello.") + stream.close()


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize(
    ("elapsed", "said"), [(None, True), (0, False), (3 * HOUR - 1, False), (3 * HOUR, True), (40 * HOUR, True)]
)
def test_a_reminder_is_due_every_so_many_hours(elapsed: int | None, said: bool) -> None:
    assert is_said(say(Occasion.EVERY_HOURS, hours=3), elapsed=elapsed) is said


@pytest.mark.requirement("LAW-4")
def test_a_conversation_that_begins_carries_the_reminder_whatever_is_claimed() -> None:
    assert is_said(say(Occasion.EVERY_HOURS, hours=3), turn=1, elapsed=1)
    assert is_said(say(Occasion.FIRST_ANSWER), turn=1, elapsed=1)
    assert not is_said(say(Occasion.FIRST_ANSWER), turn=2)


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize("elapsed", [-1, 10**12])
def test_a_claim_that_makes_no_sense_is_none(elapsed: int) -> None:
    assert is_said(say(Occasion.EVERY_HOURS, hours=3), elapsed=elapsed)
    assert is_said(say(Occasion.FIRST_OF_DAY), elapsed=elapsed)


@pytest.mark.requirement("LAW-4")
def test_a_day_begins_at_midnight_where_the_law_is() -> None:
    berlin, kiritimati = say(Occasion.FIRST_OF_DAY), say(Occasion.FIRST_OF_DAY, zone="Pacific/Kiritimati")
    assert is_said(berlin, elapsed=None)
    assert not is_said(berlin, elapsed=12 * HOUR - 1)
    assert is_said(berlin, elapsed=12 * HOUR + 1)
    assert is_said(kiritimati, elapsed=2 * HOUR, now=NOON) is True  # one in the morning there
    assert not is_said(kiritimati, elapsed=HOUR // 2)


@pytest.mark.requirement("LAW-4")
@given(st.integers(0, 10 * 24 * HOUR), st.integers(1, 72), st.integers(1, 400))
def test_whoever_tells_the_truth_goes_no_longer_without_a_reminder_than_the_law_allows(
    start: int, hours: int, minutes: int
) -> None:
    """One answer every so many minutes: between two reminders lie less than the hours and one such gap."""
    rule = say(Occasion.EVERY_HOURS, hours=hours)
    told, now, longest = NOON + timedelta(seconds=start), NOON + timedelta(seconds=start), timedelta()
    for turn in range(2, 30):
        now += timedelta(minutes=minutes)
        if is_said(rule, turn=turn, elapsed=int((now - told).total_seconds()), now=now):
            longest, told = max(longest, now - told), now
    assert longest < timedelta(hours=hours, minutes=minutes)


@pytest.mark.semantics(17)
def test_what_is_said_first_stands_before_and_a_reminder_after() -> None:
    for occasion, shown in (
        (Occasion.FIRST_OF_DAY, "You are talking to a machine.\n\nHello."),
        (Occasion.EVERY_HOURS, "Hello.\n\nYou are talking to a machine."),
    ):
        stream = session(plan([say(occasion, hours=1)], {})).stream()
        assert stream.feed("Hello.") + stream.close() == shown
