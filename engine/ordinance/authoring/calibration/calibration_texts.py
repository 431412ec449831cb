"""Labelled texts, sorted for a calibration: by rule and language, into halves, and refused where they would mislead.

A judge that is measured without harmless requests learns nothing about the commonest text of all, and one measured
without near misses or prose nothing about its commonest mistakes: each language needs all three kinds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, get_args

from ordinance.authoring.labelled import Kind, Labelled
from ordinance.detection import Question

#: A file is in one language if so many of its decided texts are.
_ONE_LANGUAGE = 0.9

_KINDS = {
    "request": (
        "texts-requests",
        "harmless requests",
        "Add everyday requests in that language, such as `passes prompt request`; a judge that learns from texts "
        "without them takes every request for a violation.",
    ),
    "prose": ("texts-prose", "harmless prose", "Add news, history, law and fiction, as `passes prompt prose`."),
    "contrast": (
        "texts-contrasts",
        "near misses",
        "Add texts with the rule's words that it must leave alone, as `quiet RULE prompt contrast`.",
    ),
}


class Fault(NamedTuple):
    """Why texts cannot calibrate a judge: a stable code, what is wrong, what to do."""

    code: str
    message: str
    help: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A text for one ``rule``; "" for every rule. ``kind`` is None if it fires; ``before`` is what was asked, where the
    text is an answer. ``kept_out`` ones never make a map, ``measured`` ones measure the judge."""

    rule: str
    language: str
    kind: Kind | None
    text: str
    before: str
    kept_out: bool
    measured: bool
    place: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """The samples of each rule and language, in a fixed order; what keeps them from being used; what a person should
    know."""

    samples: Mapping[tuple[str, str], Sequence[Sample]]
    faults: Sequence[Fault]
    notes: Sequence[str]


def sort(
    files: Iterable[tuple[str, Sequence[Labelled]]],
    questions: Mapping[str, Question],
    language_of: Callable[[str], str],
    *,
    unseen: bool,
) -> Sorted:
    """Sort the texts of ``files`` (name, texts) for the rules of ``questions``. In a file that marks texts `kept_out`,
    the others may have been seen by whoever fitted the judge: they measure it only if all are ``unseen``. In a file
    without marks every second text of each group is kept out, and all measure."""
    faults: list[Fault] = []
    notes: list[str] = []
    found: list[Sample] = []
    for name, texts in files:
        samples = [_sample(each, unseen) for each in texts]
        faults += [fault for each in zip(texts, samples, strict=True) for fault in _faults(*each, questions)]
        if not any(each.kept_out for each in texts):
            samples = list(_halves(samples))
        found += _in_languages(name, samples, language_of, faults, notes)
    doubles: set[str] = set()
    groups = {key: list(_once(group, faults, doubles)) for key, group in _groups(found, questions).items()}
    if doubles:
        notes.append(f"texts that are there twice, and count once: {len(doubles)}")
    for (rule, language), group in groups.items():
        faults += _missing(rule, language, group)
    if not groups and not faults:
        faults.append(Fault("texts-firing", "no text fires for a judged rule", "Add texts as `fires RULE prompt`."))
    return Sorted(groups, list(dict.fromkeys(faults)), notes)


def _sample(text: Labelled, unseen: bool) -> Sample:
    example = text.example
    said = example.prompt if example.answer is None else example.answer
    return Sample(
        rule=example.rule,
        language="",
        kind=None if example.expects == "fires" else text.kind,
        text=said or "",
        before="" if example.answer is None else example.prompt or "",
        kept_out=text.kept_out,
        measured=text.kept_out or unseen,
        place=f"{example.span.source.name}:{example.span.line}",
    )


