"""What tests of ends share: rules with one phrase, and a session over a text that is cut (semantics, rule 6)."""

from __future__ import annotations

from ordinance.detection import Declaration, Expressions
from ordinance.detectors.builtin import prepare_identifier
from ordinance.policy.plan import Plan
from ordinance.runtime.redact.ends import End
from ordinance.runtime.session import Session
from support.plans import expressions, mask, plan, session, withhold

PHRASE = "forbidden flag"
CUT_TOLD = "\n\n[cut]"
FLAG = withhold("DE/flags", "flag")
DETECTORS = {"flag": expressions((PHRASE,)), "code": expressions((), (r"\b77[0-9]{4}\b",))}


def numbers(name: str) -> Plan:
    """A mask of the identifier ``name``, told by its placeholder alone."""
    return plan([mask("DE/numbers", "number", type="number", told=False)], {"number": identifier(name)})


def identifier(name: str) -> Expressions:
    return prepare_identifier(Declaration("identifier", (name,)))


def cut_short(of: Plan, text: str, end: End = End.CUT, *, whole: bool = False) -> tuple[str, Session]:
    """What leaves of ``text``, and the session; the same for a few cuttings."""
    opened = session(of, whole=whole)
    stream = opened.stream()
    out = "".join(map(stream.feed, text)) + stream.close(end)
    for cut in ([text], [text[:7], text[7:]]):
        other = session(of, whole=whole)
        again = other.stream()
        assert "".join(map(again.feed, cut)) + again.close(end) == out
        assert other.outcome() == opened.outcome()
    assert opened.outcome().balanced
    return out, opened


def letters(text: str) -> int:
    """How long a beginning is: up to its last letter or digit."""
    return max((at for at, char in enumerate(text, 1) if char.isalnum()), default=0)
