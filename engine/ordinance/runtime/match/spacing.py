"""Ordinary layout inside a phrase (docs/decisions/012-ordinary-layout.md): what people and models write between the
symbols of a phrase without meaning anything by it.

A run of white space with at most one line break is one space. Emphasis signs that touch something else than white space
are none, as Markdown shows them; an underscore between two letters joins words, as a hyphen does. A phrase that has a
sign of its own at that place may have it there as well.
"""

from __future__ import annotations

from ordinance.runtime.match.trie import BEHIND_SIGN, BEHIND_SPACE, BEHIND_WORD, PLACE, SHIFT, Trie
from ordinance.runtime.text.folding import symbol_kind

#: The signs of emphasis, of code and of what is struck out.
EMPHASIS = frozenset("*_`~")

#: What a symbol is in layout. A carriage return and a line feed are one break; other breaks stand for themselves.
PLAIN, SPACE, BREAK, RETURN, FEED, SIGN, SCORE, HYPHEN = range(8)
_WHITE = frozenset({SPACE, BREAK, RETURN, FEED})
_SIGNS = frozenset({SIGN, SCORE})
_KINDS = {
    " ": SPACE, "\t": SPACE, "\n": FEED, "\r": RETURN, "\v": BREAK, "\f": BREAK, "\x85": BREAK, "\u2028": BREAK,
    "*": SIGN, "`": SIGN, "~": SIGN, "_": SCORE, "-": HYPHEN,
}  # fmt: skip

#: What lies between the last symbol of a phrase and here, besides nothing (0) and white space without a break (0 too,
#: behind a space): white space with a break, one that a line feed may still complete, signs behind white space, signs
#: behind something else, underscores behind a word, a hyphen.
BROKEN, RETURNED, LED, SIGNED, SCORED, JOINED = range(1, 7)
_SPACE_KEY = ord(" ")


def layout_of(symbol: str) -> int:
    """Return the role of ``symbol`` in layout."""
    return _KINDS.get(symbol, PLAIN)


def is_white(layout: int) -> bool:
    """Return whether a symbol that is ``layout`` is white space."""
    return layout in _WHITE


def is_wordlike(symbol: str) -> bool:
    """Return whether ``symbol`` is a letter, a digit or a mark of one: an underscore or a hyphen between two joins
    them."""
    return symbol != "_" and symbol_kind(symbol) != "o"


def families(trie: Trie, phrase: int) -> int:
    """Return the families that can still complete a phrase from here."""
    place, gap = phrase & PLACE, phrase >> SHIFT
    if not gap:
        return trie.families[place]
    if gap == JOINED:
        return trie.by_word[place]
    if gap == SCORED:
        return trie.onward[place] | trie.bounded(place)
    return trie.onward[place]


def ways(trie: Trie, phrase: int, key: int, layout: int, word: bool) -> tuple[int, ...]:
    """Return the places to which a symbol leads from ``phrase``, a place of ``trie`` and the layout read after it:
    none, one, or two if the symbol may be layout or the phrase's own.

    ``key`` is its number in phrases, ``layout`` its role in layout, and ``word`` whether words are made of it.
    """
    place, gap = phrase & PLACE, phrase >> SHIFT
    if layout in _WHITE:
        return _over_space(trie, place, gap, layout)
    if gap == JOINED and layout in _SIGNS:
        return (phrase,)
    if gap == JOINED and not word:
        return ()
    if gap == SCORED and word:
        place = trie.follow(place, _SPACE_KEY)
    own = trie.follow(place, key) if place else 0
    skipped = 0
    if layout in _SIGNS:
        skipped = _over_sign(place, gap, layout, trie.behind[place])
    elif layout == HYPHEN and trie.behind[place] == BEHIND_WORD:
        skipped = _reach(trie.follow(place, _SPACE_KEY), JOINED)
    return tuple([each for each in (skipped, own) if each])


def _reach(place: int, gap: int) -> int:
    return gap << SHIFT | place if place else 0


def _over_sign(place: int, gap: int, layout: int, behind: int) -> int:
    if behind == BEHIND_SIGN:  # a run of signs is the phrase's or it is layout
        return 0
    if behind == BEHIND_SPACE:
        return _reach(place, LED)
    scored = layout == SCORE and behind == BEHIND_WORD and gap in (0, SCORED)
    return _reach(place, SCORED if scored else SIGNED)


def _over_space(trie: Trie, place: int, gap: int, layout: int) -> tuple[int, ...]:
    if gap in (LED, JOINED):
        return ()
    if trie.behind[place] != BEHIND_SPACE:
        place, gap = trie.follow(place, _SPACE_KEY), 0
        if not place:
            return ()
    if layout == SPACE:
        gap = BROKEN if gap else 0
    elif gap and not (gap == RETURNED and layout == FEED):
        return ()
    else:
        gap = RETURNED if layout == RETURN else BROKEN
    return (gap << SHIFT | place,)
