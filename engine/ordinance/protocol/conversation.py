"""Conversations as requests carry them: their texts, and what an answer to one may continue (semantics, rule 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ordinance.protocol.asked import trimmed
from ordinance.protocol.strings import replaced, strings

Message = Mapping[str, Any]

#: How servers join the parts of a message, and messages of one role.
_JOINTS = ("", "\n", " ")
#: Where a message has text, besides its content.
_TEXTS = ("text", "thinking", "reasoning", "reasoning_content", "refusal")
_OPERATORS_ROLES = ("system", "developer")


def is_operators(message: Message) -> bool:
    """Whether a message has a role in which an operator speaks."""
    return message.get("role") in _OPERATORS_ROLES


def turn_of(messages: Sequence[Message]) -> int:
    """Which answer of the conversation the next one is."""
    return len([message for message in messages if message.get("role") == "assistant"]) + 1


def readings(messages: Sequence[Message], *, continued: bool) -> tuple[str, ...]:
    """Return what an answer may continue: the assistant messages at the end, or with ``continued`` the last message
    whatever its role. Servers trim it, or not, join parts and messages in one of several ways, move system messages to
    the front, and write thoughts before what was said."""
    trailing: list[Message] = []
    for message in reversed(messages):
        if message.get("role") == "assistant" or (continued and message is messages[-1]):
            trailing.insert(0, message)
        elif not is_operators(message):
            break
    texts = [text for message in trailing for text in texts_of(message) if text]
    spoken = [text for message in trailing for text in _parts(message.get("content"), ("text",)) if text]
    likely = [joint.join(found) for found in (texts, spoken) for joint in _JOINTS]
    return trimmed(likely + texts[-1:] + spoken[-1:])


def texts_of(message: Message) -> list[str]:
    """Return the texts of a message, in the order in which a template writes them."""
    found = [message[name] for name in _TEXTS if isinstance(message.get(name), str)]
    return found + _parts(message.get("content"), _TEXTS)


def _parts(content: object, names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, dict):
            found += [part[name] for name in names if isinstance(part.get(name), str)]
        elif isinstance(part, str):
            found.append(part)
    return found


def joined(content: object) -> Iterator[str]:
    """Yield what the parts of a content say together, in each way in which a server may join them; parts of parts
    too."""
    if not isinstance(content, list):
        return
    yield from (joint.join(_parts(content, _TEXTS)) for joint in _JOINTS)
    for part in content:
        if isinstance(part, dict):
            yield from joined(part.get("content"))


def every_text(messages: Sequence[Message], *, system_is_ours: bool) -> Iterator[str]:
    """Every string of the messages, and the joined text of those that come in parts."""
    for message in messages:
        if not (system_is_ours and is_operators(message)):
            yield from strings(message)
            yield from joined(message.get("content"))
            yield from joined(message.get("output"))


def all_masked(messages: Sequence[Message], mask: Callable[[str], str], *, system_is_ours: bool) -> list[Any]:
    """Return the messages with every string as ``mask`` returns it, except the operator's own messages."""
    return [message if system_is_ours and is_operators(message) else replaced(message, mask) for message in messages]
