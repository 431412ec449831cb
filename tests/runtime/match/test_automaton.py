"""The lazy automaton: a thread that can no longer be completed holds nothing, and the cap changes no answer."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.detection import Expressions, Pattern
from ordinance.runtime.match import automaton as module
from ordinance.runtime.match import starts
from ordinance.runtime.match.automaton import EVERY, Automaton
from ordinance.runtime.match.matcher import Match, Matcher
from ordinance.runtime.match.node_table import EDGE, KINDS
from ordinance.runtime.text.clusters import START, cluster_class, join
from support.strategies import CHARACTERS, patterns, phrases


def made(*sources: str, said: tuple[str, ...] = ()) -> Automaton:
    return Automaton([(0, Expressions(said, tuple(Pattern(source) for source in sources)))])


def run(of: Automaton, text: str) -> tuple[list[Match], list[int | None]]:
    """The matches, and what is alive after each character."""
    matcher, found, alive = Matcher(of), [], []
    for at, char in enumerate(text):
        found += matcher.feed(char, at)
        alive.append(matcher.oldest())
    return found + matcher.close(), alive


@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"foo\bbar", "foobar foo bar"),
        (r"a\B b", "a b a b"),
        (r"a$b", "ab a"),
        (r"a^b", "ab"),
        (r"a(?:\b\B|\Bx\bx)y", "axxy ay"),
        (r"\d\b\d", "12 1"),
    ],
)
def test_what_can_never_be_completed_holds_nothing(source: str, text: str) -> None:
    found, alive = run(made(source), text)
    assert not found
    assert set(alive) == {None}


@pytest.mark.semantics(6)
def test_only_what_a_boundary_still_permits_is_alive() -> None:
    assert run(made(r"ab?\bc?\b!"), "ab!")[1] == [0, 0, None]
    assert run(made(r"a\Bb"), "a b")[1] == [0, None, None]
    assert run(made(r"a\nb"), "a b")[1] == [0, None, None]
    assert run(made(r"a$\nb"), "ax")[1] == [0, None]
    assert run(made(r"foo"), "foxfoo")[1] == [0, 0, None, 3, 3, None]


@pytest.mark.semantics(6)
def test_a_phrase_waits_for_the_end_of_the_word_and_no_longer() -> None:
    assert run(made(said=("foo",)), "foo bar")[1] == [0, 0, 0, None, None, None, None]
    assert run(made(said=("7f3",)), "7f3 bar")[1] == [0, 0, None, None, None, None, None]
    assert run(made(said=("foo", "foo bar")), "foo b.")[1] == [0, 0, 0, 0, 0, None]


@given(
    st.lists(patterns(6), min_size=1, max_size=4),
    st.lists(phrases, max_size=3),
    st.text(CHARACTERS, max_size=40),
    st.sampled_from([1, 2, 5]),
)
def test_past_the_cap_the_answers_are_the_same(sources: list[str], said: list[str], text: str, cap: int) -> None:
    expected = run(made(*sources, said=tuple(said)), text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STATE_CAP", cap)
        capped = made(*sources, said=tuple(said))
        assert run(capped, text) == expected
        assert capped.size[1] <= cap


def test_streams_in_several_threads_share_one_automaton() -> None:
    shared = made(r"\b[a-f]{1,8}[0-9]{1,4}\b", r"x.{0,6}y", said=("foo bar", "é1"))
    texts = ["foo bar x12y abc12 " * 9, "é1 xfooy foo  bar f9", "zzz", "x1x2x3y4y5y ab1 foo bar"] * 6
    expected = [run(made(r"\b[a-f]{1,8}[0-9]{1,4}\b", r"x.{0,6}y", said=("foo bar", "é1")), text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: run(shared, text), texts)) == expected


def test_many_threads_make_the_classes_of_an_automaton_at_once() -> None:
    """They take turns after each microsecond."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(100):
                shared = made(r"[a-f]{1,8}[0-9]{1,4}", said=("foo bar", "é1"))
                assert len(set(map(str, pool.map(partial(run, shared), ["foo bar x12y é1"] * 4)))) == 1
    finally:
        sys.setswitchinterval(interval)


def test_an_automaton_goes_with_the_last_that_uses_it() -> None:
    """After a reload the memory of the former policy is free at once."""
    gc.collect()
    gc.disable()
    try:
        before = alive()
        of = made(r"[a-f]{1,8}", said=("foo bar",))
        run(of, "foo bar e\u0301")
        of.can_join(START, EDGE, EVERY)
        del of
        assert alive() == before
    finally:
        gc.enable()


def alive() -> int:
    return sum(type(each) is Automaton for each in gc.get_objects())


@settings(max_examples=20)
@given(st.integers(1, 3))
def test_a_hostile_text_keeps_few_threads_alive(repeat: int) -> None:
    """Starts that lead to the same place are one: no more are alive than the pattern has places."""
    of = made(r"a.{0,50}b")
    matcher = Matcher(of)
    for at, char in enumerate("a" * 300 * repeat):
        matcher.feed(char, at)
    oldest = matcher.oldest()
    assert oldest is not None
    assert oldest >= 300 * repeat - 52


@given(st.lists(patterns(), max_size=2), st.lists(phrases, max_size=2), st.text(CHARACTERS, max_size=4))
def test_what_joins_nothing_is_seen_at_once_and_rightly(sources: list[str], said: list[str], text: str) -> None:
    """Where every kind of character is taken to join, each is followed exactly; the answers are the same."""
    cluster = START
    for char in text:
        cluster = join(cluster, cluster_class(char))[1]
    short, long = (made(*sources, said=tuple(said)) for _ in range(2))
    answers = [short.can_join(cluster, before, EVERY) for before in KINDS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starts, "_joining", lambda _: frozenset(starts._always()))
        assert [long.can_join(cluster, before, EVERY) for before in KINDS] == answers


def test_an_automaton_of_nothing_finds_nothing() -> None:
    of = Automaton([])
    assert run(of, "anything at all") == ([], [None] * 15)
    assert not Matcher(of).can_start()
