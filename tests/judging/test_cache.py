"""What is remembered of scores, and for whom."""

from __future__ import annotations

from ordinance.judging import cache
from ordinance.judging.asking import Call
from ordinance.judging.cache import Cache

A, B = Call("r", "a", "before"), Call("r", "b")


def test_a_score_is_known_to_who_asked_and_to_nobody_else() -> None:
    kept = Cache()
    kept.keep(b"one", A, 0.5)
    assert kept.get(b"one", A) == 0.5
    assert kept.get(b"two", A) is None
    for other in (B, A._replace(rule="s"), A._replace(before=""), Call("r", "abefore")):
        assert kept.get(b"one", other) is None


def test_nobody_s_scores_are_not_kept() -> None:
    kept = Cache()
    kept.keep(b"", A, 0.5)
    assert kept.get(b"", A) is None
    assert not kept._kept


def test_it_is_bounded_and_one_asker_cannot_push_out_another() -> None:
    kept = Cache()
    kept.keep(b"one", A, 0.5)
    for number in range(2 * cache.MOST_SCORES):
        kept.keep(b"two", Call("r", str(number)), 0.1)
    assert kept.get(b"one", A) == 0.5
    assert {len(each) for each in kept._kept.values()} == {1, cache.MOST_SCORES}
    for number in range(cache.MOST_ASKERS):
        kept.keep(str(number).encode(), A, 0.1)
    assert len(kept._kept) == cache.MOST_ASKERS


def test_it_keeps_no_text() -> None:
    kept = Cache()
    kept.keep(b"sk-secret", Call("r", "a word of a person"), 0.5)
    assert b"sk-secret" not in repr(vars(kept)).encode()
    assert "person" not in repr(vars(kept))
