"""Where rules find something in a text, whatever the situation, by the automata that a session runs.

A session does not say what it matched, and must not. An author has to see it, so this looks for every rule of a plan
at once, as an observer that removes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ordinance.detection import Expressions
from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel, Effect
from ordinance.runtime.match.segments import Asking, SegmentScan
from ordinance.runtime.narrowed import part_of
from ordinance.runtime.redact.activation import OBSERVING, activate
from ordinance.runtime.text.folding import as_phrase
from ordinance.runtime.text.sentences import Sentences


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """The detector with the key ``detector`` of the rule ``rule`` found the characters ``start`` to ``end``."""

    start: int
    end: int
    rule: str
    detector: str


class Observer:
    """Made once for a plan; ``look`` at any number of texts."""

    def __init__(self, plan: Plan) -> None:
        uses = [(rule, key) for rule in plan.rules for key in (rule.detectors[:1] if rule.near else rule.detectors)]
        observers = tuple(
            replace(
                rule,
                id=f"{rule.id} {key}",
                effect=Effect.PROVIDE,
                channels=frozenset({Channel.ANSWER}),
                detectors=rule.detectors if rule.near else (key,),
                trial=False,
                disguised=rule.sees_disguise,
                judged=None,
            )
            for rule, key in uses
        )
        self._plan = plan
        self._uses = [(rule.id, key) for rule, key in uses]
        self._activation = activate(part_of(plan, rules=observers), observers)

    def called(self, name: str) -> tuple[Found, ...]:
        """Return what rules find that name the tool ``name``."""
        compared = as_phrase(name)
        named = ((rule, key, self._plan.detectors[key]) for rule, key in self._uses)
        return tuple(
            Found(0, len(name), rule, key)
            for rule, key, prepared in named
            if isinstance(prepared, Expressions) and compared in prepared.calls
        )

    def look(self, text: str) -> tuple[Found, ...]:
        """Return every match in ``text``, by place. A detector that fails finds nothing here; the session reports
        it."""
        activation = self._activation
        matches = activation.checks.matches_in(activation.answer, text, set())
        found = {
            Found(match.start, match.end, *self._uses[match.tag])
            for match in matches
            if match.family == OBSERVING and not match.failed
        }
        for rule in activation.segments:
            scan, sentences = SegmentScan(Asking(rule.segments), 0), Sentences()
            spans = [finding for char in text for finding in scan.feed(char, sentences.feed(char))]
            spans += scan.close(sentences.close())
            use = self._uses[rule.tag]
            found.update(Found(finding.start, finding.end, *use) for finding in spans if not finding.failed)
        for near in activation.nearby:
            spans = near.nearby.findings(text, set())
            use = self._uses[near.tag]
            found.update(Found(finding.start, finding.end, *use) for finding in spans if not finding.failed)
        return tuple(sorted(found))
