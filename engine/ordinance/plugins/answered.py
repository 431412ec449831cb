"""What a plugin answered at run time, of exactly the type that the contract says, or a ``ValueError``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from unicodedata import category

from ordinance.plugin import Passage, Span

#: Checks an answer and returns it with its type.
Check = Callable[[object], object]

#: Categories of Unicode of which a form may add and remove nothing.
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Zl", "Zp"))


class OutsideError(ValueError):
    """An answer has the right type, and lies outside its bounds."""


def sent(passage: Passage) -> list[object]:
    """Return ``passage`` as plain data; what is the same as its text is not sent twice."""
    offsets = passage.offsets
    same = offsets == range(len(passage.text) + 1) or list(offsets) == list(range(len(passage.text) + 1))
    return [
        passage.text,
        None if passage.folded == passage.text else passage.folded,
        None if same else list(offsets),
        passage.before,
    ]


def truth(answer: object) -> bool:
    """Return a truth value, and no number."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    return answer


def spans(answer: object, length: int) -> list[Span]:
    """Return pairs of whole numbers within a text of ``length`` characters."""
    return [_span(pair, length) for pair in _list(answer)]


def _span(pair: object, length: int) -> Span:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError("not a pair")
    start, end = pair
    if type(start) is not int or type(end) is not int:
        raise ValueError("not whole numbers")
    if not 0 <= start < end <= length:
        raise OutsideError("not a span of the passage")
    return start, end


def scores(answer: object, count: int) -> list[float]:
    """Return ``count`` numbers from 0 to 1."""
    found = _list(answer)
    if len(found) != count:
        raise OutsideError("not one score for each passage")
    return [_score(each) for each in found]


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    if not 0 <= value <= 1:  # neither is NaN
        raise OutsideError("not from 0 to 1")
    return float(value)


def rewritten(answer: object, asked: str) -> str:
    """Return the other form of ``asked``: a text that can be written in UTF-8, of at most ``most_rewritten``
    characters, with the same line breaks and invisible characters in the same order."""
    if not isinstance(answer, str):
        raise ValueError("not a text")
    try:
        answer.encode()
    except UnicodeEncodeError:
        raise OutsideError("not whole characters") from None
    if len(answer) > most_rewritten(len(asked)):
        raise OutsideError(f"longer than {most_rewritten(len(asked))} characters, for a text of {len(asked)}")
    if answer != asked and _unseen(answer) != _unseen(asked):
        raise OutsideError("a text with other line breaks or other invisible characters")
    return answer


def most_rewritten(length: int) -> int:
    """Return how many characters the other form of a text of ``length`` characters may have."""
    return 2 * length + 100


def _unseen(value: str) -> list[str]:
    """Return what moves text or hides in it: controls, formats, private and unassigned characters, separators of
    lines."""
    return [each for each in value if not each.isascii() or not each.isprintable() if category(each) in _UNSEEN]


def nothing(answer: object) -> None:
    """Accept None."""
    if answer is not None:
        raise ValueError("not None")


def lines(answer: object, most: int, longest: int) -> list[str]:
    """Return at most ``most`` printable lines of at most ``longest`` characters."""
    return [printable(each, longest) for each in _list(answer)[:most]]


def printable(value: object, longest: int = 300) -> str:
    """Return a text that a plugin says as one line of at most ``longest`` characters."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    return "".join(each if each.isprintable() else " " for each in value[:longest])


def _list(answer: object) -> Sequence[object]:
    if not isinstance(answer, list):
        raise ValueError("not a list")
    return answer
