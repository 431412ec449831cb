"""What Ordinance promises, each as a sentence and as a property over random policies and situations.

The policies and what is said in them come from ``support/worlds``; a theorem speaks of every policy that ``check``
accepts. ``support/seed_defects.py`` shows that a defect in the checker or the session breaks one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from lark import Token

from ordinance.language.format import format_source
from ordinance.language.parser import Role, make_parser, parse, tree_of
from ordinance.language.source import Source, Span
from ordinance.policy.check.cubes import Region
from ordinance.policy.check.forces import before_exceptions, excepted, in_force, space_of
from ordinance.policy.check.spaces import JURISDICTION, MOMENT, Space
from ordinance.policy.ir import Unit
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import MARKER, NoticeKind, Verdict
from ordinance.runtime.outcome import Outcome
from ordinance.runtime.redact.ends import End
from ordinance.runtime.session import Session
from ordinance.runtime.situation import Situation, rules_in_force, situate
from ordinance.runtime.stream import Stream
from support.fragments import BYLAWS, LAWS, Fragment, drawn
from support.naive import decide
from support.worlds import (
    SEEDS,
    Asked,
    World,
    charter,
    draw_full_world,
    draw_rule,
    draw_world,
    full_worlds,
    language,
    lineage,
    make,
    questions,
    reads_place,
    units,
    worlds,
)  # fmt: skip

_T = TypeVar("_T")

#: Questions that a theorem asks of each policy; making the policy takes longer than asking.
QUESTIONS = 6

#: What stands for removed text; no text of a world holds brackets of its own.
SIGN = re.compile(rf"{MARKER}|(?:\[[^\]]*\])+")

#: Shrinking would run every step of it through the whole engine; the case that failed is told as it was drawn.
#: A third of a profile's cases find what all would, with so many questions asked of each.
THEOREM = settings(
    max_examples=settings().max_examples // 3,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, slots=True)
class Said:
    """What left, without the notices, and what came of it. ``barred``: a call that the model made did not leave."""

    text: str
    content: str
    asked: str
    outcome: Outcome
    barred: bool = False


def situation_of(plan: Plan, asked: Asked) -> Situation:
    jurisdiction = asked.jurisdiction if asked.jurisdiction in plan.parents else None
    attested = {
        name: value for name, value in asked.attested.items() if name != "placed_on_market" or name in plan.dimensions
    }
    now = datetime(asked.on.year, asked.on.month, asked.on.day, 12, tzinfo=UTC)
    return situate(
        plan, jurisdiction=jurisdiction, attested=attested, turn=asked.turn, elapsed=asked.elapsed, on=asked.on, now=now
    )


def run(plan: Plan, asked: Asked, locale: str = "en", step: int = 0, *, whole: bool = True, end: End = End.OWN) -> Said:
    """Run a session over the question, feeding the answer ``step`` characters at a time (0: at once)."""
    session = Session(plan, situation_of(plan, asked), locale, whole=whole)
    session.screen([asked.prompt])
    sent = session.mask(asked.prompt)
    stream = session.stream(asked.part)
    size = step or len(asked.answer) or 1
    out = "".join(stream.feed(asked.answer[at : at + size]) for at in range(0, len(asked.answer), size))
    barred = bool(asked.call) and not stream.ended and not _calls(stream, asked.call, step)
    content = out + stream.close(end)
    outcome = session.outcome()
    text = content
    for notice in outcome.notices:
        text = text.replace(f"{notice.text}\n\n", "", 1) if f"{notice.text}\n\n" in text else text
        text = text.replace(f"\n\n{notice.text}", "", 1).replace(notice.text, "", 1)
    return Said(text, content, sent, outcome, barred)


def _calls(stream: Stream, name: str, step: int) -> bool:
    """Call a tool by its ``name``, which comes ``step`` characters at a time. Returns whether the call leaves."""
    named, arguments = stream.call()
    for at in range(0, len(name), step or len(name)):
        assert not stream.ended
        named.feed(name[at : at + (step or len(name))])
    named.close()
    if stream.ended:
        return False
    assert arguments.feed("{}") + arguments.close() == "{}"
    return True


def removed_by(answer: str, text: str) -> frozenset[int]:
    """Which characters of ``answer`` are gone from ``text``, whose markers stand for what was removed."""
    gone, at = set[int](), 0
    pieces = SIGN.split(text)
    for number, piece in enumerate(pieces):
        found = len(answer) - len(piece) if number == len(pieces) - 1 else answer.index(piece, at)
        gone.update(range(at, found))
        at = found + len(piece)
    return frozenset(gone)


def accepted(packs: Sequence[Unit]) -> Plan:
    """The plan of packs that ``check`` accepts; other cases are passed over."""
    plan = make(packs).plan
    assume(plan is not None)
    assert plan is not None
    return plan


def asking(data: st.DataObject, world: World) -> Iterator[Asked]:
    """Questions for ``world``."""
    for _ in range(QUESTIONS):
        yield data.draw(questions(world))


def ending(data: st.DataObject, asked: Asked) -> tuple[Asked, End]:
    """The answer as it was, or cut somewhere."""
    end = data.draw(st.sampled_from([End.OWN, End.CUT]))
    length = data.draw(st.integers(0, len(asked.answer))) if end is End.CUT else len(asked.answer)
    return replace(asked, answer=asked.answer[:length]), end


def _grammar() -> set[str]:
    """Every terminal, and every production that trees name; what is caught only to be explained is not of them."""
    lark = make_parser()
    names = {str(rule.alias or rule.origin.name) for rule in lark.rules if not rule.options.expand1}
    named = {name for name in names if not name.startswith("_")}
    return named | {terminal.name for terminal in lark.terminals} - {*lark.ignore_tokens, "UNFINISHED", "STRAY"}


def _met(unit: Unit) -> Iterator[str]:
    tree = tree_of(unit.pack.source, "charter" if unit.pack.kind == "charter" else "pack")
    assert tree is not None
    for node in tree.iter_subtrees():
        yield str(node.data)
        yield from (child.type for child in node.children if isinstance(child, Token))


@pytest.mark.slow
def test_worlds_reach_every_construct_of_the_grammar() -> None:
    """The theorems speak of the whole language: what they draw meets every terminal and every production."""
    missed, seed = _grammar(), 0
    while missed and seed < 300:
        for unit in units(draw_full_world(Random(seed), pending=0.3)):
            missed.difference_update(_met(unit))
        seed += 1
    assert not missed, sorted(missed)


@pytest.mark.slow
def test_a_world_holds_every_fragment_without_a_fault() -> None:
    """Every fragment is in some accepted world, but for those whose detectors cannot run yet."""
    accepted_with = set[str]()
    for seed in range(300):
        world = draw_full_world(Random(seed))
        if make(units(world)).plan is not None:
            accepted_with.update(each.name for each in (*world.laws, *world.bylaws))
    assert accepted_with == {*LAWS, *BYLAWS}


@THEOREM
@given(full_worlds())
def test_formatting_changes_no_meaning(world: World) -> None:
    """parse(fmt(pack)) = parse(pack), for every pack; and fmt(fmt(pack)) = fmt(pack)."""
    for unit in units(world):
        role: Role = "charter" if unit.pack.kind == "charter" else "pack"
        source = unit.pack.source
        written = format_source(source, role)
        assert written is not None
        again = replace(source, text=written)
        assert _meaning(parse(again, role).pack) == _meaning(unit.pack)
        assert format_source(again, role) == written


def _meaning(value: object) -> object:
    """A syntax tree without its places."""
    if isinstance(value, Span | Source):
        return None
    if isinstance(value, tuple):
        return tuple(_meaning(each) for each in value)
    if is_dataclass(value):
        return type(value).__name__, tuple(_meaning(getattr(value, field.name)) for field in fields(value))
    return value


@pytest.mark.semantics(11)
@THEOREM
@given(st.data())
def test_the_plan_agrees_with_a_naive_reading_of_the_semantics(data: st.DataObject) -> None:
    """For every policy, situation and text the plan decides what semantics.md says, read naively."""
    world = data.draw(worlds())
    plan = accepted(units(world))
    for asked in asking(data, world):
        said, wanted = run(plan, asked), decide(world, asked)
        assert said.outcome.verdict == wanted.verdict
        below = {rule for rule in said.outcome.rules if not rule.startswith("tiny/")}
        assert below == wanted.fired
        if wanted.verdict < Verdict.REFUSE:
            assert said.text == wanted.text
        else:
            assert not any(word in said.content for word in asked.answer.split() if word.startswith("w"))


@pytest.mark.semantics(11)
@pytest.mark.requirement("CC-1")
@THEOREM
@given(st.data())
def test_order_and_duplicates_do_not_matter(data: st.DataObject) -> None:
    """Packs in any order, rules in any order, phrases and texts given twice: the same content and the same outcome."""
    world = data.draw(full_worlds())
    plan = accepted(units(world))
    other = accepted(data.draw(SEEDS.map(lambda seed: _Packs(_shuffled(Random(seed), world)))).units)
    for asked in asking(data, world):
        one, two = run(plan, asked), run(other, asked)
        assert one.content == two.content
        assert one.outcome == two.outcome


class _Packs:
    """Packs that are not printed where a theorem fails: they are long, and the seeds that made them are printed."""

    def __init__(self, packs: Sequence[Unit]) -> None:
        self.units = packs


def _shuffled(random: Random, world: World) -> list[Unit]:
    def mixed(of: Sequence[_T]) -> tuple[_T, ...]:
        return tuple(random.sample(of, len(of)))

    rules = {code: mixed(of) for code, of in mixed(list(world.rules.items()))}
    packs = units(replace(world, rules=rules, laws=mixed(world.laws), bylaws=mixed(world.bylaws)))
    return [_doubled(unit) for unit in mixed(packs)]


def _doubled(unit: Unit) -> Unit:
    lexicons = {path: replace(source, text=source.text * 2) for path, source in unit.lexicons.items()}
    return replace(unit, lexicons=lexicons)


@pytest.mark.slow
@pytest.mark.semantics(11)
@pytest.mark.requirement("RL-6")
@pytest.mark.requirement("CC-5")
@THEOREM
@given(st.data())
def test_adding_never_lowers_a_verdict_or_gives_back_a_character(data: st.DataObject) -> None:
    """A jurisdiction, a rule, a language, a house or a plugin's rule more: the verdict is no lower, and what was
    removed, of the answer or by a mask of the prompt, is still removed (but for the numbers of contacts, which survive
    every omission)."""
    world = data.draw(full_worlds())
    more = data.draw(additions(world))
    before, after = accepted(units(world)), accepted(units(more))
    for asked in asking(data, world):
        asked, end = ending(data, asked)
        one, two = run(before, asked, end=end), run(after, asked, end=end)
        assert one.outcome.verdict <= two.outcome.verdict
        if two.outcome.verdict < Verdict.REFUSE:
            assert removed_by(asked.answer, one.text) <= removed_by(asked.answer, two.text)
        assert one.barred <= two.barred or two.outcome.verdict is Verdict.REFUSE
        assert removed_by(asked.prompt, one.asked) <= removed_by(asked.prompt, two.asked)


@pytest.mark.semantics(27)
@pytest.mark.requirement("CC-5")
@THEOREM
@given(st.data())
def test_what_is_old_refuses_nothing_and_adding_only_leaves_out_more(data: st.DataObject) -> None:
    """Whatever was said before, an answer is refused if and only if it would be refused without that; and a pack or a
    rule more leaves out the same exchanges or more."""
    world = data.draw(full_worlds())
    more = data.draw(additions(world))
    before, after = accepted(units(world)), accepted(units(more))
    turns = list(asking(data, world))
    for number, asked in enumerate(turns):
        earlier = [(each.prompt, each.answer) for each in turns[:number]]
        one, gone = after_turns(before, asked, earlier)
        assert (one.verdict is Verdict.REFUSE) is (run(before, asked).outcome.verdict is Verdict.REFUSE)
        two, more_gone = after_turns(after, asked, earlier)
        assert gone <= more_gone
        assert one.verdict <= two.verdict


def after_turns(plan: Plan, asked: Asked, earlier: Sequence[tuple[str, str]]) -> tuple[Outcome, frozenset[int]]:
    """What comes of a question after ``earlier`` turns, and which of them the model does not read."""
    session = Session(plan, situation_of(plan, asked), "en", whole=True)
    gone = session.hear(session.prompt.asked(asked.prompt, earlier))
    session.mask(asked.prompt)
    stream = session.stream(asked.part)
    stream.feed(asked.answer)
    stream.close()
    return session.outcome(), gone


@pytest.mark.semantics(1)
@pytest.mark.requirement("CC-5")
@THEOREM
@given(SEEDS, st.data())
def test_what_another_pack_says_of_places_gives_nothing_back(seed: int, data: st.DataObject) -> None:
    """A jurisdiction's pack may say that a place lies within another; no exception of other packs takes its word."""
    random = Random(seed)
    known = [*lineage("EE"), "FR"]
    world = World({"EU": (), "EE": tuple(draw_rule(random, f"r{number}", known) for number in (1, 2))})
    more = replace(world, rules={**world.rules, "DE": (), "DE-BY": ()})
    before, after = accepted(units(world)), accepted(units(more))
    for asked in asking(data, world):
        place = random.choice(["DE", "DE-BY", "DE-HH"])
        there = replace(asked, jurisdiction="EE", attested={**asked.attested, "place": place})
        one, two = run(before, there), run(after, there)
        assert one.outcome.verdict <= two.outcome.verdict
        if two.outcome.verdict < Verdict.REFUSE:
            assert removed_by(there.answer, one.text) <= removed_by(there.answer, two.text)


