"""How a request asks to be spoken to: slots with closed values, in a header. They give way to law alone."""

from __future__ import annotations

from ordinance.policy.slots import fits

#: As in ``address=informal, reading level=A2``.
HEADER = "x-ordinance-speak"


def asked_slots(header: str | None) -> dict[str, str]:
    """The slots that a request sets; what is no slot, or no value of it, is passed over. The first of two holds."""
    found: dict[str, str] = {}
    for item in (header or "").split(","):
        slot, _, value = (part.strip() for part in item.partition("="))
        if fits(slot, value):
            found.setdefault(slot, value)
    return found
