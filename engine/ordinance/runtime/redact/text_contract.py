"""What every governed text offers, whatever form it has."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

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


_Inner = TypeVar("_Inner", bound=Text)


class Around(Generic[_Inner]):
    """What a ``Text`` around another tells as that one does: what the rules met in it."""

    def __init__(self, inner: _Inner) -> None:
        self._inner = inner

    @property
    def refused(self) -> frozenset[int]:
        return self._inner.refused

    @property
    def severed(self) -> frozenset[int]:
        return self._inner.severed

    @property
    def omitted(self) -> set[int]:
        return self._inner.omitted

    @property
    def observed(self) -> set[int]:
        return self._inner.observed

    @property
    def tried(self) -> set[int]:
        return self._inner.tried

    @property
    def failed(self) -> set[int]:
        return self._inner.failed

    @property
    def fault(self) -> str:
        return self._inner.fault
