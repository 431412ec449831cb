"""The strings at which a request asks to stop: whether it may be told that one was met.

That tells the words that would have come next. So it is told only if they would have left: as the continuation of what
stands before them, what the request itself continued included, and of an answer that was cut behind them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ordinance.policy.vocabulary import Channel
from ordinance.protocol.asked import Request
from ordinance.runtime.redact.continuation import Beginning, follow
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.redactor import Redactor
from ordinance.runtime.session import Session


def stops_of(request: Request, session: Session) -> Stops | None:
    """Return the stops of one choice; None if none may be reported, and in a form, where a string is not a text of its
    own."""
    return Stops(request, session) if request.stops and request.structure is None else None


class Stops:
    """The stops of one choice, and the texts behind which one may have stood."""

    def __init__(self, request: Request, session: Session) -> None:
        self._strings = request.stops
        self._included = bool(request.body.get("include_stop_str_in_output") or request.body.get("no_stop_trim"))
        self._session = session
        self._said: dict[str, list[str]] = {}

    def hear(self, name: str, text: str) -> None:
        """Add ``text``, the next piece of the text called ``name``."""
        self._said.setdefault(name, []).append(text)

    def begin(self, name: str) -> None:
        """Begin another block of the text called ``name``; the block is a text of its own."""
        self._said.pop(name, None)

    def may_tell(self, stop: str, beginnings: Mapping[str, tuple[Channel, Beginning]]) -> bool:
        """Return whether ``stop`` may be told at the end of the choice; ``beginnings`` has each of its texts."""
        return stop in self._strings and all(self._leaves(stop, name, *place) for name, place in beginnings.items())

    def _leaves(self, stop: str, name: str, part: Channel, beginning: Beginning) -> bool:
        said = "".join(self._said.get(name, ()))
        if self._included:
            said = said.removesuffix(stop)
        activation = self._session.activation_of(part)
        text = Redactor(activation, follow(activation, beginning, said), self._session.placeholders)
        return text.feed(stop) + text.close(End.CUT) == stop
