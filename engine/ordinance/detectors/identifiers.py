"""Numbers that name a person or an account and carry check digits, so that other numbers are not taken for them (RL-3).

An identifier is a shape that the automaton looks for and a rule of arithmetic that what has that shape must keep. What
is given to ``accepts`` has been folded (digits are 0 to 9, letters plain and small), spaces and hyphens included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from ordinance.detection import Passage, Pattern

#: What people write between the groups of a long number.
_GAP = "[ -]?"


@dataclass(frozen=True, slots=True)
class Identifier:
    """``shapes`` are patterns that read the same number of digits and letters whatever way they match, so that every
    candidate is tried by itself; any digit may stand in the last places. ``check_digits`` is how many characters can be
    computed from the others. ``source`` is where the arithmetic is defined."""

    name: str
    shapes: tuple[str, ...]
    accepts: Callable[[str], bool]
    source: str
    check_digits: int = 1
    any_case: bool = False

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """What a detector looks for."""
        accepts = _Folded(self.accepts)
        return tuple(Pattern(shape, self.any_case, accepts, self.check_digits) for shape in self.shapes)


@dataclass(frozen=True, slots=True)
class _Folded:
    """Looks at a candidate as it is compared."""

    accepts: Callable[[str], bool]

    def __call__(self, passage: Passage) -> bool:
        return self.accepts(passage.folded)


def _plain(text: str) -> str:
    return "".join(char for char in text.upper() if char.isascii() and char.isalnum())


def _weighted(digits: str, weights: str) -> int:
    return sum(int(digit) * int(weight) for digit, weight in zip(digits, weights, strict=False))


def is_isikukood(text: str) -> bool:
    """Return whether ``text`` is an Estonian personal code: sex and century, a day of birth, a serial number, a check
    digit; two rows of weights, the second if the first gives 10, and 0 if that does too (EVS 585:2007)."""
    digits = _plain(text)
    century = 1800 + (int(digits[0]) - 1) // 2 * 100
    try:
        date(century + int(digits[1:3]), int(digits[3:5]), int(digits[5:7]))
    except ValueError:
        return False
    check = _weighted(digits, "1234567891") % 11
    if check == 10:
        check = _weighted(digits, "3456789123") % 11 % 10
    return check == int(digits[10])


def is_steuer_id(text: str) -> bool:
    """Return whether ``text`` is a German tax identification number: eleven digits, the first not 0, the last by
    ISO/IEC 7064 MOD 11,10; among the first ten exactly one digit occurs twice or three times, and not three times in a
    row (§ 139b AO; § 1 StIdV and the Federal Central Tax Office's description)."""
    digits = _plain(text)
    body = digits[:10]
    counts = sorted(body.count(digit) for digit in set(body))
    if counts not in ([1] * 8 + [2], [1] * 7 + [3]) or any(digit * 3 in body for digit in set(body)):
        return False
    product = 10
    for digit in body:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def is_iban(text: str) -> bool:
    """Return whether ``text`` is an international bank account number: as a number, with its first four characters
    moved to the end and A to Z counted as 10 to 35, it leaves 1 when divided by 97 (ISO 13616-1; ISO/IEC 7064 MOD
    97-10)."""
    plain = _plain(text)
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def is_payment_card(text: str) -> bool:
    """Return whether ``text`` is a payment card's number: with every second digit from the right doubled, the sum of
    all digits is a multiple of ten (ISO/IEC 7812-1, annex B, known by Luhn's name). A row of zeros is not one."""
    digits = _plain(text)
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return digits.strip("0") != "" and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


#: Countries by the length of their numbers (SWIFT, IBAN Registry, release 99 of 2025).
_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC",
    33: "RU",
}  # fmt: skip


def _iban_shapes() -> tuple[str, ...]:
    """Return a pattern for each length, written in one piece or in groups of four."""
    shapes = []
    for length, countries in _IBAN_LENGTHS.items():
        groups, rest = divmod(length - 4, 4)
        tail = f"{_GAP}[0-9A-Z]{{{rest}}}" if rest else ""
        shapes.append(rf"\b(?:{'|'.join(countries.split())})[0-9]{{2}}(?:{_GAP}[0-9A-Z]{{4}}){{{groups}}}{tail}\b")
    return tuple(shapes)


IDENTIFIERS: Mapping[str, Identifier] = {
    each.name: each
    for each in (
        Identifier("isikukood", (r"\b[1-8][0-9]{10}\b",), is_isikukood, "EVS 585:2007 (Estonia)"),
        Identifier("steuer_id", (rf"\b[1-9][0-9]{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{3}}\b",), is_steuer_id,
                   "§ 139b AO, § 1 StIdV (Germany); ISO/IEC 7064 MOD 11,10"),
        Identifier("iban", _iban_shapes(), is_iban, "ISO 13616-1; ISO/IEC 7064 MOD 97-10",
                   check_digits=2, any_case=True),
        Identifier("payment_card", (
            rf"\b[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4}}\b",  # 14 digits
            rf"\b[0-9]{{4}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{5}}\b",  # 15 digits
            rf"\b[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}\b",  # 16 digits
            rf"\b[0-9]{{4}}(?:{_GAP}[0-9]{{4}}){{3}}{_GAP}[0-9]{{3}}\b",  # 19 digits
        ), is_payment_card, "ISO/IEC 7812-1, annex B"),
    )
}  # fmt: skip
