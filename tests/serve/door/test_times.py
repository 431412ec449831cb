"""Where the time of an answer went, whether the server behind came to its end or not."""

from __future__ import annotations

import pytest

from ordinance.serve.door.times import Times


def test_what_ordinance_added_is_what_neither_the_server_nor_the_client_took() -> None:
    times = Times(heard=100.0, asked=101.0, complete=110.0, ready=110.5, governing=2.0, writing=3.0)
    assert times.added == pytest.approx(3.5)
    assert times.upstream == pytest.approx(4.0)


def test_without_an_answer_of_the_server_all_time_was_added() -> None:
    """A soak found this: where a judge refused the prompt meanwhile, the machine's uptime was counted."""
    for asked in (0.0, 101.0):
        times = Times(heard=100.0, asked=asked, ready=102.0)
        assert (times.added, times.upstream) == (2.0, None)
