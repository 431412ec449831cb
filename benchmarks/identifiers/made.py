"""Numbers made at random, and how people write and call them. Shares nothing with the plugin that looks for them.

A template of ``made.toml`` is filled until the arithmetic holds: ``#`` is a digit, ``?`` one from 1 to 9, ``@`` a
letter, ``[…]`` one of these, ``%d %m %y %Y`` a day of birth, ``{sign}`` the century of a Finnish one, ``{spi}`` three
check digits that nobody would meet by chance. A form has an ``x`` for each character of the number.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from random import Random

from stdnum.fr.nif import calc_check_digits

Check = Callable[[str], bool]


@dataclass(frozen=True)
class Number:
    """``labels`` are what people write before it; ``peers`` the recognisers of Presidio for it, by class."""

    country: str
    name: str
    check: Check
    forms: dict[str, list[str]]
    labels: tuple[str, ...]
    peers: tuple[str, ...]
    born: tuple[int, ...]

    def draw(self, rng: Random) -> tuple[str, str]:
        """Return a valid number and one way to write it."""
        template = rng.choice(list(self.forms))
        for _ in range(100_000):
            number = _filled(template, self.born, rng)
            if self.check(number):
                return number, rng.choice(self.forms[template])
        raise ValueError(f"{self.country} {self.name}: no valid number")

    def spoil(self, number: str, rng: Random) -> str | None:
        """Return ``number`` with one digit that makes it invalid; None if none of 200 tries does."""
        places = [at for at, char in enumerate(number) if char.isdigit()]
        for _ in range(200):
            at = rng.choice(places)
            other = rng.choice([digit for digit in "0123456789" if digit != number[at]])
            wrong = f"{number[:at]}{other}{number[at + 1 :]}"
            if not self.check(wrong):
                return wrong
        return None


def written(number: str, form: str) -> str:
    """Return ``number`` in the form ``form``."""
    characters = iter(number)
    return "".join(next(characters) if char == "x" else char for char in form)


def _filled(template: str, born: tuple[int, ...], rng: Random) -> str:
    first = date(born[0], 1, 1)
    day = first + timedelta(days=rng.randrange((date(born[1], 12, 31) - first).days))
    sign = "A" if day.year > 1999 else "-"
    text = day.strftime(template).replace("{sign}", sign)
    text = re.sub(r"\[([^]]+)\]|[#?@]", lambda part: _one(part, rng), text)
    body = text.removesuffix("{spi}")
    return text if body == text else body + calc_check_digits(body)


def _one(part: re.Match[str], rng: Random) -> str:
    ranges = {"#": "0123456789", "?": "123456789", "@": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    among = part[1].split("|") if part[1] and "|" in part[1] else part[1]
    return rng.choice(among or ranges[part[0]])


def _nino(text: str) -> bool:
    prefix, rest = text[:2], text[2:8]
    return prefix not in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ") and rest.isdigit()


def _german(positions: str, letter: int) -> Check:
    """Sums of products' digits as § 290 SGB V and § 4 VKVV have them."""

    def check(text: str) -> bool:
        if letter and not (1 <= int(text[2:4]) % 50 <= 31 and 1 <= int(text[4:6]) <= 12):
            return False
        code = str(ord(text[letter]) - 64).rjust(2, "0")
        digits = text[:letter] + code + text[letter + 1 : -1]
        total = 0
        for digit, factor in zip(digits, positions, strict=True):
            product = int(digit) * int(factor)
            total += product // 10 + product % 10
        return total % 10 == int(text[-1])

    return check


_OWN = {"kvnr": _german("1212121212", 0), "nino": _nino, "rvnr": _german("212571212121", 8)}


def _read() -> Iterator[Number]:
    for row in tomllib.loads((Path(__file__).parent / "made.toml").read_text("utf-8"))["number"]:
        check = row["check"]
        yield Number(
            country=row["country"],
            name=row["name"],
            check=_OWN[check] if check in _OWN else import_module(f"stdnum.{check}").is_valid,
            forms=row["forms"],
            labels=tuple(row["labels"]),
            peers=tuple(row.get("peers", ())),
            born=tuple(row.get("born", (1940, 2012))),
        )


NUMBERS = tuple(_read())