def additions(world: World) -> st.SearchStrategy[World]:
    """``world`` with something more: jurisdictions, a rule, a language, a law, a house's rule, a plugin's rule."""
    return SEEDS.map(lambda seed: _with_more(Random(seed), world))


def _with_more(random: Random, world: World) -> World:
    what = random.choice(["jurisdictions", "jurisdictions", "rule", "language", "law", "law", "bylaw", "plugin"])
    if what == "language":
        return replace(world, languages=("de", "en"))
    if what == "jurisdictions":
        return replace(world, rules={**draw_world(random).rules, **world.rules})
    if what in ("law", "plugin"):
        allowed = ["gadgets", "gizmos"] if what == "plugin" else [name for name in LAWS if "contact " not in LAWS[name]]
        return replace(world, laws=_one_more(random, LAWS, allowed, world.laws))
    if what == "bylaw":
        return replace(world, bylaws=_one_more(random, BYLAWS, sorted(BYLAWS), world.bylaws))
    code = random.choice(sorted(world.rules))
    extra = draw_rule(random, "extra", lineage(code))
    return replace(world, rules={**world.rules, code: (*world.rules[code], extra)})


def _one_more(
    random: Random, of: Mapping[str, str], allowed: Sequence[str], had: tuple[Fragment, ...]
) -> tuple[Fragment, ...]:
    left = sorted(set(allowed) - {each.name for each in had})
    if not left:
        return had
    name = random.choice(left)
    return (*had, drawn(random, name, of[name]))


