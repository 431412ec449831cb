"""The rules in force in one situation, as automata. Made once per set of rules and shared by all sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from weakref import WeakKeyDictionary

from ordinance.detection import Expressions, Segments
from ordinance.policy.plan import SPAN, Contact, Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import MARKER, Channel, Effect
from ordinance.runtime.automaton import Automaton
from ordinance.runtime.calm import Strides
from ordinance.runtime.rendering import imitation, placeholder

#: Families of ``Activation.answer``.
OBSERVING, PROTECTED, REFUSING, WITHHOLDING = range(4)

#: Sets of rules whose automata are kept; situations fall into few sets.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A detector that sees closed sentences, for the rule numbered ``tag``."""

    tag: int
    segments: Segments


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """What is looked for, by what its matches do. Tags number ``rules``; ``forged`` is the tag of a marker the model
    wrote, ``rendering.imitation`` of a rule's tag that of its placeholder, ``unchecked`` that of text at which a
    detector failed.

    ``answer`` reads an answer. Its families are ``OBSERVING``, rules that remove nothing, or are on trial;
    ``PROTECTED``, safety-critical information; ``REFUSING``; and from ``WITHHOLDING`` on, for withheld and masked text,
    one for each of ``scopes``. ``prompt`` are the rules that look at what is asked and do not mask it.
    ``placeholders`` are what masks write where no language is asked for. ``strides`` remembers what ordinary text does.
    """

    rules: tuple[PlannedRule, ...]
    answer: Automaton
    scopes: tuple[Scope, ...]
    prompt: Automaton
    segments: tuple[SegmentRule, ...]
    prompt_segments: tuple[SegmentRule, ...]
    placeholders: Mapping[int, str]
    strides: Strides

    @property
    def forged(self) -> int:
        return len(self.rules)

    @property
    def unchecked(self) -> int:
        return len(self.rules) + 1


_cache: WeakKeyDictionary[Plan, dict[tuple[str, ...], Activation]] = WeakKeyDictionary()
_lock = Lock()


def activate(
    plan: Plan,
    rules: tuple[PlannedRule, ...],
    contacts: tuple[Contact, ...] = (),
    part: Channel = Channel.CONTENT,
) -> Activation:
    """The automata for ``rules``, which are in force together, where people are given ``contacts``.

    ``part`` is the part of an answer that they read; ``Channel.PROMPT`` is what is asked, of which nothing is removed
    but what a rule masks. Parts that no rule tells apart share their automata.
    """
    shields = (*plan.protected, *(contact.detector for contact in contacts if contact.detector))
    part = _shared(rules, part)
    name = (part.value, *(rule.id for rule in rules), "", *shields)
    with _lock:
        kept = _cache.setdefault(plan, {})
        found = kept.pop(name, None) or _build(plan, rules, shields, part)
        kept[name] = found
        if len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
        return found


def _shared(rules: tuple[PlannedRule, ...], part: Channel) -> Channel:
    """``part``, or the whole answer where ``rules`` treat it as every other part."""
    if part is Channel.PROMPT or any(not rule.channels & {Channel.ANSWER, Channel.PROMPT} for rule in rules):
        return part
    return part if part is Channel.TOOL_CALL and any(_masks(rule) for rule in rules) else Channel.ANSWER


def _masks(rule: PlannedRule) -> bool:
    return rule.removes and rule.effect is Effect.MASK


def sought(plan: Plan, rule: PlannedRule) -> list[Expressions]:
    """The phrases and patterns that a rule looks for, in disguise where it sees that."""
    prepared = map(plan.detectors.__getitem__, rule.detectors)
    return [replace(each, disguised=rule.sees_disguise) for each in prepared if isinstance(each, Expressions)]


def _build(plan: Plan, rules: tuple[PlannedRule, ...], shields: tuple[str, ...], part: Channel) -> Activation:
    def expressions(tags: Iterable[int]) -> list[tuple[int, Expressions]]:
        return [(tag, each) for tag in tags for each in sought(plan, rules[tag])]

    def segments(tags: Iterable[int]) -> tuple[SegmentRule, ...]:
        prepared = [(tag, plan.detectors[name]) for tag in tags for name in rules[tag].detectors]
        return tuple(SegmentRule(tag, each) for tag, each in prepared if isinstance(each, Segments))

    asked = part is Channel.PROMPT
    seen = {part} if asked else {Channel.ANSWER, part}
    answer = [tag for tag, rule in enumerate(rules) if rule.channels & seen]
    if asked:
        answer = [tag for tag in answer if _masks(rules[tag])]
    prompt = [tag for tag, rule in enumerate(rules) if Channel.PROMPT in rule.channels and not _masks(rule)]
    withholding = [tag for tag in answer if rules[tag].removes and rules[tag].effect is not Effect.REFUSE]
    scopes = sorted({SPAN, *(rules[tag].scope for tag in withholding)}, key=lambda scope: (scope.unit, scope.bound))
    forged = [] if asked else _forged(rules, withholding if part is not Channel.TOOL_CALL else ())

    def removing(scope: Scope) -> list[tuple[int, Expressions]]:
        ours = expressions(tag for tag in withholding if rules[tag].scope == scope)
        return [*ours, *forged] if scope == SPAN else ours

    found = Automaton(
        expressions(tag for tag in answer if not rules[tag].removes),
        [(0, each) for each in map(plan.detectors.get, shields) if isinstance(each, Expressions)],
        expressions(tag for tag in answer if rules[tag].removes and rules[tag].effect is Effect.REFUSE),
        *map(removing, scopes),
    )
    found.prepare()
    spans = sum(1 << number for number, scope in enumerate(scopes, WITHHOLDING) if scope.unit == "span")
    bounds = [scope.bound for scope in scopes if scope.unit == "sentence"]
    return Activation(
        rules=rules,
        answer=found,
        scopes=tuple(scopes),
        prompt=Automaton(expressions(prompt)),
        segments=segments(answer),
        prompt_segments=segments(prompt),
        placeholders={tag: placeholder(rule.type) for tag, rule in enumerate(rules) if _masks(rule)},
        strides=Strides(found, spans | 1 << REFUSING, min(bounds, default=-1)),
    )


def _forged(rules: tuple[PlannedRule, ...], masking: Iterable[int]) -> list[tuple[int, Expressions]]:
    """What the engine writes in the place of removed text, as phrases: where the model writes it, nobody could tell it
    from an omission (semantics, rule 17). Placeholders are guarded in every language, so that automata need none."""
    found = [(len(rules), Expressions(phrases=(MARKER,)))]
    for tag in masking:
        if _masks(rules[tag]):
            labels = dict.fromkeys([rules[tag].type, *rules[tag].placeholders.values()])
            found.append((imitation(tag), Expressions(phrases=tuple(map(placeholder, labels)))))
    return found
