"""Whether a text says the same as another: the protected spans of both, by value and in order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from unicodedata import normalize

from ordinance.substance.closed_classes import UNSEEN, Language, language_of
from ordinance.substance.other_words import base, doubtful, is_other_text
from ordinance.substance.protected import Read, read
from ordinance.substance.protected_spans import Kind, Span, State

#: Longer texts, in characters, are not compared.
LONGEST = 1_000_000
#: So many differences are named.
_MOST = 100
#: What turns letters round as they are shown.
_TURNS = re.compile("[\u202d\u202e]")
#: What has an effect on where letters are shown.
_PLACES = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: What is drawn over a letter, through it, or around it, where it makes no other letter.
_DRAWN = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: What nobody sees.
_UNSEEN = re.compile(f"[{UNSEEN}]")
#: A sign of these is no word, and inflects.
_KANA = re.compile("[\u3041-\u3096]")
_WORST = (State.SOUND, State.CANNOT_TELL, State.DIFFERS)
#: What nobody can find without the closed classes of the language.
_NEEDS_LANGUAGE = (Kind.NAME, Kind.NEGATION, Kind.HEDGE)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not the same: a ``kind``, and the place (start and end, in characters) in each text that has it.

    ``moved``: the same spans are there, in another order or between other words. It contains no text.
    """

    kind: Kind
    state: State
    a: tuple[int, int] | None
    b: tuple[int, int] | None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the witness says of two texts: a state for each kind, and the differences, 100 at most.

    ``other_text``: the words around the spans are others too, the texts are too long, or what nobody sees in them may
    show them otherwise than they are read, so nothing can be told.
    """

    kinds: Mapping[Kind, State]
    differences: tuple[Difference, ...]
    other_text: bool = False

    @property
    def state(self) -> State:
        """The worst state; `differs` is worst."""
        told = [*self.kinds.values(), State.CANNOT_TELL if self.other_text else State.SOUND]
        return max(told, key=_WORST.index)

    @property
    def same(self) -> bool:
        """Whether the substance is the same. False too where nobody can tell."""
        return self.state is State.SOUND


def compare(a: str, b: str, language: str = "", notices: Iterable[str] = ()) -> Comparison:
    """Say whether ``b`` says what ``a`` says, where only form may differ.

    ``language`` is the tag of both texts. ``notices`` are texts of the engine's own that must come back as they are.
    """
    if a == b:
        return Comparison(dict.fromkeys(Kind, State.SOUND), ())
    if max(len(a), len(b)) > LONGEST:
        return Comparison(dict.fromkeys(Kind, State.CANNOT_TELL), (), other_text=True)
    known, kept = language_of(language) if language else None, tuple(notices)
    first, second = read(a, known, kept), read(b, known, kept)
    found = [*_by_kind(first, second), *_nouns(first, second)]
    found = found or list(_moved(first, second, known))
    found += (
        Difference(kind, State.CANNOT_TELL, place, other)
        for kind, place, other in (doubtful(first.words, second.words, known) if known else ())
    )
    states = dict.fromkeys(Kind, State.SOUND)
    if known is None:
        states |= dict.fromkeys(_NEEDS_LANGUAGE, State.CANNOT_TELL)
    for each in found:
        states[each.kind] = max(states[each.kind], each.state, key=_WORST.index)
    found.sort(key=lambda each: each.a or each.b or (0, 0))
    other = is_other_text(first.words, second.words, known) or _is_shown_otherwise(a, b, known)
    return Comparison(states, tuple(found[:_MOST]), other)


def _is_shown_otherwise(a: str, b: str, language: Language | None) -> bool:
    """Return whether the texts may be shown in another order than they are read, or one of them struck through; or,
    where words are not parted by spaces, have other characters that nobody sees, which may stand within a word."""
    if a.isascii() and b.isascii():
        return False
    unseen = _UNSEEN if language is not None and language.names == "signs" else _PLACES
    drawn = [_DRAWN.findall(normalize("NFC", text)) for text in (a, b)]
    return bool(_TURNS.search(a) or _TURNS.search(b)) or drawn[0] != drawn[1] or unseen.findall(a) != unseen.findall(b)


def _by_kind(a: Read, b: Read) -> Iterator[Difference]:
    for kind in Kind:
        pairs = zip_longest(*([span for span in each.spans if span.kind is kind] for each in (a, b)))
        for first, second in pairs:
            state = first.beside(second) if first and second else State.DIFFERS
            if state is not State.SOUND:
                yield Difference(kind, state, _place(first), _place(second))


def _nouns(a: Read, b: Read) -> Iterator[Difference]:
    """Yield the nouns that only one text has."""
    counts = [Counter(span.written for span in each.nouns) for each in (a, b)]
    for each, missing in ((a, counts[0] - counts[1]), (b, counts[1] - counts[0])):
        for span in each.nouns:
            if missing[span.written] > 0:
                missing[span.written] -= 1
                place = _place(span)
                yield Difference(Kind.NAME, State.DIFFERS, place if each is a else None, None if each is a else place)


def _moved(a: Read, b: Read, language: Language | None) -> Iterator[Difference]:
    """Yield the first span that comes between other spans or other words than before, if one does.

    Words that each text has once are what it is measured by, as far as they are in the same order in both. Where a name
    is a word like others, such words in another order may be names that changed places.
    """
    counts = [Counter(name for _, name in _marks(each, language)) for each in (a, b)]
    once = [{name for name, count in each.items() if count == 1} for each in counts]
    place = {name: at for at, (_, name) in enumerate(_marks(b, language))}
    order = [(at, name) for at, name in _marks(a, language) if name in once[0] & once[1]]
    back = sorted(range(len(order)), key=lambda index: place[order[index][1]])
    rising = {order[at][1] for at in _rising([place[name] for _, name in order])}
    again = {order[back[at]][1] for at in _rising(back)}  # as it is seen from the other text
    found = [each for kept in (rising, again) for each in _off_line(a, b, kept, language)]
    if found:
        yield from found
        return
    if language is None or language.names not in ("nouns", "words"):
        return
    among = {span.written for span in a.nouns} if language.names == "nouns" else once[0]
    for at, name in order:
        if name not in rising and name in among:
            yield Difference(Kind.NAME, State.CANNOT_TELL, (at, at + len(name)), None, moved=True)
            return


def _off_line(a: Read, b: Read, kept: set[str], language: Language | None) -> Iterator[Difference]:
    for (key, span), (other, beside) in zip(_line(a, kept, language), _line(b, kept, language), strict=True):
        if key != other:
            kind = min(each.kind for each in (span, beside) if each is not None)
            yield Difference(kind, State.DIFFERS, _place(span), _place(beside), moved=True)
            return


def _marks(text: Read, language: Language | None) -> list[tuple[int, str]]:
    """Return what others are measured by, with its place: words and nouns, not the signs of an inflection."""
    words = [(word.start, base(word, language)) for word in text.words if not _KANA.match(word.folded)]
    return sorted([*words, *((span.start, span.written) for span in text.nouns)])


def _line(text: Read, kept: set[str], language: Language | None) -> list[tuple[str, Span | None]]:
    """Return the spans of a text and the words that are kept, in order; a span by its kind and number."""
    numbers: Counter[Kind] = Counter()
    items: list[tuple[int, str, Span | None]] = []
    for span in text.spans:
        numbers[span.kind] += 1
        items.append((span.start, f"{span.kind} {numbers[span.kind]}", span))
    items += ((at, f"= {name}", None) for at, name in _marks(text, language) if name in kept)
    return [(key, span) for _, key, span in sorted(items, key=lambda item: item[0])]


def _rising(numbers: list[int]) -> list[int]:
    """Return the indices of a longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before = [-1] * len(numbers)
    for at, number in enumerate(numbers):
        size = bisect_left(tails, number)
        before[at] = ends[size - 1] if size else -1
        tails[size : size + 1], ends[size : size + 1] = [number], [at]
    found, at = [], ends[-1] if ends else -1
    while at >= 0:
        found.append(at)
        at = before[at]
    return found[::-1]


def _place(span: Span | None) -> tuple[int, int] | None:
    return None if span is None else (span.start, span.end)
