"""Workers report what they count, and what those have counted that have ended stays."""

from __future__ import annotations

from multiprocessing import Pipe

from ordinance.serve.metrics import families
from ordinance.serve.metrics.reports import Gathered, Reporter
from ordinance.serve.metrics.tally import Tally
from support.waiting import until

STREAMS, LOST = ("ordinance_streams", ""), ("ordinance_audit_lost_total", "")


def test_what_two_workers_count_is_summed_and_outlives_them() -> None:
    gathered = Gathered()
    tallies, reporters, ends = [Tally(), Tally()], [], []
    for tally in tallies:
        here, there = Pipe(duplex=False)
        tally.add(families.STREAMS)
        reporters.append(Reporter(there, tally.numbers))
        ends.append(there)
        gathered.follow(here)
        reporters[-1].start()
    until(lambda: gathered.numbers() == {STREAMS: 2})
    tallies[0].add(families.AUDIT_LOST, number=3)
    reporters[0].close()
    until(lambda: gathered.numbers() == {STREAMS: 1, LOST: 3})
    assert ends[0].closed
    ends[1].close()  # as if it was killed: what it had reported stays
    until(lambda: gathered.numbers() == {LOST: 3})


def test_a_worker_does_not_wait_for_whoever_gathers() -> None:
    here, there = Pipe(duplex=False)
    tally = Tally()
    for number in range(5000):  # more than a pipe takes
        tally.add(families.RULES, f"DE/rule_{number}", "withhold")
    reporter = Reporter(there, tally.numbers)
    reporter.start()
    tally.add(families.STREAMS)
    reporter.close()
    here.close()


def test_one_that_never_served_leaves_nothing() -> None:
    gathered = Gathered()
    here, there = Pipe(duplex=False)
    there.close()
    gathered.follow(here)
    until(lambda: here.closed)
    assert gathered.numbers() == {}
