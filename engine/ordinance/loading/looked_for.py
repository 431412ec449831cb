"""What a rule looks for, entry by entry, each with the place where it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ordinance.detection import Expressions
from ordinance.detectors.builtin import prepare_lexicon
from ordinance.language.source import Span
from ordinance.loading.reading import Sought
from ordinance.policy.ir import Detector, Policy, Rule


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a lexicon, a pattern, or what another detector finds; ``written`` says which for people."""

    kind: str
    written: str
    place: Span
    sought: Sought


def entries(rule: Rule, keys: Sequence[str], policy: Policy, sought: Sought) -> Iterator[Entry]:
    """Yield the entries of ``rule``, which looks for ``sought`` by the detectors of these ``keys``; one for all where
    two things must stand together."""
    if sought.near:
        where = f"within {sought.within} characters" if sought.within else "in one sentence"
        yield Entry("both", f"what it looks for {where}", rule.node.name.span, sought)
        return
    declared = {detector.key: detector for detector in policy.detectors}
    for key, prepared in zip(keys, sought.detectors, strict=True):
        detector = declared[key]
        name = detector.key.rpartition("/")[2]
        if detector.kind == "lexicon" and isinstance(prepared, Expressions):
            yield from _lines(detector, prepared)
        elif detector.kind == "pattern":
            yield Entry("pattern", f"a match of `{name}`", detector.span, Sought((prepared,)))
        else:
            yield Entry("detector", f"what `{name}` finds", rule.node.name.span, Sought((prepared,)))


def _lines(detector: Detector, prepared: Expressions) -> Iterator[Entry]:
    for line, place in zip(detector.declaration.arguments, detector.places, strict=True):
        one = prepare_lexicon(replace(detector.declaration, arguments=(line,)))
        sought = Sought((replace(one, disguised=prepared.disguised),))
        yield Entry("lexicon", f"`{line}`", place, sought)
