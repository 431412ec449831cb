"""Worlds for the theorems: random policies as plain values, and the packs that say them.

A world is drawn as a description first, which the naive evaluator reads, and then written out as packs, which the
engine reads; the two never meet before their answers are compared. Most worlds are right. Some hold what a checker
must refuse, because a theorem speaks of every policy that it accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from ordinance.detectors.registry import Registry
from ordinance.language import ast
from ordinance.language.diagnostics import Diagnostic
from ordinance.language.parser import Role, parse
from ordinance.language.source import Source
from ordinance.policy.check.compile import compile
from ordinance.policy.check.proof import Checked, check
from ordinance.policy.ir import Policy, Unit
from ordinance.policy.link.linker import link
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel
from support.fragments import (
    BYLAWS,
    HOUSE,
    LAWS,
    PENDING,
    PLACE,
    PLUGIN,
    SAID,
    STYLES,
    Fragment,
    choose,
    draw_fragments,
    lexicons_of,
    write,
)  # fmt: skip

TODAY = date(2026, 6, 15)
WORDS = ("alpha", "beta", "gamma", "delta")
RED = {"violence": "blood", "weapons": "gun", "terrorism": "terror", "child_abuse": "grooming",
       "persecution": "pogrom", "mass_surveillance": "dragnet", "exclusion": "shunning", "manipulation": "nudging",
       "autonomy": "leash", "civic_participation": "ballot"}  # fmt: skip
SAD, EMERGENCY = "sad", "112"

#: The red line and the topic for which each language pack brings a word of its own.
ADDED = {"weapons": "pistol", "sad": "sorrow"}

#: The red line that makes an exception, and what for.
EXCEPTED, STUDY = "mass_surveillance", "research"
PARENTS = {"EU": None, "DE": "EU", "DE-BY": "DE", "EE": "EU", "US": None}
MEMBERS = {"EU": ("FR",)}
NUMBERS = {"EU": "555 0101", "DE": "555 0102", "DE-BY": "555 0103", "US": "555 0104",
           "EE": "555 0105"}  # fmt: skip
DAYS = [date(2026, month, 1) for month in (1, 6, 7, 12)]
PLACES = ("DE", "DE-BY", "DE-HH", "EE", "FR", "US", "JP", "EU")
PURPOSES = ("art", "education", "research", "transform")
TEXTS = {"red_line": "Stop: {type}.", "fault": "Fault.", "forged_marker": "Forged.", "cut": "Cut.",
         "history": "Earlier.", "contacts": "Call {contacts}.", "contacts_unknown": "Call somebody.",
         "omitted": "Left out: {type}. {law}.",
         "machine": "A machine. {law}."}  # fmt: skip

HEADED = "1.0.0 under charter tiny 1\n"
#: What may stand at the head of the jurisdiction of fragments.
HEADER = '<title "A land"\n|><members ZA, ZB\n|><zone "Europe/Berlin"\n|><records "Not all of it has been read."\n|>'

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
    """A ``withhold`` of ``words``, or with ``says`` a disclosure: at the ``first`` answer, at ``every`` one, or at one
    that ``has`` one of the words. ``bound`` is 0 for a span."""

    name: str
    words: tuple[str, ...]
    by_pattern: bool
    when: Condition | None
    exceptions: tuple[tuple[Condition, LawOf], ...]
    bound: int
    law: LawOf
    says: str = ""
    labelled: bool = True
    beside: LawOf | None = None

    @property
    def laws(self) -> tuple[LawOf, ...]:
        return (self.law,) if self.beside is None else (self.law, self.beside)


@dataclass(frozen=True, slots=True)
class World:
    """``rules`` by jurisdiction; ``contacts`` are the jurisdictions that have one; ``languages`` the language packs.

    Beside these may stand one jurisdiction, ``PLACE``, and one house of ``fragments`` that reach the whole grammar:
    ``laws`` below ``header``, and ``bylaws``; ``style`` is how the language packs speak.
    """

    rules: dict[str, tuple[RuleOf, ...]]
    contacts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)
    header: str = ""
    laws: tuple[Fragment, ...] = ()
    bylaws: tuple[Fragment, ...] = ()
    style: str = ""

    @property
    def is_full(self) -> bool:
        return bool(self.laws or self.bylaws)


# Drawing. Hypothesis draws a seed and this draws the rest: evenly, for most of what is small says nothing.

SEEDS = st.integers(0, 2**64)


def worlds() -> st.SearchStrategy[World]:
    """A policy of some jurisdictions, with all that they lie within, in the few constructs that are read naively."""
    return SEEDS.map(lambda seed: draw_world(Random(seed)))


def full_worlds() -> st.SearchStrategy[World]:
    """The same with a jurisdiction and a house of fragments, and between them every construct of the grammar."""
    return SEEDS.map(lambda seed: draw_full_world(Random(seed)))


def questions(world: World) -> st.SearchStrategy[Asked]:
    """A situation for ``world`` with texts in which what rules look for is likely to stand."""
    return SEEDS.map(lambda seed: draw_question(Random(seed), world))


def draw_condition(random: Random, codes: Sequence[str], *, claims: bool = False, exception: bool = False) -> Condition:
    """A condition on places of ``codes`` and attested facts; with ``claims`` on what a request merely claims."""
    if random.random() < 0.3:
        parts = tuple(draw_condition(random, codes, claims=claims, exception=exception) for _ in range(2))
        return random.choice(["and", "or", "or"]), parts
    if claims and random.random() < 0.5:
        return "is", "mood", ("wild",)
    place, code = random.choice(["place", "seat"]), random.choice(codes)
    if exception and random.random() < 0.5:
        return "is", "purpose", (random.choice(PURPOSES),)
    single: list[Condition] = [
        ("is", "purpose", tuple(sorted(random.sample(PURPOSES, random.randint(1, 2))))),
        ("within", place, code),
        ("within", place, "EU" if "EU" in codes else code),
        ("is", place, (code,)),
        ("below", "age", 13),
        ("below", "age", 18),
    ]
    if not exception:
        single.append(("unknown", random.choice(["purpose", "age", "place"])))
    return random.choice(single)


def draw_law(random: Random, codes: Sequence[str]) -> LawOf:
    """A law, of its own place mostly."""
    home: Condition = ("or", (("within", "place", codes[0]), ("within", "seat", codes[0])))
    reaches = home if random.random() < 0.8 else draw_condition(random, codes)
    says = random.choice(["not", "or"]) if reads_place(reaches) and random.random() < 0.97 else ""
    end = random.choice([None, None, *DAYS[2:]]) if random.random() < 0.97 else DAYS[0]
    return LawOf(reaches, says, random.choice(DAYS[:2]), end)


def draw_rule(random: Random, name: str, codes: Sequence[str]) -> RuleOf:
    """One rule of a jurisdiction that knows the places ``codes``, its own first."""
    wild = random.random() < 0.04
    when = draw_condition(random, codes, claims=wild) if random.random() < 0.4 else None
    says = random.choice(["", "", "", "", "first", "every", "has"])
    count = 0 if says else random.choice([0, 1, 1, 2])
    exceptions = tuple(
        (draw_condition(random, codes, claims=wild, exception=True), draw_law(random, codes)) for _ in range(count)
    )
    return RuleOf(
        name,
        tuple(sorted(random.sample(WORDS, random.randint(1, 2)))),
        random.random() < 0.5,
        when,
        exceptions,
        random.choice([0, 200]),
        draw_law(random, codes),
        says,
        random.random() < 0.97,
        draw_law(random, codes) if random.random() < 0.2 else None,
    )


def lineage(code: str) -> list[str]:
    """``code`` and what it lies within, nearest first."""
    found = [code]
    while (parent := PARENTS[found[-1]]) is not None:
        found.append(parent)
    return found


def draw_world(random: Random) -> World:
    """A world of one to four jurisdictions."""
    chosen = random.sample(sorted(PARENTS), random.choice([1, 1, 2]))
    loaded = sorted({code for each in chosen for code in lineage(each)})
    of: dict[str, tuple[RuleOf, ...]] = {}
    for code in loaded:
        known = [*lineage(code), *(member for each in lineage(code) for member in MEMBERS.get(each, ()))]
        of[code] = tuple(draw_rule(random, f"r{number}", known) for number in range(1, random.choice([1, 2, 3])))
    contacts = tuple(code for code in loaded if random.random() < 0.5)
    return World(of, contacts, random.choice([("en",), ("de", "en")]))


def draw_full_world(random: Random, pending: float = 0.03) -> World:
    """A world with fragments; now and then, with this probability, with one that cannot run yet."""
    laws = draw_fragments(random, LAWS, 5)
    laws += draw_fragments(random, PENDING, 1) if random.random() < pending else ()
    return replace(
        draw_world(random),
        header=choose(random, HEADER),
        laws=laws,
        bylaws=draw_fragments(random, BYLAWS, 3),
        style=choose(random, random.choice(STYLES)),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A situation, and what is asked and answered in it; ``part`` is the part of an answer that is fed. ``call`` is a
    tool that is called then."""

    jurisdiction: str | None
    attested: dict[str, str]
    turn: int
    on: date
    prompt: str
    answer: str
    elapsed: int | None = None
    part: Channel = Channel.CONTENT
    call: str = ""


