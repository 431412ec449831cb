"""Our matcher beside those of others: the same phrases and patterns over the same text, streamed in tokens, in one run.

    python benchmarks/matchers.py [--phrases N] [--patterns N] [--text FILE]

Each is measured in a process of its own, in processor time. Others are measured where they are installed (hyperscan,
which also stands for Vectorscan: its fork with the same interface; google-re2, pyahocorasick, regex); for the rest the
line says that they are missing. What keeps no state between tokens searches the last 200 characters again with each.

The columns: to compile; microseconds a token when text is met first, and when it is met again; megabytes; of 40 planted
phrases and codes, how many are found; of six ways to write a phrase otherwise, how many are seen through; and, after a
token, how many of the starts from which a match may still be completed are named exactly (a start that is too late
leaks, one that is too early keeps text back). The naive measure of the last tries every phrase and code at every place.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prose import prose

DELTA = 4
TAIL = 200
CHARACTERS = 100_000
#: What keeps no state takes milliseconds a token; so many seconds are enough for a mean.
SECONDS = 4.0
PLANTED = 40
#: A phrase as it is looked for, and ways to write it that a reader takes for the same.
PHRASE = "zorbel quantav mirnok"
DISGUISES = {
    "case": "ZORBEL Quantav mirnok",
    "fullwidth letters": "ｚｏｒｂｅｌ quantav mirnok",
    "look-alikes of another script": "zоrbеl quаntav mirnоk",
    "invisible characters": "zor\u200bbel quan\u2060tav mirnok",
    "soft hyphen": "zorbel quan\u00adtav mirnok",
    "line break": "zorbel\nquantav  mirnok",
}


@dataclass(frozen=True)
class Sought:
    """Phrases, whole words in any case, and the heads of codes such as ``ABC-1234``."""

    phrases: Sequence[str]
    heads: Sequence[str]

    def expressions(self) -> list[str]:
        return [rf"\b{re.escape(each)}\b" for each in self.phrases] + [
            rf"\b{head}-[0-9]{{4,8}}\b" for head in self.heads
        ]


class Engine:
    """``feed`` takes a token and gives how many matches became certain; ``hold`` gives the offset before which nothing
    can match any more, None where an engine cannot say."""

    stateful = True

    def feed(self, token: str) -> int:
        raise NotImplementedError

    def hold(self) -> int | None:
        return None


class Ours(Engine):
    def __init__(self, sought: Sought) -> None:
        from ordinance.detection import Expressions, Pattern
        from ordinance.runtime.match.automaton import Automaton
        from ordinance.runtime.match.matcher import Matcher

        patterns = tuple(Pattern(rf"\b{head}-[0-9]{{4,8}}\b", any_case=True) for head in sought.heads)
        self._matcher = Matcher(Automaton([(0, Expressions(tuple(sought.phrases), patterns))]))
        self._at = 0

    def feed(self, token: str) -> int:
        found = 0
        for char in token:
            found += len(self._matcher.feed(char, self._at))
            self._at += 1
        return found

    def hold(self) -> int | None:
        oldest = self._matcher.oldest()
        return self._at if oldest is None else oldest


class Hyperscan(Engine):
    """With the start of each match. Its word edges are those of ASCII: `UCP`, which has Unicode's, refuses ``\\b``."""

    def __init__(self, sought: Sought) -> None:
        import hyperscan as hs

        flags = hs.HS_FLAG_CASELESS | hs.HS_FLAG_UTF8 | hs.HS_FLAG_SOM_LEFTMOST
        database = hs.Database(mode=hs.HS_MODE_STREAM | hs.HS_MODE_SOM_HORIZON_LARGE)
        each = [expression.encode() for expression in sought.expressions()]
        database.compile(expressions=each, ids=list(range(len(each))), elements=len(each), flags=[flags] * len(each))
        self._found: set[tuple[int, int]] = set()
        self._handler = self._took  # hyperscan keeps no reference of its own
        self._kept = database, database.stream(match_event_handler=self._handler)
        self._stream = self._kept[1].__enter__()

    def _took(self, number: int, start: int, end: int, flags: int, context: object) -> None:
        self._found.add((number, start))

    def feed(self, token: str) -> int:
        before = len(self._found)
        self._stream.scan(token.encode())
        return len(self._found) - before


