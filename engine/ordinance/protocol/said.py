"""What an answer says, whichever API it comes by: the form between an upstream's words and ours.

An API reads its events into these values and writes governed ones back; what is not here does not pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from ordinance.runtime import stream

#: The reason for a choice that Ordinance ended.
FILTERED = "content_filter"
#: Reasons that pass. A tool call's is true only if a call has left.
FINISH_REASONS = frozenset({"stop", "length", FILTERED})
CALL_REASONS = frozenset({"tool_calls", "function_call"})
#: The names of texts that may stand in a choice, in the order in which a model says them.
CONTENT = stream.CONTENT
REASONING = "reasoning"
REFUSAL = "refusal"
TEXTS = (REASONING, "reasoning_content", CONTENT, REFUSAL)


@dataclass(slots=True)
class Call:
    """A tool call, or a piece of one. ``index`` is None for the one call of older clients (`function_call`).
    ``custom``: its ``arguments`` are free text and no JSON. ``namespace`` is the client's own word for a group of its
    tools."""

    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""
    custom: bool = False
    namespace: str = ""


@dataclass(slots=True)
class Token:
    """A token with its log probability, and other tokens that could have stood there. ``with_bytes`` says that it was
    given as bytes too; ``offset`` is where it stands in the released text."""

    text: str
    logprob: float | None
    alternatives: list[tuple[str, float]] | None = None
    with_bytes: bool = False
    offset: int = 0


@dataclass(slots=True)
class Said:
    """What one event, or a whole answer, says of one choice. ``texts`` are by name, ``tokens`` by the name of the text
    that they belong to. ``finish`` is the reason if the choice ends here, ``own`` whether it says that the model ended
    it, and ``stop`` the text at which it stopped; its number would need a tokenizer to be looked at.

    ``ends`` is for protocols in which an answer is a sequence of blocks: the name of the text, or the index of the
    call, whose block ended before what is said here. ``closing`` is content that stands behind everything else."""

    texts: dict[str, str] = field(default_factory=dict)
    role: bool = False
    calls: list[Call] = field(default_factory=list)
    tokens: dict[str, list[Token]] = field(default_factory=dict)
    token_ids: list[int] | None = None
    finish: str | None = None
    own: bool = False
    stop: str | None = None
    ends: str | int | None = None
    closing: str = ""

    @property
    def empty(self) -> bool:
        """Return whether there is nothing that a client would have to be sent."""
        said = any(self.texts.values()) or self.calls or self.closing
        return not (said or self.role or self.tokens or self.finish)


class Usage(msgspec.Struct, frozen=True):
    """Token counts. Their details count text that does not pass, and are not read."""

    prompt_tokens: int = 0
    completion_tokens: int | None = 0
    total_tokens: int = 0


@dataclass(slots=True)
class Reply:
    """An upstream's answer, or an event of one. ``top`` is what stands at its top."""

    choices: list[tuple[int, Said]]
    usage: Usage | None
    top: Top


@dataclass(frozen=True, slots=True)
class Top:
    """What stands at the top of an answer and of every event of it."""

    id: str
    created: int
    model: str
    fingerprint: str | None = None

    def over(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the object of ``kind`` with these ``choices``."""
        more = {} if self.fingerprint is None else {"system_fingerprint": self.fingerprint}
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, **more, "choices": choices}


#: The top of what says nothing of itself.
NO_TOP = Top("", 0, "")
