"""The name of a tool call: a text like every other, and what rules name (semantics, rule 32).

Nothing of a name leaves before all of it is known, so whether a rule names the tool is decided before the first
character of the call is out.
"""

from __future__ import annotations

from collections.abc import Mapping

from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.ledger import Cut, Ledger
from ordinance.runtime.redact.text_contract import Around, Text
from ordinance.runtime.text.folding import as_phrase


class CallName(Around[Text]):
    """Governs the name of a call as ``text`` does. ``calls`` are the rules that name tools, as numbers, by what the
    names are compared as; ``removes`` and ``tries`` are those that take the call out, and those on trial. The other
    rules observe the call, unless it is taken back."""

    def __init__(
        self, text: Text, calls: Mapping[str, frozenset[int]], removes: frozenset[int], tries: frozenset[int]
    ) -> None:
        super().__init__(text)
        self._calls = calls
        self._removes = removes
        self._tries = tries
        self._said: list[str] = []
        self._met = frozenset[int]()

    def feed(self, text: str) -> str:
        self._said.append(text)
        return self._inner.feed(text)

    def close(self, end: End = End.OWN) -> str:
        """End the name, and return what is left of it; nothing if a rule takes the call out."""
        self._met = self._calls.get(as_phrase("".join(self._said)), frozenset())
        if self._met & self._removes:
            self.take_back()
            self._inner.abandon()
            return ""
        rest = self._inner.close(end)
        if self.refused or self.severed or self.fault:
            self.take_back()
        return rest

    def abandon(self) -> None:
        self._inner.abandon()

    def take_back(self) -> None:
        """Note that the call did not leave: nobody is told of it."""
        self._met &= self._removes | self._tries

    @property
    def severed(self) -> frozenset[int]:
        return super().severed | (self._met & self._removes)

    @property
    def observed(self) -> set[int]:
        return super().observed | (self._met - self._removes - self._tries)

    @property
    def tried(self) -> set[int]:
        return super().tried | (self._met & self._tries)

    @property
    def cuts(self) -> list[Cut]:
        return self._inner.cuts

    @property
    def ledger(self) -> Ledger:
        return self._inner.ledger

    @property
    def received(self) -> int:
        return self._inner.received

    @property
    def settled(self) -> int:
        return self._inner.settled
