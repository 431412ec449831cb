"""How to speak: the slots that there are, and the values that each can have (semantics, rule 15)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import langcodes

#: What ``same as prompt`` becomes.
PROMPT = "prompt"

#: Slots with a closed set of values; the other slots take a language tag or the code of a script.
VALUES: Mapping[str, frozenset[str]] = {
    "address": frozenset({"formal", "informal"}),
    "register": frozenset({"casual", "neutral", "official"}),
    "honorific": frozenset({"none", "title"}),
    "units": frozenset({"metric", "us", "uk"}),
    "pedagogy": frozenset({"direct", "guided"}),
    "reading level": frozenset({"A1", "A2", "B1", "B2", "C1", "C2"}),
}

#: Values that a slot has in one language only.
IN_LANGUAGE: Mapping[tuple[str, str], frozenset[str]] = {
    ("address", "ja"): frozenset({"plain", "polite", "honorific", "humble"}),
    ("address", "ko"): frozenset({"plain", "polite", "deferential"}),
    ("honorific", "ja"): frozenset({"san", "sama", "sensei"}),
    ("honorific", "ko"): frozenset({"ssi", "nim"}),
}

#: Ways of address, the familiar and the respectful ones, each from what is said to most people on.
_FAMILIAR, _RESPECTFUL = ("informal", "plain"), ("polite", "formal", "deferential", "honorific", "humble")
#: How a notice addresses people if a pack does not say.
USUAL_ADDRESS = "formal"

#: Slots whose value is a language tag: whose words, spelling, numbers or dates.
TAGS = frozenset({"language", "spelling", "numbers", "dates"})
#: All slots, in the order in which an instruction speaks of them.
SLOTS = (
    "language", "script", "spelling", "address", "honorific", "register", "reading level", "pedagogy", "numbers",
    "dates", "units",
)  # fmt: skip

#: Slots whose form answers may be rewritten in (semantics, rule 40).
REWRITTEN = frozenset({"spelling", "script", "numbers", "dates", "units"})

#: Slots that may follow what the prompt does.
FOLLOWING = frozenset({"language", "script", "address", "register"})

#: Slots of which an answer may show that it missed them (semantics, rule 33).
DECIDED = frozenset({"language", "script", "address", "pedagogy", "numbers", "dates", "units"})

#: Slots whose sentence names a language or a script.
FILLED = TAGS | {"script"}
#: The closed values of each slot, in whatever language, with ``PROMPT``: each of them has a sentence of its own.
CLOSED: Mapping[str, frozenset[str]] = {
    slot: VALUES.get(slot, frozenset()).union(
        {PROMPT} if slot in FOLLOWING else (),
        *(more for (name, _), more in IN_LANGUAGE.items() if name == slot),
    )
    for slot in SLOTS
    if slot in VALUES or slot in FOLLOWING
}

_SCRIPT = re.compile("[A-Z][a-z]{3}")


def is_tag(value: str) -> bool:
    """Whether ``value`` is a language tag in its usual form."""
    return langcodes.tag_is_valid(value) and langcodes.standardize_tag(value) == value


def is_script(value: str) -> bool:
    """Whether ``value`` is the ISO 15924 code of a script."""
    return bool(_SCRIPT.fullmatch(value)) and langcodes.Language.make(script=value).is_valid()


def addresses_in(tag: str) -> frozenset[str]:
    """Return the ways of address that a language has."""
    return VALUES["address"] | IN_LANGUAGE.get(("address", tag.partition("-")[0]), frozenset())


def nearest_addresses(address: str) -> tuple[str, ...]:
    """Return all ways of address, ``address`` first, then those that are as familiar or respectful as it, then the
    others."""
    own, other = (_FAMILIAR, _RESPECTFUL) if address in _FAMILIAR else (_RESPECTFUL, _FAMILIAR)
    return (address, *(each for each in own if each != address), *other)


def fits(slot: str, value: str) -> bool:
    """Whether ``slot`` can have the ``value`` in some language."""
    if value == PROMPT:
        return slot in FOLLOWING
    if slot in TAGS:
        return is_tag(value)
    if slot == "script":
        return is_script(value)
    return value in CLOSED.get(slot, ())
