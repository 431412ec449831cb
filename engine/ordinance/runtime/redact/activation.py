"""The rules in force in one situation, as automata. Made once per set of rules and shared by all sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from ordinance.detection import Expressions, Prepared, Segments, waits
from ordinance.policy.plan import SPAN, Contact, Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks, unchecked_only
from ordinance.runtime.match.matcher import Match
from ordinance.runtime.match.nearby import Nearby, nearby
from ordinance.runtime.match.pairs import together
from ordinance.runtime.match.rulings import JudgedRule
from ordinance.runtime.redact.signs import LOOKALIKES, imitation, placeholder
from ordinance.runtime.redact.strides import Strides
from ordinance.runtime.redact.wordings import NO_WORDINGS, Wordings, wordings_of

#: Families of ``Activation.answer``.
OBSERVING, PROTECTED, REFUSING, WITHHOLDING = range(4)
#: Bits of the families of rules that remove text.
REMOVING = -1 << REFUSING

#: The first number that is no rule's, whatever rules are in force, so that automata are alike in many situations.
_FORGED = 1 << 20

#: What one family of an automaton looks for, with the numbers of the rules.
Family = tuple[tuple[int, Expressions], ...]

#: Sets of rules whose automata are kept; situations fall into few sets.
_KEPT = 128

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A detector that sees closed sentences, for the rule numbered ``tag``, and the ``family`` of what it finds in an
    answer."""

    tag: int
    segments: Segments
    family: int = OBSERVING


@dataclass(frozen=True, slots=True)
class NearbyRule:
    """Two things near each other, for the rule numbered ``tag``, and the ``family`` of what is found in an answer."""

    tag: int
    nearby: Nearby
    family: int = OBSERVING


class Withheld(NamedTuple):
    """What is withheld or masked alike: what is protected does not reach into what ``masks`` remove, and ``numbers``
    have check digits."""

    scope: Scope
    masks: bool
    numbers: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """What is looked for, by what its matches do. Tags number ``rules``; ``forged`` is the tag of a marker the model
    wrote, ``rendering.imitation`` of a rule's tag that of its placeholder, ``unchecked`` that of text at which a
    detector failed, ``cut`` that of what stands where the text was cut.

    ``answer`` reads an answer. Its families are ``OBSERVING``, rules that remove nothing, or are on trial;
    ``PROTECTED``, safety-critical information; ``REFUSING``; and from ``WITHHOLDING`` on, for withheld and masked text,
    one for each of ``removals``. ``removing_families`` are those that remove and of which anything can be found;
    ``only_spans`` is whether that is nothing but what phrases and patterns match, so that no red line ends an answer
    and nothing waits for the end of a sentence. ``prompt`` are the rules that look at what is asked and do not mask it.
    ``segments`` and ``nearby`` are what is looked for beside the automaton in an answer, and those of the prompt in
    what is asked. ``judged`` and ``prompt_judged`` are what they ask a judge about an answer and about what is asked.
    ``placeholders`` are what masks write where no language is asked for. ``asks`` is whether any part of the request is
    shown to what takes time: a judge, a detector that sees sentences, or another process. ``wordings`` are the notices
    that the model must not write itself. ``checks`` decide on candidates; ``recalls`` is whether one of them may look
    at text that has left already, for a rule that holds nothing. ``strides`` remembers what ordinary text does (None
    where few texts are met, and where paragraphs are removed or checks recall, of which it knows nothing), and
    ``cleared`` of short texts whether a rule that removes finds nothing in them. No two activations of a process ever
    have the same ``number``, so what was found under it stays true.
    """

    rules: tuple[PlannedRule, ...]
    answer: Automaton
    removals: tuple[Withheld, ...]
    removing_families: frozenset[int]
    only_spans: bool
    prompt: Automaton
    segments: tuple[SegmentRule, ...]
    prompt_segments: tuple[SegmentRule, ...]
    nearby: tuple[NearbyRule, ...]
    prompt_nearby: tuple[NearbyRule, ...]
    judged: tuple[JudgedRule, ...]
    prompt_judged: tuple[JudgedRule, ...]
    checks: Checks
    recalls: bool
    placeholders: Mapping[int, str]
    asks: bool
    wordings: Wordings
    strides: Strides | None
    cleared: dict[str, bool] = field(default_factory=dict)
    number: int = field(default_factory=_numbers.__next__)

    @property
    def before(self) -> int:
        """Return how many folded characters before a candidate a check is shown at most."""
        return max([self.checks.before, *(rule.nearby.checks.before for rule in self.nearby)])

    @property
    def forged(self) -> int:
        return _FORGED

    @property
    def unchecked(self) -> int:
        return _FORGED + 1

    @property
    def cut(self) -> int:
        return _FORGED + 2


