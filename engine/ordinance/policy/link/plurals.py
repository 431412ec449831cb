"""Which plural forms a language has, and which one a whole number takes.

After the rules for cardinals of the Unicode CLDR (https://unicode.org/cldr, ``plurals.xml``), for whole numbers only;
what CLDR says of fractions and of millions is left out, since notices count hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ordinance.language.ast import Plural

Rule = Callable[[int], Plural]


def _none(_: int) -> Plural:
    return "other"


def _one(n: int) -> Plural:
    return "one" if n == 1 else "other"


def _zero_or_one(n: int) -> Plural:
    return "one" if n in (0, 1) else "other"


def _east_slavic(n: int) -> Plural:
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


def _south_slavic(n: int) -> Plural:
    form = _east_slavic(n)
    return "other" if form == "many" else form


def _polish(n: int) -> Plural:
    if n == 1:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


def _czech(n: int) -> Plural:
    return "one" if n == 1 else "few" if n in (2, 3, 4) else "other"


def _slovenian(n: int) -> Plural:
    return {1: "one", 2: "two", 3: "few", 4: "few"}.get(n % 100, "other")  # type: ignore[return-value]


def _lithuanian(n: int) -> Plural:
    if n % 100 in range(11, 20):
        return "other"
    return "one" if n % 10 == 1 else "few" if n % 10 >= 2 else "other"


def _latvian(n: int) -> Plural:
    if n % 10 == 0 or n % 100 in range(11, 20):
        return "zero"
    return "one" if n % 10 == 1 else "other"


def _romanian(n: int) -> Plural:
    return "one" if n == 1 else "few" if n == 0 or n % 100 in range(1, 20) else "other"


def _hebrew(n: int) -> Plural:
    return "one" if n == 1 else "two" if n == 2 else "other"


def _irish(n: int) -> Plural:
    return "one" if n == 1 else "two" if n == 2 else "few" if 3 <= n <= 6 else "many" if 7 <= n <= 10 else "other"


def _maltese(n: int) -> Plural:
    if n in (1, 2):
        return "one" if n == 1 else "two"
    if n == 0 or n % 100 in range(3, 11):
        return "few"
    return "many" if n % 100 in range(11, 20) else "other"


def _arabic(n: int) -> Plural:
    if n in (0, 1, 2):
        return ("zero", "one", "two")[n]
    return "few" if n % 100 in range(3, 11) else "many" if n % 100 in range(11, 100) else "other"


def _welsh(n: int) -> Plural:
    return {0: "zero", 1: "one", 2: "two", 3: "few", 6: "many"}.get(n, "other")  # type: ignore[return-value]


_LANGUAGES: Mapping[Rule, str] = {
    _none: "id ja km ko lo ms my th vi yue zh",
    _one: "af az bg ca da de el en es et eu fi fo fy gl hu it ka kk ky lb mn nb ne nl nn no sq sv sw ta te tr ur uz",
    _zero_or_one: "am bn fa fr gu hi hy kn pt zu",
    _east_slavic: "be ru uk",
    _south_slavic: "bs hr sh sr",
    _polish: "pl",
    _czech: "cs sk",
    _slovenian: "sl",
    _lithuanian: "lt",
    _latvian: "lv",
    _romanian: "mo ro",
    _hebrew: "he",
    _irish: "ga",
    _maltese: "mt",
    _arabic: "ar",
    _welsh: "cy",
}
_RULES = {code: rule for rule, codes in _LANGUAGES.items() for code in codes.split()}


def categories(tag: str) -> frozenset[Plural] | None:
    """Return the plural forms that the language of ``tag`` has for whole numbers; None if this table does not know
    it."""
    rule = _rule(tag)
    return None if rule is None else frozenset(rule(n) for n in range(201))


def category(tag: str, number: int) -> Plural:
    """Return the plural form that ``number`` takes; ``other`` if the language is not known."""
    rule = _rule(tag)
    return "other" if rule is None else rule(number)


def _rule(tag: str) -> Rule | None:
    return _RULES.get(tag.partition("-")[0].lower())
