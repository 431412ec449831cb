"""A clock that a test sets: what Ordinance takes for now, where it matters to a conversation."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import pytest

#: Where a conversation asks what time it is: what is due, and what is remembered.
ASKS = ("ordinance.runtime.situation", "ordinance.serve.door.recall")


class Clock:
    """Stands at ``now`` until it is set again, for a gateway in this process."""

    def __init__(self, patch: pytest.MonkeyPatch, now: datetime) -> None:
        self.now = now
        clock = self

        class Standing(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return clock.now.astimezone(tz)

        for module in ASKS:
            patch.setattr(f"{module}.datetime", Standing)

    def at(self, time: str) -> None:
        """Set the time of day, as in ``13:00``, in the zone of ``now``."""
        hours, minutes = map(int, time.split(":"))
        self.now = self.now.replace(hour=hours, minute=minutes)
