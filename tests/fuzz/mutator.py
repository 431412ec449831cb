"""Spoils real samples: the same inputs for the same seed and the same answers to ``keep``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

#: What has confused parsers before: ends, encodings, numbers past every type, names of their own syntax.
_AWKWARD = (
    b"\0", b"\r", b"\r\n", b"\n\n", b"\t", b"\x0b", b"\x1b", b"\x7f", b"\x85", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf",
    b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", "\u2028".encode(), "\u202e".encode(), "\U0010ffff".encode(),
    b"\\ud800", b"\\udc00", b"\\u0000", b"\\UFFFFFFFF", b"\\x", b"\\", b'"', b"'", b"`", b"{", b"}", b"[", b"]", b"(",
    b")", b"<", b">", b"&", b"*", b"%", b"!", b"|", b"?", b"- ", b": ", b",", b";", b"=", b"#", b"@", b"//", b"../",
    b"0", b"-1", b"1e999", b"-0.0", b"NaN", b"Infinity", b"1" * 20, b"9" * 5000, b"0x1", b"1_000", b"2147483648",
    b"true", b"false", b"null", b"~", b"2001-13-45", b"99999-01-01", b"0000-00-00", b"12:61:61", b"<<: ", b"!!int x",
    b"!!binary x", b"&a *a", b"%YAML 9.9\n---\n", b"---\n", b"...\n", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&#0;",
    b"<?xml version='1.0' encoding='utf-16'?>", b"{}", b"[]", b'""', b"data: ", b"event: error\n", b"[DONE]",
)  # fmt: skip
_WORD = re.compile(rb'[\w.-]{1,40}|"[^"\n]{0,40}"')
#: How often something is nested or repeated.
_OFTEN = (2, 3, 10, 100, 1000, 5000)


class Mutator:
    """Makes inputs of at most ``longest`` bytes from ``samples``."""

    def __init__(self, samples: Sequence[bytes], seed: str, longest: int) -> None:
        self._random = Random(seed)
        self._samples = list(samples)
        self._kept: list[bytes] = []
        self._words = sorted({word for sample in samples for word in _WORD.findall(sample)}) or [b"x"]
        self._longest = longest
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._flip, self._cut, self._double, self._move, self._insert, self._insert, self._exchange, self._nest,
            self._splice, self._word, self._end,
        )  # fmt: skip

    def keep(self, data: bytes) -> None:
        """Go on from ``data`` too: it has led somewhere new."""
        if len(self._kept) == 2000:
            self._kept[self._random.randrange(2000)] = data
        else:
            self._kept.append(data)

    def next(self) -> bytes:
        """Return another input."""
        chance = self._random
        data = bytearray(chance.choice(self._kept if self._kept and chance.random() < 0.6 else self._samples))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 9))):
            chance.choice(self._ways)(data)
        return bytes(data[: self._longest])

    def _at(self, data: bytearray) -> int:
        return self._random.randint(0, len(data))

    def _span(self, data: bytearray) -> slice:
        start = self._at(data)
        return slice(start, min(len(data), start + self._random.choice((1, 2, 4, 8, 32, 128, 1000))))

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _cut(self, data: bytearray) -> None:
        del data[self._span(data)]

    def _end(self, data: bytearray) -> None:
        if self._random.random() < 0.3:
            del data[self._at(data) :]

    def _double(self, data: bytearray) -> None:
        part = data[self._span(data)]
        times = min(self._random.choice(_OFTEN), self._longest // max(1, len(part)))
        at = self._at(data)
        data[at:at] = part * times

    def _move(self, data: bytearray) -> None:
        span = self._span(data)
        part = data[span]
        del data[span]
        at = self._at(data)
        data[at:at] = part

    def _insert(self, data: bytearray) -> None:
        at = self._at(data)
        data[at:at] = self._random.choice(_AWKWARD)

    def _exchange(self, data: bytearray) -> None:
        """Put something awkward in the place of a word."""
        if words := list(_WORD.finditer(data)):
            word = self._random.choice(words)
            data[word.start() : word.end()] = self._random.choice(_AWKWARD)

    def _word(self, data: bytearray) -> None:
        """Put a word of the samples in the place of another."""
        if words := list(_WORD.finditer(data)):
            word = self._random.choice(words)
            data[word.start() : word.end()] = self._random.choice(self._words)

    def _nest(self, data: bytearray) -> None:
        left, right = self._random.choice(
            ((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"<a>", b"</a>"), (b"- ", b""))
        )
        times = min(self._random.choice(_OFTEN), self._longest // len(left))
        span = self._span(data)
        data[span.start : span.stop] = left * times + data[span] + right * times

    def _splice(self, data: bytearray) -> None:
        """Go on as another sample does."""
        other = self._random.choice(self._samples)
        del data[self._at(data) :]
        data += other[self._random.randint(0, len(other)) :]
