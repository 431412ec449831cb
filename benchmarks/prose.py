"""Prose that does not repeat, for benchmarks: a file of your own, or what the manual says in sentences.

Of the manual's pages headings, tables, lists and code are left out, so that what remains reads as an answer does, and
paragraphs that name a canary, so that nothing is withheld.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
_NO_PROSE = ("#", "|", "```", "    ", "<", "- ", "* ", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def prose(characters: int, file: Path | None = None) -> str:
    """At most ``characters`` of ``file`` (UTF-8), else of the manual; fewer where there are no more, never repeated."""
    return (file.read_text("utf-8") if file else _manual())[:characters]


def parts(text: str, characters: int) -> Iterator[str]:
    """Parts of ``characters`` without end, each new: the words of ``text`` in an order that no part before had."""
    words, chance = text.split(), random.Random(11)  # noqa: S311 - the same parts every time
    while True:
        yield " ".join(chance.choices(words, k=characters))[:characters]


def _manual() -> str:
    pages = "\n\n".join(page.read_text("utf-8") for page in sorted(DOCS.rglob("*.md")))
    without_code = re.sub(r"```.*?```", "", pages, flags=re.DOTALL)
    paragraphs = dict.fromkeys(re.split(r"\n\s*\n", without_code))
    kept = (each for each in paragraphs if each and not each.startswith(_NO_PROSE) and "canary" not in each)
    return "\n\n".join(re.sub(r"[`*\[\]]", "", each).replace("\n", " ") for each in kept)
