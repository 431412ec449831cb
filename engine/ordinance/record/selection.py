"""Which answers of a record somebody asks about, and how many there are of each kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec

from ordinance.record.links import link_in
from ordinance.record.record_lines import Place, lines_of

#: The effects that take something out of an answer.
LEFT_OUT = ("mask", "refuse", "withhold")
#: What answers can be counted by.
KINDS = (
    "api",
    "day",
    "effect",
    "jurisdiction",
    "key",
    "law",
    "locale",
    "model",
    "problem",
    "rule",
    "status",
    "verdict",
)


class Entry(msgspec.Struct):
    """What is asked about a record."""

    time: datetime
    event: str
    key: str | None = ""
    api: str | None = ""
    model: str | None = None
    status: int | None = None
    problem: str | None = None
    jurisdiction: str | None = None
    locale: str | None = None
    verdict: str | None = None
    rules: list[str] = []
    effects: dict[str, str] = {}
    laws: dict[str, list[str]] = {}


_entry = msgspec.json.Decoder(Entry).decode


def entry_of(body: bytes) -> Entry | None:
    """Return what is asked about a record, with its time in UTC; None where it is not one."""
    try:
        found = _entry(body)
        if found.time.tzinfo is None:
            return None
        found.time = found.time.astimezone(UTC)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        return None
    return found


@dataclass(frozen=True, slots=True)
class Selection:
    """Which answers: those that ended from ``since`` until before ``until``, by a rule that meets ``rules``, ``laws``
    and ``effects`` together, with one of these keys, jurisdictions and verdicts. What is empty selects all."""

    since: datetime | None = None
    until: datetime | None = None
    rules: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()

    def takes(self, entry: Entry) -> bool:
        """Return whether it is an answer that is asked about."""
        return (
            entry.event == "end"
            and (self.since is None or entry.time >= self.since)
            and (self.until is None or entry.time < self.until)
            and _among(entry.key, self.keys)
            and _among(entry.jurisdiction, self.jurisdictions)
            and _among(entry.verdict, self.verdicts)
            and (not (self.rules or self.laws or self.effects) or bool(self.rules_of(entry)))
        )

    def rules_of(self, entry: Entry) -> list[str]:
        """Return the rules that fired in the answer and are asked about."""
        return [
            rule
            for rule in entry.rules
            if _among(rule, self.rules)
            and _among(entry.effects.get(rule), self.effects)
            and (not self.laws or bool(self.laws_of(entry, rule)))
        ]

    def laws_of(self, entry: Entry, rule: str) -> list[str]:
        """Return the laws that ``rule`` stands under and that are asked about."""
        laws = entry.laws.get(rule, [])
        return [law for law in laws if not self.laws or any(_cites(law, asked) for asked in self.laws)]


def select(places: Iterable[Place], selection: Selection) -> Iterator[tuple[Entry, bytes]]:
    """Yield the answers that are asked about, each with its record in JSON, without its place in a chain. Raises
    ``UnreadableError``."""
    for place in places:
        for line in lines_of(place):
            link = link_in(line.data)
            body = line.data if link is None else link.body
            entry = None if body is None else entry_of(body)
            if body is not None and entry is not None and selection.takes(entry):
                yield entry, body


def count(places: Iterable[Place], selection: Selection, by: Sequence[str]) -> tuple[int, Counter[tuple[str, ...]]]:
    """Return how many answers are asked about, and how many of each kind in ``by``. An answer with several rules counts
    once for each rule, law and effect that is asked about. Raises ``UnreadableError``."""
    total, counts = 0, Counter[tuple[str, ...]]()
    for entry, _ in select(places, selection):
        total += 1
        counts.update(kinds_of(entry, selection, by) if by else ())
    return total, counts


def period(text: str) -> timedelta:
    """Read a time such as ``7d``, ``12h`` or ``30m``. Raises ``ValueError``."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([dhm])", text)
    if found is None:
        raise ValueError(f"'{text}' is not a time such as 7d, 12h or 30m")
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[found[2]]: int(found[1])})


def kinds_of(entry: Entry, selection: Selection, by: Sequence[str]) -> set[tuple[str, ...]]:
    """Return the kinds of an answer: a rule's effect and law belong together."""
    rules = selection.rules_of(entry) or [""]
    return {kind for rule in rules for kind in product(*(_values(entry, selection, rule, each) for each in by))}


def _values(entry: Entry, selection: Selection, rule: str, kind: str) -> Sequence[str]:
    match kind:
        case "day":
            return (entry.time.date().isoformat(),)
        case "rule":
            return (rule,)
        case "effect":
            return (entry.effects.get(rule, ""),)
        case "law":
            return selection.laws_of(entry, rule) or ("",)
        case _:
            found = getattr(entry, kind)
            return ("" if found is None else str(found),)


def _among(value: str | None, asked: tuple[str, ...]) -> bool:
    return not asked or (value or "") in asked


def _cites(law: str, asked: str) -> bool:
    """Return whether ``law`` contains what was asked for, as whole words: § 86a is not in § 86ab."""
    words = r"\s+".join(re.escape(word) for word in asked.split())
    return re.search(rf"(?<!\w){words}(?!\w)", law, re.IGNORECASE) is not None
