"""Requests whose head two readers could take for two requests are no HTTP here, so that nothing passes a proxy in front
under another reading than ours."""

from __future__ import annotations

import re
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: The first lines up to the empty one, and a line that continues the one before (RFC 9112, 5.2).
_HEAD = re.compile(rb"\A.*?\n\r?\n", re.DOTALL)
_FOLD = re.compile(rb"\n[ \t]")

#: The largest head that is read, in bytes.
_LARGEST_HEAD = 64 * 1024


class StrictReader(h11.Connection):
    """Reads as its class does, and refuses a head with folded lines. ``FrontChecks`` refuses two lengths."""

    def next_event(self) -> Any:
        arrived = self.trailing_data[0] if self.their_state is h11.IDLE else b""
        event = super().next_event()
        if isinstance(event, h11.Request):
            head = _HEAD.match(arrived)
            if head is None or _FOLD.search(head[0]):
                raise h11.RemoteProtocolError("a header is folded")
        return event


class StrictProtocol(H11Protocol):
    """uvicorn's reader of HTTP/1.1 in Python, whatever else is installed, and stricter."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = StrictReader(h11.SERVER, self.config.h11_max_incomplete_event_size or _LARGEST_HEAD)

    def _unsupported_upgrade_warning(self) -> None:
        """Omit uvicorn's advice to install what would read another protocol: none is opened here."""
        self.logger.warning("Unsupported upgrade request.")
