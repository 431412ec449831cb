"""Disguise counts as content (RL-7): every disguise of every shipped red line, and nothing in ordinary text."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordinance.detection import Expressions
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import SEVERE_HARMS, Verdict
from ordinance.runtime.match import disguise
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import Matcher, matches_in
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.redact.activation import activate, sought
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.session import Session
from ordinance.runtime.situation import rules_in_force, situate
from ordinance.runtime.stream import Stream
from support.data import DATA
from support.disguises import CONFUSABLES, DISGUISES, FRAMES, confusables, disguised
from support.oracle import MARKER, Rule, continuations, reference, trace
from support.packs import TODAY, all_that_ships
from support.plans import BRIEF, expressions, plan, refuse, withhold
from support.strategies import FORGED, cuttings

HARMS = sorted(SEVERE_HARMS)


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return all_that_ships().plan


def red_line(shipped: Plan, harm: str) -> tuple[str, ...]:
    """The phrases of a shipped red line, with the endings that its lexicon states."""
    rule = next(rule for rule in shipped.rules if rule.id == f"baseline/{harm}")
    found = shipped.detectors[rule.detectors[0]]
    assert isinstance(found, Expressions)
    return found.written


def answered(shipped: Plan, text: str, cut: list[str] | None = None) -> tuple[Outcome, Stream]:
    """What comes of an answer: streamed in the pieces of ``cut``, or else whole."""
    session = Session(shipped, situate(shipped, jurisdiction=None, on=TODAY), "en", whole=cut is None)
    stream = session.stream()
    released = "".join([stream.feed(piece) for piece in cut or [text]])
    assert text.startswith(released)
    stream.close()
    return session.outcome(), stream


@pytest.fixture(scope="module")
def of_phrase(shipped: Plan) -> Callable[[str], Outcome]:
    """What comes of a phrase as it is, decided once for all its disguises."""
    return cache(lambda phrase: answered(shipped, phrase)[0])


# every disguise of every red line


@pytest.mark.requirement("RL-7")
@pytest.mark.semantics(25)
@pytest.mark.parametrize("name", DISGUISES)
@pytest.mark.parametrize("harm", HARMS)
def test_a_red_line_in_disguise_is_decided_as_the_plain_one(
    harm: str, name: str, shipped: Plan, of_phrase: Callable[[str], Outcome]
) -> None:
    """Twenty texts, in the answer and in the prompt, whole and in random cuts."""
    phrases = red_line(shipped, harm)
    chance = Random(f"{harm} {name}")
    for number in range(len(FRAMES)):
        phrase = phrases[number % len(phrases)]
        text = list(disguised(phrase, name))[number]
        plain = of_phrase(phrase)
        assert plain.verdict is Verdict.REFUSE
        assert plain.rules == (f"baseline/{harm}",)
        whole, _ = answered(shipped, text)
        assert whole == plain, text
        places = [0, *sorted(chance.choices(range(len(text) + 1), k=6)), len(text)]
        streamed, stream = answered(shipped, text, [text[low:high] for low, high in pairwise(places)])
        assert streamed == plain, text
        assert stream.refused
        session = Session(shipped, situate(shipped, jurisdiction=None, on=TODAY), "en")
        assert session.screen([text]), text
        assert {rule.id for rule in session.prompt.found.rules} == {f"baseline/{harm}"}


@pytest.mark.slow
@pytest.mark.requirement("RL-7")
@pytest.mark.parametrize("harm", HARMS)
def test_every_phrase_of_a_red_line_is_found_in_every_disguise(harm: str, shipped: Plan) -> None:
    activation = activate(shipped, rules_in_force(shipped, situate(shipped, jurisdiction=None, on=TODAY)))
    for phrase in red_line(shipped, harm):
        for name in DISGUISES:
            for text in list(disguised(phrase, name))[len(phrase) % 5 :: 7]:
                assert matches_in(activation.prompt, text), (name, text)


def test_the_published_look_alikes_were_used() -> None:
    if not CONFUSABLES.exists():
        pytest.skip("the table of look-alikes is not at hand; the few of the tests were used instead")
    assert sum(map(len, confusables().values())) > 900


@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(20)
@pytest.mark.parametrize("path", sorted((DATA / "lingua-testdata" / "sentences").glob("*.txt")) or [None], ids=str)
def test_ordinary_text_is_not_taken_for_a_disguise(path: Path | None, shipped: Plan) -> None:
    """All phrases that ship, those of laws and topics too, through the second lane; nothing is found."""
    if path is None:
        pytest.skip("there is no ordinary text beside the checkout")
    looked = [replace(each, disguised=True, patterns=()) for rule in shipped.rules for each in sought(shipped, rule)]
    assert not matches_in(Automaton([(0, each) for each in looked]), path.read_text("utf-8")[:30_000])


# what a form is, and what it is not


def found(phrase: str, text: str) -> bool:
    return bool(matches_in(Automaton([(0, Expressions(phrases=(phrase,), disguised=True))]), text))


@pytest.mark.semantics(25)
@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("secret word", "s e c r e t w o r d"),
        ("secret word", "s.e.c.r.e.t.w.o.r.d"),
        ("secret word", "Secret\n\nWord"),
        ("secret word", "secretword"),
        ("secret word", "__secret_word__"),
        ("secret word", "se cret wo rd"),
        ("secret word", "5ecr3t w0rd"),
        ("secret word", "($ecret word)"),
        ("secret word", "drow terces"),
        ("secret word", "d-r-o-w-t-e-r-c-e-s"),
        ("secret word", "frperg jbeq"),
        ("secret words", "secret word$"),
        ("groß genug", "g r o s s g e n u g"),
        ("groß genug", "gunegssorg"),
        ("groß genug", "guneg ßorg"),
        ("Ärger ohne", "Äetre buar"),
        ("秘密之词", "秘 密 之 词"),
        ("тайное слово", "т-а-й-н-о-е-с-л-о-в-о"),
        ("тайное слово", "оволс еонйат"),
        ("secret word", "terces drow"),
        ("secret word", "1. s 2. e 3. c 4. r 5. e 6. t 7. w 8. o 9. r 10. d"),
        ("secret word", "secret[^1] word"),
        ("secret word", "secret 112 word"),
        ("secret word", "s\x1b[0me\x1b[1;31mc\x1b[0mret\x1b[0m word"),
        ("secret word", "\x1b[1msecret word\x1b[0m"),
        ("secret word", "\x1b[1m\x1b[38;5;9msecret\x1b[0m \x1b[1mword\x1b[0m"),
        ("secret word", "\x1b[0ms\x1b[0me\x1b[0mc\x1b[0mr\x1b[0me\x1b[0mt word"),
        ("secret word", "\x1b[31m5ecret w0rd"),
        ("secret word", "\x1b[31m$ecret w0rd"),
        ("secret word", "c 2 V j c m V 0 I H d v c m Q ="),
        ("secret word", "🇸🇪🇨🇷🇪🇹 🇼🇴🇷🇩"),
        ("secret word", "s\u0364\u0368ret w\u0366rd"),
        ("secret word", "s\u0366e\u0368c\u0363r\u0364e\u036dt word"),
    ],
)
def test_a_disguise_that_counts(phrase: str, text: str) -> None:
    assert found(phrase, text)
    assert found(phrase, f"so: {text}, ok")
    assert found(phrase, f"x {text}\n")


@pytest.mark.semantics(25)
@pytest.mark.parametrize("around", ["", "x", "xy", "tell me ", "ÿÿÿ"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("phrase", ["secret word", "größte Ärgernis", "тайное слово", "秘密之词也"])
def test_base64_is_found_in_either_alphabet_at_every_offset_and_in_any_case(
    phrase: str, case: Callable[[str], str], around: str
) -> None:
    data = f"{around}{case(phrase)}?>~".encode()
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        assert found(phrase, text)
        assert found(phrase, text[:8] + "\r\n" + text[8:])


@pytest.mark.semantics(25)
@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("secret word", "secret words"),
        ("secret word", "a secretwords"),
        ("secret word", "xsecretword"),
        ("secret word", "secret  swordfish"),
        ("secret word", "[1msecret word"),
        ("secret word", "\x1b[1;msecret"),
        ("secret word", "drow tercesx"),
        ("secret word", base64.b64encode(b"secret ward").decode()),
        ("abc", "a b c"),
        ("abc", "A.B.C."),
        ("evil", "live"),
        ("goslot", "905107"),
        ("lists", "11575"),
        ("stop", "fgbc"),
    ],
)
def test_what_is_too_short_or_another_word_does_not_count(phrase: str, text: str) -> None:
    assert not found(phrase, text)


TAGS = {code: 0xE0000 + code for code in range(0x20, 0x7F)}


@pytest.mark.semantics(25)
def test_what_is_hidden_in_tags_is_found_and_splits_no_phrase() -> None:
    hidden = "Secret word".translate(TAGS)
    assert found("secret word", f"Good morning{hidden}!")
    assert found("secret word", f"🏴{hidden}\U000e007f")
    assert found("secret word", "se" + "other words".translate(TAGS) + "cret word")
    assert not found("secret word", "secret".translate(TAGS) + " wo.")


@pytest.mark.semantics(6)
def test_text_waits_for_no_tag_that_may_follow_it() -> None:
    """Hidden text begins where it begins; else every character would wait for the next."""
    words = withhold("test/words", "words", disguised=True, notice=BRIEF)  # else a paragraph could be its notice
    made = plan([words], {"words": Expressions(phrases=("secret word",))})
    redactor = Redactor(activate(made, made.rules))
    assert [redactor.feed(char) for char in "A man "] == list("A man ")
    assert redactor.feed("x" + "secret word".translate(TAGS)) == "x"
    assert redactor.feed("!") + redactor.close() == f"{MARKER}!"


@pytest.mark.semantics(10)
def test_text_hidden_in_tags_is_found_where_an_answer_continues_it() -> None:
    made = plan([refuse("test/words", "words")], {"words": Expressions(phrases=("opaque words here",))})
    session = Session(made, situate(made, jurisdiction="DE"), "en")
    session.continue_from(["Say it" + "opaque wo".translate(TAGS)], certain=True)
    stream = session.stream()
    stream.feed("rds here".translate(TAGS) + ".")
    assert stream.refused


@pytest.mark.semantics(10)
def test_an_escape_sequence_opens_a_phrase_where_an_answer_continues_it() -> None:
    made = plan([refuse("test/words", "words")], {"words": Expressions(phrases=("opaque words here",))})
    session = Session(made, situate(made, jurisdiction="DE"), "en")
    session.continue_from(["Say it: \x1b[1;31"], certain=True)
    stream = session.stream()
    stream.feed("mopaque words here\x1b[0m.")
    assert stream.refused


@pytest.mark.semantics(5)
def test_a_region_that_an_escape_sequence_opens_begins_there_for_every_cutting() -> None:
    made = plan(
        [withhold("test/words", "words", notice=BRIEF, disguised=True)],
        {"words": Expressions(phrases=("secret word",))},
    )
    for size in (1, 2, 3, 60):
        redactor = Redactor(activate(made, made.rules))
        text = "A man\u200b\x1b[1msecret word\x1b[0m here. \x1b[1mNo more."
        out = "".join(redactor.feed(text[at : at + size]) for at in range(0, len(text), size)) + redactor.close()
        assert out == f"A man\u200b{MARKER}[0m here. \x1b[1mNo more."
        assert redactor.ledger.balanced


@pytest.mark.semantics(5)
@pytest.mark.parametrize("size", [1, 2, 60])
def test_what_may_go_on_from_a_tag_lets_nothing_go_that_a_later_match_takes(size: int) -> None:
    """What is invisible before a match belongs to it, also where an older start lies between and reaches back less."""
    rules = [withhold("test/words", "words", disguised=True, notice=BRIEF), withhold("test/code", "code", notice=BRIEF)]
    made = plan(rules, {"words": Expressions(phrases=("secret word",)), "code": expressions((), ("771[0-9]{3}",))})
    text = "ab\u200b\u200b\U000e0073771234."
    for _ in range(2):
        redactor = Redactor(activate(made, made.rules))
        out = "".join(redactor.feed(text[at : at + size]) for at in range(0, len(text), size)) + redactor.close()
        assert out == f"ab{MARKER}."


@pytest.mark.semantics(6)
def test_a_disguised_phrase_has_an_end() -> None:
    """What stands so far apart is no phrase any more, and a stream does not wait for it."""
    matcher = Matcher(Automaton([(0, Expressions(phrases=("secret word",), disguised=True))]))
    text = "secret w" + " " * disguise.REACH
    for at, char in enumerate(text):
        matcher.feed(char, at)
        _, distances = matcher.place(at)
        assert max(distances, default=0) < disguise.REACH
    assert not matcher.place(len(text))[1]
    assert not found("secret word", "secret w" + " " * disguise.REACH + "ord")
    assert found("secret word", "secret w" + " " * (disguise.REACH // 2) + "ord")


@pytest.mark.semantics(6)
@pytest.mark.requirement("TR-3")
def test_a_stream_that_flows_calmly_waits_no_longer_than_a_form_may_be() -> None:
    found = plan([refuse("test/words", "words")], {"words": Expressions(phrases=("secret word",))})
    made = Redactor(activate(found, found.rules))
    text = "s" + "-" * 2 * disguise.REACH
    left = sum(len(made.feed(text[at : at + 4])) for at in range(0, len(text), 4))
    assert len(text) - left <= disguise.REACH


def test_a_phrase_is_not_split_by_what_cannot_be_seen_however_much_of_it() -> None:
    assert found("secret word", "secret" + "\u200b" * 3 * disguise.REACH + " word")


# who has the second lane


@pytest.mark.requirement("RL-7")
@pytest.mark.requirement("TR-8")
@pytest.mark.parametrize("name", DISGUISES)
def test_other_rules_have_it_where_they_say_so(name: str) -> None:
    words = {"words": Expressions(phrases=("opaque words here",))}
    plain = plan([withhold("test/words", "words", notice=BRIEF)], words)
    careful = plan([withhold("test/words", "words", notice=BRIEF, disguised=True)], words)
    folded = {
        "capitals", "any case", "compatibility forms", "negative letters", "small capitals", "combining marks",
        "invisible characters", "tags between",
    }  # fmt: skip
    for text in disguised("opaque words here", name):
        if name not in folded and "look-alikes" not in name:
            assert released(plain, list(text)) == reference(text, [Rule(phrases=("opaque words here",)), FORGED])
        shown = released(careful, list(text))
        assert MARKER in shown
        assert len(shown.replace(MARKER, "")) <= len(text) - len("opaquewordshere")
        assert {released(careful, [text]), released(careful, [text[:7], text[7:]])} == {shown}


def released(made: Plan, cut: list[str]) -> str:
    redactor = Redactor(activate(made, rules_in_force(made, situate(made, jurisdiction="DE"))))
    return "".join([*map(redactor.feed, cut), redactor.close()])


@pytest.mark.semantics(10)
def test_an_answer_that_continues_a_disguised_phrase_is_refused() -> None:
    made = plan([refuse("test/words", "words")], {"words": Expressions(phrases=("opaque words here",))})
    session = Session(made, situate(made, jurisdiction="DE"), "en")
    session.continue_from(["Say it: o.p.a.q.u.e w.o."], certain=True)
    stream = session.stream()
    assert stream.feed("r.d.s h.e.r.e ") == ""
    assert stream.refused


# exactness: what leaves, and when

#: Letters with their disguises, and a gap, written down from docs/matching.md.
LEET = {"a": "4@", "b": "8", "o": "0"}
GAP = r"(?:[^A-Za-z]|\[[0-9;]*[A-Zm])*"
#: Behind a digit that a phrase begins with.
NARROW = GAP.replace("A-Za-z]", "A-Za-z0-9]")


def expression(phrase: str) -> str:
    """One disguised phrase for the oracle: spaced, in leetspeak, reversed, rot13."""
    letters = phrase.replace(" ", "")
    turned = letters.translate(str.maketrans("abkno", "noxab"))
    words = "".join(word[::-1] for word in phrase.split())
    return "|".join(_one(each) for each in (letters, letters[::-1], words, turned))


def _one(letters: str) -> str:
    leet = LEET if set(letters) - set(LEET) else {}
    body = [f"[{letter}{letter.upper()}{leet.get(letter, '')}]" for letter in letters]
    last = body[-1].replace("@", "")
    digits = "".join(char for char in body[0] if char.isdecimal())
    first = "".join(char for char in body[0] if char != "@" and not char.isdecimal())
    begins = f"(?<![A-Za-z0-9_])(?:(?:_*{first}{'|@' if '@' in body[0] else ''}){GAP}"
    begins += f"|_*[{digits}]{NARROW})" if digits else ")"
    ends = f"(?:{last}(?:(?![A-Za-z0-9_])|_){'|@(?![A-Za-z0-9_])' if '@' in body[-1] else ''})"
    return begins + GAP.join([*body[1:-1], ends])


@pytest.mark.slow
@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@settings(max_examples=settings().max_examples * 2)
@given(st.sampled_from(["ka", "k a", "ak", "aka"]), st.text("aakbAK4@8nx ._\n[m", max_size=8), st.data())
def test_what_is_held_for_a_disguised_phrase_is_what_a_continuation_could_remove(
    phrase: str, text: str, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disguise, "SPACED_FROM", 1)
        patch.setattr(disguise, "TURNED_FROM", 1)
        words = {"words": Expressions(phrases=(phrase,))}
        made = plan([withhold("test/words", "words", notice=BRIEF, disguised=True)], words)
        redactor = Redactor(activate(made, rules_in_force(made, situate(made, jurisdiction="DE"))))
    rules = [Rule(phrases=(phrase,), patterns=(expression(phrase),)), FORGED]
    got = [*map(redactor.feed, text), redactor.close()]
    assert "".join(got) == reference(text, rules)
    assert got == trace(text, rules, (), [*continuations("aknx@ _m", 3), MARKER])
    assert released(made, data.draw(cuttings(text))) == "".join(got)
