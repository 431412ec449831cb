"""What a request asks, whichever API it came by. No HTTP in here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from ordinance.protocol.finish import forces
from ordinance.protocol.parts import Words, check_members, read_parts
from ordinance.protocol.problems import bad_request, malformed
from ordinance.runtime.redact.ends import End
from ordinance.runtime.redact.json_text import Structure
from ordinance.runtime.session import Session
from ordinance.runtime.stream import Stream

#: Choices that one request may ask for, as in the OpenAI API.
MOST_CHOICES = 128
#: Tool calls of one choice; a model makes a few.
MOST_CALLS = 128
#: Where a message, or an item of a conversation, has its parts.
_CONTENTS = ("content", "output", "summary")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read.

    ``body`` is what goes upstream. ``turn`` counts from 1. ``readings`` has, for each prompt, what its answers may
    continue, if anything: the last words of the prompt as a server may join and trim them. ``choices`` counts the
    choices of all prompts. ``structure`` is the form that the answer was asked to have. ``stops`` are the strings at
    which the model was asked to stop. ``in_blocks``: what is said comes as a sequence of blocks. ``adapter`` is the
    name of the adapter that is asked in the place of ``model``, which answers show all the same. ``forced``: an end can
    be forced by what does not stand in ``body``. ``asked`` are the values with text that an answer repeats in this API,
    and ``echo`` those of them that it may.
    """

    body: Mapping[str, Any]
    streaming: bool
    choices: int
    turn: int
    readings: tuple[tuple[str, ...], ...]
    model: str
    structure: Structure | None = None
    stops: frozenset[str] = frozenset()
    in_blocks: bool = False
    adapter: str = ""
    forced: bool = False
    asked: Mapping[str, Any] = field(default_factory=dict)
    echo: Mapping[str, Any] = field(default_factory=dict)

    def open(self, session: Session, index: int) -> Stream:
        """Open the governed stream of one choice. Raises ``Problem`` (502) for a choice that was not requested."""
        if not 0 <= index < self.choices:
            raise malformed("it has a choice that was not asked for")
        structure = self.structure
        if structure is not None and self.can_force:
            structure = replace(structure, closed=End.CUT)
        if self.body.get("echo"):
            session.repeat_prompts()
        return session.stream(prompt=index * len(self.readings) // self.choices, structure=structure, index=index)

    @property
    def can_force(self) -> bool:
        """Return whether the request can force an end, so that none is the model's own."""
        return self.forced or forces(self.body, self.structure)


def read_body(raw: bytes) -> dict[str, Any]:
    """Decode a request's JSON object. Raises ``Problem`` (400)."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise bad_request("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise bad_request("The body is not a JSON object.")
    return body


def read_messages(body: Mapping[str, Any], parts: Words) -> list[dict[str, Any]]:
    """Read the messages of a conversation; ``parts`` names what they may contain besides text. Raises ``Problem``
    (400)."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        raise bad_request("`messages` must be a list of at least one message object.", "messages")
    return [read_message(message, f"messages.{number}", parts) for number, message in enumerate(messages)]


def read_message(message: dict[str, Any], place: str, parts: Words) -> dict[str, Any]:
    """Read the message at ``place``. Raises ``Problem`` (400) if it contains something that is neither text nor
    allowed."""
    check_members(message, place)
    read = {name: read_parts(message[name], f"{place}.{name}", parts) for name in _CONTENTS if name in message}
    return {**message, **read}


def read_count(body: Mapping[str, Any]) -> int:
    """Read ``n``, the number of choices for each prompt. Raises ``Problem`` (400)."""
    count = body.get("n")
    if count is None:
        return 1
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_CHOICES:
        raise bad_request(f"`n` must be a whole number from 1 to {MOST_CHOICES}.", "n")
    return count


def read_flag(body: Mapping[str, Any], name: str) -> bool:
    """Read a member that is true, false or absent. Raises ``Problem`` (400)."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad_request(f"`{name}` must be true or false.", name)
    return bool(value)


def read_model(body: Mapping[str, Any]) -> str:
    """Return the model that the request names."""
    model = body.get("model")
    return model if isinstance(model, str) and model else "default"


def read_stops(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the strings at which the model is to stop."""
    stop = body.get("stop")
    return frozenset(each for each in (stop if isinstance(stop, list) else [stop]) if isinstance(each, str))


def check_tools(tools: object, kinds: Collection[object]) -> None:
    """Raise ``Problem`` (400) unless every tool is of one of these ``kinds``, which the client runs itself: what a
    server's own tool fetches and says cannot be screened."""
    if tools is None:
        return
    if not isinstance(tools, list) or not all(isinstance(tool, dict) and tool.get("type") in kinds for tool in tools):
        known = " or ".join(f"`{kind}`" for kind in kinds if kind)
        raise bad_request(f"`tools` must be a list of tools that the client runs itself, of the type {known}.", "tools")


def trimmed(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each text unchanged and without trailing space, because some servers trim it."""
    return tuple(dict.fromkeys(form for text in texts for form in (text, text.rstrip()) if form))
