"""A detector that is being tried: what the engine finds with it, again, elsewhere, cut, and written otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ordinance.conformance.bench import Bench, Faults, StoppedError
from ordinance.conformance.faults import fault
from ordinance.conformance.own_examples import Example
from ordinance.conformance.texts import HARD, disguised, placed, prose
from ordinance.detection import Declaration, Expressions, Passage, Prepared, Segments, Span, Unconfigured
from ordinance.errors import PluginError
from ordinance.loading.attached import Attached
from ordinance.plugins.allowed import Plugin
from ordinance.plugins.budget import Budget
from ordinance.plugins.pool import Pool
from ordinance.plugins.prepared import Use
from ordinance.runtime.match.automaton import Automaton
from ordinance.runtime.match.checks import Checks
from ordinance.runtime.match.matcher import matches_in
from ordinance.runtime.match.segments import BOUND, Asking, SegmentScan
from ordinance.runtime.text.sentences import Sentences

_T = TypeVar("_T")

#: The part of its budget that a question about prose may take, at the 99th percentile: machines are busy.
_SHARE = 0.5
#: How many examples are moved over every place where windows end: those with the longest matches.
_MOST_MOVED = 3
#: What a longer candidate begins with: signs that people write in numbers, and how many such candidates are tried.
_SIGNS = (" ", "-", ".", "/")
_MOST_LONGER = 12
_LEAD = "La la. "


class Detecting:
    """The detector that ``bench`` has as its only use, as the engine finds with it. Raises ``StoppedError``."""

    def __init__(self, plugin: Plugin, bench: Bench, faults: Faults) -> None:
        self._bench = bench
        self.times: list[float] = []
        bench.start()
        (use,) = bench.uses
        asked = Declaration(use.asked.name, use.asked.arguments, use.asked.prose)
        try:
            given = Attached(plugin, bench.pool, (Use("detector", asked),)).detectors()[asked]
        except PluginError as error:
            faults.add(fault("expression-invalid", use.named, error.message))
            raise StoppedError from None
        if isinstance(given, Unconfigured):
            raise StoppedError
        self.prepared = self._timed(given)
        self._checks = Checks(1)
        if isinstance(self.prepared, Expressions):
            self._automaton = Automaton(list(self._checks.split(0, self.prepared)))
            shapes = tuple(each for each in self.prepared.patterns if each.accepts is not None)
            self._shapes = Automaton([(0, Expressions(patterns=shapes))] if shapes else [])

    def found(self, text: str) -> list[Span]:
        """Return what the engine finds in ``text``. Raises ``StoppedError`` where the plugin fails."""
        if isinstance(self.prepared, Expressions):
            matches = self._checks.matches_in(self._automaton, text, set())
            found = [(match.start, match.end, match.failed) for match in matches]
        else:
            scan, sentences = SegmentScan(Asking(self.prepared), 0), Sentences()
            findings = [finding for char in text for finding in scan.feed(char, sentences.feed(char))]
            found = [(start, end, failed) for start, end, failed in findings + scan.close(sentences.close())]
        if any(failed for *_, failed in found):
            raise StoppedError
        return sorted({(start, end) for start, end, _ in found})

    def is_shape(self, text: str) -> bool:
        """Return whether the whole of ``text`` is a candidate."""
        return any((match.start, match.end) == (0, len(text)) for match in matches_in(self._shapes, text))

    def _timed(self, given: Prepared) -> Prepared:
        """Return ``given`` with each question timed, and each fault noted."""

        def accepts(passage: Passage) -> bool:
            return self._ask(lambda pool: pool.accepts(0, passage))

        def find(passage: Passage) -> list[Span]:
            return self._ask(lambda pool: pool.find(0, passage))

        if isinstance(given, Segments):
            return replace(given, find=find)
        patterns = (each if each.accepts is None else replace(each, accepts=accepts) for each in given.patterns)
        return replace(given, patterns=tuple(patterns))

    def _ask(self, question: Callable[[Pool], _T]) -> _T:
        began = time.perf_counter()
        answer = self._bench.ask(0, question)
        self.times.append(time.perf_counter() - began)
        return answer


def try_detector(plugin: Plugin, example: Example, budget: Budget, faults: Faults) -> None:
    """Try one use of a detector. Raises ``StoppedError`` where it cannot be tried any further."""
    use = Use(example.hook, example.asked)
    texts = list(dict.fromkeys([*example.fires, *example.quiet, *prose(), *HARD]))
    with Bench(plugin, [use], budget, faults) as bench:
        detecting = Detecting(plugin, bench, faults)
        first = {text: detecting.found(text) for text in example.fires + example.quiet}
        _check_examples(example, first, faults)
        detecting.times.clear()
        first |= {text: detecting.found(text) for text in prose()}
        _check_times(detecting.times, budget, example.use, faults)
        first |= {text: detecting.found(text) for text in texts if text not in first}
        again = {text: detecting.found(text) for text in texts}
        if _check_same(first, again, "a second time", example.use, faults):
            _check_writing(detecting, example, first, faults)
            _check_cuts(detecting, example, first, faults)
            _check_shapes(detecting, example, first, faults)
    with Bench(plugin, [use], budget, faults) as bench:
        other = Detecting(plugin, bench, faults)
        if _expressions(other.prepared) != _expressions(detecting.prepared):
            faults.note("start-differs", example.use, "returned something else in another process")
            return
        again = {text: other.found(text) for text in reversed(texts)}
        _check_same(first, again, "in another process, in another order", example.use, faults)


def _expressions(prepared: Prepared) -> object:
    """Return what must be the same in each process."""
    if isinstance(prepared, Segments):
        return prepared.overlap
    return prepared.phrases, [(each.source, each.any_case, each.before) for each in prepared.patterns]


def _check_examples(example: Example, found: dict[str, list[Span]], faults: Faults) -> None:
    missed = [number for number, text in enumerate(example.fires, 1) if not found[text]]
    wrong = [number for number, text in enumerate(example.quiet, 1) if found[text]]
    if missed:
        faults.note("example-missed", example.use, f"finds nothing in `fires` number {_listed(missed)}")
    if wrong:
        faults.note("example-found", example.use, f"finds something in `quiet` number {_listed(wrong)}")


def _check_times(times: Sequence[float], budget: Budget, use: str, faults: Faults) -> None:
    if not times:
        return
    slow = sorted(times)[int(len(times) * 0.99)]
    if slow > _SHARE * budget.seconds:
        what = f"takes {slow * 1000:.0f} ms for a question about prose (99th percentile); {budget.seconds:g} s is all"
        faults.note("late", use, what)


def _check_same(
    first: dict[str, list[Span]], again: dict[str, list[Span]], when: str, use: str, faults: Faults
) -> bool:
    count = sum(first[text] != found for text, found in again.items())
    if count:
        faults.note("impure", use, f"finds something else {when}, in {count} of {len(again)} texts")
    return not count


def _check_writing(detecting: Detecting, example: Example, found: dict[str, list[Span]], faults: Faults) -> None:
    for number, text in enumerate(example.fires, 1):
        for start, end in found[text][:1]:
            for how, variant in disguised(text, (start, end)):
                longer = len(variant) - len(text)
                if not any(a < end + longer and start < b for a, b in detecting.found(variant)):
                    faults.note("folding-hides", example.use, f"misses `fires` number {number} {how}")


def _check_cuts(detecting: Detecting, example: Example, found: dict[str, list[Span]], faults: Faults) -> None:
    """Move each match over the place where the first window ends, and the second."""
    if isinstance(detecting.prepared, Expressions):
        return  # the engine finds these itself, and its own tests move them over every cut
    second = 2 * BOUND - detecting.prepared.overlap
    fires = enumerate(example.fires, 1)
    matches = {end - start: (number, text, start, end) for number, text in fires for start, end in found[text][:1]}
    for _, (number, text, start, end) in sorted(matches.items())[-_MOST_MOVED:]:
        part = next((each for each in (text[start:end], text) if _stands_at(detecting, each, 100)), "")
        places = [*range(BOUND - len(part) - 2, BOUND + 3), *range(second - len(part) - 2, second + 3)]
        hidden = [at for at in places if part and at >= 0 and not _stands_at(detecting, part, at)]
        if hidden:
            what = f"misses `fires` number {number} at {len(hidden)} of {len(places)} places where windows end"
            faults.note("cut-hides", example.use, what)


def _check_shapes(detecting: Detecting, example: Example, found: dict[str, list[Span]], faults: Faults) -> None:
    """Put something before each match with which it is a longer candidate. Where a pattern reads more or fewer letters
    before its end, the engine asks about the longer of two candidates that end together, and about no other."""
    for number, text in enumerate(example.fires, 1):
        for start, end in found[text][:1] if isinstance(detecting.prepared, Expressions) else ():
            match = text[start:end]
            longer = [before for before in _beginnings(match) if detecting.is_shape(f"{before}{match}")]
            for before in longer[:_MOST_LONGER]:
                at = len(_LEAD) + len(before)
                if not any(a < at + len(match) and at < b for a, b in detecting.found(f"{_LEAD}{before}{match}")):
                    what = f"does not find `fires` number {number} with {len(before)} characters before it that fit"
                    faults.note("shape-hides", example.use, what)


def _beginnings(match: str) -> list[str]:
    """Return what may stand before a match: a piece of its own beginning, and a sign between the two."""
    pieces = (match[:length] + sign for length in range(1, len(match) + 1) for sign in ("", *_SIGNS))
    return list(dict.fromkeys(pieces))


def _stands_at(detecting: Detecting, part: str, at: int) -> bool:
    """Return whether something of ``part`` is found where it stands at ``at`` in a text that does not end."""
    return any(start < at + len(part) and at < end for start, end in detecting.found(placed(part, at)))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (" and more" if len(numbers) > 5 else "")