@pytest.mark.requirement("RL-1")
@pytest.mark.requirement("RL-6")
@THEOREM
@given(st.data())
def test_no_pack_lowers_what_the_charter_decides(data: st.DataObject) -> None:
    """With any packs, in any jurisdiction, the verdict is at least the charter's alone, and what that refuses is
    refused."""
    world = data.draw(full_worlds())
    plan = accepted(units(world))
    alone = accepted([charter(), language("en")])
    for asked in asking(data, world):
        bare = replace(asked, jurisdiction=None)
        assert run(alone, bare).outcome.verdict <= run(plan, asked).outcome.verdict


@pytest.mark.requirement("TE-1")
@pytest.mark.requirement("RL-6")
@THEOREM
@given(st.data())
def test_no_red_line_opens_for_a_text_of_ones_own(data: st.DataObject) -> None:
    """Whatever packs are loaded, a red line that acts where no purpose is attested acts where people have texts of
    their own transformed."""
    world = data.draw(full_worlds())
    plan, alone = accepted(units(world)), accepted([charter(), language("en")])
    for asked in asking(data, world):
        plain = replace(asked, attested={name: value for name, value in asked.attested.items() if name != "purpose"})
        own = replace(plain, attested={**plain.attested, "purpose": "transform"})
        assert run(alone, plain).outcome == run(alone, own).outcome
        before, after = run(plan, plain).outcome, run(plan, own).outcome
        assert {rule for rule in before.rules if rule.startswith("tiny/")} <= set(after.rules)


