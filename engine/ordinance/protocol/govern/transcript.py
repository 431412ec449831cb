"""The conversation of a request, read once before a session opens: how it began, what is old in it, and what the model
reads of it are all found in this one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import Message, cut_from, item_of
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.exchanges import Item, Speaker
from ordinance.runtime.redact.own_words import Returned

_NOTHING: list[Returned] = []


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that a client ``said`` and what it ``was`` in the conversation; the ``message`` without the engine's
    own words, what it is then (``item``), and what was taken out of it (``returned``)."""

    said: Message
    was: Item
    message: Message
    item: Item
    returned: list[Returned]


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of a conversation. ``cut`` has what each text of the model's in it is without the engine's own words;
    these are known by ``cutter``."""

    turns: Sequence[Turn]
    cut: Mapping[str, Returned]
    cutter: Cutter

    def without_own_words(self, text: str) -> Returned:
        """Return a text of the conversation, or several in one, without the engine's own words."""
        found = self.cut.get(text)
        return self.cutter.cut(text) if found is None else found


def transcript_of(api: Api, request: Request, cutter: Cutter) -> Transcript | None:
    """Read the conversation of ``request``; None if it has none, or is a bare text."""
    messages = request.body.get(api.turns) if api.turns else None
    if not isinstance(messages, list):
        return None
    cut: dict[str, Returned] = {}

    def one(text: str) -> Returned:
        if text not in cut:
            cut[text] = cutter.cut(text)
        return cut[text]

    return Transcript([_turn(message, one) for message in messages], cut, cutter)


def _turn(said: Message, cut: Callable[[str], Returned]) -> Turn:
    was = item_of(said)
    message, returned = cut_from(said, cut) if was.speaker is Speaker.MODEL else (said, _NOTHING)
    return Turn(said, was, message, item_of(message) if returned else was, returned)
