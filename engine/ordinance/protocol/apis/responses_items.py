"""The items of a governed response: the shapes that the text of each kind has, whole and on a stream."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from ordinance.protocol.apis.logprobs import write_token
from ordinance.protocol.said import CONTENT, REASONING, REFUSAL, Call, Said, Token


@dataclass(frozen=True, slots=True)
class Kind:
    """``prefix`` begins the ids of its items; ``events`` the types of its events. ``part`` is the type of its one part,
    empty for a call; ``member`` is where the text stands in the part or the call."""

    type: str
    prefix: str
    events: str
    part: str
    member: str


_TEXTS = {
    CONTENT: Kind("message", "msg_", "response.output_text", "output_text", "text"),
    REFUSAL: Kind("message", "msg_", "response.refusal", "refusal", "refusal"),
    REASONING: Kind("reasoning", "rs_", "response.reasoning_text", "reasoning_text", "text"),
}
_FUNCTION = Kind("function_call", "fc_", "response.function_call_arguments", "", "arguments")
_CUSTOM = Kind("custom_tool_call", "ctc_", "response.custom_tool_call_input", "", "input")


@dataclass(slots=True)
class Item:
    """One item, and what was said in it."""

    kind: Kind
    call: Call | None = None
    pieces: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.kind.prefix + secrets.token_hex(12)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def part(self, text: str) -> dict[str, Any]:
        """Return the item's one part, with this ``text``."""
        part: dict[str, Any] = {"type": self.kind.part, self.kind.member: text}
        if self.kind.part == "output_text":
            part |= {"annotations": [], "logprobs": list(map(write_token, self.tokens)) if text else []}
        return part

    def begun(self) -> dict[str, Any]:
        """Return the item before anything was said in it."""
        return self._written("in_progress", [], "")

    def whole(self, status: str = "completed") -> dict[str, Any]:
        """Return the item with all that was said in it."""
        text = self.text
        return self._written(status, [self.part(text)] if self.kind.part else [], text)

    def _written(self, status: str, parts: list[dict[str, Any]], text: str) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.id, "type": self.kind.type, "status": status}
        if self.call is not None:
            named = {"namespace": self.call.namespace} if self.call.namespace else {}
            return item | named | {"call_id": self.call.id, "name": self.call.name, self.kind.member: text}
        beside: dict[str, Any] = {"summary": []} if self.kind.type == "reasoning" else {"role": "assistant"}
        return {**item, **beside, "content": parts}


def item_of(key: str | int, piece: str | Call) -> Item:
    """Return the item to which ``piece`` belongs."""
    if isinstance(piece, Call):
        return Item(_CUSTOM if piece.custom else _FUNCTION, piece)
    return Item(_TEXTS[str(key) if key in _TEXTS else REASONING])


def items_of(said: Said) -> list[Item]:
    """Return the items of a whole answer. A refusal of the model's own is an item after its content."""
    items = []
    for name in (REASONING, CONTENT, REFUSAL):
        if said.texts.get(name):
            items.append(item_of(name, said.texts[name]))
            items[-1].pieces.append(said.texts[name])
            items[-1].tokens = said.tokens.get(name, []) if name == CONTENT else []
    for call in said.calls:
        items.append(item_of(call.index or 0, call))
        items[-1].pieces.append(call.arguments)
    return items