@pytest.mark.semantics(1)
@pytest.mark.requirement("CC-3")
@THEOREM
@given(st.data())
def test_what_a_request_claims_changes_no_law(data: st.DataObject) -> None:
    """Whatever a request claims of itself, the same rules that remove text are in force, and the same text goes."""
    world = data.draw(full_worlds())
    plan = accepted(units(world))
    for asked in asking(data, world):
        situation = situation_of(plan, asked)
        claims = {"mood": data.draw(st.sampled_from(["calm", "wild"])), "turn": "7", "language": "en"}
        claiming = replace(situation, claimed=claims)
        forces = [rules_in_force(plan, each) for each in (situation, claiming)]
        laws = [{rule.id for rule in force if rule.effect.removes} for force in forces]
        assert laws[0] == laws[1]
        english, german = run(plan, asked), run(plan, asked, "de")
        assert english.outcome.verdict == german.outcome.verdict
        if english.outcome.verdict < Verdict.REFUSE:
            assert removed_by(asked.answer, english.text) == removed_by(asked.answer, german.text)


@pytest.mark.requirement("TR-1")
@pytest.mark.requirement("TR-2")
@pytest.mark.requirement("TR-5")
@THEOREM
@given(st.data())
def test_nothing_is_omitted_or_added_without_a_notice(data: st.DataObject) -> None:
    """Where text is gone a notice says so, once, in words that name type and law, in the language of the request; and
    where nothing is gone, nothing says so. A mask whose pack says that it is told once shows itself, and is counted in
    the verdict."""
    world = data.draw(full_worlds())
    plan = accepted(units(world))
    for asked in asking(data, world):
        for locale in world.languages:
            said = run(plan, asked, locale)
            outcome = said.outcome
            omissions = [notice for notice in outcome.notices if notice.kind is NoticeKind.OMISSION]
            gone = [SIGN.search(said.text) is not None, SIGN.search(said.asked) is not None, said.barred]
            fired = [rule for rule in plan.rules if rule.id in outcome.rules and rule.kind is NoticeKind.OMISSION]
            told = {rule.id for rule in fired if rule.told}
            assert not gone[0] or outcome.verdict >= Verdict.WITHHOLD
            assert any(gone) or not omissions
            assert fired or not any(gone)
            if outcome.verdict < Verdict.REFUSE:
                assert {cause.rule for notice in omissions for cause in notice.causes} == told
            for notice in outcome.notices:
                assert notice.text.startswith(f"{locale}: ")
                assert notice.text in said.content
                assert "{" not in notice.text
                if notice.kind is NoticeKind.OMISSION:
                    assert {"en": "a kind", "de": "eine Art"}[locale] in notice.text
                    assert "Act § 1" in notice.text
            if not gone[0] and outcome.verdict < Verdict.REFUSE:
                assert said.text == asked.answer


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(16)
@THEOREM
@given(st.data())
def test_nothing_that_leaves_shows_what_was_withheld(data: st.DataObject) -> None:
    """Two answers that differ only in what is withheld leave the same content and the same outcome."""
    world = data.draw(worlds())
    plan = accepted(units(world))
    for asked in asking(data, world):
        asked, end = ending(data, asked)
        gone = decide(world, asked).removed
        swapped = "".join("qq" if at in gone and char == "w" else char for at, char in enumerate(asked.answer))
        one, two = (run(plan, each, end=end) for each in (asked, replace(asked, answer=swapped)))
        assert (one.content, one.outcome) == (two.content, two.outcome)


