"""Each use of a detector is served, or is a finding at the phrase or pattern that cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ordinance.detection import Declaration, Expressions, Prepared, Segments, Unconfigured
from ordinance.errors import PatternError
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.language.source import Span
from ordinance.policy.ir import Detector, Policy
from ordinance.policy.link.names import Report
from ordinance.policy.vocabulary import NoticeKind


class Provider(Protocol):
    """Says how a detector finds what it finds; ``names`` are those of plugins."""

    @property
    def names(self) -> Sequence[str]: ...

    def detector(self, asked: Declaration) -> Prepared | Unconfigured | None: ...


def prepare_detectors(policy: Policy, provider: Provider, report: Report) -> dict[str, Prepared]:
    """Prepare each detector, by its key. Detectors that nobody provides are left out, with an error; so are those that
    are not set up, with an error where a red line asks them, and else with a warning."""
    red = {key for rule in policy.rules if rule.kind is NoticeKind.RED_LINE for key in (*rule.detectors, *rule.near)}
    prepared: dict[str, Prepared] = {}
    for detector in policy.detectors:
        if detector.kind == "lexicon":
            found = _prepare_phrases(detector, provider, report)
        else:
            found = _prepare(detector, provider, report, red=detector.key in red)
        if found is not None:
            prepared[detector.key] = found
    _check_near(policy, prepared, report)
    return prepared


def _check_near(policy: Policy, prepared: Mapping[str, Prepared], report: Report) -> None:
    """Report each rule that wants what sees whole sentences within so many characters of something."""
    for rule in policy.rules:
        whole = [key for key in (*rule.detectors, *rule.near) if isinstance(prepared.get(key), Segments)]
        if rule.within and whole:
            message = (
                f"`{rule.node.name}` wants `{whole[0]}`, which sees whole sentences, within {rule.within} characters"
            )
            report(diagnose("near-sentences", rule.node.name.span, message))


def _prepare(detector: Detector, provider: Provider, report: Report, *, red: bool) -> Prepared | None:
    place = detector.places[0] if detector.places else detector.span
    try:
        found = provider.detector(detector.declaration)
    except PatternError as error:
        report(diagnose("pattern-invalid", _inside(place, error.offset), error.message, error.help))
        return None
    if found is None:
        near = did_you_mean(detector.kind, provider.names)
        message = f"no allowed plugin provides the detector {detector.kind}"
        report(diagnose("detector-missing", detector.span, message, near))
        return None
    if isinstance(found, Unconfigured):
        code = "red-line-unconfigured" if red else "detector-unconfigured"
        message = f"the detector {detector.kind} is not set up ({found.missing}), so it looks for nothing"
        report(diagnose(code, detector.span, message))
        return None
    return found


def _prepare_phrases(detector: Detector, provider: Provider, report: Report) -> Prepared | None:
    """Prepare each phrase by itself, so that all findings on a lexicon come at once; None where one cannot be."""
    sound = True
    first: dict[str, int] = {}
    written: dict[str, None] = {}
    for phrase, place in zip(detector.declaration.arguments, detector.places, strict=True):
        try:
            one = provider.detector(replace(detector.declaration, arguments=(phrase,)))
        except PatternError as error:
            if "{" in phrase or "}" in phrase:
                at = replace(place, column=place.column + error.offset, end_column=place.column + error.offset + 1)
                report(diagnose("endings-invalid", at, error.message, error.help))
            else:
                report(diagnose("phrase-empty", place, error.message, error.help))
            sound = False
            continue
        if not isinstance(one, Expressions):
            continue
        written.update(dict.fromkeys(one.written))
        lines = [first.setdefault(form, place.line) for form in one.phrases]
        if lines.count(place.line) < len(lines):
            report(
                diagnose(
                    "phrase-twice",
                    place,
                    f"the phrase is the same as one on line {min(lines)} once case and accents are ignored",
                )
            )
    return Expressions(phrases=tuple(first), written=tuple(written)) if sound else None


def _inside(place: Span, offset: int) -> Span:
    """Return the place of the character at ``offset`` of a quoted text, past its opening quote."""
    column = min(place.column + 1 + offset, place.end_column - 1)
    return replace(place, column=column, end_column=column + 1)
