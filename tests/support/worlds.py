"""Worlds for the theorems: random policies as plain values, and the packs that say them.

A world is drawn as a description first, which the naive evaluator reads, and then written out as packs, which the
engine reads; the two never meet before their answers are compared. Most worlds are right. Some hold what a checker
must refuse, because a theorem speaks of every policy that it accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ordinance.language.parser import parse
from ordinance.language.source import Source
from ordinance.plugins import collect
from ordinance.policy.check import Checked, check
from ordinance.policy.compile import compile
from ordinance.policy.ir import Policy, Unit
from ordinance.policy.link import link
from ordinance.policy.plan import Plan

TODAY = date(2026, 6, 15)
WORDS = ("alpha", "beta", "gamma", "delta")
RED = {"violence": "blood", "weapons": "gun", "terrorism": "terror", "child_abuse": "grooming",
       "persecution": "pogrom", "mass_surveillance": "dragnet"}  # fmt: skip
SAD, EMERGENCY = "sad", "112"
PARENTS = {"EU": None, "DE": "EU", "DE-BY": "DE", "US": None}
MEMBERS = {"EU": ("FR",)}
NUMBERS = {"EU": "555 0101", "DE": "555 0102", "DE-BY": "555 0103", "US": "555 0104"}
DAYS = [date(2026, month, 1) for month in (1, 6, 7, 12)]
PURPOSES = ("art", "education", "research")
TEXTS = {"red_line": "Stop: {type}.", "fault": "Fault.", "forged_marker": "Forged.", "contacts": "Call {contacts}.",
         "contacts_unknown": "Call somebody.", "omitted": "Left out: {type}. {law}.",
         "machine": "A machine. {law}."}  # fmt: skip

#: ("is", dimension, values), ("unknown", dimension), ("within", dimension, code), ("below", dimension, number),
#: or ("and", parts) and ("or", parts).
Condition = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class LawOf:
    """``unknown`` is what the law says of an unknown place; empty where it reads none, or forgets to say."""

    reaches: Condition
    unknown: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class RuleOf:
    """A ``withhold`` of ``words``, or with ``says`` a disclosure. ``bound`` is 0 for a span."""

    name: str
    words: tuple[str, ...]
    by_pattern: bool
    when: Condition | None
    exceptions: tuple[tuple[Condition, LawOf], ...]
    bound: int
    law: LawOf
    says: str = ""
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """``rules`` by jurisdiction; ``contacts`` are the jurisdictions that have one; ``languages`` the language packs."""

    rules: dict[str, tuple[RuleOf, ...]]
    contacts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)


# Drawing

#: What a right policy never does, and what ends an answer: seldom, or little else would be tried.
rarely = st.sampled_from([False] * 11 + [True])


def conditions(codes: Sequence[str], *, claims: bool = False, exception: bool = False) -> st.SearchStrategy[Condition]:
    """Conditions on places of ``codes`` and attested facts; with ``claims`` also on what a request merely claims."""
    places = st.sampled_from(["place", "seat"])
    single: list[st.SearchStrategy[Any]] = [
        st.tuples(
            st.just("is"), st.just("purpose"), st.sets(st.sampled_from(PURPOSES), min_size=1).map(sorted).map(tuple)
        ),
        st.tuples(st.just("within"), places, st.sampled_from(codes)),
        st.tuples(st.just("is"), places, st.sampled_from(codes).map(lambda code: (code,))),
        st.tuples(st.just("below"), st.just("age"), st.sampled_from([13, 18])),
    ]
    if not exception or claims:
        single.append(st.tuples(st.just("unknown"), st.sampled_from(["purpose", "age", "place"])))
    if claims:
        single.append(st.just(("is", "mood", ("wild",))))
    parts = st.one_of(single)
    words = st.sampled_from(["and", "or"])
    return st.recursive(
        parts, lambda inner: st.tuples(words, st.lists(inner, min_size=2, max_size=3).map(tuple)), max_leaves=4
    )


@st.composite
def laws(draw: st.DrawFn, codes: Sequence[str]) -> LawOf:
    """A law that reaches some place."""
    reaches = draw(st.one_of(
        st.just(("or", (("within", "place", codes[0]), ("within", "seat", codes[0])))), conditions(codes)
    ))  # fmt: skip
    says = draw(st.sampled_from(["not", "or"] * 8 + [""])) if reads_place(reaches) else ""
    start = draw(st.sampled_from(DAYS[:2]))
    return LawOf(reaches, says, start, draw(st.sampled_from([None, *DAYS[2:]] * 4 + [DAYS[0]])))


@st.composite
def rules(draw: st.DrawFn, name: str, codes: Sequence[str]) -> RuleOf:
    """One rule of a jurisdiction that knows the places ``codes``, its own first."""
    wild = draw(rarely)
    when = draw(st.none() | conditions(codes, claims=wild))
    says = draw(st.sampled_from(["", "", "", "first", "every"]))
    exceptions = st.tuples(conditions(codes, claims=wild, exception=True), laws(codes))
    return RuleOf(
        name,
        tuple(draw(st.sets(st.sampled_from(WORDS), min_size=1, max_size=2).map(sorted))),
        draw(st.booleans()),
        when,
        () if says else tuple(draw(st.lists(exceptions, max_size=2))),
        draw(st.sampled_from([0, 200])),
        draw(laws(codes)),
        says,
        draw(rarely) is False,
    )


def lineage(code: str) -> list[str]:
    """``code`` and what it lies within, nearest first."""
    found = [code]
    while (parent := PARENTS[found[-1]]) is not None:
        found.append(parent)
    return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A policy of up to four jurisdictions, with all that they lie within."""
    chosen = draw(st.sets(st.sampled_from(sorted(PARENTS)), max_size=2))
    loaded = sorted({code for each in chosen for code in lineage(each)})
    of: dict[str, tuple[RuleOf, ...]] = {}
    for code in loaded:
        known = [*lineage(code), *(member for each in lineage(code) for member in MEMBERS.get(each, ()))]
        count = draw(st.integers(0, 2))
        of[code] = tuple(draw(rules(f"r{number}", known)) for number in range(1, count + 1))
    contacts = tuple(code for code in loaded if draw(st.booleans()))
    return World(of, contacts, draw(st.sampled_from([("en",), ("de", "en")])))


