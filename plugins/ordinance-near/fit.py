"""Fits the classifiers of ``ordinance_near/lines.json`` to this project's own texts: ``make fit-near``.

A linear classifier for each red line (logistic regression with an L2 penalty, by Newton's method) on the sentences of
the calibration texts (``rules/charter/calibration``) in the languages that the encoder knows. Texts that are kept out
are used for nothing but the table that is printed: recall at the threshold, with the share of quiet texts above it. The
threshold is the lowest at which at most 1 % of each kind of quiet text (requests, prose, contrasts) lies above it, by
cross-validation in five parts. The same texts give the same file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(HERE))

from ordinance_near.encoder import LANGUAGES, Encoder, sentences  # noqa: E402 - it is not installed where the engine is
from ordinance_near.lines import FILE, Line, _line  # noqa: E402 - the same

from ordinance.authoring.labelled import read_texts  # noqa: E402 - the same
from ordinance.language.source import Source  # noqa: E402 - the same
from ordinance.loading.load import load  # noqa: E402 - the same

TEXTS = TOP / "rules" / "charter" / "calibration"
VERSION = 1
#: The penalty, how much a firing text weighs, and the parts of the cross-validation.
PENALTY, FIRING_WEIGHT, PARTS = 1.0, 3.0, 5
#: The share of each kind of quiet text that may lie above the threshold.
FALSE_ALARMS = 0.01


class Text(NamedTuple):
    """A labelled text: ``line`` is the red line that it breaks or nearly breaks, empty if it is about none."""

    language: str
    line: str
    fires: bool
    kind: str
    kept_out: bool
    text: str


def labelled_texts(languages: Collection[str] = LANGUAGES) -> tuple[list[Text], str]:
    """Return the labelled texts in these ``languages``, and a hash of their files."""
    plan = load().plan
    found, state = [], hashlib.sha256()
    for folder in sorted(each for each in TEXTS.iterdir() if each.name in languages):
        for path in sorted(folder.glob("*.txt")):
            source = Source(path, str(path), path.read_text("utf-8"))
            state.update(source.text.encode())
            for each in read_texts(source, plan):
                rule, said = each.example.rule or "", str(each.example.prompt)
                fires = each.example.expects == "fires"
                found.append(Text(folder.name, rule, fires, each.kind or "", each.kept_out, said))
    return found, state.hexdigest()


def fitted(rows: np.ndarray, wanted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weights, and the bias at their end, of the logistic regression of ``wanted`` on ``rows``."""
    rows = np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float64)
    penalty = np.eye(rows.shape[1]) * PENALTY
    penalty[-1, -1] = 1e-6
    found = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ found))
        slope = rows.T @ (weight * (chance - wanted)) + penalty @ found
        step = np.linalg.solve((rows * (weight * chance * (1 - chance))[:, None]).T @ rows + penalty, slope)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found


class Fit:
    """All texts as rows of numbers, one for each sentence; ``owner`` is the number of the sentence's text."""

    def __init__(self, labelled: list[Text]) -> None:
        cut = [sentences(each.text) for each in labelled]
        self.texts = labelled
        self.owner = np.array([number for number, each in enumerate(cut) for _ in each])
        encoder, flat = Encoder(), [sentence for each in cut for sentence in each]
        self.rows = np.concatenate([encoder(flat[at : at + 64]) for at in range(0, len(flat), 64)])
        count = np.bincount(self.owner, minlength=len(labelled))
        self.share = 1 / count[self.owner]
        self.fires = np.array([each.fires for each in labelled])
        self.kept_out = np.array([each.kept_out for each in labelled])
        self.line = np.array([each.line for each in labelled])
        self.kind = np.array([each.kind for each in labelled])
        self.language = np.array([each.language for each in labelled])

    def sums(self, found: np.ndarray) -> np.ndarray:
        """Return the highest sum of each text's sentences."""
        highest = np.full(len(self.texts), -np.inf)
        np.maximum.at(highest, self.owner, self.rows @ found[:-1] + found[-1])
        return highest

    def fit(self, line: str, used: np.ndarray) -> np.ndarray:
        """Return the classifier of ``line`` by the ``used`` texts. What breaks another line teaches nothing here."""
        own = self.fires & (self.line == line)
        used = used & (own | ~self.fires)
        picked = used[self.owner]
        weight = self.share * np.where(own[self.owner], FIRING_WEIGHT, 1.0)
        return fitted(self.rows[picked], own[self.owner][picked].astype(float), weight[picked])

    def threshold(self, line: str) -> float:
        """Return the lowest sum at which few quiet texts of each kind lie above, by cross-validation."""
        part, used = np.arange(len(self.texts)) // 2 % PARTS, ~self.kept_out
        sums = np.zeros(len(self.texts))
        for number in range(PARTS):
            left_out = used & (part == number)
            sums[left_out] = self.sums(self.fit(line, used & (part != number)))[left_out]
        quiet = [np.sort(sums[used & ~self.fires & (self.kind == kind)]) for kind in ("request", "prose", "contrast")]
        return max(float(each[-1 - int(len(each) * FALSE_ALARMS)]) for each in quiet) + 1e-6


def main() -> None:
    """Fit, print the table of the texts that were kept out, and write the file."""
    labelled, digest = labelled_texts()
    fit = Fit(labelled)
    lines: dict[str, dict[str, str | float]] = {}
    print(f"{len(labelled)} texts; those kept out, at the threshold: firing found, quiet above")
    for line in sorted(set(fit.line[fit.fires])):
        found, threshold = fit.fit(line, ~fit.kept_out), fit.threshold(line)
        packed = base64.b85encode(found[:-1].astype("<f2").tobytes()).decode("ascii")
        lines[line] = {"bias": round(float(found[-1]), 4), "threshold": round(threshold, 4), "weights": packed}
        _show(fit, line, _line(lines[line]))
    said = {"version": VERSION, "texts": digest, "lines": lines}
    FILE.write_text(json.dumps(said, indent=1) + "\n", "utf-8")


def _show(fit: Fit, line: str, made: Line) -> None:
    above = fit.sums(np.append(made.weights, made.bias)) > made.threshold
    own, quiet = fit.fires & (fit.line == line) & fit.kept_out, ~fit.fires & fit.kept_out
    cells = []
    for language in sorted(set(fit.language)):
        here = fit.language == language
        cells.append(f"{language} {above[own & here].mean():4.0%} {above[quiet & here].mean():5.1%}")
    print(f"{line.partition('/')[2]:20} " + "   ".join(cells))


if __name__ == "__main__":
    main()
