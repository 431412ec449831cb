"""Ordinary layout is no disguise: what a phrase may look like in the text of any rule, whole and on a stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.detection import Expressions, Pattern
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher, matches_in
from ordinance.runtime.redact.activation import activate
from ordinance.runtime.redact.continuation import REACH, begin
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.session import Session
from ordinance.runtime.situation import rules_in_force, situate
from support.oracle import MARKER, Rule, continuations, matches, reference, trace
from support.packs import TODAY, all_that_ships
from support.plans import BRIEF, plan, withhold
from support.strategies import FORGED, SEVERAL, cuttings

#: What stands in the place of a space, and of letters, as it is shown.
SHOWN = [
    "{0} {1}", "{0}  {1}", "{0} \t {1}", "{0}\n{1}", "{0}\r\n{1}", "{0} \n  {1}", "{0}\u00a0{1}", "{0}\u2028{1}",
    "{0} **{1}**", "**{0}** **{1}**", "**{0}** {1}", "*{0} {1}*", "_{0} {1}_", "__{0}__ _{1}_", "`{0}` `{1}`",
    "~~{0}~~ {1}", "***{0}*** ~{1}~", "**_{0}_** {1}", "*{0}*\n*{1}*", "{0}_{1}", "{0}-{1}", "**{0}**-{1}",
    "{0}\u2010{1}", "op*aq*ue {1}", "**o**paque {1}", "{0} wo\u00adrds", "_{0} {1}_ and", "_so {0} {1}_.",
]  # fmt: skip
#: Something else than layout, or layout that says something of its own.
OTHER = [
    "{0}\n\n{1}", "{0}\n \n{1}", "{0} * {1}", "{0} _ {1}", "{0}, {1}", "{0} | {1}", "- {0}\n- {1}", "1. {0}\n2. {1}",
    "{0}. {1}", "{0}--{1}", "{0} - {1}", "{0}\u2029{1}", "{0}{1}", "{0} {1}_x", "x_{0} {1}", "op_aque {1}",
    "o-paque {1}",
]  # fmt: skip


def words(phrase: str = "opaque words") -> Plan:
    return plan([withhold("test/words", "words", notice=BRIEF)], {"words": Expressions(phrases=(phrase,))})


def released(made: Plan, cut: list[str], prefix: str = "") -> str:
    activation = activate(made, rules_in_force(made, situate(made, jurisdiction="DE")))
    redactor = Redactor(activation, begin(activation, [prefix] if prefix else []))
    return "".join([*map(redactor.feed, cut), redactor.close()])


def spans(phrase: str, text: str) -> set[tuple[int, int]]:
    return {(match.start, match.end) for match in matches_in(Automaton([(0, Expressions(phrases=(phrase,)))]), text)}


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(5)
@pytest.mark.semantics(6)
@pytest.mark.parametrize("shown", SHOWN)
def test_a_phrase_is_found_however_it_is_laid_out(shown: str) -> None:
    text = "So: " + shown.format("opaque", "words") + " there"
    made = words()
    whole = released(made, [text])
    assert MARKER in whole
    assert "aq" not in whole
    assert "rds" not in whole
    for at in range(1, len(text)):
        assert released(made, [text[:at], text[at:]]) == whole
    ((start, end),) = spans("opaque words", text)
    for at in range(start + 1, end):
        assert released(made, [text[at:]], prefix=text[:at]).startswith(MARKER)


@pytest.mark.semantics(5)
@pytest.mark.parametrize("other", OTHER)
def test_what_is_no_layout_is_no_phrase(other: str) -> None:
    text = "So: " + other.format("opaque", "words") + " there"
    assert released(words(), [text]) == text
    assert released(words(), list(text)) == text


#: What passed the law that ships.
R7 = [
    "{0} {1}", "{0}  {1}", "{0}\n{1}", "{0}\t{1}", "{0} **{1}**", "**{0}** **{1}**", "{0}_{1}", "{0}-{1}", "{0}, {1}",
    "| {0} | {1} |", "- {0}\n- {1}", "* {0}\n* {1}", "1. {0}\n2. {1}",
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return all_that_ships().plan


@pytest.mark.requirement("TR-8")
@pytest.mark.parametrize("row", R7)
def test_the_law_that_ships_is_not_passed_by_layout(row: str, shipped: Plan) -> None:
    text = "Sie riefen " + row.format("Sieg", "Heil") + " und gingen."
    situation = situate(shipped, jurisdiction="DE", on=TODAY)
    for at in range(len(text)):
        session = Session(shipped, situation, "de", whole=not at)
        stream = session.stream()
        said = stream.feed(text[:at]) + stream.feed(text[at:]) + stream.close()
        assert session.outcome().verdict is Verdict.WITHHOLD, (row, at)
        assert "DE/symbols" in session.outcome().rules
        assert MARKER in said
        assert "Sieg" not in said
        assert "Heil" not in said


@pytest.mark.parametrize("canary", ["ordinance-canary-86a-5d21e8", "**ordinance-canary-86a-5d21e8**"])
def test_the_canary_of_the_law_is_found_in_emphasis(canary: str, shipped: Plan) -> None:
    session = Session(shipped, situate(shipped, jurisdiction="DE", on=TODAY), "de")
    stream = session.stream()
    assert "canary" not in stream.feed(f"Das Wort _{canary}_ steht da. Danke. ") + stream.close()
    assert "DE/symbols" in session.outcome().rules


# regions


@pytest.mark.semantics(5)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **opaque words** b", f"a **{MARKER}** b"),
        ("a opaque **words** b", f"a {MARKER} b"),
        ("a opaque _words_ b", f"a {MARKER} b"),
        ("a opaque **_words_** b", f"a {MARKER} b"),
        ("a **opaque** **words** b", f"a **{MARKER}** b"),
        ("_never opaque words_ b", f"_never {MARKER}_ b"),
        ("**never opaque `words`**", f"**never {MARKER}**"),
        ("op**aq**ue words**", f"{MARKER}**"),
        ("**opaque** words b", f"**{MARKER} b"),
    ],
)
def test_the_signs_that_close_what_a_region_opens_go_with_it(text: str, expected: str) -> None:
    """What has left before the region began does not come back: the last row keeps its opening sign."""
    assert released(words(), [text]) == expected
    assert released(words(), list(text)) == expected


@pytest.mark.semantics(6)
def test_underscores_behind_a_phrase_wait_and_are_not_part_of_it() -> None:
    matcher = Matcher(Automaton([(0, Expressions(phrases=("foo",)))]))
    told = [[(each.start, each.end) for each in matcher.feed(char, at)] for at, char in enumerate("foo__.")]
    assert told == [[], [], [], [], [], [(0, 3)]]
    assert matcher.oldest() is None
    assert not spans("foo", "foo__bar")


@pytest.mark.semantics(6)
@pytest.mark.parametrize(
    ("text", "alive"),
    [
        ("ab\n\n", [0, 0, 0, None]),
        ("ab * ", [0, 0, 0, 0, None]),
        ("ab*c", [0, 0, 0, None]),
        ("ab-,", [0, 0, 0, None]),
        ("ab-*.", [0, 0, 0, 0, None]),
        ("ab_x", [0, 0, 0, None]),
        ("ab c*", [0, 0, 0, 0, None]),
    ],
)
def test_text_waits_no_longer_than_layout_can_go_on(text: str, alive: list[int | None]) -> None:
    matcher = Matcher(Automaton([(0, Expressions(phrases=("ab c",)))]))
    got = []
    for at, char in enumerate(text):
        matcher.feed(char, at)
        got.append(matcher.oldest())
    assert got == alive


@pytest.mark.semantics(10)
def test_space_and_signs_push_no_phrase_out_of_reach() -> None:
    for layout in (" " * 2 * REACH, "*" * 2 * REACH + " "):
        assert "words" not in released(words(), ["words."], prefix=f"opaque{layout}")


def test_a_run_of_signs_keeps_no_more_alive_than_a_phrase_is_long() -> None:
    phrases = ("*", "* a", "**a", "*_*", "a *b", "_a", "a-b", "a b", "- a")
    matcher = Matcher(Automaton([(0, Expressions(phrases=phrases))]))
    for at, char in enumerate("a" + "*_" * 500 + " *" * 500 + "a-" * 500):
        matcher.feed(char, at)
        assert len(matcher.place(at)[1]) <= 8


# everything, against the oracle

LAYOUT = "ab1 *_-\n\t`.A\r"
_phrases = st.text("ab1 *-_.", min_size=1, max_size=4).map(str.strip).filter(bool)


@pytest.mark.semantics(5)
@SEVERAL
@given(_phrases, st.text(LAYOUT, max_size=14))
def test_a_phrase_has_the_spans_that_the_oracle_gives_it(phrase: str, text: str) -> None:
    assert spans(phrase, text) == matches(text, [phrase], ())


@pytest.mark.slow
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@settings(max_examples=settings().max_examples * 2)
@given(st.lists(_phrases, min_size=1, max_size=2), st.text(LAYOUT, max_size=8), st.data())
def test_what_is_held_is_what_some_layout_could_still_complete(
    phrases: list[str], text: str, data: st.DataObject
) -> None:
    made = plan(
        [withhold("test/words", "words", notice=BRIEF)], {"words": Expressions(tuple(phrases), (Pattern("b1"),))}
    )
    rules = [Rule(phrases=tuple(phrases), patterns=("b1",)), FORGED]
    redactor = Redactor(activate(made, made.rules))
    got = [*map(redactor.feed, text), redactor.close()]
    ends = [sign + phrase[at:] for phrase in phrases for at in range(len(phrase)) for sign in ("", "*", "-", " ")]
    assert "".join(got) == reference(text, rules)
    assert got == trace(text, rules, (), [*continuations("ab1x *_", 3), *ends, *(f"{end}." for end in ends), MARKER])
    assert released(made, data.draw(cuttings(text))) == "".join(got)
