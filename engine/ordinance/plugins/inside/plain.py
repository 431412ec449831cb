"""What a plugin returned, as plain data: exactly, because a value that could be converted would mean something else."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.plugin import Candidates, Expressions, Form, Judged, Pattern, Segments, Sink, Unconfigured

#: What is called later, by the type that contains it.
_FUNCTIONS = {Candidates: "accepts", Segments: "find", Judged: "score", Form: "rewrite", Sink: "write"}
#: The most values that a list has.
MOST = 100_000


class NotPlainError(Exception):
    """A value is not plain data, or there are too many."""


def plain(value: object) -> object:
    """Return ``value`` with its tuples and iterators as lists. Raises ``NotPlainError`` for anything but text, numbers,
    truth values, None, and lists of these: a subclass of ``int`` is not an ``int``."""
    if isinstance(value, list | tuple | Iterator):
        values: list[object] = []
        for each in value:
            if len(values) == MOST:
                raise NotPlainError(f"more than {MOST} values")
            values.append(plain(each))
        return values
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise NotPlainError(f"a {type(value).__name__}")


def described(given: object) -> dict[str, object]:
    """Return what a hook gave, without its functions. The engine checks the types once more: it trusts nothing here."""
    function = _FUNCTIONS.get(type(given), "")
    if function and not callable(found := getattr(given, function)):
        return {"kind": "other", "type": f"{type(given).__name__} with a {type(found).__name__} as `{function}`"}
    match given:
        case Expressions():
            return {"kind": "expressions", "phrases": plain(given.phrases), "patterns": _patterns(given.patterns)}
        case Candidates():
            return {"kind": "candidates", "shapes": _patterns(given.shapes), "before": plain(given.before)}
        case Segments():
            return {"kind": "segments", "overlap": plain(given.overlap)}
        case Judged():
            return {"kind": "judged", "version": plain(given.version)}
        case Form():
            return {"kind": "form", "width": plain(given.width)}
        case Sink():
            return {"kind": "sink"}
        case Unconfigured():
            return {"kind": "unconfigured", "missing": plain(given.missing)}
        case None:
            return {"kind": "nothing"}
        case _:
            return {"kind": "other", "type": type(given).__name__}


def _patterns(given: object) -> object:
    if not isinstance(given, list | tuple):
        return plain(given)
    return [[plain(each.source), plain(each.any_case)] if isinstance(each, Pattern) else plain(each) for each in given]
