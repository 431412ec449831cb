"""The rules in force in one situation, as automata. Made once per set of rules and shared by all sessions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

from ordinance.detection import Expressions, Segments
from ordinance.policy.plan import Contact, Plan, PlannedRule, Scope
from ordinance.policy.vocabulary import MARKER, Channel, Effect
from ordinance.runtime.automaton import Automaton
from ordinance.runtime.calm import Strides

#: Sets of rules whose automata are kept; situations fall into few sets.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A detector that sees closed sentences, for the rule numbered ``tag``."""

    tag: int
    segments: Segments


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """Automata by what their matches do. Tags number ``rules``; ``forged`` is the tag of a marker the model wrote,
    ``unchecked`` that of text at which a detector failed.

    ``withholding`` has one automaton for each scope. ``observing`` are rules that remove nothing. ``prompt`` are
    all rules that look at what is asked. ``protected`` finds safety-critical information. ``strides`` remembers what
    ordinary text does.
    """

    rules: tuple[PlannedRule, ...]
    refusing: Automaton
    withholding: tuple[tuple[Scope, Automaton], ...]
    observing: Automaton
    protected: Automaton
    prompt: Automaton
    segments: tuple[SegmentRule, ...]
    prompt_segments: tuple[SegmentRule, ...]
    strides: Strides

    @property
    def automata(self) -> tuple[Automaton, ...]:
        """Those that read an answer, in a fixed order."""
        return (self.observing, self.protected, self.refusing, *(automaton for _, automaton in self.withholding))

    @property
    def forged(self) -> int:
        return len(self.rules)

    @property
    def unchecked(self) -> int:
        return len(self.rules) + 1


_cache: WeakKeyDictionary[Plan, dict[tuple[str, ...], Activation]] = WeakKeyDictionary()
_lock = Lock()


def activate(plan: Plan, rules: tuple[PlannedRule, ...], contacts: tuple[Contact, ...] = ()) -> Activation:
    """The automata for ``rules``, which are in force together, where people are given ``contacts``."""
    shields = (*plan.protected, *(contact.detector for contact in contacts if contact.detector))
    name = (*(rule.id for rule in rules), "", *shields)
    with _lock:
        kept = _cache.setdefault(plan, {})
        found = kept.pop(name, None) or _build(plan, rules, shields)
        kept[name] = found
        if len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
        return found


def _build(plan: Plan, rules: tuple[PlannedRule, ...], shields: tuple[str, ...]) -> Activation:
    def automaton(tags: Iterable[int], *more: tuple[int, Expressions]) -> Automaton:
        prepared = [(tag, plan.detectors[name]) for tag in tags for name in rules[tag].detectors]
        return Automaton([*((tag, each) for tag, each in prepared if isinstance(each, Expressions)), *more])

    def segments(tags: Iterable[int]) -> tuple[SegmentRule, ...]:
        prepared = [(tag, plan.detectors[name]) for tag in tags for name in rules[tag].detectors]
        return tuple(SegmentRule(tag, each) for tag, each in prepared if isinstance(each, Segments))

    answer = [tag for tag, rule in enumerate(rules) if Channel.ANSWER in rule.channels]
    prompt = [tag for tag, rule in enumerate(rules) if Channel.PROMPT in rule.channels]
    withholding = [tag for tag in answer if rules[tag].effect is Effect.WITHHOLD]
    forged = (len(rules), Expressions(phrases=(MARKER,)))
    scopes = sorted({Scope(), *(rules[tag].scope for tag in withholding)}, key=lambda scope: (scope.unit, scope.bound))
    protected = [(0, plan.detectors[name]) for name in shields]
    return Activation(
        rules=rules,
        refusing=automaton(tag for tag in answer if rules[tag].effect is Effect.REFUSE),
        withholding=tuple(
            (
                scope,
                automaton(
                    (tag for tag in withholding if rules[tag].scope == scope), *([forged] if scope == Scope() else [])
                ),
            )
            for scope in scopes
        ),
        observing=automaton(tag for tag in answer if not rules[tag].effect.removes),
        protected=Automaton([(tag, each) for tag, each in protected if isinstance(each, Expressions)]),
        prompt=automaton(prompt),
        segments=segments(answer),
        prompt_segments=segments(prompt),
        strides=Strides(),
    )
