"""How a conversation began, as a request shows it: by that it is known again (semantics, rule 29)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import Message, said_in
from ordinance.protocol.govern.transcript import Transcript, Turn
from ordinance.runtime.exchanges import Speaker, exchanges
from ordinance.runtime.redact.own_words import GAP

#: The types of parts of a question that are text; another may bring text along with what counts.
_TEXT = ("text", "input_text")
#: What clients add to a part, and to another one at the next turn.
_PASSING = "cache_control"


class Opening(NamedTuple):
    """What was asked first that got an answer: its ``question``, digests of ``others`` in it than texts (pictures,
    files) and, if it was answered before, the ``answer`` without the engine's own words."""

    question: str
    others: tuple[bytes, ...]
    answer: str | None


def opening_of(api: Api, request: Request, transcript: Transcript | None) -> Opening | None:
    """Find how the conversation of ``request``, of which ``transcript`` was read, began; None if nobody asks in it, as
    in a completion.

    It begins with the first exchange whose answer has words of the model's: what was refused begins nothing.
    """
    if transcript is None:
        said = request.body.get(api.turns) if api.turns else None
        return Opening(said, (), None) if isinstance(said, str) else None
    turns = transcript.turns
    over = exchanges([turn.was for turn in turns])
    for places in over:
        exchange = [turns[place] for place in places]
        asked = _asked(exchange)
        if asked is not None and (answer := _answer(exchange, transcript)):
            return _opening(asked, answer)
    answered = {place for places in over for place in places}
    asked = _asked(turn for place, turn in enumerate(turns) if place not in answered)
    return None if asked is None else _opening(asked, None)


def _asked(turns: Iterable[Turn]) -> Message | None:
    return next((turn.said for turn in turns if turn.was.speaker is Speaker.USER), None)


def _answer(exchange: Iterable[Turn], transcript: Transcript) -> str:
    """Return what the model answered in an exchange; empty if these are the engine's own words alone."""
    answers = [turn for turn in exchange if turn.was.speaker is Speaker.MODEL and turn.was.read]
    text = "\n".join(said_in(turn.said) for turn in answers if not turn.was.calls)
    return transcript.without_own_words(text).text.replace(GAP, "").strip()


def _opening(asked: Message, answer: str | None) -> Opening:
    return Opening(said_in(asked), tuple(_others(asked)), answer)


def _others(message: Message) -> Iterator[bytes]:
    """Yield a digest of each part of a message that is no text."""
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") not in _TEXT:
            yield sha256(_written({name: part[name] for name in part if name != _PASSING})).digest()


def _written(part: dict[str, Any]) -> bytes:
    return json.dumps(part, sort_keys=True).encode()