class _Held:
    """An automaton that is in use. The compiled core's automata cannot be referred to weakly themselves."""

    __slots__ = ("__weakref__", "automaton")

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton


_Name = tuple[Channel, tuple[PlannedRule, ...], tuple[str, ...]]
_cache: WeakKeyDictionary[Plan, dict[_Name, Activation]] = WeakKeyDictionary()
_automata: WeakKeyDictionary[Plan, dict[tuple[Family, ...], _Held]] = WeakKeyDictionary()
#: What the plans in use keep, so that a plan that replaces another shares with it what looks for the same.
_in_use: WeakValueDictionary[tuple[Family, ...], _Held] = WeakValueDictionary()
#: Parts of plans that are only given a few texts, and those of them in which no marker is imitated.
_brief: WeakSet[Plan] = WeakSet()
_unforged: WeakSet[Plan] = WeakSet()
_lock = Lock()


def activate(
    plan: Plan,
    rules: tuple[PlannedRule, ...],
    contacts: tuple[Contact, ...] = (),
    part: Channel = Channel.CONTENT,
) -> Activation:
    """Return the automata for ``rules``, which are in force together, with the ``contacts`` that people are given.

    ``part`` is the part of an answer that the rules read; ``Channel.PROMPT`` is the request, from which nothing is
    removed except what a rule masks. Parts that no rule distinguishes share their automata.
    """
    shields = (*plan.protected, *(contact.detector for contact in contacts if contact.detector))
    name = (part, rules, shields)
    with _lock:
        kept = _cache.setdefault(plan, {})
        found = kept.pop(name, None)
        if found is None:
            alike = (_shared(rules, part), rules, shields)
            found = kept.get(alike) or _build(plan, rules, shields, alike[0])
            kept[alike] = found
        kept[name] = found
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
        return found


def for_few_texts(part: Plan, *, imitations: bool) -> None:
    """Say that ``part`` is only given a few texts, so that nothing is worked out for others. Without ``imitations``
    nothing in them imitates a marker (``LOOKALIKES``), and its automata do not look for that."""
    _brief.add(part)
    if not imitations:
        _unforged.add(part)


def _shared(rules: tuple[PlannedRule, ...], part: Channel) -> Channel:
    """Return ``part``, or the whole answer if ``rules`` treat this part as every other."""
    if part is Channel.PROMPT or any(not rule.channels & {Channel.ANSWER, Channel.PROMPT} for rule in rules):
        return part
    return part if part is Channel.TOOL_CALL and any(_masks(rule) for rule in rules) else Channel.ANSWER


def _looked_for(plan: Plan, rule: PlannedRule) -> list[Prepared]:
    if rule.within:
        return []
    found = [rule.seen(plan.detectors[name]) for name in rule.detectors]
    return [together(found, [rule.seen(plan.detectors[name]) for name in rule.near])] if rule.near else found


def _masks(rule: PlannedRule) -> bool:
    return rule.removes and rule.effect is Effect.MASK


def looks_at_questions(rule: PlannedRule) -> bool:
    """Whether ``Activation.prompt`` has what ``rule`` looks for."""
    return Channel.PROMPT in rule.channels and not _masks(rule)


