"""What a text may say to whoever decodes it: base64, rot13, and backwards. A judge is shown that too.

A guess that is wrong costs the judge some characters of nonsense. So a text is turned only where it then has the words
of a language that it has not as it is.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Callable, Iterator
from unicodedata import category, normalize

#: A run of base64 that may be a sentence, on one line or wrapped.
_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}(?:[ \t]*\r?\n[ \t>]*[A-Za-z0-9+/_-]{8,})*")
_NO_DIGIT = re.compile(r"[^A-Za-z0-9+/_-]+")
_SHORTEST = 24
#: So large a share of what was decoded is readable, or it was no base64.
_READABLE = 0.8
_WORD = re.compile(r"[^\W\d_]+")
#: Words that are in nearly every sentence of some language, and turned are in none.
_COMMON = frozenset({
    "the", "and", "of", "to", "how", "is", "for", "with", "that", "you", "what", "are", "make",
    "der", "die", "das", "und", "ist", "wie", "mit", "ein", "für", "nicht",
    "les", "des", "est", "une", "comment", "pour", "avec", "dans", "que", "los", "las", "una", "para", "como", "con",
    "del", "che", "per", "sono", "kuidas", "ja", "on", "ei", "see", "wat", "een", "het", "voor", "och", "att", "hur",
    "jak", "się", "na", "jest", "что", "как", "для", "это",
})  # fmt: skip
_LEAST = 2
#: So many words are looked at together: a turned sentence in a text that is not turned is found too.
_TOGETHER = 8
#: What was decoded is decoded again, so many times in all.
_DEEPEST = 3


def decoded(text: str) -> list[str]:
    """Return what ``text`` says decoded, each once, nothing where it is not encoded."""
    found: dict[str, None] = {}
    new = [text]
    for _ in range(_DEEPEST):
        new = [said for each in new for said in _decoded(each) if said not in found and said != text]
        found |= dict.fromkeys(new)
    return list(found)


def shown(text: str) -> str:
    """Return ``text`` with what it says decoded behind it."""
    found = decoded(text)
    return "\n\n".join([text, *(f"(decoded:) {each}" for each in found)]) if found else text


def _decoded(text: str) -> Iterator[str]:
    plain = "".join(each for each in normalize("NFKC", text) if category(each) != "Cf")
    for run in _RUN.findall(plain):
        if said := _base64(_NO_DIGIT.sub("", run)):
            yield said
    yield from _turned(text, lambda part: codecs.encode(part, "rot13"))
    yield from _turned(text, lambda part: part[::-1])


def _base64(run: str) -> str:
    """Return what ``run`` says. It may have been cut, or have something before it: it is read from four places."""
    if len(run) < _SHORTEST:
        return ""
    digits = run.replace("-", "+").replace("_", "/")
    for start in range(4):
        length = (len(digits) - start) & ~3 if len(digits) - start & 3 == 1 else len(digits) - start
        part = digits[start : start + length]
        raw = base64.b64decode(part + "=" * (-len(part) % 4)).replace(b"\0", b"")
        said = "".join(each for each in raw.decode("utf-8", "replace") if _is_readable(each))
        if len(said.encode()) >= _READABLE * len(raw) and raw:
            return said
    return ""


def _is_readable(char: str) -> bool:
    return char != "\ufffd" and (char.isprintable() or char.isspace())


def _turned(text: str, turn: Callable[[str], str]) -> Iterator[str]:
    """Yield ``text`` turned, or the stretches of it that are words of a language only then."""
    if _outweighs(_common(turn(text)), _common(text)):
        yield turn(text)
        return
    words = list(_WORD.finditer(text))
    here = [_is_common(word[0]) for word in words]
    there = [_is_common(turn(word[0])) for word in words]
    first = last = -1
    for at in range(0, len(words), _TOGETHER // 2):
        to = at + _TOGETHER
        if _outweighs(sum(there[at:to]), sum(here[at:to])):
            if first >= 0 and at > last:
                yield turn(text[words[first].start() : words[last - 1].end()])
                first = -1
            first, last = (at if first < 0 else first), min(to, len(words))
    if first >= 0:
        yield turn(text[words[first].start() : words[last - 1].end()])


def _outweighs(turned: int, here: int) -> bool:
    return turned >= max(_LEAST, 2 * here + 1)


def _common(text: str) -> int:
    return sum(_is_common(word) for word in _WORD.findall(text))


def _is_common(word: str) -> bool:
    return word.lower() in _COMMON
