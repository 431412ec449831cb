"""The part of ``docs/accuracy.md`` about numbers that name a person."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from texts import KINDS, RIGHT, WRONG, Text

#: Kinds of prose.
PLAIN, COUNTS, CODES, NEWS = "plain", "years, dates, prices, amounts", "order numbers, ISBNs, codes", "newspapers"


class Hold(NamedTuple):
    """What waits in prose of one ``kind``: characters on average and at most, places in 1,000 with more than four, and
    what waited longest."""

    name: str
    kind: str
    mean: float
    most: int
    over: float
    longest: str


HEADING = "## Numbers that name a person"
Scores = Sequence[tuple[bool, bool]]
Row = Sequence[object]


def put(path: Path, section: str) -> None:
    """Write ``section`` at the end of the page, in place of the one that is there."""
    page = path.read_text("utf-8").partition(f"\n{HEADING}\n")[0].rstrip("\n")
    path.write_text(f"{page}\n\n{section.rstrip()}\n", "utf-8")


def section(
    given: argparse.Namespace,
    made: Sequence[Text],
    ours: Scores,
    theirs: Scores,
    false: Mapping[str, Mapping[str, Mapping[str, float]]],
    holds: Sequence[Hold],
    presidio: str,
) -> str:
    """Return the whole part."""
    counted = Count(made, ours, theirs)
    return "".join((
        _INTRODUCTION.format(presidio=presidio, texts=given.texts, seed=given.seed, heading=HEADING),
        counted.beside(),
        _TELEPHONE,
        counted.by_country("phone"),
        _ADDRESSES,
        counted.addresses(),
        _ALL,
        counted.ours_alone(),
        _PROSE.format(sentences=given.sentences),
        _false(false),
        _HOLD,
        _held(holds),
        _ALONE,
        _held_by_country(holds),
    ))  # fmt: skip


class Count:
    """What was found, by what was made, country and kind of text."""

    def __init__(self, made: Sequence[Text], ours: Scores, theirs: Scores) -> None:
        self._texts, self._ours, self._theirs = (
            Counter[tuple[str, ...]](),
            Counter[tuple[str, ...]](),
            Counter[tuple[str, ...]](),
        )
        for text, mine, other in zip(made, ours, theirs, strict=True):
            for shared in {"all", "shared" if text.peers else "all"}:
                key = (text.what, text.country, text.kind, shared)
                which = 1 if text.kind in WRONG else 0
                self._texts[key] += 1
                self._ours[key] += mine[which]
                self._theirs[key] += other[which]

    def _sum(
        self, counter: Counter[tuple[str, ...]], what: str, country: str, kinds: Iterable[str], shared: str
    ) -> int:
        return sum(counter[what, country, kind, shared] for kind in kinds)

    def beside(self) -> str:
        """Return the table of the countries of which Presidio knows numbers."""
        return self.by_country("number", "shared")

    def by_country(self, what: str, shared: str = "all") -> str:
        rows = []
        countries = sorted({key[1] for key in self._texts if key[0] == what and key[3] == shared})
        for country in countries:
            cells: list[object] = [country, self._sum(self._texts, what, country, KINDS, shared)]
            for kinds in (("valid",), ("in a sentence",), ("full width",)):
                whole = self._sum(self._texts, what, country, kinds, shared)
                mine = self._sum(self._ours, what, country, kinds, shared)
                other = self._sum(self._theirs, what, country, kinds, shared)
                cells.append(f"{_share(mine, whole)} / {_share(other, whole)}")
            for kinds in (("wrong digit",), ("wrong context",)):
                whole = self._sum(self._texts, what, country, kinds, shared)
                mine = self._sum(self._ours, what, country, kinds, shared)
                other = self._sum(self._theirs, what, country, kinds, shared)
                cells.append(f"{_share(mine, whole)} / {_share(other, whole)}")
            rows.append(cells)
        return table(
            ("country", "texts", "valid", "in a sentence", "full width", "*wrong digit*", "*wrong context*"), rows
        )

    def addresses(self) -> str:
        rows = []
        for kind in (*RIGHT, "alone", "wrong context"):
            key = ("email", "", kind, "shared")
            name = "*no address*" if kind == "wrong context" else kind
            whole = self._texts[key]
            rows.append((name, whole, _share(self._ours[key], whole), _share(self._theirs[key], whole)))
        return table(("text", "texts", "ours", "Presidio"), rows)

    def ours_alone(self) -> str:
        rows = []
        for country in sorted({key[1] for key in self._texts if key[0] == "number"}):
            cells: list[object] = [country, self._sum(self._texts, "number", country, KINDS, "all")]
            for kind in KINDS:
                key = ("number", country, kind, "all")
                cells.append(_share(self._ours[key], self._texts[key]))
            rows.append(cells)
        return table(("country", "texts", *(f"*{kind}*" if kind in WRONG else kind for kind in KINDS)), rows)


def _share(found: int, whole: int) -> str:
    if not whole:
        return "–"
    share = 100 * found / whole
    return f"{share:.0f}" if share in (0, 100) else f"{min(99.9, max(0.1, share)):.1f}"


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---" for _ in head], *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines) + "\n"


def _false(false: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    rows = []
    for kind, each in false.items():
        for language, found in each.items():
            rows.append((kind, language, *(f"{number:.1f}" for number in found.values())))
    names = next(iter(next(iter(false.values())).values()))
    return table(("sentences", "language", *names), rows)


def _held(holds: Iterable[Hold]) -> str:
    rows = [
        (
            hold.name,
            hold.kind,
            f"{hold.mean:.2f}",
            hold.most,
            f"{hold.over:.1f}",
            f"`{hold.longest}`" if hold.most else "–",
        )
        for hold in holds
        if " of " not in hold.name
    ]
    return table(("detectors", "prose", "mean", "worst", "over 4, in 1,000 places", "the worst"), rows)


def _held_by_country(holds: Iterable[Hold]) -> str:
    found: dict[str, list[object]] = {}
    for hold in holds:
        _, _, country = hold.name.partition(" of ")
        if country:
            found.setdefault(country, [country]).extend((hold.most, f"`{hold.longest}`"))
    head = ("country", "numbers: worst", "the worst", "telephone: worst", "the worst")
    return table(head, [cells for _, cells in sorted(found.items())])


_INTRODUCTION = """\
{heading}