@dataclass(frozen=True, slots=True)
class Asked:
    """A situation, and what is asked and answered in it."""

    jurisdiction: str | None
    attested: dict[str, str]
    turn: int
    on: date
    prompt: str
    answer: str


@st.composite
def questions(draw: st.DrawFn, world: World) -> Asked:
    """A situation for ``world`` with texts in which what rules look for is likely to stand."""
    places = st.sampled_from(["DE", "DE-BY", "DE-HH", "FR", "US", "JP", "EU"])
    attested = draw(st.fixed_dictionaries({}, optional={
        "purpose": st.sampled_from(PURPOSES), "place": places, "seat": places,
        "age": st.sampled_from(["12", "13", "17", "18", "40"]),
    }))  # fmt: skip
    return Asked(
        draw(st.sampled_from([None, *world.rules, *world.rules])),
        attested,
        draw(st.sampled_from([1, 2, 5])),
        draw(st.sampled_from([*DAYS, date(2025, 12, 31), date(2026, 6, 30)])),
        draw(texts(1)),
        draw(texts(8)),
    )


@st.composite
def texts(draw: st.DrawFn, most: int) -> str:
    """Words that rules look for, between words that stand once each, so that what is removed can be told."""
    wanted = [*WORDS, *WORDS, *(word.title() for word in WORDS), SAD, EMERGENCY, *NUMBERS.values()]
    rare = draw(rarely)
    said = draw(st.lists(st.sampled_from([*wanted, *(RED.values() if rare else ())]), max_size=most, unique=True))
    pieces = ["W0"]
    for number, word in enumerate(said, 1):
        pieces.append(word)
        pieces.append(f"w{number}" if draw(st.booleans()) else f"w{number}! W{number}x")
    return " ".join(pieces)


