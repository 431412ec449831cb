"""A text as the witness reads it: its protected spans in order, and the words around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ordinance.substance.closed_classes import Language
from ordinance.substance.literals import literals, noticed
from ordinance.substance.moments_named import moments
from ordinance.substance.protected_spans import Span, without
from ordinance.substance.quantities import quantities
from ordinance.substance.running_words import Word, running


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a text: ``spans`` that come back in this order, ``nouns`` whose order may change, and ``words``
    that are not protected."""

    spans: tuple[Span, ...]
    nouns: tuple[Span, ...]
    words: tuple[Word, ...]


def read(text: str, language: Language | None, notices: Iterable[str] = ()) -> Read:
    """Read a ``text`` in a ``language`` (None: one that is not known), which contains ``notices`` of the engine."""
    spans: list[Span] = noticed(text, notices)
    left = without(text, tuple(spans))
    for reader in (literals, lambda rest: moments(rest, language), lambda rest: quantities(rest, language)):
        taken = tuple(reader(left))
        spans += taken
        left = without(left, tuple(sorted(taken, key=lambda span: (span.start, -span.end))))
    rest = running(left, language)
    ordered = sorted((*spans, *rest.spans), key=lambda span: (span.start, -span.end))  # €5 is 5 €
    return Read(tuple(ordered), tuple(rest.nouns), tuple(rest.words))
