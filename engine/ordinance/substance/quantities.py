"""Numbers by value, and the unit, money or share beside them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ordinance.substance.closed_classes import MARKS, Language, folded, unit_symbols
from ordinance.substance.protected_spans import Kind, Span, only

_THIN = "\u00a0\u202f\u2009"
_NUMBER = re.compile(
    r"(?P<code>(?<!\w)(?:[A-Za-zÀ-ɏ]{1,12}-?\d[\dA-Za-z-]{0,30}|\d{1,12}(?:st|nd|rd|th|er|re|ère|ème|e|º|ª|de|ste)\b))"
    r"|(?P<sign>(?<![\w.,:/)\]-])[-−])?"
    rf"(?P<core>\d{{1,3}}(?:[{_THIN} ]\d{{3}}){{1,8}}(?!\d)(?:[.,]\d++)?|\d++(?:[.,'’٫٬]\d++)*)"
    r"(?P<after>[½¼¾])?"
)
#: Numerals of China count only before what they count, for they are parts of words too.
_HAN = re.compile(
    r"(?<![\u4e00-\u9fff\d])[一二三四五六七八九十百千〇]{1,12}(?:[万億][一二三四五六七八九十百千〇]{0,12}){0,2}"
    r"(?=[人日月年円回個枚つ時分秒歳本冊台階番週名度倍件点匹羽杯号割ヶか%％])"
)
_HAN_SCALES = re.compile(r"[十百千万億兆십백천만억조](?:\d++|[十百千万億兆십백천만억조]){0,8}")
_VALUES = {**{sign: at for at, sign in enumerate("〇一二三四五六七八九")}}
_ZEROS = {"十": 1, "百": 2, "千": 3, "万": 4, "億": 8, "兆": 12, "십": 1, "백": 2, "천": 3, "만": 4, "억": 8, "조": 12}
_GROUPS = {sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+") for sign in ".,'"}
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{MARKS}]){{0,40}}\.?")
_BETWEEN = re.compile(r"\s{0,3}-?")
#: Signs of arithmetic, and digits that are not written on the line.
_ARITHMETIC = re.compile(
    "[+×÷±¬=<\u2200-\u22ff\u207a-\u207e\u208a-\u208e\ufe62-\ufe66\uff0b\uff0d\uff1c-\uff1e]|(?<!^)(?<!\n)>|~(?=\\s?\\d)"
    "|(?<=\\d\\s)[-–](?=\\s\\d)|[²³¹¼½¾\u2070-\u2079\u2080-\u2089\u2150-\u215f\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3220-\u3229"
    "\u3251-\u325f\u3280-\u3289\u32b1-\u32bf\U0001f100-\U0001f10c\U0001f51f]"
)
_SAME_SIGN = str.maketrans("−–˗", "---")
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}


def quantities(text: str, language: Language | None) -> Iterator[Span]:
    """Yield each number that is written in digits, and what stands beside it as a unit behind it, whichever way round
    they are written; then signs of arithmetic that stand elsewhere."""
    found = list(_NUMBER.finditer(text))
    if language is not None and language.names == "signs":
        found = sorted((*found, *_HAN.finditer(text)), key=lambda match: match.start())
    end, taken = 0, set[int]()
    for match in found:
        if match.start() >= end:
            spans = list(_number(text, match, language, end))
            yield from spans
            end = max(span.end for span in spans)
            taken.update(at for span in spans for at in range(span.start, span.end))
    for match in _ARITHMETIC.finditer(text):
        if match.start() not in taken:
            sign = unicodedata.normalize("NFKC", match[0]).translate(_SAME_SIGN)
            yield only(Kind.NUMBER, match.start(), match.end(), f"sign {sign}")


def _number(text: str, match: re.Match[str], language: Language | None, begin: int) -> Iterator[Span]:
    groups = match.groupdict()
    if groups.get("code"):
        written = folded(_ascii(match[0]))
        yield only(Kind.NUMBER, match.start(), match.end(), f"as {written}")
        return
    end = match.end()
    if "core" not in groups:
        written = _han(match[0])
        readings = frozenset({written})
    else:
        written, readings = _read(match["core"], spaced=language is None or language.spaced)
        if half := match["after"]:
            written, readings = f"{written}{half}", frozenset(f"{each}.{_FRACTIONS[half]}" for each in readings)
        if scales := _HAN_SCALES.match(text, end):
            end, written = scales.end(), written + scales[0]
            one = next(iter(readings)) if len(readings) == 1 else "as"
            readings = frozenset({f"as {written}" if one.startswith("as") else _han(one + scales[0])})
        elif scaled := _scale(text, end, language):
            end, zeros = scaled
            readings = frozenset(_times(each, zeros) for each in readings)
            written = min(readings) if len(readings) == 1 else f"{written} e{zeros}"
        if match["sign"]:
            written, readings = f"-{written}", frozenset(f"-{each}" for each in readings)
    before = _before(text, match.start(), begin)
    unit = before or _unit(text, end, language)
    if unit is not None:  # 3.50 EUR is 3.5 EUR, and version 3.10 is not version 3.1
        readings = frozenset(each for each in readings if not each.startswith("as ")) or readings
    yield Span(Kind.NUMBER, before[0] if before else match.start(), end, written, readings)
    if unit is not None:
        yield only(Kind.UNIT, *unit)


def _before(text: str, start: int, begin: int) -> tuple[int, int, str] | None:
    """Return the sign of money in front of ``start``, if nobody has taken it."""
    _, units = unit_symbols()
    between = text[max(begin, start - 3) : start]
    at = start - len(between) + len(between.rstrip())
    for size in (3, 2, 1):
        sign = text[max(begin, at - size) : at]
        money = len(sign) == size and sign in units and (units[sign].isupper() and len(units[sign]) == 3)
        if money and not text[max(0, at - size - 1) : at - size].isalnum():
            return at - size, at, units[sign]
    return None


def _unit(text: str, end: int, language: Language | None) -> tuple[int, int, str] | None:
    """Return the unit that stands at ``end``, as a sign or as a word."""
    pattern, units = unit_symbols()
    for at in dict.fromkeys((end, _gap(text, end))):
        if match := pattern.match(text, at):
            return at, match.end(), units[match[0]]
        if language is None:
            continue
        if language.unit_signs is not None:
            if (match := language.unit_signs.match(text, at)) and (unit := language.units.of(folded(match[0]))):
                return at, match.end(), unit
        elif (match := _WORD.match(text, at)) and (unit := language.units.of(folded(match[0].rstrip(".")))):
            return at, match.end(), unit
    return None


def _scale(text: str, end: int, language: Language | None) -> tuple[int, int] | None:
    match = _WORD.match(text, _gap(text, end))
    if language is None or match is None:
        return None
    zeros = language.scales.of(folded(match[0].rstrip(".")))
    return None if zeros is None else (match.end() - match[0].endswith("."), int(zeros))


def _gap(text: str, end: int) -> int:
    """Return where the word behind a number begins."""
    match = _BETWEEN.match(text, end)
    return match.end() if match else end


def _times(value: str, zeros: int) -> str:
    if value.startswith("as "):
        return f"{value} e{zeros}"
    whole, _, part = value.partition(".")
    part = part.ljust(zeros, "0")
    return _plain(whole + part[:zeros], part[zeros:])


def _han(text: str) -> str:
    """Return the value of digits and numerals such as 3万5千, by groups of four zeros."""
    total, group, number = 0, 0, ""
    for char in text:
        if char.isdecimal() or char == ".":
            number += char
        elif char in _VALUES:
            number += str(_VALUES[char])
        elif _ZEROS[char] < 4:
            if "." in number:
                return f"as {text}"
            group, number = group + int(number or 1) * 10 ** _ZEROS[char], ""
        elif "." in number:
            return _times(number, _ZEROS[char]) if not total and not group else f"as {text}"
        else:
            total, group, number = total + (group + int(number or 0)) * 10 ** _ZEROS[char], 0, ""
        if len(number) > 40:
            return f"as {text}"
    return str(total + group + int(number or 0)) if "." not in number else f"as {text}"


def _ascii(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) if char.isdecimal() else char for char in text)


def _read(core: str, *, spaced: bool) -> tuple[str, frozenset[str]]:
    """Return how a number is written and what it can mean: one value, or more where it can be read in two ways."""
    plain = _ascii(core).replace("’", "'").replace("٬", "'").replace("٫", ".")
    in_two = " " in plain and not spaced
    written = plain = re.sub(rf"[{_THIN} ]", " ", plain)
    plain = plain.replace(" ", "")
    if "'" in plain:
        whole, _, part = plain.partition(".") if "." in plain else plain.partition(",")
        if not _GROUPS["'"].fullmatch(whole):
            return written, frozenset({f"as {written}"})
        plain = whole.replace("'", "") + (f"_{part}" if part else "")
    signs = [sign for sign in ".," if sign in plain]
    last = max(signs, key=plain.rindex) if signs else ""
    values = set(_values(plain, signs, last, written, grouped=" " in written))
    return written, frozenset(values | {f"as {written}"} if in_two else values)


def _values(plain: str, signs: list[str], last: str, written: str, *, grouped: bool) -> Iterator[str]:
    if "_" in plain or not signs:
        whole, _, part = plain.partition("_")
        yield from _decimal(whole, part, written)
    elif len(signs) == 2:
        whole, _, part = plain.rpartition(last)
        other = "," if last == "." else "."
        groups = _GROUPS[other].fullmatch(whole) or (other == "," and _INDIAN.fullmatch(whole))
        yield from _decimal(whole.replace(other, ""), part, written) if groups else (f"as {written}",)
    elif plain.count(last) > 1:
        groups = _GROUPS[last].fullmatch(plain) or (last == "," and _INDIAN.fullmatch(plain))
        yield plain.replace(last, "") if groups and plain[0] != "0" else f"as {written}"
    else:
        whole, _, part = plain.partition(last)
        if len(part) == 3 and len(whole) <= 3 and whole[0] != "0" and not grouped:
            yield whole + part
        yield from _decimal(whole, part, written)


def _decimal(whole: str, part: str, written: str) -> Iterator[str]:
    """Yield the value; and where zeros at an edge may mean something, how it is written too."""
    yield _plain(whole, part)
    if part.endswith("0") or (len(whole) > 1 and whole[0] == "0"):
        yield f"as {written}"


def _plain(whole: str, part: str) -> str:
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")
