"""How a request asks to be spoken to: slots with closed values, in a header. They give way to law alone."""

from __future__ import annotations

from ordinance.policy.slots import PROMPT, TAGS, fits
from ordinance.serve.door.locale import plain_tag

#: As in ``address=informal, reading level=A2``.
HEADER = "x-ordinance-speak"
#: Longer headers are cut: there are no more slots.
_MOST_ITEMS = 32


def asked_slots(header: str | None) -> dict[str, str]:
    """The slots that a request sets; what is no slot, or no value of it, is passed over. The first of two holds."""
    found: dict[str, str] = {}
    for item in (header or "").split(",", _MOST_ITEMS)[:_MOST_ITEMS]:
        slot, _, value = (part.strip() for part in item.partition("="))
        if slot in TAGS and value != PROMPT:
            value = plain_tag(value)
        if fits(slot, value):
            found.setdefault(slot, value)
    return found
