"""What earlier answers of a conversation told, as far as anybody knows (semantics, rule 29)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from ordinance.policy.vocabulary import NoticeKind
from ordinance.runtime.redact.disclose import Notice
from ordinance.runtime.situation import Situation

#: The names of the engine's own notices that are told once. A ``say`` goes by the id of its rule.
CONTACTS, HISTORY = "engine/contacts", "engine/history"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice was given, last ``at`` that time; None if nobody knows when."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """When each notice was last given in a conversation, by its name; ``others`` says the same of every name that is
    not in ``notices``. A notice that is not remembered was never given."""

    notices: Mapping[str, Told] = field(default_factory=lambda: MappingProxyType({}))
    others: Told | None = None

    def last(self, name: str) -> Told | None:
        """Look up when the notice was last given; None if it never was."""
        return self.notices.get(name, self.others)


#: What is remembered of a conversation that begins.
NOTHING_TOLD = Remembered()


def believed(situation: Situation) -> Remembered:
    """Believe what a request claims, where nothing is stored: an earlier answer has told what earlier answers tell,
    ``elapsed`` seconds ago. Without an earlier answer nothing was told, whatever else is claimed."""
    if situation.turn == 1:
        return NOTHING_TOLD
    elapsed = situation.elapsed
    return Remembered(others=Told(None if elapsed is None else situation.now - timedelta(seconds=elapsed)))


def names_of(notices: Iterable[Notice]) -> frozenset[str]:
    """Name what is to be remembered of ``notices`` that were just given."""
    return frozenset(name for notice in notices for name in _names(notice))


def _names(notice: Notice) -> Iterable[str]:
    match notice.kind:
        case NoticeKind.CONTACT:
            return [CONTACTS]
        case NoticeKind.HISTORY:
            return [HISTORY]
        case NoticeKind.ADDITION | NoticeKind.ADAPTER:
            return [cause.rule for cause in notice.causes]
    return []
