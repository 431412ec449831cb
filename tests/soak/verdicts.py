"""What a soak must show: functions of what came, of the record, and of what happened meanwhile."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from soak.clients import BROKEN, GONE, REFUSED, SILENT, UNENDED, WHOLE, Came
from soak.said import kind
from soak.trouble import Happened

#: How long after a kill its broken connections are seen, in seconds.
_SEEN_WITHIN = 3.0
#: A gateway that is whole again answers so, this long after the last event, in seconds.
_CALM = 3.0
#: By how much memory may differ between two quarters of a long run, as a share, and at least in MiB.
_FLAT, _LEAST = 0.15, 24.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was to hold, whether it does, and the figures."""

    what: str
    kept: bool
    figures: str


def nothing_held_is_released(came: Sequence[Came]) -> Verdict:
    """No client has read a canary, in an answer that came to its end or in any other."""
    had = sum(kind(each.number) not in ("plain", "leaves") for each in came)
    read = [each.number for each in came if each.canary]
    return Verdict(
        "Nothing held is released", had > 0 and not read, f"{had} answers had a canary, {len(read)} were read"
    )


def nothing_acknowledged_is_lost(came: Sequence[Came], recorded: Collection[str], problems: Sequence[str]) -> Verdict:
    """Each answer whose end has reached a client has its record, and the chain of the record verifies."""
    ended = [each.request for each in came if each.how == WHOLE]
    lost = [each for each in ended if each not in recorded]
    figures = f"{len(ended)} answers ended, {len(lost)} have no record; problems of the chain: {len(problems)}"
    if problems:
        figures += f" ({', '.join(sorted(set(problems)))})"
    return Verdict("Nothing acknowledged is lost", bool(ended) and not lost and not problems, figures)


def every_failure_is_told(came: Sequence[Came], happened: Sequence[Happened]) -> Verdict:
    """An answer that is not whole says so: by a code, by a notice, or by a connection that breaks where a process was
    killed, which is all that a process that was killed can say."""
    untold = Counter(each.how for each in came if not _told(each, happened))
    failed = sum(each.how not in (WHOLE, GONE) for each in came)
    figures = f"{failed} failures, {untold.total()} of them untold"
    if untold:
        figures += f" ({', '.join(f'{how}: {number}' for how, number in sorted(untold.items()))})"
    return Verdict("Every failure is reported", not untold, figures)


def _told(each: Came, happened: Sequence[Happened]) -> bool:
    if each.how == WHOLE:
        return each.to_the_end or (each.verdict in ("withhold", "refuse") and each.told)
    if each.how in (BROKEN, REFUSED):
        return any(one.kills and one.began <= each.ended <= one.ended + _SEEN_WITHIN for one in happened)
    return each.how not in (SILENT, UNENDED)


def it_is_whole_again(came: Sequence[Came], last: float) -> Verdict:
    """After the last event, in which the clients went on, no request failed but those that were to."""
    after = [each for each in came if each.began > last + _CALM and each.how != GONE]
    failed = Counter(each.how for each in after if each.how != WHOLE and kind(each.number) != "breaks")
    plain = [each for each in after if each.how == WHOLE and kind(each.number) == "plain"]
    passed = sum(each.verdict == "pass" for each in plain)
    # A plugin's process that crashes takes the other questions that it has with it.
    kept = passed > 0.5 * len(plain) > 0 and not failed
    figures = (
        f"{len(after)} answers after that, {failed.total()} failed; of {len(plain)} plain ones {passed} passed whole"
    )
    return Verdict("It is whole again", kept, figures)


def memory_is_flat(memory: Sequence[float], minutes: float) -> Verdict:
    """The gateway's memory in the last quarter is about that in the second. A run under five minutes only says it."""
    quarter = max(1, len(memory) // 4)
    early, late = statistics.median(memory[quarter : 2 * quarter] or memory), statistics.median(memory[-quarter:])
    flat = late - early < max(_LEAST, early * _FLAT)
    short = minutes < 5
    figures = f"{early:.0f} MiB in the second quarter, {late:.0f} MiB in the last" + (
        "; too short to tell" if short else ""
    )
    return Verdict("Memory is flat", flat or short, figures)
