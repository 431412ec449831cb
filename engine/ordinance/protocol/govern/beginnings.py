"""How a conversation began, as a request shows it: by that it is known again (semantics, rule 29)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from ordinance.policy.plan import Plan
from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import Message, item_of, said_in
from ordinance.runtime.exchanges import Item, Speaker, exchanges
from ordinance.runtime.redact.own_words import GAP, own_words

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


def opening_of(api: Api, request: Request, plan: Plan) -> Opening | None:
    """Find how the conversation of ``request`` began; None if nobody asks in it, as in a completion.

    It begins with the first exchange whose answer has words of the model's: what was refused begins nothing.
    """
    said = request.body.get(api.turns) if api.turns else None
    if isinstance(said, str):
        return Opening(said, (), None)
    if not isinstance(said, list):
        return None
    items = [item_of(message) for message in said]
    over = exchanges(items)
    for places in over:
        asked = _asked(items, places)
        if asked is not None and (answer := _answer(said, items, places, plan)):
            return _opening(said[asked], answer)
    answered = {place for places in over for place in places}
    asked = _asked(items, [place for place in range(len(items)) if place not in answered])
    return None if asked is None else _opening(said[asked], None)


def _asked(items: Sequence[Item], places: Sequence[int]) -> int | None:
    return next((place for place in places if items[place].speaker is Speaker.USER), None)


def _answer(said: Sequence[Message], items: Sequence[Item], places: Sequence[int], plan: Plan) -> str:
    """Return what the model answered in an exchange; empty if these are the engine's own words alone."""
    answers = [place for place in places if items[place].speaker is Speaker.MODEL and items[place].read]
    text = "\n".join(said_in(said[place]) for place in answers if not items[place].calls)
    return own_words(plan).cut(text).text.replace(GAP, "").strip()


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
