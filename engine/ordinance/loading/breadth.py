"""How much of ordinary, civic, medical and news prose a rule takes out; more than a bound is an error.

The prose is ours and lies beside this file (``prose/``), 150 sentences for each kind and language. A law that forbids
some words touches next to none of it. A rule that touches more takes a subject, a way of speaking or a language from
people, whatever it is called. Bounds and figures: docs/decisions/049-what-a-rule-may-take-out.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading.reading import Sought, Spans, acting, find, sought_by
from ordinance.policy.ir import Policy
from ordinance.policy.plan import Plan, PlannedRule, Scope
from ordinance.runtime.match.corpus import Corpus
from ordinance.runtime.match.segments import DetectorError

LANGUAGES: Mapping[str, str] = {"de": "German", "en": "English", "et": "Estonian"}
KINDS = ("civic", "medical", "news", "ordinary")

#: Of 100 sentences of one kind in one language, a rule may touch so many; and so much of its characters it may take.
MOST_SENTENCES, MOST_CHARACTERS = 5.0, 5.0
#: All rules of a pack together may do so many times as much.
TOGETHER = 2
#: Fewer sentences than this say nothing.
LEAST = 3

_PARAGRAPH = 5
#: Of what is shown to a detector that takes time: each so manieth paragraph.
_SAMPLED = 15


@dataclass(frozen=True, slots=True)
class Share:
    """What is taken out of one kind of prose in one language, in hundredths: sentences touched, characters removed."""

    language: str
    kind: str
    sentences: float
    characters: float
    touched: int

    def exceeds(self, times: int = 1) -> bool:
        """Return whether this is more than ``times`` what one rule may take out."""
        much = self.sentences > times * MOST_SENTENCES or self.characters > times * MOST_CHARACTERS
        return much and self.touched >= LEAST

    def words(self) -> str:
        """Say it for people."""
        prose = f"of {self.kind} prose in {LANGUAGES[self.language]}"
        return f"{self.sentences:.1f} of 100 sentences and {self.characters:.1f} of 100 characters {prose}"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences; ``sentences`` says where each begins and ends in ``text``."""

    language: str
    kind: str
    text: str
    sentences: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prose:
    """Paragraphs, and how many sentences and characters each kind has in each language."""

    paragraphs: tuple[Paragraph, ...]
    corpus: Corpus
    sizes: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


@cache
def prose(step: int = 1) -> Prose:
    """Return the prose, or each so manieth paragraph of each kind."""
    paragraphs: list[Paragraph] = []
    sizes: dict[tuple[str, str], tuple[int, int]] = {}
    for language in LANGUAGES:
        for kind in KINDS:
            lines = (Path(__file__).parent / "prose" / language / f"{kind}.txt").read_text("utf-8").splitlines()
            for number, group in enumerate(_grouped(lines)):
                if number % step == 0:
                    paragraph = _paragraph(language, kind, group)
                    paragraphs.append(paragraph)
                    sentences, characters = sizes.get((language, kind), (0, 0))
                    sizes[language, kind] = sentences + len(group), characters + len(paragraph.text)
    corpus = Corpus([each.text for each in paragraphs], [list(each.sentences) for each in paragraphs])
    return Prose(tuple(paragraphs), corpus, sizes)


def shares(plan: Plan, rules: Iterable[PlannedRule]) -> tuple[Share, ...]:
    """Return what ``rules`` take out together of each kind of prose in which they find something, most first.

    A detector that takes time is shown a sample. One that fails has found nothing here: requests handle that
    (semantics, rule 13).
    """
    parts = [(sought_by(plan, rule), rule.scope) for rule in rules]
    slow = any(sought.waits for sought, _ in parts)
    taken: dict[int, Spans] = {}
    for sought, scope in parts:
        for number, spans in (_taken_by_slow if slow else _taken)(sought, scope):
            taken.setdefault(number, []).extend(spans)
    return _counted(prose(_SAMPLED if slow else 1), taken)