def _faults(text: Labelled, sample: Sample, questions: Mapping[str, Question]) -> Iterator[Fault]:
    if sample.rule and sample.rule not in questions:
        names = ", ".join(sorted(questions)) or "none"
        yield Fault(
            "texts-rule", f"{sample.place}: {sample.rule} is not a judged rule", f"Judged rules of the packs: {names}."
        )
    if text.example.expects != "fires" and text.kind is None:
        shape = 'End the line with `request`, `prose` or `contrast`; in JSON write "kind".'
        yield Fault("texts-kind", f"{sample.place}: this quiet text does not say its kind", shape)
    asked = [questions[sample.rule]] if sample.rule in questions else [] if sample.rule else list(questions.values())
    for question in asked:
        if sample.text.strip() in {example.strip() for example in (*question.fires, *question.quiet)}:
            yield Fault(
                "texts-in-prompt",
                f"{sample.place}: this text is also an example of {question.rule}, which the judge is shown",
                "Take another text: what the judge was shown does not measure it.",
            )


def _halves(samples: Sequence[Sample]) -> Iterator[Sample]:
    """Keep out every second text of each group; all of them measure."""
    seen: Counter[tuple[str, Kind | None]] = Counter()
    for each in samples:
        seen[each.rule, each.kind] += 1
        yield replace(each, kept_out=seen[each.rule, each.kind] % 2 == 0, measured=True)


def _in_languages(
    name: str,
    samples: Sequence[Sample],
    language_of: Callable[[str], str],
    faults: list[Fault],
    notes: list[str],
) -> Iterator[Sample]:
    """Give each sample its language: that of the whole file where nearly all of its texts agree, else its own."""
    own = [language_of(each.text) for each in samples]
    decided = Counter(filter(None, own))
    if not decided:
        help = (
            "Texts need at least 20 letters of one language that the identifiers know; docs/calibration.md lists them."
        )
        faults.append(Fault("texts-language", f"{name}: no text is in a language that can be told", help))
        return
    language, count = decided.most_common(1)[0]
    if count >= _ONE_LANGUAGE * decided.total():
        if others := decided.total() - count:
            notes.append(f"{name}: {others} of {len(own)} texts look like another language; all count as {language}")
        yield from (replace(each, language=language) for each in samples)
        return
    if left := own.count(""):
        notes.append(f"{name}: {left} of {len(own)} texts are left out: their language cannot be told")
    yield from (replace(each, language=each_own) for each, each_own in zip(samples, own, strict=True) if each_own)


def _once(group: Sequence[Sample], faults: list[Fault], doubles: set[str]) -> Iterator[Sample]:
    """Leave out what is there twice for a rule: it would stand in both halves, or count twice."""
    first: dict[tuple[str, str], Sample] = {}
    for each in group:
        known = first.setdefault((each.text.strip(), each.before.strip()), each)
        if known is each:
            yield each
        elif (known.kind is None) != (each.kind is None):
            help = "Decide which it is, and take the other one out."
            faults.append(Fault("texts-both", f"{each.place}: {known.place} says the opposite of this text", help))
        else:
            doubles.add(each.place)


def _groups(samples: Sequence[Sample], questions: Mapping[str, Question]) -> dict[tuple[str, str], list[Sample]]:
    own: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    shared: defaultdict[str, list[Sample]] = defaultdict(list)
    for each in samples:
        if not each.rule:
            shared[each.language].append(each)
        elif each.rule in questions:
            own[each.rule, each.language].append(each)
    return {key: own[key] + shared[key[1]] for key in sorted(own)}


def _missing(rule: str, language: str, group: Sequence[Sample]) -> Iterator[Fault]:
    where = f"{rule} in {language}"
    kinds = Counter(each.kind for each in group)
    if not kinds[None]:
        yield Fault("texts-firing", f"{where}: no text fires", f"Add texts in that language as `fires {rule} prompt`.")
    for kind in get_args(Kind):
        code, what, help = _KINDS[kind]
        if not kinds[kind]:
            yield Fault(code, f"{where}: there are no {what}", help)
    halves = {(each.kept_out, each.kind is None) for each in group}
    if kinds[None] and kinds.total() > kinds[None] and len(halves) < 4:
        help = "Each half needs firing and quiet texts: add some, or change which are marked `kept_out`."
        yield Fault("texts-few", f"{where}: one half of the texts has none that fires, or none that is quiet", help)
