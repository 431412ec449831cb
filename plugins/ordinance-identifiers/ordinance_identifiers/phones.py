"""Telephone numbers, decided by ``phonenumbers``.

A number with a country's code is found anywhere. One without belongs to the countries that the pack names, and needs a
word before it. Only what begins with ``+`` or 0 may be grouped in any way: other numbers are all over ordinary text and
would wait, so there the groups count that ``phonenumbers`` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import phonenumbers

from ordinance.plugin import Candidates, Passage, Pattern
from ordinance_identifiers.words import BEFORE, Words

#: Fewest and most digits of an international number, country code included (ITU-T E.164), and a 0 in brackets.
_INTERNATIONAL = range(7, 17)
#: Of a national one, its 0 included.
_NATIONAL = range(7, 14)
#: Countries of which numbers begin with 0 inside and outside of them.
_KEEP_ZERO = ("IT", "SM", "VA")

#: What else is written in a country.
_ALSO = {
    "FR": (r"\b0[1-9](?:\.[0-9]{2}){4}\b",),
    "LT": (r"\(0-(?:[1-9]\) ?[0-9]{7}|[1-9][0-9]\) ?[0-9]{6}|[1-9][0-9]{2}\) ?[0-9]{5})\b",),
}

_WORDS = Words((
    "anruf*", "appel*", "call*", "cell*", "cep", "contact*", "durchwahl*", "fax*", "fon", "fono", "gsm", "handy*",
    "hotline*", "kontakt*", "llam*", "m:", "matkapuhelin*", "mob", "mobi*", "movil*", "nazovi*", "p:", "phone*",
    "portable*", "puh", "puhelin*", "ring*", "ruf*", "sms", "t:", "tel", "telef*", "telno", "teleph*", "tfno", "tlf*",
    "viber", "whatsapp*", "zadzwon*", "zavola*",
    "moб*", "teл*", "teлeφωv*", "tnλ*", "โทร*", "전화*",  # моб., тел., τηλέφωνο
))  # fmt: skip


@cache
def countries() -> tuple[str, ...]:
    """Return the countries whose numbers can be decided, by their ISO 3166 codes."""
    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


def detector(wanted: Sequence[str]) -> Candidates:
    """Return what finds numbers of the countries ``wanted``; if there are none, international ones of any country."""
    # `_national` loads the metadata of each country now, and not when a stream waits.
    shapes = dict.fromkeys([*_international(), *(shape for country in wanted for shape in _national(country))])
    codes = {phonenumbers.country_code_for_region(country) for country in wanted}

    def accepts(passage: Passage) -> bool:
        text = passage.folded
        if text.startswith(("+", "00")):
            number = _parsed(f"+{text.removeprefix('+').removeprefix('00')}", None)
            return number is not None and (not codes or number.country_code in codes)
        if passage.before.rstrip(" (").endswith("+"):
            return False  # the rest of an international number that is none
        return _WORDS.precede(passage.before) and any(_parsed(text, country) is not None for country in wanted)

    return Candidates(tuple(map(Pattern, shapes)), accepts, BEFORE)


def _parsed(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _metadata(country: str) -> phonenumbers.PhoneMetadata:
    found = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if found is None:
        raise ValueError(f"phonenumbers does not know {country}")
    return found


def _international() -> Iterator[str]:
    for digits in _INTERNATIONAL:
        rest = r"(?:[ ()./-]{0,2}[0-9])"
        # A country's code is 1, 7, or begins with two digits that belong together.
        number = rf"(?:[17]{rest}{{{digits - 1}}}|[2-689][0-9]{rest}{{{digits - 2}}})\b"
        yield rf"\+ ?{number}"
        yield rf"\b00 ?{number}"


def _national(country: str) -> Iterator[str]:
    metadata = _metadata(country)
    if metadata.national_prefix == "0" or country in _KEEP_ZERO:
        yield from _with_zero()
    yield from _grouped(country)
    yield from _ALSO.get(country, ())


def _with_zero() -> Iterator[str]:
    """Yield shapes by their number of digits. A date such as 05/06/2026 is none: a slash comes after three digits."""
    for digits in _NATIONAL:
        plain = rf"0[1-9](?:[ )-]{{0,2}}[0-9]){{{digits - 2}}}"
        slash = "|".join(rf"0[1-9][0-9]{{{more}}} ?/ ?[0-9](?:[ -]?[0-9]){{{digits - 3 - more}}}" for more in (1, 2, 3))
        yield rf"\(?\b(?:{plain}|{slash})\b"


def _grouped(country: str) -> Iterator[str]:
    """Yield the groupings in use for numbers that have no 0 before them."""
    main = phonenumbers.region_code_for_country_code(phonenumbers.country_code_for_region(country))
    for form in _metadata(main).number_format:
        first = _first_digits(form.leading_digits_pattern)
        counts = [
            range(int(least or 1), int(most or least or 1) + 1) for least, most in _COUNT.findall(form.pattern or "")
        ]
        said = form.format or ""
        begins_with_0 = "0" in (form.national_prefix_formatting_rule or "")
        if (
            begins_with_0
            or not first
            or {int(number) for number in re.findall(r"\d", said)} != set(range(1, len(counts) + 1))
        ):
            continue
        for groups in product(*counts):
            if sum(groups) in _NATIONAL:
                yield _written(said, groups, first)


_COUNT = re.compile(r"\\d(?:\{(\d+)(?:,(\d+))?\})?")
#: What stands in a format of ``phonenumbers`` for a group, brackets around one, and what separates two.
_PARTS = re.compile(r"\\(\d)|([()])|([ -])")


_BEGINNINGS = tuple(f"{digits:04}" for digits in range(10_000))


def _first_digits(leading: Sequence[str]) -> str:
    """Return the digits with which a number of this form may begin; ``leading`` are regular expressions of its first
    digits, the first of which needs fewest."""
    if not leading:
        return "0123456789"
    begins = re.compile(leading[0]).match
    return "".join(sorted({each[0] for each in _BEGINNINGS if begins(each)}))


def _written(form: str, groups: Sequence[int], first: str) -> str:
    """Return the shape of a number in ``groups``: in one piece, or with something between all of them. With something
    between some of them it would be a date (2023-12-05 are eight digits)."""
    counts = [f"[0-9]{{{count}}}" for count in groups]
    counts[0] = f"[{first}]" + (f"[0-9]{{{groups[0] - 1}}}" if groups[0] > 1 else "")

    def part(found: re.Match[str]) -> str:
        group, bracket, _ = found.groups()
        return counts[int(group) - 1] if group else rf"\{bracket}" if bracket else "[ -]"

    apart = _PARTS.sub(part, form)
    bare = apart.replace(r"\(", "").replace(r"\)", "")
    either = [rf"\b{''.join(counts)}", rf"\b{bare}", *([apart] if apart != bare else [])]
    return rf"(?:{'|'.join(either)})\b"
