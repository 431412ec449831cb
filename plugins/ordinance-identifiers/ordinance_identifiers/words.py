"""Words that say what the number after them is."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: How many characters before a number are searched for such a word.
BEFORE = 80


class Words:
    """``written`` are words or phrases as the engine folds text, any case; ``*`` is any ending of a word."""

    def __init__(self, written: Iterable[str]) -> None:
        self.written = tuple(sorted(set(written)))
        either = "|".join(re.escape(each).replace(r"\*", r"\w*") for each in self.written)
        self._sought = re.compile(rf"(?<!\w)(?:{either})(?!\w)") if either else None

    def precede(self, before: str) -> bool:
        """Return whether one of them stands in ``before``, the folded text before a number."""
        return self._sought is not None and self._sought.search(before.casefold()) is not None
