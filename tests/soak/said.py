"""What the model says in a soak: an answer is a function of its number, for the model server and for who checks it."""

from __future__ import annotations

import re

#: What is held in an answer, by turns. ``plain``: nothing. ``law``: a phrase. ``plugin``: what a plugin finds.
#: ``judge``: what a judge finds. ``raises``, ``crashes``: the plugin fails while it looks. ``breaks``: the model server
#: breaks off in the middle of the phrase. ``leaves``: the client goes.
KINDS = (
    "plain", "law", "plain", "plugin", "judge", "plain", "law", "breaks", "plain", "raises", "plain", "leaves", "law",
    "plain", "plugin", "plain", "judge", "plain", "law", "crashes",
)  # fmt: skip
#: What no client may ever read, whatever happens. Each answer but the plain ones has it.
CANARY = re.compile(r"ordinance-canary|judge-canary|secret-\d")

_PHRASE = "ordinance-canary-86a-5d21e8"
_HELD = {
    "plain": "", "leaves": "", "law": f"Here is {_PHRASE} for all to see. ", "breaks": f"Here is {_PHRASE[:-3]}",
    "plugin": "FINE {0} secret-{0} own-{0}. ", "raises": "RAISE {0} secret-{0} own-{0}. ",
    "crashes": "LEAVE {0} secret-{0} own-{0}. ", "judge": "We speak of judge-canary-weapons-0.93 at length. ",
}  # fmt: skip
_OPENING = "The harbour lies quiet in the morning. Ships wait for the tide, and nobody hurries. "
_CLOSING = "In the evening the lights go on. This answer is over."

#: The first number. None is an emergency number, which would be left in an answer.
FIRST = 1_000_000


def kind(number: int) -> str:
    """Return what is held in the answer ``number``."""
    return KINDS[number % len(KINDS)]


def answer(number: int) -> tuple[str, bool]:
    """Return what the model says as the answer ``number``, and whether it then breaks off."""
    held = kind(number)
    text = _OPENING + _HELD[held].format(number)
    return (text, True) if held == "breaks" else (text + _CLOSING, False)


def whole(text: str) -> bool:
    """Return whether what a client read has the end of the model's answer."""
    return "This answer is over." in text
