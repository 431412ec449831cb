"""How numbers, dates and measures are written: those decide that can be read in one way alone (semantics, rule 36)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from ordinance.runtime.adherence.own_prose import Piece

_FILE = Path(__file__).parent / "figures.toml"

_METRIC = "km/h|km²|km|cm²|cm|mm|m²|m³|ha|kg|mg|ml|cl|°C|℃|m|g|l"
_US = "°F|℉|mph|lbs|lb|oz|ft|mi|gal|yd"
_OTHER = "%|‰|€|\\$|£|¥|₹|zł|kr|EUR|USD|CHF|GBP|PLN|JPY|kWh|kW|MHz|GHz|Hz|GB|MB|kB|TB"
#: A number, with what makes it a sum, a share or a measure.
_NUMBER = re.compile(
    r"(?<![\w.,:/'’-])(?P<before>(?:[€$£¥₹]|(?:EUR|USD|CHF|GBP|PLN|JPY)\s)\s?)?(?P<number>[0-9][0-9.,]*[0-9]|[0-9])"
    rf"(?:[ \u00a0\u202f]?(?:(?P<metric>{_METRIC})|(?P<us>{_US})|(?P<other>{_OTHER})))?(?![\w/:-]|[.,]\w)"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)([.,])[0-9]+)?")
_PLAIN = re.compile(r"[0-9]+([.,])(?![0-9]{3}$)[0-9]+")

_DAY_OR_MONTH_FIRST = re.compile(r"(?<![\w./-])([0-9]{1,2})([./-]) ?([0-9]{1,2})\2 ?[0-9]{4}(?![\w/-]|\.\w)")
_YEAR_FIRST = re.compile(
    r"(?<![\w./-])[0-9]{4}([./年년-]) ?[0-9]{1,2}([./月월-]) ?([0-9]{1,2})([日일]?)(?![\w/-]|\.\w)"
)


class Figures:
    """Feed it the pieces of a text; ``numbers``, ``dates`` and ``units`` are the ways in which these are written."""

    def __init__(self) -> None:
        self.numbers: set[str] = set()
        self.dates: set[str] = set()
        self.units: set[str] = set()

    def take(self, piece: Piece) -> None:
        """Look at a piece."""
        if not any(map(str.isdigit, piece.text)):
            return
        for match in _NUMBER.finditer(piece.text):
            self.units.update(system for system in ("metric", "us") if match[system])
            beside = any(match[name] for name in ("before", "metric", "us", "other"))
            self.numbers.update(_fraction_sign(match["number"], beside=beside))
        self.dates.update(_dates(piece.text))

    def state(self, slot: str, value: str) -> str:
        """Return whether the text keeps the ``value`` of `numbers`, `dates` or `units`: `kept`, `missed` or
        `cannot_tell`."""
        if slot == "units":
            clear = value in ("metric", "us") and len(self.units) == 1
            return ("kept" if value in self.units else "missed") if clear else "cannot_tell"
        usual = _usual(slot, value)
        found = self.numbers if slot == "numbers" else self.dates
        if not found or not usual:
            return "cannot_tell"
        if found <= usual:
            return "kept"
        return "missed" if found - usual - {"Y-M-D"} else "kept" if found & usual else "cannot_tell"


def _fraction_sign(number: str, *, beside: bool) -> Iterator[str]:
    """Yield the sign before a fraction that the number shows, if it can be read in one way alone."""
    if grouped := _GROUPED.fullmatch(number):
        between, fraction = grouped[1], grouped[2]
        groups = number.count(between)
        if fraction or (groups > 1 and groups != 3):  # three signs: an address of a machine, as likely as not
            yield fraction or ("." if between == "," else ",")
    elif beside and (plain := _PLAIN.fullmatch(number)):
        yield plain[1]


def _dates(text: str) -> Iterator[str]:
    for match in _DAY_OR_MONTH_FIRST.finditer(text):
        first, second, sign = int(match[1]), int(match[3]), match[2]
        if 12 < first <= 31 and 1 <= second <= 12:
            yield f"D{sign}M{sign}Y"
        elif 12 < second <= 31 and 1 <= first <= 12:
            yield f"M{sign}D{sign}Y"
    for match in _YEAR_FIRST.finditer(text):
        if 12 < int(match[3]) <= 31:
            yield f"Y{match[1]}M{match[2]}D{match[4]}"


@cache
def _usual(slot: str, tag: str) -> frozenset[str]:
    """Return the ways in which numbers or dates are written in the language of a ``tag``, and in its region if that
    differs."""
    subtags = tag.split("-")
    region = next((each for each in subtags[1:] if len(each) in (2, 3) and not each.islower()), "")
    ways = _ways()[slot]
    return ways.get(f"{subtags[0]}-{region}") or ways.get(subtags[0], frozenset())


@cache
def _ways() -> Mapping[str, Mapping[str, frozenset[str]]]:
    table = tomllib.loads(_FILE.read_text("utf-8"))
    found: dict[str, dict[str, set[str]]] = {}
    for slot, ways in table.items():
        for way, tags in ways.items():
            for tag in tags.split():
                found.setdefault(slot, {}).setdefault(tag, set()).add(way)
    return {slot: {tag: frozenset(ways) for tag, ways in tags.items()} for slot, tags in found.items()}
