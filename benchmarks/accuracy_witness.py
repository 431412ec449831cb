"""How many changes of substance the witness catches, and of address it passes: ``make accuracy-witness``.

It rewrites its part of docs/accuracy.md. The changes are made here, by lists and rules that share nothing with
``engine/ordinance/substance/``: in own sentences (``tests/cases/substance``), where what is changed is marked by hand,
and, where the data sets lie beside the checkout (``--data``), in sentences of others, where this script looks for
digits, for a word that negates, and for a capital within a sentence. No text goes into the page.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from accuracy import table
from measured_part import publish

from ordinance.substance.comparing import compare
from support.data import DATA

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "cases" / "substance"
LANGUAGES = ("ar", "de", "en", "es", "et", "fi", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt")
KINDS = ("number", "name", "negation", "hedge", "date", "unit")
#: Changes in each language: half in own sentences, half in those of others where there are some.
CHANGES = 1000
_MARKED = re.compile(r"\[([^\[\]|]+)\|([a-z]+)\]")
_OTHER_NAMES = {
    "ar": "كريم ليلى يوسف مراكش", "de": "Wagner Osman Bremen Seidel", "en": "Fletcher Osman Bristol Reed",
    "es": "Vargas Osman Murcia Rubio", "et": "Mägi Osman Narva Lepik", "fi": "Korhonen Osman Vaasa Niemi",
    "fr": "Fournier Osman Nantes Blanc", "hi": "सुरेश कविता विजय लखनऊ", "it": "Romano Osman Parma Villa",
    "ja": "山口 高橋 マリオ 札幌", "ko": "최유진 정민호 대구 한소희", "nl": "Jansen Osman Breda Dekker",
    "pl": "Wójcik Osman Toruń Zając", "pt": "Pacheco Osman Coimbra Serra",
}  # fmt: skip
#: Words that negate, for the sentences of others: few, so that each is one beyond doubt.
_NEGATES = {"de": "nicht kein keine nie", "en": "not never", "es": "no nunca", "et": "ei", "fr": "pas jamais"}


@dataclass(frozen=True, slots=True)
class Change:
    """A text, and the same with one thing of this kind changed."""

    kind: str
    before: str
    after: str


def own(tag: str, rng: random.Random, most: int) -> Iterator[Change]:
    """Changes of what is marked in own sentences, two of which make a text; the kinds take turns."""
    lines = [line.partition(": ")[2] for line in (CASES / "facts.txt").read_text("utf-8").splitlines()
             if line.startswith(f"{tag}: ")]  # fmt: skip
    marks = [match for line in lines for match in _MARKED.findall(line)]
    values = {kind: sorted({text for text, each in marks if each == kind}) for kind in KINDS}
    made = 0
    while made < most:
        kind = KINDS[made % len(KINDS)]
        pair = " ".join(rng.sample(lines, 2))
        found = [match for match in _MARKED.finditer(pair) if match[2] == kind]
        if not found:
            continue
        spot = rng.choice(found)
        new = _changed(kind, spot[1], tag, values[kind], rng)
        before = _MARKED.sub(r"\1", pair)
        texts = (pair[: spot.start()] + new + pair[spot.end() :], pair)
        if len({each[1] for each in found}) > 1 and rng.random() < 0.15:  # two that stand in each other's place
            texts = (_swapped(pair, found), pair)
        after = _MARKED.sub(r"\1", texts[0])
        if after != before:
            made += 1
            yield Change(kind, before, after)


def _swapped(pair: str, found: list[re.Match[str]]) -> str:
    first = found[0]
    second = next(each for each in found if each[1] != first[1])
    between = pair[first.end() : second.start()]
    return pair[: first.start()] + second[0] + between + first[0] + pair[second.end() :]


def _changed(kind: str, text: str, tag: str, values: list[str], rng: random.Random) -> str:
    if kind == "name":
        return rng.choice([name for name in _OTHER_NAMES[tag].split() if name != text])
    if kind == "number":
        if rng.random() < 0.8 or not text.isdecimal():
            return _digit(text, rng)
        return f"{text}0"
    if kind == "date":
        day = [match for match in re.finditer(r"\d+", text) if len(match[0]) <= 2]
        spot = rng.choice(day)
        other = str(int(spot[0]) % 27 + 1).zfill(len(spot[0]))
        return text[: spot.start()] + other + text[spot.end() :]
    others = [each for each in values if each != text]
    if kind == "unit" or (kind == "hedge" and rng.random() < 0.4 and others):
        return rng.choice(others)
    return ""  # the negation or the hedge is gone


def _digit(text: str, rng: random.Random) -> str:
    spot = rng.choice([match.start() for match in re.finditer(r"\d", text)])
    new = rng.choice([each for each in "123456789" if int(each) != int(text[spot])])
    return text[:spot] + new + text[spot + 1 :]


def others(tag: str, data: Path, rng: random.Random, most: int) -> Iterator[Change]:
    """Changes in sentences of others: of a digit, of a word that negates, of a name in the middle of a sentence."""
    lines = list(_lines(tag, data))
    rng.shuffle(lines)
    made = Counter[str]()
    for line in lines:
        for kind, after in _spots(tag, line, rng):
            if made[kind] < most // 3 + 1 and made.total() < most and after != line:
                made[kind] += 1
                yield Change(kind, line, after)


def _lines(tag: str, data: Path) -> Iterator[str]:
    formal = sorted((data / "cocoa-mt" / f"en-{tag}").glob("*.formal"))
    for path in (data / "lingua-testdata" / "sentences" / f"{tag}.txt", *formal):
        if path.is_file():
            yield from path.read_text("utf-8").splitlines()


def _spots(tag: str, line: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    if re.search(r"\d", line):
        yield "number", _digit(line, rng)
    words = "|".join(_NEGATES.get(tag, "").split())
    if words and (match := re.search(rf"(?<=[a-zäöüõéèà] )(?:{words}) (?=[a-zäöüõéèà])", line)):
        yield "negation", line[: match.start()] + line[match.end() :]
    if tag == "ja" and (match := re.search("[ァ-ヴ][ァ-ヴー]{2,}", line)):
        yield "name", line[: match.start()] + "マリオ" + line[match.end() :]
    if match := re.search(r"(?<=[a-zäöüõéèàñ] )[A-ZÄÖÜÕÉ][a-zäöüõéèàñ]{3,}", line):
        yield "name", line[: match.start()] + "Osman" + line[match.end() :]


def changes(data: Path, show: bool) -> str:
    """The table of changes: how many of each kind are caught."""
    rows = []
    for tag in LANGUAGES:
        rng = random.Random(f"witness {tag}")  # noqa: S311
        foreign = list(others(tag, data, rng, CHANGES // 2))
        for source, made in (("own", list(own(tag, rng, CHANGES - len(foreign)))), ("others", foreign)):
            if not made:
                continue
            states = Counter[str]()
            missed = Counter[str]()
            for change in made:
                state = compare(change.before, change.after, tag).state.value
                states[state] += 1
                if state == "sound":
                    missed[change.kind] += 1
                    if show:
                        print(tag, change, file=sys.stderr)
            kinds = Counter(change.kind for change in made)
            rows.append((
                tag, source, len(made), ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS if kinds[kind]),
                states["differs"], states["cannot_tell"], states["sound"],
                ", ".join(f"{kind} {count}" for kind, count in missed.items()) or "–",
            ))  # fmt: skip
    head = ("language", "sentences", "changes", "of which", "differs", "cannot tell", "not caught", "of which")
    return table(head, rows)


def address(data: Path, show: bool) -> str:
    """The table of changes of address alone: how many pass. Of CoCoA-MT each second line was kept out."""
    rows = []
    sets: list[tuple[str, str, Callable[[], Iterator[tuple[str, str]]]]] = []
    for tag in ("de", "es", "ja"):
        for at, name in ((0, "first"), (1, "kept out")):
            sets.append((tag, f"CoCoA-MT, {name} half", partial(_cocoa, tag, data, at)))
    own_pairs = [line.split("\t") for line in (CASES / "address.tsv").read_text("utf-8").splitlines()]
    for tag in dict.fromkeys(each[0] for each in own_pairs):
        sets.append((tag, "own", partial(_own_pairs, own_pairs, tag)))
    for tag, source, pairs in sorted(sets, key=lambda each: each[:2]):
        states = Counter[str]()
        for before, after in pairs():
            state = compare(before, after, tag).state.value
            states[state] += 1
            if state != "sound" and show and "kept out" not in source:
                print(tag, before, after, sep="\n  ", file=sys.stderr)
        total = states.total()
        share = f"{10_000 * states['sound'] // total / 100:.2f} %"
        rows.append((tag, source, total, states["differs"], states["cannot_tell"], share))
    return table(("language", "pairs from", "pairs", "differs", "cannot tell", "pass"), rows)


def _own_pairs(pairs: list[list[str]], tag: str) -> Iterator[tuple[str, str]]:
    yield from ((before, after) for name, before, after in pairs if name == tag)


def _cocoa(tag: str, data: Path, at: int) -> Iterator[tuple[str, str]]:
    for path in sorted((data / "cocoa-mt" / f"en-{tag}").glob("*.formal")):
        formal, informal = (each.read_text("utf-8").splitlines() for each in (path, path.with_suffix(".informal")))
        yield from list(zip(formal, informal, strict=True))[at::2]


def main() -> None:
    """Measure, and print the part or write it to the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--print", action="store_true", help="print the part and leave the page as it is")
    parser.add_argument("--show", action="store_true", help="print what was not caught, and what did not pass")
    given = parser.parse_args()
    if not (given.data / "cocoa-mt").is_dir():
        parser.error(f"{given.data} has no folder cocoa-mt; name the folder of the data sets with --data")
    publish(
        "witness",
        "### Changes of substance",
        changes(given.data, given.show).strip(),
        "### Changes of address alone",
        address(given.data, given.show).strip(),
        only_print=given.print,
    )


if __name__ == "__main__":
    main()