def draw_question(random: Random, world: World) -> Asked:
    """A situation and texts for ``world``."""
    values: dict[str, Sequence[str]] = {
        "purpose": PURPOSES,
        "place": [*PLACES, "DE-HH", "DE-BY", "unknown", "unknown", "unknown"],
        "seat": [*PLACES, "DE-HH", "DE-BY", "unknown", "unknown", "unknown"],
        "age": ["12", "13", "17", "18"],
    }
    attested = {
        name: random.choice(values[name]) for name in values if random.random() < (0.7 if name == "purpose" else 0.35)
    }
    jurisdiction = random.choice([*list(world.rules) * 3, None])
    on = random.choice([*DAYS, *DAYS, date(2025, 12, 31), date(2026, 6, 30)])
    turn = random.choice([1, 2, 5])
    if not world.is_full:
        return Asked(jurisdiction, attested, turn, on, draw_text(random, 1), draw_text(random, 10))
    if random.random() < 0.2:
        attested["place"] = random.choice(["XZ", "XZ-A", "XZ-B"])
    if any("placed_on_market" in law.declarations for law in world.laws) and random.random() < 0.7:
        attested["placed_on_market"] = random.choice(["2026-04-30", "2026-05-01"])
    return Asked(
        random.choice([PLACE, PLACE, jurisdiction]),
        attested,
        turn,
        on,
        draw_text(random, 2, SAID),
        draw_text(random, 10, SAID),
        random.choice([None, 0, 3600, 3 * 3600, 48 * 3600]),
        random.choice([Channel.CONTENT, Channel.CONTENT, Channel.REASONING]),
        random.choice(["", "pay", "look"]),
    )


