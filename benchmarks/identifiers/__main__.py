"""What ordinance-identifiers finds, beside Presidio's recognisers: writes its part of ``docs/accuracy.md``.

    .venv/plugins/bin/python benchmarks/identifiers [--texts N] [--sentences N] [--seed N] [--prose FOLDER]

``make accuracy-identifiers``. Presidio runs in an environment of its own under ``.venv/``, made at the first run (about
400 MB); it has no part in the plugin, the engine or their tests. ``--prose`` is a folder of ordinary text, a file for
each language (``de.txt``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from statistics import fmean

import page
import texts
from made import NUMBERS as MADE
from ours import NUMBERS, ROOT, Ours
from sentences import sentences

from ordinance.authoring.prose import PROSE

sys.path.append(str(ROOT / "benchmarks"))

from environments import environment

PRESIDIO = "presidio-analyzer==2.2.366"
LANGUAGES = ("de", "en", "et")
COUNTRIES = sorted({number.country for number in MADE})
Found = list[tuple[int, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--texts", type=int, default=1200, help="texts for each country; a quarter with telephone numbers"
    )
    parser.add_argument("--sentences", type=int, default=1000, help="made sentences for each language")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--prose", type=Path, default=ROOT.parent / "shared/data/lingua-testdata/sentences")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "accuracy.md")
    given = parser.parse_args()
    rng = Random(given.seed)  # noqa: S311 - repeatable, not secret
    made = [*texts.numbers(given.texts, rng), *texts.phones(given.texts // 4, rng), *texts.addresses(given.texts, rng)]
    prose = {
        kind: {each: list(sentences(each, codes, given.sentences, rng)) for each in LANGUAGES}
        for kind, codes in ((page.COUNTS, False), (page.CODES, True))
    }
    prose[page.NEWS] = {
        each: (given.prose / f"{each}.txt").read_text("utf-8").splitlines()
        for each in LANGUAGES
        if (given.prose / f"{each}.txt").is_file()
    }
    print(f"{len(made):,} texts made", flush=True)
    ours = [scored(text, found) for text, found in zip(made, _ours(made), strict=True)]
    print("ours looked at", flush=True)
    theirs = [scored(text, found) for text, found in zip(made, _theirs(made), strict=True)]
    print("Presidio looked at them", flush=True)
    section = page.section(
        given,
        made,
        ours,
        theirs,
        {kind: {language: _false(lines) for language, lines in each.items()} for kind, each in prose.items()},
        _holds({page.PLAIN: {each: [PROSE[each]] for each in LANGUAGES}, **prose}),
        PRESIDIO,
    )
    page.put(given.out, section)
    print(f"wrote {given.out}")


def scored(text: texts.Text, found: Found) -> tuple[bool, bool]:
    """Return whether the whole number is covered, and whether any of it is touched."""
    covered = set[int]()
    for start, end in found:
        covered.update(range(max(start, text.start), min(end, text.end)))
    wanted = {at for at in range(text.start, text.end) if text.text[at] not in "+("}
    return wanted <= covered, bool(covered)


def _ours(made: Sequence[texts.Text]) -> Iterable[Found]:
    known: dict[tuple[str, str], Ours] = {}
    names = {"number": NUMBERS, "phone": ("id.phone",), "email": ("id.email",)}
    for text in made:
        key = (text.what, text.country)
        if key not in known:
            known[key] = Ours(names[text.what], (text.country,) if text.country else ())
        yield list(known[key].find(text.text))


def _theirs(made: Sequence[texts.Text]) -> Iterable[Found]:
    """Yield what Presidio found, whatever its score: nothing is below its default threshold of 0."""
    for found in presidio([{"text": each.text, "country": each.country, "peers": each.peers} for each in made]):
        yield [(start, end) for start, end, _ in found]


def presidio(asked: Sequence[dict[str, object]]) -> list[list[tuple[int, int, float]]]:
    """Return what the recognisers found in each text."""
    lines = "\n".join(json.dumps(each) for each in asked)
    job = Path(__file__).parent / "presidio_job.py"
    done = subprocess.run([environment(PRESIDIO), job], input=lines, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    return [json.loads(line) for line in done.stdout.splitlines()]


def _false(lines: Sequence[str]) -> dict[str, float]:
    """Return findings in a thousand sentences that have nothing to be found, by detector."""
    found = {name: [list(detector.find(line)) for line in lines] for name, detector in DETECTORS.items()}
    for name, peers, scores in PEERS:
        answers = presidio([{"text": line, "country": "", "peers": peers} for line in lines])
        for least, more in scores:
            found[f"Presidio, {name}{more}"] = [[(a, b) for a, b, score in each if score >= least] for each in answers]
    return {name: sum(len(_merged(each)) for each in spans) * 1000 / len(lines) for name, spans in found.items()}


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ``spans`` with those that overlap as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


DETECTORS = {
    "numbers": Ours(NUMBERS),
    "telephone": Ours(("id.phone",), COUNTRIES),
    "e-mail": Ours(("id.email",)),
}
#: Recognisers of Presidio, and from which scores on what they find is counted.
PEERS = (
    ("numbers", sorted({peer for number in MADE for peer in number.peers}), ((0, ""), (0.5, " from 0.5"))),
    ("telephone", ["PhoneRecognizer"], ((0, ""),)),
)


def _holds(prose: dict[str, dict[str, list[str]]]) -> list[page.Hold]:
    """Return what waits, for all countries, for each, and for those together where it is four at most."""
    texts_of = {kind: " ".join(line for lines in each.values() for line in lines) for kind, each in prose.items()}
    detectors = DETECTORS | {"telephone, international only": Ours(("id.phone",))}
    rows = [
        _hold(name, kind, detector, text) for name, detector in detectors.items() for kind, text in texts_of.items()
    ]
    few = " ".join(line for lines in prose[page.COUNTS].values() for line in lines[:300])
    for what, names in (("numbers", NUMBERS), ("telephone", ("id.phone",))):
        alone = [_hold(f"{what} of {each}", page.COUNTS, Ours(names, (each,)), few) for each in COUNTRIES]
        rows += alone
        short = [hold.name[-2:] for hold in alone if hold.most <= 4]
        if short:
            name = f"{what}, {len(short)} countries"
            rows += [_hold(name, kind, Ours(names, short), text) for kind, text in texts_of.items()]
    return rows


def _hold(name: str, kind: str, detector: Ours, text: str) -> page.Hold:
    counts = detector.holds(text)
    most = max(counts)
    at = counts.index(most)
    over = sum(count > 4 for count in counts) * 1000 / len(counts)
    return page.Hold(name, kind, fmean(counts), most, over, text[at + 1 - most : at + 1])


if __name__ == "__main__":
    main()