def withheld(rule: PlannedRule, *, numbers: bool = False) -> Withheld:
    """Return how a rule withholds or masks what it finds, or the ``numbers`` that it does."""
    return Withheld(rule.scope, _masks(rule), numbers)


def sought(plan: Plan, rule: PlannedRule) -> list[Expressions]:
    """Return the phrases and patterns that a rule looks for, in disguise if it sees that."""
    return [each for each in _looked_for(plan, rule) if isinstance(each, Expressions)]


def nearby_of(plan: Plan, rule: PlannedRule) -> Nearby:
    """Return what looks for the two things that a rule wants within so many characters of each other."""
    found, near = ([rule.seen(plan.detectors[key]) for key in keys] for keys in (rule.detectors, rule.near))
    return nearby(found, near, rule.within, lambda *families: _automaton(plan, *families))


def removing(found: Iterable[Match]) -> list[Match]:
    """Return those of the matches of ``Activation.answer`` that remove text."""
    return [match for match in found if match.family >= REFUSING]


def _build(plan: Plan, rules: tuple[PlannedRule, ...], shields: tuple[str, ...], part: Channel) -> Activation:
    asked = part is Channel.PROMPT  # nobody cuts what is asked
    broken = frozenset(() if asked else (tag for tag, rule in enumerate(rules) if rule.removes))
    checks = Checks(_FORGED + 3, broken)  # behind ``forged``, ``unchecked`` and ``cut``

    def prepared(tags: Iterable[int]) -> list[tuple[int, Prepared]]:
        return [(tag, each) for tag in tags for each in _looked_for(plan, rules[tag])]

    def expressions(tags: Iterable[int]) -> list[tuple[int, Expressions]]:
        found = [(tag, each) for tag, each in prepared(tags) if isinstance(each, Expressions)]
        return [part for tag, each in found for part in checks.split(tag, each)]

    def segments(tags: Iterable[int]) -> list[tuple[int, Segments]]:
        return [(tag, each) for tag, each in prepared(tags) if isinstance(each, Segments)]

    def near(tags: Iterable[int]) -> list[tuple[int, Nearby]]:
        return [(tag, nearby_of(plan, rules[tag])) for tag in tags if rules[tag].within]

    def judged(tags: Iterable[int]) -> list[JudgedRule]:
        return [JudgedRule(tag, each, family_of(rules[tag])) for tag in tags if (each := rules[tag].judged) is not None]

    def family_of(rule: PlannedRule) -> int:
        if not rule.removes:
            return OBSERVING
        return REFUSING if rule.effect is Effect.REFUSE else WITHHOLDING + removals.index(withheld(rule))

    seen = {part} if asked else {Channel.ANSWER, part}
    answer = [tag for tag, rule in enumerate(rules) if rule.channels & seen]
    if asked:
        answer = [tag for tag in answer if _masks(rules[tag])]
    prompt = [tag for tag, rule in enumerate(rules) if looks_at_questions(rule)]
    withholding = [tag for tag in answer if rules[tag].removes and rules[tag].effect is not Effect.REFUSE]
    forged = [] if asked or plan in _unforged else _forged()
    forged += [] if asked or part is Channel.TOOL_CALL else _imitated(rules, withholding)
    observing = expressions(tag for tag in answer if not rules[tag].removes)
    nears = near(answer)
    recalls = bool(checks) or any(each.checks for tag, each in nears if not rules[tag].removes)
    protected = [plan.detectors[name] for name in shields]

    alike = {Withheld(SPAN, masks=False): forged}
    for tag in withholding:
        for name, each in expressions([tag]):
            alike.setdefault(withheld(rules[tag], numbers=name >= checks.first), []).append((name, each))
        if segments([tag]) or rules[tag].judged or rules[tag].within:
            alike.setdefault(withheld(rules[tag]), [])
    removals = sorted(alike, key=lambda each: (each.scope.unit, each.scope.bound, each.masks, each.numbers))
    found = _automaton(
        plan,
        observing,
        [(0, unchecked_only(each)) for each in protected if isinstance(each, Expressions)],
        expressions(tag for tag in answer if rules[tag].removes and rules[tag].effect is Effect.REFUSE),
        *(alike[each] for each in removals),
    )
    if not (brief := plan in _brief):
        found.prepare()
    spans = sum(1 << number for number, each in enumerate(removals, WITHHOLDING) if each.scope.unit == "span")
    scopes = [(1 << number, each.scope) for number, each in enumerate(removals, WITHHOLDING)]
    units = [(families, scope.bound) for families, scope in scopes if scope.unit == "sentence"]
    wordings = NO_WORDINGS if asked else wordings_of(plan)
    looking = tuple(SegmentRule(tag, each, family_of(rules[tag])) for tag, each in segments(answer))
    asking = () if asked else tuple(judged(answer))
    near_rules = tuple(NearbyRule(tag, each, family_of(rules[tag])) for tag, each in nears)
    by_sentence = {each.family for each in looking} | {each.family for each in asking}
    beside = by_sentence | {each.family for each in near_rules}
    families = range(REFUSING, WITHHOLDING + len(removals))
    live = frozenset(family for family in families if family in beside or found.families >> family & 1)
    striding = not (brief or recalls or any(each.scope.unit == "paragraph" for each in removals))
    return Activation(
        rules=rules,
        answer=found,
        removals=tuple(removals),
        removing_families=live,
        only_spans=REFUSING not in live
        and by_sentence <= {OBSERVING}
        and all(each.scope.unit == "span" for each in removals),
        prompt=_automaton(plan, expressions(prompt)),
        segments=looking,
        prompt_segments=tuple(SegmentRule(tag, each) for tag, each in segments(prompt)),
        nearby=near_rules,
        prompt_nearby=tuple(NearbyRule(tag, each) for tag, each in near(prompt)),
        judged=asking,
        prompt_judged=tuple(judged(prompt)),
        checks=checks,
        recalls=recalls,
        placeholders={tag: placeholder(rule.type) for tag, rule in enumerate(rules) if _masks(rule)},
        asks=any(waits(each) for _, each in prepared(range(len(rules))))
        or any(rule.judged or rule.within for rule in rules),
        wordings=wordings,
        strides=Strides(found, spans | 1 << REFUSING, units, wordings) if striding else None,
    )


