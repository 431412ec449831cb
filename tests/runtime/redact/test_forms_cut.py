"""JSON that is cut: a tool call, an answer in a form, the strings in them (semantics, rules 6 and 9)."""

from __future__ import annotations

import pytest

from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel, NoticeKind, Verdict
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import Structure
from ordinance.runtime.session import Session
from support.ends import DETECTORS, FLAG, numbers
from support.oracle import MARKER
from support.plans import plan, session


def call(of: Plan, source: str, end: End) -> tuple[str, Session, bool]:
    seen = []
    for cut in ([source], list(source)):
        opened = session(of)
        stream = opened.stream()
        arguments = stream.arguments()
        out = "".join(map(arguments.feed, cut)) + arguments.close(end)
        assert arguments.ledger.balanced
        stream.close(end)
        seen.append((out, opened, stream.ended))
    assert [(out, ended) for out, _, ended in seen[:1]] == [(out, ended) for out, _, ended in seen[1:]]
    return seen[0]


FORM = Structure(lambda path: path[-1:] != ("fixed",))


def structured(of: Plan, source: str, end: End) -> tuple[str, Session, bool]:
    seen = []
    for cut in ([source], list(source)):
        opened = session(of)
        stream = opened.stream(structure=FORM)
        out = "".join(map(stream.feed, cut)) + stream.close(end)
        seen.append((out, opened, stream.refused))
    assert [(out, refused) for out, _, refused in seen[:1]] == [(out, refused) for out, _, refused in seen[1:]]
    return seen[0]


@pytest.mark.semantics(9)
def test_a_call_that_is_cut_in_a_live_start_is_removed() -> None:
    of = plan([FLAG], DETECTORS)
    for source, end, out in (
        ('{"a": "the forbidden', End.CUT, '{"a": "the '),
        ('{"a": "the forb', End.CUT, None),
        ('{"a": "the forbidden', End.OWN, None),
        ('{"a": "the forbidden"}', End.OWN, '{"a": "the '),  # its schema may have ended it
        ('{"forbidden": 1}', End.OWN, '{"'),
        ('{"a": "forbidden, too"}', End.CUT, None),
        ('{"a": 1} forbidden', End.CUT, '{"a": 1} '),
    ):
        shown, opened, ended = call(of, source, end)
        assert shown == (source if out is None else out), source
        assert ended is (out is not None)
        assert [notice.kind for notice in opened.outcome().notices] == ([] if out is None else [NoticeKind.CUT])


@pytest.mark.semantics(9)
def test_a_string_in_a_form_ends_as_its_schema_lets_it() -> None:
    of = plan([FLAG], DETECTORS)
    for source, end, out, verdict in (
        ('{"a": "the forbidden"}', End.OWN, None, Verdict.PASS),
        ('{"a": "the forbidden"}', End.CUT, None, Verdict.PASS),
        ('{"a": "the forbidden', End.CUT, f'{{"a": "the {MARKER}', Verdict.WITHHOLD),
        ('{"a": "the forb', End.CUT, None, Verdict.PASS),
        ('{"fixed": "the forbidden"}', End.OWN, '{"fixed": "the ', Verdict.REFUSE),
        ('{"fixed": "the forb"}', End.OWN, None, Verdict.PASS),
        ('{"fixed": "the forbidden', End.OWN, None, Verdict.PASS),
        ('{"fixed": "the forbidden', End.CUT, '{"fixed": "the ', Verdict.REFUSE),
    ):
        shown, opened, refused = structured(of, source, end)
        assert shown == (source if out is None else out), source
        assert opened.outcome().verdict is verdict
        assert refused is (verdict is Verdict.REFUSE)
        told = verdict is not Verdict.PASS
        assert [notice.kind for notice in opened.outcome().notices] == ([NoticeKind.CUT] if told else [])


@pytest.mark.semantics(9)
@pytest.mark.parametrize("left", ["\\", "\\u", "\\u006", "\\ud83d", "\\ud83d\\", "\\ud83d\\ud"])
def test_half_an_escape_ends_no_live_start(left: str) -> None:
    of = plan([FLAG], DETECTORS)
    shown, _, _ = structured(of, f'{{"a": "the forbidden f{left}', End.CUT)
    assert shown == f'{{"a": "the {MARKER}'
    shown, _, ended = call(of, f'{{"a": "the forbidden f{left}', End.CUT)
    assert (shown, ended) == ('{"a": "the ', True)
    shown, _, _ = structured(of, f'{{"a": "plain{left}', End.CUT)
    assert shown == f'{{"a": "plain{left}'


@pytest.mark.semantics(9)
def test_a_number_in_a_form_does_not_leave_without_its_check_digit() -> None:
    of = numbers("isikukood")
    shown, _, refused = structured(of, '{"a": "it is 3760503029", "b": 1}', End.OWN)
    assert (shown, refused) == (f'{{"a": "it is {MARKER}", "b": 1}}', False)
    for source in ('{"a": "3760503029"}', '{"a": 3760503029'):
        shown, _, ended = call(of, source, End.OWN)
        assert "376" not in shown
        assert ended
    for source in ('{"id": "38001085719"}', '{"postcode": "10115", "n": 37605}'):
        shown, _, ended = call(of, source, End.OWN)
        assert (shown, ended) == (source, False)


@pytest.mark.semantics(9)
def test_a_text_that_may_not_be_edited_ends_where_the_cut_region_begins() -> None:
    opened = session(plan([FLAG], DETECTORS))
    stream = opened.stream()
    name = stream.text(Channel.TOOL_CALL, rigid=True)
    assert name.feed("look at forbid") + name.close(End.CUT) == "look at "
    assert name.severed
    assert stream.ended
    stream.close(End.CUT)
    assert [notice.kind for notice in opened.outcome().notices] == [NoticeKind.CUT]
    assert opened.outcome().verdict is Verdict.WITHHOLD
