"""The classifiers: for each red line one weight for each number of the encoder, as ``fit.py`` found them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ordinance_near.encoder import Encoder, is_known, sentences

FILE = Path(__file__).with_name("lines.json")
#: The score that a text has at a line's threshold: where its quiet texts rarely are.
AT_THRESHOLD = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """A linear classifier: ``weights`` and ``bias``, and the ``threshold`` of its sum that stands for
    ``AT_THRESHOLD``."""

    weights: np.ndarray
    bias: float
    threshold: float

    def score(self, rows: np.ndarray) -> float:
        """Return a number from 0 to 1 for the sentence of ``rows`` that is the nearest."""
        highest = float((rows @ self.weights).max()) + self.bias - self.threshold
        return 1 / (1 + float(np.exp(-(highest + np.log(AT_THRESHOLD / (1 - AT_THRESHOLD))))))


class Lines:
    """All classifiers, and the encoder that they share."""

    def __init__(self, lines: Mapping[str, Line], version: str) -> None:
        self._lines = lines
        self._encoder = Encoder()
        self.version = version
        # What is read at the first use is read now: a process starts once, and whoever asks does not wait.
        self._encoder(["Good morning."])
        is_known("Good morning.")

    @classmethod
    @cache
    def shipped(cls) -> Lines:
        """Read those that ship. Raises ``WeightsError`` where the encoder is another one."""
        said = json.loads(FILE.read_text("utf-8"))
        lines = {rule: _line(each) for rule, each in said["lines"].items()}
        return cls(lines, f"near {said['version']} {said['texts'][:16]}")

    @property
    def rules(self) -> list[str]:
        """Return the red lines that are known, as ``pack/rule``."""
        return sorted(self._lines)

    def score(self, rule: str, text: str) -> float:
        """Return how near the nearest sentence of ``text`` is to what ``rule`` forbids, from 0 to 1. 0 for a text in a
        language that the encoder does not know, and for one without a word."""
        found = sentences(text)
        if not found or not is_known(text):
            return 0.0
        return self._lines[rule].score(self._encoder(found))


def _line(said: Mapping[str, str | float]) -> Line:
    weights = np.frombuffer(base64.b85decode(str(said["weights"])), "<f2").astype(np.float32)
    return Line(weights, float(said["bias"]), float(said["threshold"]))