def _automaton(plan: Plan, *families: Iterable[tuple[int, Expressions]]) -> Automaton:
    """Return the automaton of ``families``. It knows nothing else of ``plan``, so one is shared by all situations and
    plans in which the same is looked for."""
    return _held(plan, *families).automaton


def _held(plan: Plan, *families: Iterable[tuple[int, Expressions]]) -> _Held:
    kept = _automata.setdefault(plan, {})
    name = tuple(map(tuple, families))
    found = kept.pop(name, None) or _in_use.get(name) or _Held(Automaton(*name))
    kept[name] = _in_use[name] = found
    if len(kept) > _KEPT:
        kept.pop(next(iter(kept)))
    return found


def _forged() -> list[tuple[int, Expressions]]:
    """Return the marker that the engine writes in place of removed text, and its look-alikes: if the model writes them,
    nobody can tell them from an omission (semantics, rule 17)."""
    return [(_FORGED, Expressions(patterns=LOOKALIKES))]


def _imitated(rules: tuple[PlannedRule, ...], masking: Iterable[int]) -> list[tuple[int, Expressions]]:
    """Return what masks write, for the same reason. Placeholders are guarded in every language, so that automata do not
    depend on one."""
    return [(imitation(tag), each) for tag in masking if _masks(rules[tag]) for each in forgeable(rules[tag])]


def forgeable(rule: PlannedRule) -> list[Expressions]:
    """Return the placeholders that a mask writes, in every language; nothing for any other rule."""
    if rule.effect is not Effect.MASK:
        return []
    labels = dict.fromkeys([rule.type, *rule.placeholders.values()])
    return [Expressions(phrases=tuple(map(placeholder, labels)))]
