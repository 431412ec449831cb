"""The digests of one choice as it leaves, which a mark is signed over (docs/marks.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from ordinance.policy.vocabulary import MARKER

#: Pieces of a text that are digested together.
_TOGETHER = 64


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Imprint:
    """Tell it what leaves, in order: ``add`` what is written beside the model's words, ``release`` what is released of
    them. The model cannot write the marker or one of the ``placeholders`` (semantics, rule 17), so within released text
    these are additions. It keeps digests, places and the last pieces."""

    def __init__(self, placeholders: Iterable[str] = ()) -> None:
        plain = {MARKER, *placeholders}
        written = plain | {json.dumps(sign, ensure_ascii=False)[1:-1] for sign in plain}
        self._signs = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))))
        self._text, self._released = sha256(), sha256()
        self._length = 0  # of the text, in bytes, without what waits
        self._waiting: list[str] = []
        self._additions: list[tuple[int, int]] = []
        self._beside: dict[str, _Digest] = {}

    def add(self, text: str) -> None:
        """Note text of the engine's own."""
        self._settle()
        self._write(text)

    def _settle(self) -> None:
        """Digest what was released since the last time: one by one, pieces of a few characters would cost more."""
        released, self._waiting = "".join(self._waiting), []
        at = 0
        for found in self._signs.finditer(released):
            self._of_the_model(released[at : found.start()])
            self._write(found[0])
            at = found.end()
        self._of_the_model(released[at:])

    def _write(self, text: str) -> None:
        data = _encoded(text)
        self._text.update(data)
        start, self._length = self._length, self._length + len(data)
        if self._additions and self._additions[-1][1] == start:
            start = self._additions.pop()[0]
        if start < self._length:
            self._additions.append((start, self._length))

    def release(self, text: str) -> None:
        """Note released text, with the signs that stand in place of what was removed."""
        self._waiting.append(text)
        if len(self._waiting) >= _TOGETHER:
            self._settle()

    def beside(self, name: str, text: str) -> None:
        """Note what leaves of a text beside the content, such as the model's reasoning."""
        if text:
            self._beside.setdefault(name, sha256()).update(_encoded(text))

    def claims(self) -> dict[str, Any]:
        """Return what a mark says of the choice: digests in hexadecimal, and where additions stand in the text, as
        pairs of places in its bytes."""
        self._settle()
        return {
            "text": self._text.hexdigest(),
            "released": self._released.hexdigest(),
            "additions": [list(place) for place in self._additions],
            **{name: found.hexdigest() for name, found in sorted(self._beside.items())},
        }

    def _of_the_model(self, text: str) -> None:
        data = _encoded(text)
        self._text.update(data)
        self._released.update(data)
        self._length += len(data)


def digest_of(metadata: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an ``ordinance`` object, in hexadecimal, over its JSON in one form (docs/marks.md)."""
    form = json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(_encoded(form)).hexdigest()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
