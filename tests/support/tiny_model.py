"""What the tiny model (tests/vllm/make_model.py) can be made to say, and its tokens."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from support.vllm_server import MODEL

CANARY = "qvxzjkwy"
#: Commands in a prompt, each of which makes the model say the canary in a tokenisation of its own.
COMMANDS = ("<say-bytes>", "<say-pieces>", "<say-mixed>")
REASON = "<reason>"
SENTENCE, RED = "<say-sentence>", "<say-red>"
RED_ELSE = "<say-red-else>"
CALL = "<say-call>"
#: Makes it say ``hinge:``, and a number that only a plugin finds.
NUMBER, SAID_NUMBER = "<say-number>", "part-12340"
#: What each command makes it say, and the parts of that none of which may leave.
SAYS = {
    **dict.fromkeys(COMMANDS, CANARY),
    CALL: CANARY,
    SENTENCE: "ordinance-canary-86a-5d21e8",
    **dict.fromkeys((RED, RED_ELSE), "ordinance-canary-weapons-7f3a9c"),
}


#: What may not leave of each: the canary whole, and no piece that says something. No other text holds one of these.
PARTS = {
    CANARY: tuple(CANARY[at : at + 3] for at in range(len(CANARY) - 2)),
    SAYS[SENTENCE]: ("-canary", "86a-5", "5d21e8"),
    SAYS[RED]: ("-canary", "s-7f3", "7f3a9c"),
}


@cache
def _vocabulary() -> dict[str, int]:
    made: dict[str, Any] = json.loads((MODEL / "tokenizer.json").read_text("utf-8"))
    ids: dict[str, int] = made["model"]["vocab"]
    return ids | {each["content"]: each["id"] for each in made["added_tokens"]}


def token(text: str) -> int:
    """The id of an ASCII token."""
    return _vocabulary()[text.replace(" ", "Ġ")]


@cache
def tokens() -> dict[int, bytes]:
    """The bytes of each token that is ASCII; that is enough to read a canary."""
    read = {number: text.replace("Ġ", " ") for text, number in _vocabulary().items()}
    return {number: text.encode() for number, text in read.items() if text.isascii()}