@pytest.mark.requirement("TR-8")
@pytest.mark.semantics(6)
@THEOREM
@given(st.data(), st.integers(1, 9))
def test_a_checked_policy_never_raises_and_every_cutting_gives_the_same(data: st.DataObject, step: int) -> None:
    """In every situation and language, whole or streamed, a session ends, balances, and says the same."""
    world = data.draw(full_worlds())
    plan = accepted(units(world))
    for asked in asking(data, world):
        locale = data.draw(st.sampled_from(["en", "de", "et", "zh-Hant", "x"]))
        asked, end = ending(data, asked)
        streamed = [run(plan, asked, locale, each, whole=False, end=end) for each in (0, 1, step)]
        assert streamed[0] == streamed[1] == streamed[2]
        whole = run(plan, asked, locale, end=end)
        assert whole.outcome.balanced
        assert streamed[0].outcome.balanced
        assert whole.outcome.verdict == streamed[0].outcome.verdict
        if whole.outcome.verdict < Verdict.REFUSE:
            assert whole.text == streamed[0].text


def _in_force_at(plan: Plan | None, of: Space, region: Region) -> set[str]:
    """The rules that the engine applies in a situation of ``region``."""
    cells = region.witness()
    assert plan is not None
    assert cells is not None
    values = {axis: of.axes[axis][cell] for axis, cell in cells.items()}
    moment = cells.get(MOMENT, 0)
    began = of.moments or (datetime(2026, 1, 1, tzinfo=UTC),)
    now = began[moment - 1] if moment else began[0] - timedelta(days=1)
    jurisdiction = values.get(JURISDICTION)
    read = ("place", "seat", "age", "purpose")
    attested = {axis: values[axis] or "unknown" for axis in read if axis in values}
    situation = situate(plan, jurisdiction=jurisdiction, attested=attested, now=now)
    return {rule.id for rule in rules_in_force(plan, situation)}