# Writing


def reads_place(condition: Condition) -> bool:
    if condition[0] in ("and", "or"):
        return any(reads_place(part) for part in _parts(condition))
    return condition[1] in ("place", "seat")


def _parts(condition: Condition) -> tuple[Condition, ...]:
    parts = condition[1]
    assert isinstance(parts, tuple)
    return parts


def write_condition(condition: Condition) -> str:
    """The condition as a pack says it, in parentheses where it has parts."""
    match condition:
        case ("and" | "or") as word, parts:
            assert isinstance(parts, tuple)
            return "(" + f" {word} ".join(write_condition(part) for part in parts) + ")"
        case "is", dimension, values:
            assert isinstance(values, tuple)
            return f"{dimension} is one of {', '.join(values)}"
        case "unknown", dimension:
            return f"{dimension} is unknown"
        case test, dimension, value:
            return f"{dimension} {test} {value}"
    raise AssertionError(condition)


def _write_law(name: str, law: LawOf) -> str:
    unknown = f", {law.unknown} unknown" if law.unknown else ""
    until = f" until {law.end}" if law.end else ""
    return (
        f'law {name} {{ title "Act {name}" article "§ 1" reaches {write_condition(law.reaches)}{unknown}\n'
        f'  in force from {law.start}{until} source "https://law.example/{name}" seen 2026-01-01 }}\n'
    )


def _write_rule(number: int, rule: RuleOf) -> str:
    examples = 'example fires answer "x" example quiet answer "y"'
    if rule.says:
        when = f"when {write_condition(rule.when)}" if rule.when else ""
        at = "first answer of conversation" if rule.says == "first" else "every answer"
        return f"  say 1.{number} {rule.name} {{ {when} at {at} under law_{rule.name} telling machine {examples} }}\n"
    kind = "pattern" if rule.by_pattern else "lexicon"
    when = f"\n    and {write_condition(rule.when)}" if rule.when else ""
    excepts = "".join(
        f"    except e{at} under law_{rule.name}_{at} when {write_condition(condition)}\n"
        for at, (condition, _) in enumerate(rule.exceptions)
    )
    uses = ", ".join(f"{kind} {rule.name}_{word}" for word in rule.words)
    return (
        f"  withhold 1.{number} {rule.name} {{ when answer has any of {uses}{when}\n{excepts}"
        f"    scope {f'sentence at most {rule.bound}' if rule.bound else 'span'} under law_{rule.name}"
        f" telling omitted about {'kind' if rule.labelled else 'bare'} {examples} }}\n"
    )


def write_jurisdiction(code: str, of: Sequence[RuleOf], contact: bool) -> Unit:
    """The pack of a jurisdiction."""
    parent = PARENTS[code]
    lines = [f"jurisdiction {code} 1.0.0 under charter tiny 1\n", f"within {parent}\n" if parent else ""]
    lines += [f"members {', '.join(MEMBERS[code])}\n"] if code in MEMBERS else []
    lexicons: dict[str, Source] = {}
    for rule in of:
        for word in () if rule.says else rule.words:
            name = f"{rule.name}_{word}"
            if rule.by_pattern:
                quoted = f'example matches "{word}" example skips "x"'
                lines.append(f'pattern {name} "\\b{word}\\b" {{ {quoted} }}\n')
            else:
                lines.append(f'lexicon {name} from "lexicons/{name}.txt"\n')
                lexicons[f"lexicons/{name}.txt"] = _source(f"{code}/{name}.txt", f"{word}\n")
        lines.append(_write_law(f"law_{rule.name}", rule.law))
        lines += [_write_law(f"law_{rule.name}_{at}", law) for at, (_, law) in enumerate(rule.exceptions)]
    used = {rule.labelled for rule in of if not rule.says}
    lines.append('label kind { en "a kind" de "eine Art" }\n' if True in used else "")
    lines.append('label bare { de "eine Art" }\n' if False in used else "")
    if contact:
        value = f'number "{NUMBERS[code]}" hours always in {code} seen 2026-01-01'
        lines.append(f'contact crisis hotline {{ title "A line" {value} }}\n')
    if of:
        lines.append('section 1 "Rules" {\n' + "".join(_write_rule(at, rule) for at, rule in enumerate(of, 1)) + "}\n")
    return _unit(f"{code}.ord", "".join(lines), "pack", lexicons)