def too_broad(plan: Plan, policy: Policy) -> Iterator[Diagnostic]:
    """Report each rule that takes out too much of some prose, and each pack whose rules together do."""
    nodes = {rule.id: rule for rule in policy.rules}
    packs: dict[str, list[PlannedRule]] = {}
    for rule in acting(plan):
        worst = next(iter(shares(plan, (rule,))), None)
        if worst is not None and worst.exceeds():
            message = f"{rule.id} takes out {worst.words()}; at most {MOST_SENTENCES:.0f} of 100 are allowed"
            yield diagnose("breadth", nodes[rule.id].node.name.span, message)
        elif worst is not None:
            packs.setdefault(rule.id.partition("/")[0], []).append(rule)
    for pack, rules in packs.items():
        worst = next(iter(shares(plan, rules)), None)
        if len(rules) > 1 and worst is not None and worst.exceeds(TOGETHER):
            most = f"{TOGETHER * MOST_SENTENCES:.0f}"
            message = f"the rules of {pack} together take out {worst.words()}; at most {most} of 100 are allowed"
            yield diagnose("breadth", nodes[rules[0].id].unit.pack.name.span, message)


def _grouped(lines: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(lines), _PARAGRAPH):
        yield lines[at : at + _PARAGRAPH]


def _paragraph(language: str, kind: str, lines: list[str]) -> Paragraph:
    places, at = [], 0
    for line in lines:
        places.append((at, at + len(line)))
        at += len(line) + 1
    return Paragraph(language, kind, " ".join(lines) + "\n", tuple(places))


@lru_cache(maxsize=256)
def _taken(sought: Sought, scope: Scope) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
    """Return what is taken out of which paragraph. What a plugin says is not kept."""
    return tuple((number, tuple(spans)) for number, spans in _read(sought, scope, prose()))


def _taken_by_slow(sought: Sought, scope: Scope) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
    return tuple((number, tuple(spans)) for number, spans in _read(sought, scope, prose(_SAMPLED)))


def _read(sought: Sought, scope: Scope, read: Prose) -> Iterator[tuple[int, Spans]]:
    try:
        for number, spans in find(sought, read.corpus):
            yield number, _widened(read.paragraphs[number], spans, scope)
    except DetectorError:
        return


def _widened(paragraph: Paragraph, spans: Spans, scope: Scope) -> Spans:
    """Return what a rule of ``scope`` removes where it finds ``spans`` (semantics, rule 5)."""
    if scope.unit == "span":
        return spans
    units = paragraph.sentences if scope.unit == "sentence" else ((0, paragraph.sentences[-1][1]),)
    pieces = [(at, min(at + scope.bound, end)) for start, end in units for at in range(start, end, scope.bound)]
    return [piece for piece in pieces if any(start < piece[1] and piece[0] < end for start, end in spans)]


def _counted(read: Prose, taken: Mapping[int, Spans]) -> tuple[Share, ...]:
    touched: dict[tuple[str, str], int] = {}
    removed: dict[tuple[str, str], int] = {}
    for number, spans in taken.items():
        paragraph = read.paragraphs[number]
        cell = paragraph.language, paragraph.kind
        gone = _merged(spans)
        removed[cell] = removed.get(cell, 0) + sum(end - start for start, end in gone)
        hit = sum(any(start < last and first < end for start, end in gone) for first, last in paragraph.sentences)
        touched[cell] = touched.get(cell, 0) + hit
    found = [
        Share(
            *cell, 100 * touched[cell] / read.sizes[cell][0], 100 * removed[cell] / read.sizes[cell][1], touched[cell]
        )
        for cell in touched
    ]
    return tuple(sorted(found, key=lambda each: (-max(each.sentences, each.characters), each.language, each.kind)))


def _merged(spans: Spans) -> Spans:
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
