"""The detector kinds that come with the engine, registered through the same hook as everyone's."""

from __future__ import annotations

from difflib import get_close_matches

from ordinance.detection import Declaration, DetectorKind, Expressions, Pattern
from ordinance.errors import PatternError
from ordinance.hookspecs import hookimpl
from ordinance.identifiers import IDENTIFIERS
from ordinance.runtime.matcher import check_pattern
from ordinance.runtime.network import phrase_forms


def prepare_lexicon(declaration: Declaration) -> Expressions:
    """Phrases as they are compared. Raises ``PatternError`` for one that folds to nothing or is too long."""
    forms = (form for phrase in declaration.lines for form in phrase_forms(phrase))
    return Expressions(phrases=tuple(dict.fromkeys(forms)))


def prepare_pattern(declaration: Declaration) -> Expressions:
    """Patterns of the dialect. Raises ``PatternError``, with the offset of the fault, for one outside it."""
    for source in declaration.lines:
        check_pattern(source, declaration.any_case)
    return Expressions(patterns=tuple(Pattern(source, declaration.any_case) for source in declaration.lines))


def prepare_identifier(declaration: Declaration) -> Expressions:
    """The built-in identifier that ``declaration`` names. Raises ``PatternError`` where there is none."""
    found = IDENTIFIERS.get(declaration.name)
    if found is None:
        near = get_close_matches(declaration.name, IDENTIFIERS, 1)
        known = ", ".join(sorted(IDENTIFIERS))
        raise PatternError(
            f"no identifier is called `{declaration.name}`.",
            help=f"Did you mean `{near[0]}`?" if near else f"Known: {known}. For another number declare a pattern.",
        )
    return Expressions(patterns=found.patterns)


@hookimpl
def register_detectors() -> list[DetectorKind]:
    """``lexicon``, ``pattern`` and ``identifier``."""
    return [
        DetectorKind("lexicon", prepare_lexicon),
        DetectorKind("pattern", prepare_pattern),
        DetectorKind("identifier", prepare_identifier),
    ]