@pytest.mark.requirement("LAW-3")
@THEOREM
@given(st.data())
def test_an_accepted_rule_is_in_force_somewhere_and_each_exception_matters(data: st.DataObject) -> None:
    """No accepted rule is without effect: the proof's own witness puts it in force at run time."""
    made = make(units(data.draw(worlds())))
    assume(made.plan is not None)
    of = space_of(made.policy.rules, made.policy)
    for rule in (each for each in made.policy.rules if each.acts):
        assert rule.id in _in_force_at(made.plan, of, in_force(of, rule, made.policy.parents))
        base = before_exceptions(of, rule, made.policy.parents)
        assert all(base & excepted(of, exemption) for exemption in rule.exemptions)


@THEOREM
@given(st.data())
def test_a_rule_said_twice_is_not_accepted(data: st.DataObject) -> None:
    """A pack that says a rule again, word for word or narrower, is refused: one of the two would mislead."""
    world = data.draw(worlds())
    accepted(units(world))
    said = [(code, rule) for code, of in world.rules.items() for rule in of]
    assume(said)
    code, rule = data.draw(st.sampled_from(said))
    narrower = replace(rule, name="again", when=rule.when and ("and", (rule.when, ("below", "age", 30))))
    made = make(units(replace(world, rules={**world.rules, code: (*world.rules[code], narrower)})))
    assert made.codes & {"rule-equal", "rule-covered", "never-fires", "exception-idle"}


@pytest.mark.requirement("SC-3")
@THEOREM
@given(worlds())
def test_an_accepted_law_says_what_an_unknown_place_means(world: World) -> None:
    """Unknown matches nothing unless the law says so, and a law by place says so or says not."""
    assume(make(units(world)).plan is not None)
    laws = [
        law for of in world.rules.values() for rule in of for law in (*rule.laws, *(law for _, law in rule.exceptions))
    ]
    assert all(law.unknown for law in laws if reads_place(law.reaches))
