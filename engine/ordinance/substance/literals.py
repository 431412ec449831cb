"""What comes back letter by letter: code, quotations, links, addresses, citations and notices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ordinance.substance.closed_classes import folded
from ordinance.substance.protected_spans import Kind, Span, only

#: A sign that opens something ends the search for what closes an earlier one, so that no text is searched twice.
_LITERALS = re.compile(
    r"(?P<fence>^[ \t]{0,3}(?P<ticks>`{3,}|~{3,})[^\n]*"
    r"(?:\n(?![ \t]{0,3}(?P=ticks))[^\n]*)*(?:\n[ \t]{0,3}(?P=ticks)[^\n]*)?)"
    r"|(?P<code>``[^`]*``|`[^`]*`|\$\$[^$]*\$\$|</?[A-Za-z][^<>\n]{0,200}>)"
    r"|(?P<notice>⟦[^⟦⟧]*⟧)"
    r"|(?P<link>\bhttps?://[^\s<>\"“”«»]{1,2000}(?<![.,;:!?)\]'’])|\bwww\.[^\s<>\"“”«»]{1,2000}(?<![.,;:!?)\]'’]))"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8})"
    r"|(?P<phone>(?<![\w+])(?:\+|00)[1-9][0-9]{0,2}(?:[ \u00a0./()-]{0,3}[0-9]{1,12}){1,8})"
    r"|(?P<cited>§{1,2}\s?\d+[a-z]{0,2}(?:\s?(?:Abs\.|Absatz|Satz|Nr\.|S\.|\(\d+\)|lit\.|Buchst\.)\s?\d*[a-z]{0,2}){0,6}"
    r"|\b(?:Art|Artt|art|Artikel|Article|Articles|article|articolo|artículo|artigo|artikla|artykuł|artikkel)\.?\s\d+[a-z]{0,3}\b"
    r"(?:\s?\(\d+\)|\([a-z]\)|\s?(?:Abs\.|Absatz|lit\.|ust\.|lõige|co\.|par\.)\s?\d+){0,6}"
    r"|\[\d{1,4}(?:\s?[,–-]\s?\d{1,4}){0,8}\]|第[0-9０-９一二三四五六七八九十百]+(?:条|章|項)|제\s?\d+(?:조|항|장))"
    '|(?P<quoted>"[^"\n]*"|„[^„“”"]*[“”"]|“[^“”]*”|”[^”]*”|«[^«»]*»|»[^«»]*«|(?<!\\w)‘[^‘’\n]*’(?!\\w)|‚[^‚‘’\n]*[‘’]'
    "|‹[^‹›]*›|(?<![\\w'])'(?=\\S)[^'\n]*(?<=\\S)'(?!\\w)|「[^「」]*」|『[^『』]*』|《[^《》]*》|〈[^〈〉]*〉)",
    re.MULTILINE,
)
_KINDS = {
    "fence": Kind.CODE, "code": Kind.CODE, "notice": Kind.NOTICE, "link": Kind.LINK, "mail": Kind.CONTACT,
    "phone": Kind.CONTACT, "cited": Kind.CITATION, "quoted": Kind.QUOTATION,
}  # fmt: skip
_SPACES = re.compile(r"\s+")
_NO_DIGIT = re.compile(r"[^0-9]+")


def literals(text: str) -> Iterator[Span]:
    """Yield what must come back letter by letter, in order. White space counts in code alone."""
    for match in _LITERALS.finditer(text):
        name = next(each for each in _KINDS if match[each] is not None)
        yield only(_KINDS[name], match.start(), match.end(), _value(name, match[0]))


def noticed(text: str, notices: Iterable[str]) -> list[Span]:
    """Return where ``text`` has each of the ``notices``, in order of place."""
    wanted = sorted({each for each in notices if each}, key=len, reverse=True)
    if not wanted:
        return []
    found = re.compile("|".join(map(re.escape, wanted))).finditer(text)
    return [only(Kind.NOTICE, match.start(), match.end(), match[0]) for match in found]


def _value(name: str, text: str) -> str:
    """Return what counts of it: of code everything, of a quotation what is between its marks, of a telephone number
    its digits."""
    if name == "fence":
        return text
    if name == "phone":
        return _NO_DIGIT.sub("", text.removeprefix("00"))
    plain = _SPACES.sub(" ", text)
    if name == "quoted":
        return plain[1:-1].strip().replace("’", "'")
    if name == "cited":
        return _NO_SPACE.sub("", folded(plain))
    return plain


_NO_SPACE = re.compile(r"\s")
