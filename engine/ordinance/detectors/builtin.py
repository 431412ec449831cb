"""The detector kinds that come with the engine, registered through the same hook as everyone's."""

from __future__ import annotations

from difflib import get_close_matches

from ordinance.detection import Declaration, DetectorKind, Expressions, Pattern, Segments
from ordinance.detectors.endings import expand
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.errors import PatternError
from ordinance.hookspecs import hookimpl
from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.match.network import phrase_forms
from ordinance.runtime.text.scripts import INDISTINCT, NAMES, finder


def prepare_lexicon(declaration: Declaration) -> Expressions:
    """Phrases as they are compared, each ending written out. Raises ``PatternError`` for one that folds to nothing, is
    too long, or has braces that state no endings."""
    written = tuple(dict.fromkeys(phrase for line in declaration.lines for phrase in expand(line)))
    forms = (form for phrase in written for form in phrase_forms(phrase))
    return Expressions(phrases=tuple(dict.fromkeys(forms)), written=written)


def prepare_pattern(declaration: Declaration) -> Expressions:
    """Patterns of the dialect. Raises ``PatternError``, with the offset of the fault, for one outside it."""
    for source in declaration.lines:
        check_pattern(source, declaration.any_case)
    return Expressions(patterns=tuple(Pattern(source, declaration.any_case) for source in declaration.lines))


def prepare_identifier(declaration: Declaration) -> Expressions:
    """Return the expressions of the built-in identifier that ``declaration`` names. Raises ``PatternError`` if there is
    none."""
    found = IDENTIFIERS.get(declaration.name)
    if found is None:
        near = get_close_matches(declaration.name, IDENTIFIERS, 1)
        known = ", ".join(sorted(IDENTIFIERS))
        raise PatternError(
            f"no identifier is called `{declaration.name}`.",
            help=f"Did you mean `{near[0]}`?" if near else f"Known: {known}. For another number declare a pattern.",
        )
    return Expressions(patterns=found.patterns)


def prepare_script(declaration: Declaration) -> Segments:
    """Sentences in the script that ``declaration`` names, by its ISO 15924 code or its name. Raises ``PatternError``
    where there is none."""
    name = declaration.name.lower()
    if name in INDISTINCT:
        raise PatternError(
            "letters alone do not distinguish simplified from traditional Chinese.",
            help="Write `Hani`, for both, or use a lexicon.",
        )
    if name not in NAMES:
        near = get_close_matches(name, NAMES, 1)
        advice = (
            f"Did you mean `{near[0].capitalize()}`?" if near else "Write its ISO 15924 code, such as Cyrl or Arab."
        )
        raise PatternError(f"no script is called `{declaration.name}`.", help=advice)
    return Segments(finder(name))


@hookimpl
def register_detectors() -> list[DetectorKind]:
    """``lexicon``, ``pattern``, ``identifier`` and ``script``."""
    return [
        DetectorKind("lexicon", prepare_lexicon),
        DetectorKind("pattern", prepare_pattern),
        DetectorKind("identifier", prepare_identifier),
        DetectorKind("script", prepare_script),
    ]
