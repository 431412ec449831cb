"""Numbers as they are written in Switzerland, 1'000.5, where what was written can be read in one way alone."""

from __future__ import annotations

import re

_APOSTROPHE = "'"
_GAPS = "\u00a0\u202f\u2009"
_NUMBER = re.compile(
    rf"(?<![\w.,:;/’'@#])(?<![^\s(]-)(?<![0-9][{_GAPS} ])"
    rf"(?P<whole>[0-9]{{1,3}}(?:\.[0-9]{{3}}){{1,5}}|[0-9]{{1,3}}(?:[{_GAPS}][0-9]{{3}}){{1,5}}|[0-9]{{1,15}})"
    rf"(?:,(?P<part>[0-9]{{1,9}}))?(?![\w’']|[.,:/’'-]\w|[{_GAPS} ][0-9])"
)
_MONEY = r"(?:CHF|EUR|USD|GBP|Fr\.|[€$£¥])"
_PRICED = re.compile(rf"(?<!\w){_MONEY}[{_GAPS} ]?[-−]?\Z")
_UNIT = re.compile(
    rf"[{_GAPS} -]?(?:[%‰°Ω€$£¥]|(?:{_MONEY}"
    r"|[kmcdµ]?m[²³23]?|[kmµ]?g|[mcdh]?l|[kMGT]?(?:Wh?|Hz|B|V|J)|Pa|bar|ha|t|h|min|s"
    r"|Euro|Cent|Franken|Rappen|Dollar|Pfund|Prozent|Promille|Grad"
    r"|(?:Kilo|Zenti|Milli|Quadrat|Kubik|Quadratkilo)?meter|Meter|(?:Kilo|Milli)?gramm|Gramm|Tonnen?"
    r"|(?:Milli|Hekto|Zenti|Dezi)?liter|Liter|Hektar|(?:Kilo|Mega)watt(?:stunden)?|Watt|Volt"
    r"|Stunden?|Minuten?|Sekunden?|Tausend|Millionen?|Milliarden?|Mio\.|Mrd\.)(?!\w))"
)
#: A number behind one of these names a thing, and is no amount.
_NAMED = re.compile(
    r"(?<!\w)(?:Nr\.|Nummer|Art\.|Artikel|Abs\.|Ziff\.|§|Kapitel|Seiten?|S\.|ID|IP|Version|v\.|Tel\.|Telefon|Konto|Bibel)"
    rf"[{_GAPS} ]?\Z"
)
_LONGEST_NAME = 12


def swiss_numbers(text: str) -> str:
    """Return ``text`` with each number that can be read in one way alone as Switzerland writes it.

    One way alone: two kinds of separators (``1.234,5``), more than one group (``1.000.000``), or a comma beside a unit
    that does not stand before three digits (``3,5 km``). ``1.234`` stays, and so do dates, versions and numbers of
    things.
    """

    def written(match: re.Match[str]) -> str:
        before = text[max(0, match.start() - _LONGEST_NAME) : match.start()]
        is_measured = bool(_PRICED.search(before) or _UNIT.match(text, match.end()))
        if _NAMED.search(before) or not _is_amount(match["whole"], match["part"] or "", measured=is_measured):
            return match[0]
        return _written(match["whole"], match["part"])

    return _NUMBER.sub(written, text)


def _groups(whole: str) -> list[str]:
    return re.split(rf"[.{_GAPS}]", whole)


def _is_amount(whole: str, part: str, *, measured: bool) -> bool:
    """Return whether a number can be read in one way alone, and is written otherwise in Switzerland."""
    first, *others = groups = _groups(whole)
    if first[0] == "0" and (len(first) > 1 or others):
        return False
    if not part:
        is_address = len(groups) == 4 and all(int(group) <= 255 for group in groups)
        return "." in whole and len(groups) > 2 and not is_address
    if others:  # a zero at the end may mean something where nothing is measured
        return measured or not part.endswith("0")
    return measured and (len(part) != 3 or len(first) > 3 or first == "0")


def _written(whole: str, part: str | None) -> str:
    digits = "".join(_groups(whole))
    first = len(digits) % 3 or 3
    grouped = _APOSTROPHE.join([digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))])
    return f"{grouped}.{part}" if part else grouped
