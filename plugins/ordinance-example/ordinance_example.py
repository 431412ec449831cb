"""Shouting, seen by sentences, and the codes of shelves, found on the stream."""

from __future__ import annotations

import re

from ordinance.detection import DetectorKind, Expressions, Pattern, Segments
from ordinance.hookspecs import hookimpl

_SHOUTING = re.compile(r"[A-Z]{4,}!")


def find_shouting(sentence: str) -> list[tuple[int, int]]:
    """Where words in capitals end in an exclamation mark."""
    return [match.span() for match in _SHOUTING.finditer(sentence)]


@hookimpl
def register_detectors() -> list[DetectorKind]:
    """Both detectors of this plugin; neither takes anything from the pack's declaration."""
    return [
        DetectorKind("example.shouting", lambda declaration: Segments(find_shouting)),
        DetectorKind("example.shelves", lambda declaration: Expressions(patterns=(Pattern("SHELF-[0-9]{4}"),))),
    ]
