"""The detectors that come with the engine: a plugin like any other, but that it runs in the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ordinance.detection import Declaration, Expressions, Passage, Pattern, Prepared, Segments, Span
from ordinance.detectors.endings import expand
from ordinance.detectors.identifiers import IDENTIFIERS
from ordinance.errors import PatternError
from ordinance.plugin import hookimpl
from ordinance.runtime.match.matcher import check_pattern
from ordinance.runtime.match.network import canonical_phrase, phrase_forms
from ordinance.runtime.text.scripts import INDISTINCT, NAMES, finder


@hookimpl
def detector(asked: Declaration) -> Prepared | None:
    """``lexicon``, ``named``, ``pattern``, ``identifier`` and ``script``. Raises ``PatternError`` for what none of them
    can look for."""
    prepare = _PREPARE.get(asked.name)
    return None if prepare is None else prepare(asked)


def prepare_lexicon(asked: Declaration) -> Expressions:
    """Phrases as they are compared, each ending written out. Raises ``PatternError`` for one that folds to nothing, is
    too long, or has braces that state no endings."""
    written = tuple(dict.fromkeys(phrase for line in asked.arguments for phrase in expand(line, dict(asked.endings))))
    return Expressions(phrases=forms_of(*written), written=written)


def forms_of(*phrases: str) -> tuple[str, ...]:
    """Return phrases as they are compared. Raises ``PatternError`` for one that folds to nothing, or is too long."""
    return tuple(dict.fromkeys(form for phrase in phrases for form in phrase_forms(phrase)))


def prepare_names(asked: Declaration) -> Expressions:
    """Names of tools, as they are compared. Raises ``PatternError`` for one that folds to nothing."""
    return Expressions(calls=frozenset(map(canonical_phrase, asked.arguments)))


def prepare_pattern(asked: Declaration) -> Expressions:
    """Patterns of the dialect. Raises ``PatternError``, with the offset of the fault, for one outside it."""
    for source in asked.arguments:
        check_pattern(source, asked.any_case)
    return Expressions(patterns=tuple(Pattern(source, asked.any_case) for source in asked.arguments))


def prepare_identifier(asked: Declaration) -> Expressions:
    """Return the expressions of the built-in identifier that is named. Raises ``PatternError`` if there is none."""
    (name,) = asked.arguments
    found = IDENTIFIERS.get(name)
    if found is None:
        near = get_close_matches(name, IDENTIFIERS, 1)
        known = ", ".join(sorted(IDENTIFIERS))
        raise PatternError(
            f"no identifier is called `{name}`.",
            help=f"Did you mean `{near[0]}`?" if near else f"Known: {known}. For another number declare a pattern.",
        )
    return Expressions(patterns=found.patterns)


def prepare_script(asked: Declaration) -> Segments:
    """Sentences in the script that is named, by its ISO 15924 code or its name. Raises ``PatternError`` where there is
    none."""
    (written,) = asked.arguments
    name = written.lower()
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
        raise PatternError(f"no script is called `{written}`.", help=advice)
    return Segments(_Whole(finder(name)))


@dataclass(frozen=True, slots=True)
class _Whole:
    """Looks at a sentence as it was written."""

    find: Callable[[str], list[Span]]

    def __call__(self, passage: Passage) -> list[Span]:
        return self.find(passage.text)


_PREPARE: Mapping[str, Callable[[Declaration], Prepared]] = {
    "lexicon": prepare_lexicon,
    "named": prepare_names,
    "pattern": prepare_pattern,
    "identifier": prepare_identifier,
    "script": prepare_script,
}
