"""Inflection, written out ahead of time: ``Terroranschl{ag,ags,äge,ägen}`` is four phrases.

A language that bends its words, or attaches particles to them, needs each form as a phrase of its own; trimming words
to stems would find ten times too much. Whoever writes a lexicon says which forms there are, in braces, or names there
the endings that its pack declares, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import product
from math import prod

from ordinance.errors import PatternError

#: Phrases that one line may stand for.
MAX_FORMS = 200

#: What the pack declares: the forms of each set of endings, by its name.
Declared = Mapping[str, tuple[str, ...]]

_NONE: Declared = {}
_HOW = "Write the forms with commas between them: Kind{,es,er,ern}."


def expand(line: str, declared: Declared = _NONE) -> tuple[str, ...]:
    """Return the phrases that a ``line`` of a lexicon stands for, in the order in which they are written.

    Braces contain alternatives, separated by commas; nothing before the first comma is the bare word. One word alone in
    braces is the name of ``declared`` endings. Several braces multiply. Spaces next to a comma or a brace do not count,
    and two spaces are one. Raises ``PatternError``, with the offset of the fault, for malformed braces.
    """
    parts = _counted(line, declared)
    if len(parts) < 2:
        return (line,)
    return tuple(" ".join("".join(chosen).split()) for chosen in product(*(forms for forms, _ in parts)))


def written_out(line: str, declared: Declared = _NONE) -> tuple[int, int]:
    """How many phrases a line stands for, and how many characters all of them have at most, without writing them out.
    Raises ``PatternError`` as ``expand`` does."""
    parts = _counted(line, declared)
    count = prod(len(forms) for forms, _ in parts)
    return count, sum(count // len(forms) * sum(map(len, forms)) for forms, _ in parts)


def _counted(line: str, declared: Declared) -> list[tuple[tuple[str, ...], int]]:
    """Return the pieces of ``line``. Raises ``PatternError`` if it expands to more phrases than allowed."""
    parts = _parts(line, declared)
    count = 1
    for forms, at in parts:
        count *= len(forms)
        if count > MAX_FORMS:
            raise PatternError(
                f"the braces in this line make more than {MAX_FORMS} phrases.",
                help="Write several lines with fewer forms each.",
                offset=at,
            )
    return parts


def _parts(line: str, declared: Declared) -> list[tuple[tuple[str, ...], int]]:
    """Return the pieces of ``line``, each with its alternatives and its offset."""
    found: list[tuple[tuple[str, ...], int]] = []
    at = 0
    while at < len(line):
        opening = line.find("{", at)
        closing = line.find("}", at)
        if closing >= 0 and (opening < 0 or closing < opening):
            raise PatternError("this brace has no opening brace.", help=_HOW, offset=closing)
        if opening < 0:
            return [*found, ((line[at:],), at)]
        if closing < 0:
            raise PatternError("this brace is never closed.", help=_HOW, offset=opening)
        inside = line[opening + 1 : closing]
        if "{" in inside:
            raise PatternError("there is a brace inside a brace.", help=_HOW, offset=opening + 1 + inside.index("{"))
        forms = tuple(map(str.strip, inside.split(",")))
        if len(forms) < 2:
            forms = declared.get(forms[0]) or _undeclared(forms[0], declared, opening)
        if len(set(forms)) < len(forms):
            raise PatternError("this brace lists an ending twice.", help="Keep one of them.", offset=opening)
        found += [((line[at:opening],), at), (forms, opening)]
        at = closing + 1
    return found


def _undeclared(name: str, declared: Declared, at: int) -> tuple[str, ...]:
    """Raise ``PatternError`` for braces ``at`` this offset that contain neither several endings nor a known name."""
    near = get_close_matches(name, declared, 1)
    what = f"Did you mean `{{{near[0]}}}`?" if near else f"Leave the braces out. {_HOW}"
    message = "this brace contains only one ending"
    if name.isidentifier():
        message = f"{message}, and the pack declares no endings of the name `{name}`"
        what = what if near else f'{what} Or declare them in the pack: endings {name} ",a,b".'
    raise PatternError(f"{message}.", help=what, offset=at)
