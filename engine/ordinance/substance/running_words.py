"""Negation, hedges, names, weekdays and numbers in words, as the closed classes of a language decide them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ordinance.substance.closed_classes import MARKS, UNSEEN, Language, folded
from ordinance.substance.protected_spans import TAKEN, Kind, Span, only

#: A word goes on over what nobody sees, and over emphasis of a part of it.
_WORD = re.compile(
    rf"[^\W\d_](?:[^\W\d_]|[{MARKS}]|[{UNSEEN}]+(?=[^\W\d_])|[*_]{{1,3}}(?=[^\W\d_]))*+(?:['’]t(?![^\W\d_]))?"
)
_ENDS = re.compile(r"[.!?…:;¿¡。！？؟۔।\n•*#>|()–—-]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
#: A word is no longer than this; what is longer counts by its written form alone.
_LONGEST = 60
_HONORIFIC = re.compile("[おご御](?!$)")
_EAST = (
    # An honorific between two runs makes no other word of them: 明日ご連絡, 明日連絡.
    r"(?P<name>(?=(?:[おご]?[\u4e00-\u9fff々〆]){2})[\u4e00-\u9fff々〆]{1,60}(?:[おご][\u4e00-\u9fff々〆]{1,60})*"
    r"|[\u30a1-\u30fa\u30fc]{2,60}|[A-Za-zÀ-ɏ]{2,60})"
    r"|(?P<sign>[\u4e00-\u9fff\u3041-\u3096])"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is not protected: where it begins, what it is ``folded``, whether it ``opens`` a sentence with a
    capital, and whether it ``closes`` one."""

    start: int
    folded: str
    opens: bool
    closes: bool = False


@dataclass(slots=True)
class Running:
    """What was read: the protected ``spans`` in order, those nouns whose order may change, and the other ``words``."""

    spans: list[Span] = field(default_factory=list)
    nouns: list[Span] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


def running(text: str, language: Language | None) -> Running:
    """Read what nobody has taken of a ``text``."""
    found = Running()
    if language is not None and language.names == "signs":
        _signs(text, language, found)
        return found
    words = list(_placed(text))
    at = 0
    while at < len(words):
        start, end, opens = words[at]
        word = folded(text[start:end])
        at += 1
        if language is None:
            _named(text, start, end, word, opens, None, found)
            continue
        if (last := _numbered(text, words, at - 1, language)) is not None:
            found.spans.append(_number(text, start, words[last][1], language))
            at = last + 1
        elif kind := _class(word, text[start], language):
            found.spans.append(only(kind[0], start, end, kind[1]))
        else:
            _named(text, start, end, word, opens, language, found)
    return found


def _placed(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield each word, and whether it opens a sentence."""
    end = 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()].rpartition(TAKEN)
        opens = bool(_ENDS.search(between[2])) or (not end and not between[1])
        yield match.start(), match.end(), opens
        end = match.end()


def _class(word: str, first: str, language: Language) -> tuple[Kind, str] | None:
    if language.address.of(word):
        return None
    if name := language.negation.of(word):
        return Kind.NEGATION, name
    if name := language.hedges.of(word):
        return Kind.HEDGE, name
    if name := language.weekdays.of(word):
        return Kind.DATE, name
    if (name := language.months.of(word)) and (first.isupper() or language.tag not in ("en", "de")):
        return Kind.DATE, f"-----{name}-00"
    return None


def _numbered(text: str, words: list[tuple[int, int, bool]], at: int, language: Language) -> int | None:
    """Return the index of the last word of the number in words that begins at ``at``; None if none does."""
    last = None
    end = words[at][0]
    while at < len(words):
        start, stop, _ = words[at]
        word = folded(text[start:stop])
        if text[end:start].strip(" \u00a0-"):
            break
        if _counts(word, language):
            last = at
        elif last is None or word not in language.joins or last != at - 1:
            break
        at, end = at + 1, stop
    return last


def _counts(word: str, language: Language) -> bool:
    if word in language.number_words:
        return True
    if language.scales.of(word) is not None:
        return True
    return (
        language.number_parts is not None
        and 5 <= len(word) <= _LONGEST
        and language.number_parts.fullmatch(word) is not None
    )


def _number(text: str, start: int, end: int, language: Language) -> Span:
    written = re.sub(r"[\s-]+", " ", folded(text[start:end]))
    return only(Kind.NUMBER, start, end, language.number_words.get(written, f"in words {written}"))


def _named(text: str, start: int, end: int, word: str, opens: bool, language: Language | None, found: Running) -> None:
    """Take a word as a name, if it shows to be one, or as any other word."""
    written = text[start:end]
    by = "capitals" if language is None else language.names
    address = language is not None and language.address.of(word) is not None
    if by == "words":
        name = _LATIN.match(written) is not None
    else:
        inner = any(map(str.isupper, written[1:]))
        name = (written[0].isupper() and not opens and not address) or (inner and len(written) > 1 and not address)
    if name:
        (found.nouns if by == "nouns" else found.spans).append(only(Kind.NAME, start, end, word))
    elif not address:
        closes = end == len(text) or text[end] in ",،、" or _ENDS.match(text, end) is not None
        found.words.append(Word(start, word, opens and written[0].isupper(), closes))


def _signs(text: str, language: Language, found: Running) -> None:
    own = language.signs.pattern if language.signs else ""
    for match in re.finditer(rf"(?P<own>{own})|{_EAST}", text):
        start, end, value = match.start(), match.end(), folded(match[0])
        if match["own"] is not None:
            if kind := _class(value, value[0], language):
                found.spans.append(only(kind[0], start, end, kind[1]))
        elif match["name"] is not None:
            value = _bare(value, text[end : end + 1], language)
            if language.address.of(value) is None:
                day = language.weekdays.of(value)
                found.spans.append(only(Kind.DATE if day else Kind.NAME, start, end, day or value))
        else:
            found.words.append(Word(start, value, opens=False))


def _bare(value: str, behind: str, language: Language) -> str:
    """Return a run of signs without a last one that is of politeness alone, if two are left, and as its other style
    writes it."""
    value = _HONORIFIC.sub("", value)
    if len(value) > 2 and language.attached is not None and language.attached.match(value[-1] + behind):
        value = value[:-1]
    return language.alike.get(value, value)
