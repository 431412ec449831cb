"""What a policy looks for is no more than a server can hold: counted before anything is written out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ordinance.detectors.endings import written_out
from ordinance.errors import PatternError
from ordinance.language.diagnostics import Diagnostic, diagnose
from ordinance.loading import bounds
from ordinance.policy.ir import Detector, Policy
from ordinance.policy.link.names import Report
from ordinance.policy.vocabulary import Effect
from ordinance.runtime.match.patterns import parse_pattern, size


def oversized(policy: Policy) -> tuple[Diagnostic, ...]:
    """Report an error at the first phrase, or else the first pattern, with which a policy exceeds its bounds."""
    found: list[Diagnostic] = []
    disguised = {
        key
        for rule in policy.rules
        if rule.disguised or rule.effect is Effect.REFUSE
        for key in (*rule.detectors, *rule.near)
    }
    lexicons = [each for each in policy.detectors if each.kind == "lexicon"]
    patterns = [each for each in policy.detectors if each.kind == "pattern"]
    if _phrases_fit(lexicons, disguised, found.append):
        _patterns_fit(patterns, found.append)
    return tuple(found)


def _phrases_fit(lexicons: Iterable[Detector], disguised: set[str], report: Report) -> bool:
    room = bounds.PHRASES_LIMIT
    for lexicon in lexicons:
        times = bounds.DISGUISED_FACTOR if lexicon.key in disguised else 1
        for line, place in zip(lexicon.declaration.arguments, lexicon.places, strict=True):
            try:
                count, characters = _written_out(line, lexicon.declaration.endings)
            except PatternError:
                continue  # another finding says so
            room -= times * (characters + bounds.PHRASE_EXTRA * count)
            if room < 0:
                message = (
                    f"with this phrase the policy has more than {bounds.PHRASES_LIMIT:,} characters of phrases "
                    f"(each ending counts fully, each phrase {bounds.PHRASE_EXTRA} more, and phrases that a rule finds "
                    f"in disguise count {bounds.DISGUISED_FACTOR} times)"
                )
                report(diagnose("phrases-too-many", place, message))
                return False
    return True


@lru_cache(maxsize=2048)
def _written_out(line: str, endings: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[int, int]:
    return written_out(line, dict(endings))


def _patterns_fit(patterns: Iterable[Detector], report: Report) -> None:
    room = bounds.PATTERNS_LIMIT
    for pattern in patterns:
        for source in pattern.declaration.arguments:
            try:
                room -= size(parse_pattern(source, pattern.declaration.any_case))
            except PatternError:
                continue
        if room < 0:
            message = f"with this pattern the policy has more than {bounds.PATTERNS_LIMIT:,} symbols of patterns"
            report(diagnose("patterns-too-large", pattern.places[0] if pattern.places else pattern.span, message))
            return
