"""What of a conversation the model reads: what is new, and what is old unless it meets a red line (semantics, rules 26
to 28). The engine's own words are taken out first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import FORM, Message, as_operators, every_text, rows, turns_said, with_gap
from ordinance.protocol.govern.transcript import Transcript, Turn, transcript_of
from ordinance.protocol.strings import strings
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.exchanges import Asked, Exchange, Item, Speaker, exchanges
from ordinance.runtime.redact.own_words import Returned


@dataclass(frozen=True, slots=True)
class Heard:
    """A request without the engine's own words: what it asks, and where each of the old exchanges stands among its
    messages."""

    request: Request
    asked: Asked
    places: tuple[tuple[int, ...], ...] = ()

    def without(self, api: Api, gone: Collection[int]) -> Request:
        """Return the request without the exchanges of these numbers."""
        left = {place for number in gone for place in self.places[number]}
        said = self.request.body[api.turns]
        return api.saying(self.request, [message for place, message in enumerate(said) if place not in left])


def hear(
    api: Api, request: Request, cutter: Cutter, *, system_is_ours: bool, transcript: Transcript | None = None
) -> Heard:
    """Take the engine's own words out of a ``request`` and tell what is old in it from what is new. ``system_is_ours``:
    the key attests that system messages are the operator's own, so they are not looked at. ``transcript`` is the
    conversation of the request where it was read already; one that was read under another policy is read again."""
    if transcript is None or transcript.cutter.plan is not cutter.plan:
        transcript = transcript_of(api, request, cutter)
    if transcript is None:  # a bare text
        texts = dict.fromkeys(api.prompt_texts(request, system_is_ours=system_is_ours))
        said = tuple(strings(request.body.get("prompt") or request.body.get("input")))
        return Heard(request, Asked(texts, said=said, question="\n".join(said), form=_form(request)))
    messages, items, returned = _kept(transcript.turns)
    if any(returned):
        request = api.saying(request, messages)
    places = exchanges(items)
    old = {place for each in places for place in each}
    left = [message for place, message in enumerate(messages) if place not in old]
    new = api.prompt_texts(api.saying(request, left), system_is_ours=system_is_ours)
    beside = request.body.get("system") or request.body.get("instructions") or None
    new_rows = rows([*as_operators(beside), *left], system_is_ours=system_is_ours)
    helped = _helped(places, returned)
    spoken = turns_said([*as_operators(beside), *left], system_is_ours=system_is_ours)
    asked = Asked(
        dict.fromkeys([*new, *new_rows]),
        [_exchange([messages[at] for at in each], found) for each, found in zip(places, helped, strict=True)],
        any(each.history for found in returned for each in found),
        tuple(text for _, text in spoken),
        next((text for speaker, text in reversed(spoken) if speaker is Speaker.USER), ""),
        _form(request),
    )
    return Heard(request, asked, tuple(map(tuple, places)))


def _form(request: Request) -> frozenset[str]:
    """Return what of a request's strings only gives it its form."""
    return FORM.union(request.body, [request.model or ""])


def _exchange(messages: Sequence[Message], helped: bool) -> Exchange:
    texts = [*every_text(messages, system_is_ours=False), *rows(messages, system_is_ours=False)]
    said = turns_said(messages, system_is_ours=False)
    return Exchange(dict.fromkeys(texts), helped, tuple(text for _, text in said))


def _kept(turns: Sequence[Turn]) -> tuple[list[Message], list[Item], list[list[Returned]]]:
    """Return the messages without the engine's own words, what each is in the conversation, and what was taken out of
    it. One of which nothing is left goes if the model says something beside it, else it has a gap: an answer was given
    there."""
    messages: list[Message] = []
    kept: list[Item] = []
    returned: list[list[Returned]] = []
    for at, turn in enumerate(turns):
        message, item, found = turn.message, turn.item, turn.returned
        if found and turn.was.read and not _says(item):
            beside = [turns[near].item for near in (at - 1, at + 1) if 0 <= near < len(turns)]
            if returned and any(each.speaker is Speaker.MODEL and _says(each) for each in beside):
                returned[-1] = returned[-1] + found
                continue
            message, item = with_gap(message, turn.said), turn.was
        messages.append(message)
        kept.append(item)
        returned.append(found)
    return messages, kept, returned


def _says(item: Item) -> bool:
    return item.read or item.calls


def _helped(places: Sequence[Sequence[int]], returned: Sequence[Sequence[Returned]]) -> list[bool]:
    """Say for each exchange whether its answer or a later one offered contacts."""
    found, helped = list[bool](), False
    for each in reversed(places):
        helped = helped or any(one.contacts for at in each for one in returned[at])
        found.append(helped)
    return found[::-1]