class AhoCorasick(Engine):
    """Phrases alone: it knows no patterns, no words and no case. The text is put in lower case for it."""

    def __init__(self, sought: Sought) -> None:
        import ahocorasick

        automaton = ahocorasick.Automaton()
        for phrase in sought.phrases:
            automaton.add_word(phrase.lower(), phrase)
        automaton.make_automaton()
        self._search = automaton.iter("")

    def feed(self, token: str) -> int:
        self._search.set(token.lower(), False)
        return sum(1 for _ in self._search)


class Tail(Engine):
    """Searches the last characters again with each token."""

    stateful = False

    def __init__(self, search: Callable[[str], Any]) -> None:
        self._search = search
        self._text, self._base, self._last = "", 0, -1
        self._match: Any = None

    def feed(self, token: str) -> int:
        whole = self._text + token
        self._base += max(0, len(whole) - TAIL)
        self._text = whole[-TAIL:]
        self._match = self._search(self._text)
        if self._match is None or getattr(self._match, "partial", False):
            return 0
        end = self._base + self._match.end()
        start = self._base + self._match.start()
        new, self._last = start > self._last, max(end, self._last)
        return int(new)


class Re2(Tail):
    def __init__(self, sought: Sought) -> None:
        import re2

        options = re2.Options()
        options.max_mem = 1 << 30
        options.case_sensitive = False
        super().__init__(re2.compile("|".join(sought.expressions()), options).search)


class Partial(Tail):
    """``regex`` with ``partial=True``: the leftmost match, or else the leftmost beginning of one. What matched is cut
    off, for it would hide every beginning behind it."""

    def __init__(self, sought: Sought) -> None:
        import regex

        compiled = regex.compile("|".join(sought.expressions()), regex.IGNORECASE)
        super().__init__(lambda text: compiled.search(text, partial=True))

    def feed(self, token: str) -> int:
        found = super().feed(token)
        while self._match is not None and not self._match.partial:
            self._base += self._match.end()
            self._text = self._text[self._match.end() :]
            self._match = self._search(self._text)
        return found

    def hold(self) -> int | None:
        return self._base + (len(self._text) if self._match is None else self._match.start())


