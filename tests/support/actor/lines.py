"""What the actor is asked and what it says, without the protocol in which it came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A word with the white space before it, or white space at the end.
_TOKENS = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True)
class Asked:
    """A request. ``turns`` are role and text; ``tools`` are schemas by name; ``choice`` is ``auto``, ``none``,
    ``required`` or the name of a tool; ``form`` is the schema of a structured answer, empty if it may be any object;
    ``limit`` counts tokens."""

    model: str
    turns: tuple[tuple[str, str], ...]
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    choice: str = "auto"
    form: Mapping[str, Any] | None = None
    limit: int | None = None
    stops: tuple[str, ...] = ()
    thinks: bool = False
    pictures: int = 0

    def latest(self, role: str) -> str:
        """The last text of ``role``, or an empty text."""
        return next((text for who, text in reversed(self.turns) if who == role), "")

    @property
    def tokens(self) -> int:
        return sum(len(tokens(text)) for _, text in self.turns) + self.pictures


@dataclass(frozen=True)
class Call:
    """A call of a tool; ``arguments`` are JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Line:
    """An answer. ``ending`` is ``stop``, ``length``, ``calls``, or the text at which it stopped."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    ending: str = "stop"

    @property
    def tokens(self) -> int:
        said = [self.text, self.thought, *(call.arguments for call in self.calls)]
        return sum(len(tokens(text)) for text in said)


def tokens(text: str) -> list[str]:
    """The pieces in which ``text`` is streamed and counted."""
    return _TOKENS.findall(text)
