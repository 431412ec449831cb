"""The part of a policy that an example meets, so that an example costs the same however many packs are loaded.

Automata for all that is in force in a place are made when somebody asks there. What finds nothing in any text of an
example changes nothing in what comes of it: verdict, removed regions and notices are joins over what was found
(semantics, rule 11), and a text that ends by itself ends in nothing that was only begun (rule 6). So everything that
the policy looks for, and what imitates a marker, is looked for once, and the example is run with what was found. A red
line is different: it ends an answer, and what has left until then depends on what had to wait, for whatever rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ordinance.detection import Expressions
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.matcher import tags_in
from ordinance.runtime.redact.activation import activate, for_few_texts, forgeable, looks_at_questions, sought
from ordinance.runtime.redact.own_words import share_words
from ordinance.runtime.redact.signs import LOOKALIKES
from ordinance.runtime.situation import rules_in_force, situate

#: Parts that are kept with their automata; examples of one rule follow one another.
_KEPT = 32


class Narrowed:
    """Gives the parts of ``plan`` that answer to some texts as all of it would, in every situation.

    What rules look for in what is asked outside every place is one automaton already, which requests and examples use;
    only what is not in it is looked for by another.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        shields = dict.fromkeys((*plan.protected, *(each.detector for each in plan.contacts if each.detector)))
        self._names = [*range(len(plan.rules)), *shields]
        self._common, self._common_tags = _common(plan)
        looked_for: list[tuple[int, Expressions]] = []
        shared = frozenset(self._common_tags.values())
        for tag, name in enumerate(self._names):
            if tag not in shared:
                found = _of_rule(plan, plan.rules[name]) if isinstance(name, int) else [plan.detectors[name]]
                looked_for += [(tag, each) for each in found if isinstance(each, Expressions)]
        self._imitation = len(self._names)
        looked_for.append((self._imitation, Expressions(patterns=LOOKALIKES)))
        self._bare = [replace(each, detector="") for each in plan.contacts]
        self._other = Automaton(looked_for)
        self._always = frozenset(tag for tag, rule in enumerate(plan.rules) if _always(plan, rule))
        self._ending = frozenset(tag for tag, rule in enumerate(plan.rules) if rule.effect is Effect.REFUSE)
        self._met: dict[str, frozenset[int]] = {}
        self._parts: dict[frozenset[int], Plan] = {}

    def part(self, texts: Iterable[str]) -> Plan:
        """Return the plan with the rules and the protected information that find something in one of ``texts``, or that
        look at more than phrases and patterns; all of it where a red line may end the answer."""
        tags = self._always.union(*map(self._found, texts))
        if tags & self._ending:
            return self.plan
        part = self._parts.pop(tags, None) or self._narrow(tags)
        self._parts[tags] = part
        if len(self._parts) > _KEPT:
            self._parts.pop(next(iter(self._parts)))
        return part

    def _found(self, text: str) -> frozenset[int]:
        """Candidates count as found: what decides on them is asked when the example is run."""
        if text not in self._met:
            common = tags_in(self._common, text) & self._common_tags.keys()
            self._met[text] = tags_in(self._other, text).union(self._common_tags[tag] for tag in common)
        return self._met[text]

    def _narrow(self, tags: frozenset[int]) -> Plan:
        plan = self.plan
        kept = {self._names[tag] for tag in tags if tag != self._imitation}
        part = part_of(
            plan,
            rules=tuple(plan.rules[tag] for tag in sorted(tags) if tag < len(plan.rules)),
            protected=tuple(key for key in plan.protected if key in kept),
            contacts=tuple(
                each if each.detector in kept else bare for each, bare in zip(plan.contacts, self._bare, strict=True)
            ),
        )
        for_few_texts(part, imitations=self._imitation in tags)
        return part


def _common(plan: Plan) -> tuple[Automaton, dict[int, int]]:
    """Return the automaton for what is asked outside every place, and the number in ``plan`` of each rule of which it
    has all that makes a difference, by its tag there."""
    outside = activate(plan, rules_in_force(plan, situate(plan, jurisdiction=None, turn=2)), part=Channel.PROMPT)
    numbers = {id(rule): number for number, rule in enumerate(plan.rules)}
    tags = {}
    for tag, rule in enumerate(outside.rules):
        looked_for = _of_rule(plan, rule)
        decided = any(pattern.accepts for each in looked_for for pattern in each.patterns)
        if looked_for and not decided and id(rule) in numbers and looks_at_questions(rule):
            tags[tag] = numbers[id(rule)]
    return outside.prompt, tags


def _always(plan: Plan, rule: PlannedRule) -> bool:
    """Return whether a rule takes part whatever a text says: it looks at none, at sentences, at two things near
    each other, at names of tools, or in which language it is."""
    found = [plan.detectors[key] for key in rule.detectors]
    plain = all(isinstance(each, Expressions) and not each.calls for each in found)
    return not rule.detectors or bool(rule.near or rule.spoken) or rule.judged is not None or not plain


def _of_rule(plan: Plan, rule: PlannedRule) -> list[Expressions]:
    """Return the phrases and patterns that make a difference to ``rule``."""
    return [] if _always(plan, rule) else [*sought(plan, rule), *forgeable(rule)]


def part_of(plan: Plan, **less: Any) -> Plan:
    """Return ``plan`` with ``less``, which guards every notice of all of it."""
    part = replace(plan, **less)
    share_words(plan, part)
    return part
