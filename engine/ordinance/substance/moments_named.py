"""Dates and times of day by value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ordinance.substance.closed_classes import MARKS, Language, folded
from ordinance.substance.protected_spans import Kind, Span, only

_NAME = rf"[^\W\d_](?:[^\W\d_]|[{MARKS}]){{1,24}}\.?"
_JOIN = r"(?:\s{1,3}(?:de|del|of|do)\s{1,3}|\s{1,3}|,\s{1,3})"
_IN_DIGITS = re.compile(
    r"(?<![\w./-])(?:(?P<y>\d{4})(?P<s>[-/.]) ?(?P<m>\d{1,2})(?P=s) ?(?P<d>\d{1,2})(?![\w/-])"
    r"|(?P<first>\d{1,2})(?P<sign>[./-]) ?(?P<second>\d{1,2})(?P=sign) ?(?P<year>\d{4}|\d{2})(?![\w/-])"
    r"|(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\.(?!\w)|(?P<one>\d{1,2})/(?P<other>\d{1,2})(?![\w/]))"
)
_EAST = re.compile(
    r"(?:(?P<y>\d{2,4})\s{0,3}[年년]\s{0,3})?(?P<m>\d{1,2})\s{0,3}[月월]\s{0,3}(?:(?P<d>\d{1,2})\s{0,3}[日일])?|(?P<year>\d{4})\s{0,3}[年년]"
)
_DAY_FIRST = re.compile(
    rf"(?<![\w.,/-])(?P<d>\d{{1,2}})(?:\.|º|er|st|nd|rd|th|ª)?{_JOIN}(?P<word>{_NAME})(?:{_JOIN}?(?P<y>\d{{4}})(?!\w))?"
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w)(?P<word>{_NAME})\s{{1,3}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\w.:])(?:,?\s{{1,3}}(?P<y>\d{{4}})(?!\w))?"
)
_MONTH = re.compile(rf"(?<!\w)(?P<word>{_NAME})(?:\s{{1,3}}de|\s{{1,3}}del)?\s{{1,3}}(?P<y>\d{{4}})(?!\w)")
_TIMES = re.compile(
    r"(?<![\w.,:/-])(?P<h>\d{1,2})(?::(?P<min>\d{2})(?::(?P<sec>\d{2}))?|h(?P<min_h>\d{2})"
    r"|\.(?P<min_dot>\d{2})(?=\s{1,3}(?:Uhr|uur)\b)|\s{0,3}h(?=\s{0,3}\d{2}\b)\s{0,3}(?P<min_hh>\d{2}))(?![\d:])"
    r"(?:\s{0,3}(?P<half>[ap]\.?\s{0,3}m\.?|[AP]M)(?!\w)|\s{1,3}(?:Uhr|uur)\b)?"
    r"|(?<![\w.,:/-])(?P<uh>\d{1,2})\s{1,3}(?:Uhr|uur)\b(?!\s\d)"
    r"|(?<![\w.,:/-])(?P<whole>\d{1,2})\s{0,3}(?P<of>[ap]\.?m\.?|[AP]M)(?!\w)"
    r"|(?:(?P<noon>午前|午後|오전|오후)\s{0,3})?(?P<eh>\d{1,2})\s{0,3}[時시](?!間|간)\s{0,3}(?:(?P<emin>\d{1,2})\s{0,3}[分분]|(?P<ehalf>半|반))?"
    r"|(?:klo|kell|kl\.)\s{1,3}(?P<kh>\d{1,2})\.(?P<kmin>\d{2})(?!\d)"
)


def moments(text: str, language: Language | None) -> Iterator[Span]:
    """Yield the dates and times in ``text``, in order of place."""
    found = [*_numeric(text), *_times(text)]
    if language is not None:
        found += _named(text, language)
    found.sort(key=lambda span: (span.start, -span.end))
    end = 0
    for span in found:
        if span.start >= end:
            yield span
            end = span.end


def _numeric(text: str) -> Iterator[Span]:
    for match in _IN_DIGITS.finditer(text):
        written = re.sub(" ", "", "".join(map(_digit, match[0])))
        if match["y"]:
            readings = _days(match["y"], (match["m"], match["d"]))
        elif match["first"]:
            year = match["year"] if len(match["year"]) == 4 else f"..{match['year']}"
            orders = [(match["second"], match["first"])]
            if match["sign"] != ".":
                orders.append((match["first"], match["second"]))
            readings = _days(year, *orders)
        elif match["one"]:  # or a fraction
            one, other = match["one"], match["other"]
            readings = _days("----", (one, other), (other, one)) | {f"as {written}"}
        else:
            readings = _days("----", (match["month"], match["day"]))
        if readings:
            yield Span(Kind.DATE, match.start(), match.end(), written, readings)
    for match in _EAST.finditer(text):
        year, month, day = (match[name] for name in "ymd")
        value = _day(match["year"] or year or "----", month or "00", day or "00")
        yield only(Kind.DATE, match.start(), match.end(), value)


def _named(text: str, language: Language) -> Iterator[Span]:
    for pattern in (_DAY_FIRST, _MONTH_FIRST, _MONTH):
        for match in pattern.finditer(text):
            word = match["word"].rstrip(".")
            month = language.months.of(folded(word))
            if month is None or (language.tag == "en" and not word[0].isupper()):
                continue
            groups = match.groupdict()
            end = match.end() if groups["y"] or pattern is not _DAY_FIRST else match.end("word")
            yield only(Kind.DATE, match.start(), end, _day(groups["y"] or "----", month, groups.get("d") or "00"))


def _times(text: str) -> Iterator[Span]:
    for match in _TIMES.finditer(text):
        hour = match["h"] or match["uh"] or match["whole"] or match["eh"] or match["kh"]
        minute = next(
            (match[name] for name in ("min", "min_h", "min_dot", "min_hh", "emin", "kmin") if match[name]),
            "30" if match["ehalf"] else "0",
        )
        half = (match["half"] or match["of"] or "").lower()
        late = half.startswith("p") or match["noon"] in ("午後", "오후")
        early = half.startswith("a") or match["noon"] in ("午前", "오전")
        of_day = int(hour) % 12 + 12 * late if late or early else int(hour)
        value = f"{of_day:02}:{int(minute):02}" + (f":{int(match['sec']):02}" if match["sec"] else "")
        yield only(Kind.DATE, match.start(), match.end(), value)


def _days(year: str, *orders: tuple[str, str]) -> frozenset[str]:
    return frozenset(_day(year, m, d) for m, d in orders if 1 <= int(m) <= 12 and 1 <= int(d) <= 31)


def _day(year: str, month: str, day: str) -> str:
    return f"{''.join(map(_digit, year))}-{int(month):02}-{int(day):02}"


def _digit(char: str) -> str:
    return str(unicodedata.digit(char)) if char.isdecimal() else char
