"""The detector kinds that come with the engine, registered through the same hook as everyone's."""

from __future__ import annotations

from ordinance.detection import Declaration, DetectorKind, Expressions, Pattern
from ordinance.endings import expand
from ordinance.hookspecs import hookimpl
from ordinance.runtime.matcher import check_pattern
from ordinance.runtime.network import phrase_forms


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


@hookimpl
def register_detectors() -> list[DetectorKind]:
    """``lexicon`` and ``pattern``."""
    return [DetectorKind("lexicon", prepare_lexicon), DetectorKind("pattern", prepare_pattern)]