ENGINES: dict[str, tuple[str, type[Engine]]] = {
    "ordinance": ("ordinance", Ours),
    "Hyperscan (Vectorscan)": ("hyperscan", Hyperscan),
    "pyahocorasick": ("ahocorasick", AhoCorasick),
    "RE2": ("re2", Re2),
    "regex, partial": ("regex", Partial),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrases", type=int, default=10_000)
    parser.add_argument("--patterns", type=int, default=300)
    parser.add_argument("--text", type=Path, help="prose, UTF-8 (default: the manual's)")
    parser.add_argument("--one", choices=ENGINES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one, given.phrases, given.patterns, given.text)))
        return
    print(f"{given.phrases} phrases, {given.patterns} patterns, tokens of {DELTA} characters")
    print(f"{'':24}{'compile s':>10}{'first µs':>10}{'again µs':>10}{'MB':>7}{'found':>7}{'seen':>6}{'exact hold':>12}")
    for name, (module, _) in ENGINES.items():
        try:
            importlib.import_module(module)
        except ImportError:
            print(f"{name:24} not installed")
            continue
        words = [sys.executable, __file__, *sys.argv[1:], "--one", name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - itself
        if done.returncode:
            print(f"{name:24} failed: {(done.stderr.strip().splitlines() or [''])[-1]}")
            continue
        of = json.loads(done.stdout)
        hold = "cannot say" if of["hold"] is None else f"{of['hold']:.0%}"
        print(
            f"{name:24}{of['compile']:10.2f}{of['first']:10.2f}{of['again']:10.2f}{of['memory']:7.0f}"
            f"{of['found']:7}{of['seen']:6}{hold:>12}"
        )


def measured(name: str, phrases: int, patterns: int, file: Path | None) -> dict[str, float | None]:
    """All figures of one engine."""
    make = ENGINES[name][1]
    text, sought, planted = world(phrases, patterns, file)
    tokens = cut(text)
    warm(make)
    before, began = memory(), time.process_time()
    engine = make(sought)
    compiled = time.process_time() - began
    first = fed(engine, tokens)
    added = memory() - before
    again = fed(engine, tokens)
    return {
        "compile": compiled,
        "first": first,
        "again": again,
        "memory": added,
        "found": finds(engine, planted),
        "seen": finds(make(Sought([PHRASE], [])), [f"Then {each} came. " for each in DISGUISES.values()]),
        "hold": exactness(make, file),
    }


def warm(make: type[Engine]) -> None:
    """Import whatever it imports, before time and memory are taken."""
    make(Sought(["a b"], ["ABC"])).feed("text")


def finds(engine: Engine, texts: Sequence[str]) -> int:
    """In how many of ``texts`` it finds something; what stands between them ends whatever began."""
    return sum(sum(engine.feed(token) for token in cut(". " * TAIL + each)) > 0 for each in texts)


def world(phrases: int, patterns: int, file: Path | None) -> tuple[str, Sought, list[str]]:
    """Novel prose, phrases of three of its words, heads of codes, and sentences in which one of them stands."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    text = prose(CHARACTERS, file)
    words = sorted(set(re.findall(r"[A-Za-z]{3,}", text)))[:2000]
    made = [" ".join(chance.choices(words, k=3)) for _ in range(phrases)]
    heads = ["".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=3)) for _ in range(patterns)]
    sentences = [f"They wrote {each} to us. " for each in chance.choices(made, k=PLANTED // 2)]
    sentences += [f"Its number is {each}-12345, they say. " for each in chance.choices(heads, k=PLANTED // 2)]
    return text, Sought(made, heads), sentences


def cut(text: str) -> list[str]:
    return [text[at : at + DELTA] for at in range(0, len(text), DELTA)]


def fed(engine: Engine, tokens: Sequence[str]) -> float:
    """Microseconds of processor time for a token."""
    began = time.process_time()
    done = 0
    for token in tokens:
        engine.feed(token)
        done += 1
        if not engine.stateful and time.process_time() - began > SECONDS:
            break
    return (time.process_time() - began) / done * 1e6


def exactness(make: type[Engine], file: Path | None) -> float | None:
    """The share of tokens after which ``hold`` is where the earliest start lies that can still become a match."""
    text, sought, planted = world(100, 20, file)
    engine = make(sought)
    if engine.hold() is None:
        return None
    tokens, met, right = cut(text[:2000] + "".join(planted)), "", 0
    for token in tokens:
        engine.feed(token)
        met += token
        right += engine.hold() == earliest(met, sought)
    return right / len(tokens)


def earliest(met: str, sought: Sought) -> int:
    """Try every phrase and code at every place of the last characters: where does the first begin that may still
    become one, or grow?"""
    low = met.lower()
    for at in range(max(0, len(met) - 60), len(met)):
        if at and (met[at - 1].isalnum() or met[at - 1] == "_"):
            continue
        rest = low[at:]
        if any(phrase.lower().startswith(rest) for phrase in sought.phrases):
            return at
        head, digits = rest[:4], rest[4:]
        codes = (f"{each.lower()}-" for each in sought.heads)
        in_code = len(digits) <= 8 and (not digits or digits.isdecimal())
        if in_code and any(code.startswith(head) for code in codes):
            return at
    return len(met)


def memory() -> float:
    """The largest that this process ever was, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
