"""Numbers, dates and measures in the style of a language: those that can be read in one way alone (semantics, rule 42).

No value changes: the digits stay, and only the signs between them, their order in a date, and the space before a sign
of a measure become others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ordinance.runtime.forms.form import Form
from ordinance.runtime.forms.style_file import money, spaces

_SPACES = " \u00a0\u202f"
#: Where a number may begin: not within a word, another number, an address or a range.
_START = re.compile(rf"(?<![\w.,:/'’−+#@=-])(?<![0-9][{_SPACES}])[0-9]")
_OPEN = re.compile(rf"[0-9][0-9.,'’{_SPACES}]*[^\s0-9]{{0,6}}\Z")
_ENDS = rf"(?![\w/:@'’=-]|[.,][\w]|[{_SPACES}][0-9])"
#: Two kinds of separators, or several of one kind; three of them are the address of a machine, as likely as not.
_GROUPED = re.compile(
    rf"(?:[0-9]{{1,3}}(?P<sign>[.,'’{_SPACES}])[0-9]{{3}}(?:(?P=sign)[0-9]{{3}}){{0,4}}(?!(?P=sign))[.,][0-9]{{1,6}}"
    rf"|[0-9]{{1,3}}(?P<one>[.,'’])[0-9]{{3}}(?P=one)[0-9]{{3}}){_ENDS}"
)
#: Codes of money, which no identifier begins with.
_MONEY = money("codes", "words")
_SIGNS = (
    f"km/h|km²|km|cm²|cm|mm|m²|m³|ha|kg|mg|ml|cl|°C|°F|mph|lbs|lb|oz|%|‰|€|£|¥|zł|kWh|kW|MHz|GHz|GB|MB|{money('codes')}"
)
#: With one separator, before other than three digits, and a sign of money, of a measure or per cent beside it.
_MEASURED = re.compile(rf"[0-9]{{1,9}}[.,](?![0-9]{{3}}(?![0-9]))[0-9]{{1,6}}(?=[{_SPACES}]?(?:{_SIGNS})(?!\w))")
_SUM_START = re.compile(r"(?<=[€$£¥])[0-9]")
_SUM = re.compile(rf"[0-9]{{1,9}}[.,](?![0-9]{{3}}(?![0-9]))[0-9]{{1,6}}{_ENDS}")
#: What the number behind it is the name of something by: `UID CHE`, `Art.`, `No.`
_NAMES_SOMETHING = re.compile(
    rf"(?<![^\W_])(?:(?!(?:{_MONEY})(?![A-Z]))[A-Z]{{2,6}}|(?:[Aa]rt|[Aa]bs|[Zz]iff|[Kk]ap|[Nn]r|[Nn]o|[Nn]úm|[Tt]el|[Rr]ef"
    r"|[Pp]ar|[Ss]ec|[Vv]er|[Ss]|[Pp]p?|Az|lit)\.|[Aa]rt[ií](?:kel|cle|culo|go|colo)|[Aa]rtykuł|[Aa]rtikkel|[Aa]bsatz|[Zz]iffer"
    r"|[Kk]apitel|[Nn]ummer|[Nn]umber|[Nn][uú]m[eé]ro|[Vv]ersion|[Ss]eite|[Pp]age|[Hh]aus|[Kk]onto|[Nn][°º])"
    rf"[{_SPACES}]?\Z"
)


def numbers(way: str) -> Iterator[Form]:
    """Yield the forms of numbers that are written as ``way`` says: the sign of a fraction, that between groups, and the
    number of digits from which on there are groups."""
    fraction, group, least = way[0], way[1], int(way[-1])

    def grouped(before: str, unit: str) -> str | None:
        if len(set(re.sub(r"[0-9]", "", unit))) == 1 and _NAMES_SOMETHING.search(before):
            return None
        whole, rest = _parts(unit)
        return _grouped(whole, group, least) + (fraction + rest if rest else "")

    def plain(_: str, unit: str) -> str:
        return re.sub(r"[.,]", fraction, unit)

    yield Form("numbers", 48, _START, _OPEN, _GROUPED, grouped, proven=True)
    yield Form("numbers", 48, _START, _OPEN, _MEASURED, plain, proven=True)
    yield Form("numbers", 48, _SUM_START, _OPEN, _SUM, plain, proven=True)


def _parts(unit: str) -> tuple[str, str]:
    """Return the digits before and behind the sign of a fraction."""
    signs = re.sub(r"[0-9]", "", unit)
    if len(signs) > 1 and signs[-1] != signs[0]:
        whole, _, rest = unit.rpartition(signs[-1])
        return re.sub(r"\D", "", whole), rest
    return re.sub(r"\D", "", unit), ""


def _grouped(digits: str, sign: str, least: int) -> str:
    if len(digits) < least:
        return digits
    first = len(digits) % 3
    groups = [digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))]
    return sign.join(group for group in groups if group)


_DAY_OR_MONTH_FIRST = r"(?P<one>[0-9]{1,2})(?P<sign>[./-])(?P<two>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})"
#: With points it could be a version of software.
_YEAR_FIRST = r"(?P<first>[0-9]{4})/(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})"
_DATE = re.compile(rf"(?:{_DAY_OR_MONTH_FIRST}|{_YEAR_FIRST})(?![\w/-]|\.\w)")


def dates(way: str) -> Form:
    """Return the form of dates in digits: `D.M.Y` and its like. Those whose day may be a month stay."""

    def rewritten(_: str, unit: str) -> str | None:
        match = _DATE.match(unit)
        if match is None:
            return None
        if match["year"]:
            one, two, year = match["one"], match["two"], match["year"]
            day, month = (one, two) if int(one) > 12 else (two, one)
        else:
            day, month, year = match["day"], match["month"], match["first"]
        if not (12 < int(day) <= 31 and 1 <= int(month) <= 12):
            return None
        return "".join({"D": day, "M": month, "Y": year}.get(each, each) for each in way)

    start, open_ = re.compile(r"(?<![\w./,:'’+=@#-])[0-9]"), re.compile(r"[0-9][0-9./-]*\Z")
    return Form("dates", 16, start, open_, _DATE, rewritten, proven=True)


def measures(tag: str) -> Iterator[Form]:
    """Yield the form of measures: the space before the sign. No measure becomes another."""
    known = spaces(tag)
    if not known:
        return
    signs = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    unit = re.compile(rf"(?P<sign>{signs})(?![\w/²³^=&-])")
    start = re.compile(rf"(?<=[0-9])(?:{'|'.join(sorted({re.escape(sign[0]) for sign in known}))})")

    def spaced(before: str, unit: str) -> str | None:
        number = re.search(r"[\w.,:/'’#@=&?+-]*\Z", before)
        if number is None or not re.fullmatch(r"[0-9]+(?:[.,'’][0-9]+)*", number[0]):
            return None
        return None if _NAMES_SOMETHING.search(before[: number.start()]) else known[unit] + unit

    yield Form("units", 24, start, re.compile(r"[^\s0-9]{1,6}\Z"), unit, spaced, proven=True)
