"""What every governed text offers, whatever form it has."""

from __future__ import annotations

from typing import Protocol

from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.ledger import Cut, Ledger


class Meeting(Protocol):
    """A text as far as it tells anything: the numbers of the rules that it met, as in ``Redactor``."""

    @property
    def refused(self) -> frozenset[int]: ...

    @property
    def severed(self) -> frozenset[int]: ...

    @property
    def omitted(self) -> set[int]: ...

    @property
    def observed(self) -> set[int]: ...

    @property
    def tried(self) -> set[int]: ...

    @property
    def failed(self) -> set[int]: ...


class Text(Meeting, Protocol):
    """A governed text: ``received`` is how much came in, ``settled`` the position up to which it is known what left,
    and ``cuts`` are the edits before."""

    @property
    def fault(self) -> str: ...

    @property
    def cuts(self) -> list[Cut]: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def received(self) -> int: ...

    @property
    def settled(self) -> int: ...

    def feed(self, text: str) -> str: ...

    def close(self, end: End = End.OWN) -> str: ...

    def abandon(self) -> None: ...