def _source(name: str, text: str) -> Source:
    return Source(Path(name), name, text)


def _unit(name: str, text: str, role: str, lexicons: dict[str, Source]) -> Unit:
    parsed = parse(_source(name, text), "charter" if role == "charter" else "pack")
    assert parsed.pack is not None, [item.message for item in parsed.diagnostics]
    assert not parsed.diagnostics, [(item.message, item.excerpt) for item in parsed.diagnostics]
    return Unit(parsed.pack, lexicons)


@cache
def charter() -> Unit:
    """A charter whose red lines look for one word each."""
    lines = ["charter tiny 1.0.0\n", f"dimension purpose attested one of {', '.join(PURPOSES)}\n"]
    lines.append("dimension mood claimed one of calm, wild\n")
    lines.append(f'pattern emergency "\\b{EMERGENCY}\\b" {{ example matches "112" example skips "x" }}\n')
    lexicons = {"lexicons/sad.txt": _source("sad.txt", f"{SAD}\n")}
    lines.append('lexicon sad from "lexicons/sad.txt"\ntopic sad from lexicon sad\n')
    reds = []
    for at, (name, word) in enumerate(RED.items(), 1):
        lines.append(f'lexicon {name} from "lexicons/{name}.txt"\nlabel {name} {{ en "{name}" de "{name}" }}\n')
        lexicons[f"lexicons/{name}.txt"] = _source(f"{name}.txt", f"{word}\n")
        reds.append(
            f'red line 1.{at} {name} {{ means "No." when prompt or answer has lexicon {name} refuse telling red_line\n'
            f'  example fires answer "{word}" example quiet answer "x" }}\n'
        )
    for name, text in TEXTS.items():
        lines.append(f'notice {name} {{ en "en: {text}" }}\n' if name not in ("omitted", "machine") else "")
    lines.append(f'section 1 "Harm" {{\n{"".join(reds)}}}\nsection 2 "Help" {{\n')
    examples = 'example passes answer "112" example fires answer "sad" example quiet answer "x"'
    provided = f"provide contacts crisis when prompt or answer has topic sad {examples}"
    lines.append(f'guarantee 2.1 help {{ means "Help." protects contacts, pattern emergency {provided} }}\n}}\n')
    return _unit("tiny.ord", "".join(lines), "charter", lexicons)


@cache
def language(tag: str) -> Unit:
    """A language pack with every notice that worlds need."""
    notices = "".join(f'notice {name} {{ {tag} "{tag}: {text}" }}\n' for name, text in TEXTS.items())
    return _unit(f"{tag}.ord", f"language {tag} 1.0.0 under charter tiny 1\n{notices}", "pack", {})


def units(world: World) -> list[Unit]:
    """The packs that say ``world``."""
    packs = [write_jurisdiction(code, of, code in world.contacts) for code, of in world.rules.items()]
    return [charter(), *packs, *(language(tag) for tag in world.languages)]


@dataclass(frozen=True, slots=True)
class Made:
    """What the engine made of packs; ``plan`` is None where it refuses them."""

    policy: Policy
    verdict: Checked
    plan: Plan | None = field(repr=False)

    @property
    def codes(self) -> set[str]:
        return {item.code for item in self.verdict.diagnostics if item.severity == "error"}


def make(packs: Iterable[Unit]) -> Made:
    """Link, check and compile."""
    policy = link(list(packs), "digest")
    verdict = check(policy, collect([]).kinds, TODAY)
    return Made(policy, verdict, compile(verdict.checked) if verdict.checked else None)