def draw_text(random: Random, most: int, more: Sequence[str] = ()) -> str:
    """Words that rules look for, between words that stand once each, so that what is removed can be told."""
    wanted = [*WORDS, *WORDS, *(word.title() for word in WORDS), SAD, EMERGENCY, *NUMBERS.values()]
    wanted += [*more, *more]
    wanted += [brought(tag, "sad") for tag in ("de", "en")]
    wanted += [*RED.values(), *(brought(tag, "weapons") for tag in ("de", "en"))] if random.random() < 0.1 else []
    said = dict.fromkeys(random.choice(wanted) for _ in range(random.randint(most // 2, most)))
    pieces = ["W0"]
    for number, word in enumerate(said, 1):
        pieces.append(word)
        ends = f"w{number}! W{number}x" if not more or random.random() < 0.7 else f"w{number}!\n\nW{number}x"
        pieces.append(f"w{number}" if random.random() < 0.5 else ends)
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
        f'law {name} {{ title "Act" article "§ 1" reaches {write_condition(law.reaches)}{unknown}\n'
        f'  in force from {law.start}{until} source "https://law.example/act" seen 2026-01-01 }}\n'
    )


def _laws(rule: RuleOf) -> list[str]:
    return [f"law_{rule.name}{also}" for also in ("", "_too")[: len(rule.laws)]]


def _write_rule(number: int, rule: RuleOf) -> str:
    examples = 'example fires answer "x" example quiet answer "y"'
    kind = "pattern" if rule.by_pattern else "lexicon"
    uses = ", ".join(f"{kind} {rule.name}_{word}" for word in rule.words)
    if rule.says:
        when = f"when {write_condition(rule.when)}" if rule.when else ""
        if rule.says == "has":
            when = f"when answer has any of {uses}" + (f" and {write_condition(rule.when)}" if rule.when else "")
        at = "first answer of conversation" if rule.says == "first" else "every answer"
        under = ", ".join(_laws(rule))
        return f"  say 1.{number} {rule.name} {{ {when} at {at} under {under} telling machine {examples} }}\n"
    when = f"\n    and {write_condition(rule.when)}" if rule.when else ""
    excepts = "".join(
        f"    except e{at} under law_{rule.name}_{at} when {write_condition(condition)}\n"
        for at, (condition, _) in enumerate(rule.exceptions)
    )
    return (
        f"  withhold 1.{number} {rule.name} {{ when answer has any of {uses}{when}\n{excepts}"
        f"    scope {f'sentence at most {rule.bound}' if rule.bound else 'span'} under {', '.join(_laws(rule))}"
        f" telling omitted about {'kind' if rule.labelled else 'bare'} {examples} }}\n"
    )


def write_jurisdiction(code: str, of: Sequence[RuleOf], contact: bool) -> Unit:
    """The pack of a jurisdiction."""
    parent = PARENTS[code]
    lines = [f"jurisdiction {code} 1.0.0 under charter tiny 1\n", f"within {parent}\n" if parent else ""]
    lines += [f"members {', '.join(MEMBERS[code])}\n"] if code in MEMBERS else []
    lexicons: dict[str, Source] = {}
    for rule in of:
        for word in () if rule.says in ("first", "every") else rule.words:
            name = f"{rule.name}_{word}"
            if rule.by_pattern:
                quoted = f'example matches "{word}" example skips "x"'
                lines.append(f'pattern {name} "\\b{word}\\b" {{ {quoted} }}\n')
            else:
                lines.append(f'lexicon {name} from "lexicons/{name}.txt"\n')
                lexicons[f"lexicons/{name}.txt"] = _source(f"{code}/{name}.txt", f"{word}\n")
        lines += [_write_law(name, law) for name, law in zip(_laws(rule), rule.laws, strict=True)]
        lines += [_write_law(f"law_{rule.name}_{at}", law) for at, (_, law) in enumerate(rule.exceptions)]
    used = {rule.labelled for rule in of if not rule.says}
    lines.append('label kind { en "a kind" de "eine Art" }\n' if True in used else "")
    lines.append('label bare { de "eine Art" }\n' if False in used else "")
    if contact:
        value = f'number "{NUMBERS[code]}" hours always in {code} seen 2026-01-01'
        lines.append(f'contact crisis hotline {{ title "A line" {value} }}\n')
    if of:
        lines.append(
            'section 1 "Rules" {\nheading { en "The rules" }\n'
            + "".join(_write_rule(at, rule) for at, rule in enumerate(of, 1))
            + "}\n"
        )
    return _unit(f"{code}.ord", "".join(lines), "pack", lexicons)


def _source(name: str, text: str) -> Source:
    return Source(Path(name), name, text)


def _unit(name: str, text: str, role: str, lexicons: dict[str, Source]) -> Unit:
    return Unit(_parsed(name, text, "charter" if role == "charter" else "pack"), lexicons)


@lru_cache(maxsize=256)
def _parsed(name: str, text: str, role: Role) -> ast.Pack:
    """Worlds that a theorem compares differ in one pack; the others are the same text."""
    parsed = parse(_source(name, text), role)
    assert parsed.pack is not None, [item.message for item in parsed.diagnostics]
    assert not parsed.diagnostics, [(item.message, item.excerpt) for item in parsed.diagnostics]
    return parsed.pack


def parse_any(text: str) -> tuple[ast.Pack | None, Sequence[Diagnostic]]:
    """Whatever ``text`` parses to."""
    parsed = parse(_source("any.ord", text), "charter" if text.startswith("charter") else "pack")
    return parsed.pack, parsed.diagnostics


@cache
def charter() -> Unit:
    """A charter whose red lines look for one word each."""
    lines = ['charter tiny 1.0.0\ntitle "A charter"\n', f"dimension purpose attested one of {', '.join(PURPOSES)}\n"]
    lines.append("dimension mood claimed one of calm, wild\n")
    lines.append(f'pattern emergency "\\b{EMERGENCY}\\b" {{ example matches "112" example skips "x" }}\n')
    lexicons = {"lexicons/sad.txt": _source("sad.txt", f"{SAD}\n")}
    lines.append('lexicon sad from "lexicons/sad.txt"\ntopic sad from lexicon sad\n')
    reds = []
    for at, (name, word) in enumerate(RED.items(), 1):
        excepted = f"except study when purpose is {STUDY}" if name == EXCEPTED else ""
        lines.append(f'lexicon {name} from "lexicons/{name}.txt"\nlabel {name} {{ en "{name}" de "{name}" }}\n')
        lexicons[f"lexicons/{name}.txt"] = _source(f"{name}.txt", f"{word}\n")
        reds.append(
            f'red line 1.{at} {name} {{ means "No." when prompt or answer has lexicon {name} {excepted}\n'
            f'  refuse telling red_line example fires answer "{word}" example quiet answer "x" }}\n'
        )
    for name, text in TEXTS.items():
        lines.append(f'notice {name} {{ en "en: {text}" }}\n' if name not in ("omitted", "machine") else "")
    lines.append(f'section 1 "Harm" {{\n{"".join(reds)}}}\nsection 2 "Help" {{\n')
    examples = 'example passes answer "112" example fires answer "sad" example quiet answer "x"'
    provided = f"provide contacts crisis when prompt or answer has topic sad {examples}"
    lines.append(f'guarantee 2.1 help {{ means "Help." protects contacts, pattern emergency {provided} }}\n')
    lines.append(
        'guarantee 2.2 civic { means "C." protects civic information example passes answer "They vote." }\n}\n'
    )
    return _unit("tiny.ord", "".join(lines), "charter", lexicons)


def brought(tag: str, name: str) -> str:
    """The word that the language pack ``tag`` brings for a red line or a topic of ``ADDED``."""
    return f"{ADDED[name]}{tag}"


@cache
def language(tag: str, style: str = "") -> Unit:
    """A language pack with every notice that worlds need and words for the charter, which speaks in ``style``."""
    notices = "".join(f'notice {name} {{ {tag} "{tag}: {text}" }}\n' for name, text in TEXTS.items())
    lines, lexicons = [f"language {tag} 1.0.0 under charter tiny 1\n", style.replace("{tag}", tag), notices], {}
    for name in ADDED:
        path, word = f"lexicons/{name}.txt", brought(tag, name)
        lines.append(f'words for {name} from "{path}" {{ example matches "{word}" example skips "x" }}\n')
        lexicons[path] = _source(f"{tag}/{path}", f"{word}\n")
    return _unit(f"{tag}.ord", "".join(lines), "pack", lexicons)


def units(world: World) -> list[Unit]:
    """The packs that say ``world``."""
    packs = [write_jurisdiction(code, of, code in world.contacts) for code, of in world.rules.items()]
    if world.laws:
        packs.append(_made_up(f"{PLACE}.ord", f"jurisdiction {PLACE} {HEADED}{world.header}", world.laws))
    if world.bylaws:
        packs.append(_made_up(f"{HOUSE}.ord", f"house {HOUSE} {HEADED}", world.bylaws))
    return [charter(), *packs, *(language(tag, world.style) for tag in world.languages)]


def _made_up(name: str, header: str, fragments: Sequence[Fragment]) -> Unit:
    text = write(header, fragments)
    words = lexicons_of(text).items()
    lexicons = {f"lexicons/{word}.txt": _source(f"{name}/{word}.txt", f"{line}\n") for word, line in words}
    return _unit(name, text, "pack", lexicons)


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
    verdict = check(policy, Registry(PLUGIN), TODAY)
    return Made(policy, verdict, compile(verdict.checked) if verdict.checked else None)
