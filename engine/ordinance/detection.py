"""What a detector is: the values that detectors, built in or from a plugin, hand to the engine.

A use of a detector in a pack becomes a ``Declaration``; what is asked for it (``detectors/registry.py``) is one of two
things:

``Expressions``
    phrases and patterns that the engine merges into its own automaton. They are found on a stream exactly:
    text waits only while it can still become part of a match.

``Segments``
    a function that sees one closed sentence at a time and answers with spans in it. The promise for such a
    detector is *by segment*: the open sentence waits until it is closed.

A rule that is ``judged`` asks a question about the meaning of a text, which a ``Judge`` answers at checkpoints. The
promise is *by checkpoint*: what no judge has cleared waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ordinance.plugin import Asked, Form, Passage, Question, Span, Unconfigured


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in the dialect of ``docs/patterns.md``.

    It keeps case unless ``any_case``; it matches folded text, so its literals and classes are folded too.

    ``accepts`` decides whether what matches, a candidate, counts; it is shown at most ``before`` folded characters in
    front of it too. Where such a pattern reads the same number of letters and digits whatever way it matches, every
    candidate is tried by itself; elsewhere, of those that end together, the longest. Where it ``waits``, another
    process decides, which takes time and may fail.
    ``check_digits`` is how many of a candidate's characters can be computed from the others.
    """

    source: str
    any_case: bool = False
    accepts: Callable[[Passage], bool] | None = None
    check_digits: int = 0
    before: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Expressions:
    """Phrases (any case, whole words where they begin or end in an alphabetic letter) and patterns.

    ``written`` are the phrases before they were folded, where the detector knows them: base64 keeps accents. Where
    ``disguised``, phrases are also found spaced, in leetspeak, reversed, in base64 and in rot13; the engine sets it
    by the rule. ``calls`` are names of tools, as they are compared: what is found is a call of one, and no text.
    """

    phrases: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    written: tuple[str, ...] = ()
    disguised: bool = False
    calls: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Segments:
    """``find`` takes a closed sentence and gives (start, end) character offsets in its text, start < end.

    It must be a pure function: same sentence, same spans. If it raises, the request in which it does fails
    closed and says so; no other request notices. So it does where it gives anything but a list, a tuple or an iterator
    of pairs (lists or tuples) of whole numbers: a text, a truth value or a fraction is no offset.

    A sentence that does not end is shown in windows, each of which begins with the last ``overlap`` characters of the
    one before.
    """

    find: Callable[[Passage], Iterable[Span]]
    overlap: int = 0


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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is judged. ``text`` is a text of the prompt, or what a ``part`` of the answer has said from its beginning up
    to here; ``start`` is where that begins which no earlier checkpoint had. ``prompt`` is what was asked, shown with an
    answer; it is empty where the prompt itself is judged. ``part`` is ``prompt``, ``answer``, ``reasoning`` or
    ``tool_call``. What is remembered of it is for whoever asks with the same ``salt``; empty: nothing is."""

    text: str
    start: int = 0
    prompt: str = ""
    part: str = "prompt"
    salt: bytes = b""


class Ruling(NamedTuple):
    """What a judge says of one question: the calibrated ``probability``, from 0 to 1, that the rule is broken. Where it
    does not ``act``, it only records: it is not calibrated for the language of this text. ``failed`` says why there is
    no answer (``late``, ``unreachable``, ``unreadable``, ``wrong_model``, ``canary``, ``full``), and ``by`` which judge
    gave none, if there are several; the probability is 1 then."""

    probability: float
    acts: bool
    failed: str = ""
    by: str = ""


class Judge(Protocol):
    """Answers questions about texts. ``identity`` is what the policy's digest says of it, as plain JSON. ``era`` is
    another number each time it was found wrong: what it has cleared before is not to be trusted any more."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Mapping[str, object]: ...

    @property
    def era(self) -> int: ...

    def may_act(self, rule: str) -> bool:
        """Return whether it acts for the rule of this id in any language. If not, nothing waits for it."""

    def ask(self, questions: Sequence[Question], at: Checkpoint) -> Sequence[Ruling]:
        """Return a ruling for each of ``questions``. Blocks until then, never raises, and may be called in any thread,
        several times at once."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The ``question`` that ``judge`` is asked; what has at least the probability ``least`` is found."""

    question: Question
    least: float
    judge: Judge


Prepared = Expressions | Segments


def waits(prepared: Prepared) -> bool:
    """Return whether asking may take as long as a detector's budget."""
    return isinstance(prepared, Segments) or any(pattern.waits for pattern in prepared.patterns)


@dataclass(frozen=True, slots=True)
class Declaration(Asked):
    """One use of a detector in a pack: ``lexicon``, ``pattern``, ``identifier``, ``script``, or ``vendor.name`` of a
    plugin.

    ``arguments`` are the phrases of a lexicon, the source of a pattern, the name of an identifier or of a script, or
    what a pack gives to a plugin's detector. ``any_case`` is said by the pack. ``endings`` are those that a pack
    declares, each with its forms, where a lexicon names some in braces.
    """

    any_case: bool = False
    endings: tuple[tuple[str, tuple[str, ...]], ...] = ()


__all__ = [
    "Checkpoint", "Declaration", "Expressions", "Form", "Judge", "Judged", "Passage", "Pattern", "Prepared", "Question",
    "Ruling", "Segments", "Span", "Unconfigured", "exact", "waits"
]  # fmt: skip
