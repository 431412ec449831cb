"""What a detector is: the values that detectors, built in or from a plugin, hand to the engine.

A detector kind is registered once, by name, through ``hookspecs.register_detectors``. When a policy is
compiled, each use of it in a pack becomes a ``Declaration``, and ``prepare`` turns that into one of two things:

``Expressions``
    phrases and patterns that the engine merges into its own automaton. They are found on a stream exactly:
    text waits only while it can still become part of a match.

``Segments``
    a function that sees one closed sentence at a time and answers with spans in it. The promise for such a
    detector is *by segment*: the open sentence waits until it is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in the dialect of ``docs/patterns.md``.

    It keeps case unless ``any_case``; it matches folded text, so its literals and classes are folded too.

    ``accepts`` is for the engine's own identifiers: it decides whether what matches counts. It is given the folded text
    and computes check digits. Such a pattern reads the same number of letters and digits whatever way it matches, so
    that every candidate is tried by itself. A plugin's code runs within a budget, so a plugin gives ``Segments``.
    ``check_digits`` is how many of its characters can be computed from the others.
    """

    source: str
    any_case: bool = False
    accepts: Callable[[str], bool] | None = None
    check_digits: int = 0


@dataclass(frozen=True, slots=True)
class Expressions:
    """Phrases (any case, whole words where they begin or end in an alphabetic letter) and patterns.

    ``written`` are the phrases before they were folded, where the detector knows them: base64 keeps accents. Where
    ``disguised``, phrases are also found spaced, in leetspeak, reversed, in base64 and in rot13; the engine sets it
    by the rule.
    """

    phrases: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    written: tuple[str, ...] = ()
    disguised: bool = False


@dataclass(frozen=True, slots=True)
class Segments:
    """``find`` takes a closed sentence and gives (start, end) character offsets in it, start < end.

    It must be a pure function: same sentence, same spans. If it raises, the request in which it does fails
    closed and says so; no other request notices. So it does where it gives anything but a list, a tuple or an iterator
    of pairs (lists or tuples) of whole numbers: a text, a truth value or a fraction is no offset.
    """

    find: Callable[[str], Iterable[tuple[int, int]]]


def exact(found: object) -> list[tuple[int, int]]:
    """Convert what ``Segments.find`` returned into spans. Raises ``TypeError`` for anything not of the required types:
    a wrong type that could be converted would cut at a wrong place."""
    if not isinstance(found, list | tuple | Iterator):
        raise TypeError("no list of spans")
    return [_span(pair) for pair in found]


def _span(pair: object) -> tuple[int, int]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or type(pair[0]) is not int or type(pair[1]) is not int:
        raise TypeError("no pair of whole numbers")
    return pair[0], pair[1]


Prepared = Expressions | Segments


@dataclass(frozen=True, slots=True)
class Unconfigured:
    """What the operator has not set up that the detector needs, such as the path of a model; ``missing`` names it.

    The detector is struck out of the sentences that ask it, which start-up and `/ready` show; a rule that has nothing
    else is on trial. That is no fault: nothing counts as fired.
    """

    missing: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """One use of a detector in a pack.

    ``name`` is the declared name; ``lines`` are the phrases of a lexicon, or the one source of a pattern;
    empty for a detector that a plugin names. ``any_case`` is said by the pack.
    """

    name: str
    lines: tuple[str, ...] = ()
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class DetectorKind:
    """A way to detect: ``lexicon``, ``pattern``, or ``vendor.name`` from a plugin.

    ``prepare`` runs at load only. It raises ``PatternError`` for a declaration that it cannot serve, and gives
    ``Unconfigured`` where the operator has to set something up first.
    """

    name: str
    prepare: Callable[[Declaration], Prepared | Unconfigured]
