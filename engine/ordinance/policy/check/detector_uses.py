"""Each use of a detector is served by its kind, or is a finding at the phrase or pattern that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ordinance.detection import Declaration, DetectorKind, Expressions, Prepared, Segments, Unconfigured
from ordinance.errors import PatternError
from ordinance.language.diagnostics import diagnose, did_you_mean
from ordinance.language.source import Span
from ordinance.policy.ir import Detector, Policy
from ordinance.policy.link.names import Report


def prepare_detectors(policy: Policy, kinds: Mapping[str, DetectorKind], report: Report) -> dict[str, Prepared]:
    """Prepare each detector, by its key. Detectors that no plugin serves are left out, with an error; those that are
    not configured, with a warning."""
    prepared: dict[str, Prepared] = {}
    for detector in policy.detectors:
        kind = kinds.get(detector.kind)
        if kind is None:
            near = did_you_mean(detector.kind, [name for name in kinds if "." in name])
            message = f"no installed plugin registers the detector {detector.kind}"
            report(diagnose("detector-missing", detector.span, message, near))
        elif (found := _prepare(detector, kind, report)) is not None and _serves(detector, found, kinds, report):
            prepared[detector.key] = found
    return prepared


def _prepare(detector: Detector, kind: DetectorKind, report: Report) -> Prepared | None:
    if kind.name == "lexicon":
        return _prepare_phrases(detector, kind, report)
    place = detector.places[0] if detector.places else detector.span
    try:
        prepared: object = kind.prepare(detector.declaration)
    except PatternError as error:
        report(diagnose("pattern-invalid", _inside(place, error.offset), error.message, error.help))
        return None
    except BaseException as error:  # a plugin may raise anything, an exit too; the load fails with its name
        message = f"the detector {kind.name} failed while it was prepared ({type(error).__name__})"
        report(diagnose("detector-fails", place, message))
        return None
    if isinstance(prepared, Unconfigured):
        message = f"the detector {kind.name} is not set up ({prepared.missing}), so it looks for nothing"
        report(diagnose("detector-unconfigured", place, message))
        return None
    if not isinstance(prepared, Prepared):
        message = f"the detector {kind.name} returned a {type(prepared).__name__}, not Expressions or Segments"
        report(diagnose("detector-fails", place, message))
        return None
    return prepared


def _serves(detector: Detector, found: Prepared, kinds: Mapping[str, DetectorKind], report: Report) -> bool:
    """Whether the engine can serve the phrases and patterns that a plugin gave."""
    if isinstance(found, Segments) or "." not in detector.kind:
        return True
    if any(each.accepts is not None for each in found.patterns):
        message = f"the detector {detector.kind} returned a pattern with a check of its own"
        report(
            diagnose("detector-fails", detector.span, message, "Return Segments instead: they run within a time limit.")
        )
        return False
    uses = [("lexicon", Declaration(detector.kind, found.phrases))]
    uses += [("pattern", Declaration(detector.kind, (each.source,), each.any_case)) for each in found.patterns]
    try:
        for kind, declaration in uses:
            kinds[kind].prepare(declaration)
    except PatternError as error:
        report(diagnose("detector-fails", detector.span, f"the detector {detector.kind}: {error.message}"))
        return False
    return True


def _prepare_phrases(detector: Detector, kind: DetectorKind, report: Report) -> Prepared | None:
    """Prepare each phrase by itself, so that all findings on a lexicon come at once; None where one cannot be."""
    sound = True
    first: dict[str, int] = {}
    written: dict[str, None] = {}
    for phrase, place in zip(detector.declaration.lines, detector.places, strict=True):
        try:
            one = kind.prepare(replace(detector.declaration, lines=(phrase,)))
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
        if any(line != place.line for line in lines):
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