Made by `make accuracy-identifiers` (`benchmarks/identifiers`, seed {seed}); do not edit. The plugin
[ordinance-identifiers](../plugins/ordinance-identifiers/README.md) beside the recognisers of {presidio} (MIT), which
run in an environment of their own, without a language model, so without its context words; whatever they return
counts, as its default threshold of 0 has it. About {texts:,} texts for each country, made at random: numbers by the
arithmetic of python-stdnum (or of the law, for three German and British ones), in the forms in use, behind what
people call them, in three kinds: with its name (*valid*), *in a sentence* of one of four languages, in *full width*
digits. Found is a number of which every character is found. In the two columns in italics nothing should be found:
*wrong digit* has the right name and a digit that is not, *wrong context* is a number that comes out right by chance
and is said to be an order, a parcel or a part. A number that has two check digits, or a date and one, is found there
too: it says itself what it is. A wrong digit may make another number of the same country: an American one without check
digits (ITIN, SSN), a Bulgarian one. Numbers are percentages, ours / Presidio's, for the numbers that both know.

"""
_TELEPHONE = """\
### Telephone numbers

For each country, with its code and without, as `phonenumbers` writes them, or with other separators; Presidio's
recogniser is given the country. *Wrong digit*: a number of the country that is never given out.

"""
_ADDRESSES = """\
### E-mail addresses

"""
_ALL = """\
### All countries

What the plugin alone finds, percentages. *Alone* is a number without any word: only one that says itself what it is,
is found. Germany, Spain and others have several numbers, each with the same share of the texts.

"""
_PROSE = """\
### Ordinary sentences

Findings in 1,000 sentences in which no number names a person: {sentences:,} made for each language that ships and
each of two kinds, with a number in nearly every one, and 1,000 of newspapers (lingua, as above). All countries are
asked for at once; of Presidio all recognisers of the first table, with whatever score and with 0.5 or more, and its
telephone numbers. Addresses and telephone numbers in newspapers are real ones, and count.

"""
_HOLD = """\
### What waits

Characters that an open stream holds back after each character of prose, because they may still become a candidate: on
average, at most, and in how many of 1,000 places more than four. *plain* is the prose of `ordinance check --cost`.
All countries, then those together that hold four characters at most of years, dates, times, prices and amounts.

The hold is exact, so it is longer only where such a number and a number of a person begin alike: `2014 ` begins an
Austrian one (four digits, a space, a date) and an Indian one, `05.06.20` a Belgian one and a French telephone number,
`45 000` a British one, `215-3` an American one. A code in one piece waits for as long as a number may have digits. An
address may begin with any word, so with `id.email` every word waits until it ends.

"""
_ALONE = """\
[Decision 059](decisions/059-what-a-hold-consists-of.md) has what could be shorter, by country, and what could not.

One country at a time, on years, dates, times, prices and amounts:

"""
