"""How a conversation began, as a request shows it: by that it is known again (semantics, rule 29)."""

from __future__ import annotations

from typing import NamedTuple

from ordinance.policy.plan import Plan
from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import item_of, said_in
from ordinance.runtime.exchanges import Speaker, exchanges
from ordinance.runtime.redact.own_words import own_words


class Opening(NamedTuple):
    """What was asked first and, if it was answered before, the first answer without the engine's own words."""

    question: str
    answer: str | None


def opening_of(api: Api, request: Request, plan: Plan) -> Opening | None:
    """Find how the conversation of ``request`` began; None if nobody asks in it, as in a completion."""
    said = request.body.get(api.turns) if api.turns else None
    if isinstance(said, str):
        return Opening(said, None)
    if not isinstance(said, list):
        return None
    items = [item_of(message) for message in said]
    asked = next((place for place, item in enumerate(items) if item.speaker is Speaker.USER), None)
    if asked is None:
        return None
    first = next((places for places in exchanges(items) if asked in places), None)
    if first is None:
        return Opening(said_in(said[asked]), None)
    answers = [said[place] for place in first if items[place].speaker is Speaker.MODEL and items[place].read]
    answer = "\n".join(said_in(message) for message in answers if not item_of(message).calls)
    return Opening(said_in(said[asked]), own_words(plan).cut(answer).text)
