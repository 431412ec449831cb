"""What one rule finds in the texts of a corpus, read by the engine that will look for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ordinance.detection import Expressions, Prepared, Segments, waits
from ordinance.policy.plan import Plan, PlannedRule
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks
from ordinance.runtime.match.corpus import Corpus, members
from ordinance.runtime.match.nearby import nearby
from ordinance.runtime.match.pairs import together
from ordinance.runtime.match.segments import Asking, DetectorError

#: Start and end of what is found, in characters of its text.
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a rule looks for, apart from when it is in force. Where ``near`` is not empty, something of it must stand in
    the same sentence, or ``within`` so many characters."""

    detectors: tuple[Prepared, ...]
    near: tuple[Prepared, ...] = ()
    within: int = 0

    @property
    def waits(self) -> bool:
        """Return whether looking for it may take as long as a detector's budget."""
        return any(waits(each) for each in (*self.detectors, *self.near))


def sought_by(plan: Plan, rule: PlannedRule) -> Sought:
    """Return what ``rule`` of ``plan`` looks for."""
    found, near = (tuple(rule.seen(plan.detectors[key]) for key in keys) for keys in (rule.detectors, rule.near))
    return Sought(found, near, rule.within)


def acting(plan: Plan) -> tuple[PlannedRule, ...]:
    """Return the rules that remove text in some situation, on some day; a rule on trial as it will be afterwards."""
    later = (rule.after_trial if rule.trial else rule for rule in plan.rules)
    return tuple(rule for rule in later if rule is not None and rule.effect.removes)


def find(sought: Sought, corpus: Corpus) -> Iterator[tuple[int, Spans]]:
    """Yield the number of each text of ``corpus`` in which ``sought`` finds something, and where; a text more than once
    where several detectors find something. Raises ``DetectorError`` where a detector fails.
    """
    if sought.near:
        first, second = _meeting(sought.detectors, corpus), _meeting(sought.near, corpus)
        both = first[1] & second[1]
        if both and sought.within:
            pairs = nearby(first[0], second[0], sought.within)
            yield from ((number, spans) for number in members(both) if (spans := pairs.find(corpus.texts[number])))
        elif both:
            yield from _in_sentences(together(first[0], second[0]), corpus, both)
        return
    expressions = [each for each in sought.detectors if isinstance(each, Expressions)]
    yield from _by_engine(expressions, corpus)
    for each in sought.detectors:
        if isinstance(each, Segments):
            yield from _in_sentences(each, corpus, corpus.as_written)


def _meeting(detectors: Sequence[Prepared], corpus: Corpus) -> tuple[list[Prepared], int]:
    kept: list[Prepared] = []
    found = 0
    for each in detectors:
        less, texts = corpus.meeting(each) if isinstance(each, Expressions) else (each, corpus.all)
        if texts:
            kept.append(less)
            found |= texts
    return kept, found


def _by_engine(expressions: Sequence[Expressions], corpus: Corpus) -> Iterator[tuple[int, Spans]]:
    kept, texts = _meeting(expressions, corpus)
    if not texts:
        return
    checks = Checks(first=1)
    parts = [part for each in kept if isinstance(each, Expressions) for part in checks.split(0, each)]
    automaton = Automaton(parts)
    for number in members(texts):
        found = checks.matches_in(automaton, corpus.texts[number], set())
        if any(match.failed for match in found):
            raise DetectorError("a candidate was not decided on")
        if found:
            yield number, [(match.start, match.end) for match in found]


def _in_sentences(segments: Segments, corpus: Corpus, texts: int) -> Iterator[tuple[int, Spans]]:
    asking = Asking(segments)
    for number in members(texts):
        found: Spans = []
        for start, end in corpus.sentences(number):
            for finding in asking.findings(corpus.texts[number][start:end], start):
                if finding.failed:
                    raise DetectorError("a sentence was not decided on")
                found.append((finding.start, finding.end))
        if found:
            yield number, found
