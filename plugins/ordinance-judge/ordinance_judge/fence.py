"""The text that is judged, as the judge sees it: behind a fence that nobody can guess, with nothing in it that the
server's tokenizer would take for a control token."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

#: Put between the characters of what would be a control token. It is of no width.
JOINER = "\u200d"
#: Where control tokens of the usual chat templates begin or end: `<|im_start|>`, `<｜User｜>`, `</s>`,
#: `<start_of_turn>`, `<Document>`, `<<SYS>>`, `[INST]`, `[/INST]`, `[TOOL_CALLS]`; also in full width.
_CONTROL = re.compile(
    r"(?<=[<＜‹〈])(?=[|｜¦/／!?<＜A-Za-zＡ-Ｚａ-ｚ])|(?<=[|｜¦])(?=[>＞›〉])|(?<=[\[［])(?=[/／]?[A-ZＡ-Ｚ_]{2})"
)
#: So many characters of a text decide its fence with what was asked: the checkpoints of one answer share it, and so
#: the server's cache of prefixes.
_DECIDING = 64


def broken(text: str) -> str:
    """Return ``text`` with its control tokens broken, for the judge only."""
    return _CONTROL.sub(JOINER, text)


@dataclass(frozen=True, slots=True)
class Shown:
    """A ``text`` as the judge may see it, and what was ``asked`` before it, empty for a prompt. ``fence`` is the line
    around them."""

    text: str
    asked: str
    fence: str

    def fenced(self) -> str:
        """Return both behind fences, in one message."""
        asked = f"What a person asked:\n{self._within(self.asked)}\n\nThe text, an answer so far:\n"
        return f"{asked if self.asked else 'The text:' + chr(10)}{self._within(self.text)}"

    def _within(self, text: str) -> str:
        return f"{self.fence}\n{text}\n{self.fence}"


class Fence:
    """Puts fences around texts. Its key is made with it and leaves the process never."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def around(self, text: str, asked: str) -> Shown:
        """Return ``text`` and what was ``asked`` as the judge may see them."""
        deciding = f"{asked}\0{text[:_DECIDING]}".encode("utf-8", "surrogatepass")
        line = f"===== {hmac.digest(self._key, deciding, 'sha256').hex()[:24]} ====="
        return Shown(broken(text), broken(asked), line)
