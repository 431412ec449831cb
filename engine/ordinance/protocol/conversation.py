"""Conversations as requests carry them: who speaks, their texts, and what an answer may continue (semantics, rules 10
and 26)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ordinance.protocol.asked import trimmed
from ordinance.protocol.strings import replaced, strings
from ordinance.runtime import exchanges
from ordinance.runtime.exchanges import Item, Speaker
from ordinance.runtime.redact.own_words import GAP, Returned

Message = Mapping[str, Any]

#: How servers join the parts of a message, and messages of one role.
_JOINTS = ("", "\n", " ")
#: Where a message has text, besides its content.
_TEXTS = ("text", "thinking", "reasoning", "reasoning_content", "refusal")
_OPERATORS_ROLES = ("system", "developer")


def is_operators(message: Message) -> bool:
    """Whether a message has a role in which an operator speaks."""
    return message.get("role") in _OPERATORS_ROLES


def as_operators(said: object) -> list[Message]:
    """Return what an operator ``said`` beside the conversation as the message that servers make of it; none of None."""
    return [] if said is None else [{"role": "system", "content": said}]


#: Whose turn a message is, by its role, and by the type of an item that has none. Any other is the operator's: it is
#: never old.
_SPEAKERS = {
    "user": Speaker.USER, "assistant": Speaker.MODEL, "tool": Speaker.TOOL, "function": Speaker.TOOL,
    "reasoning": Speaker.MODEL, "function_call": Speaker.MODEL, "custom_tool_call": Speaker.MODEL,
    "function_call_output": Speaker.TOOL, "custom_tool_call_output": Speaker.TOOL,
}  # fmt: skip
_THOUGHTS = frozenset({"thinking", "reasoning", "reasoning_text", "summary_text"})
#: The member in which a part of each type has its text; one of no type is text. A server need not read any other.
_MEMBERS = {
    "text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal", "thinking": "thinking",
    "reasoning": "reasoning", "reasoning_text": "text", "summary_text": "text",
}  # fmt: skip
#: Parts of a user's that show nothing but such a text.
_SHOWS_NOTHING = _MEMBERS.keys() | {"tool_use", "tool_reference"}


#: Words of the protocols: nobody says anything with them.
FORM = frozenset({
    *_SPEAKERS, *_OPERATORS_ROLES, *_TEXTS, *_THOUGHTS, *_MEMBERS, *_SHOWS_NOTHING, "content", "id", "message", "name",
    "role", "type",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a server may read of the parts of a content: of each part what its type says, ``thoughts`` and ``refusals``
    or not."""

    thoughts: bool
    refusals: bool

    def parts(self, content: object) -> list[str]:
        found: list[str] = []
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict):
                kind = str(part.get("type") or "text")
                left = (not self.thoughts and kind in _THOUGHTS) or (not self.refusals and kind == "refusal")
                part = None if left or kind not in _MEMBERS else part.get(_MEMBERS[kind])
            if isinstance(part, str) and part:
                found.append(part)
        return found

    def message(self, message: Message) -> list[str]:
        """Return what a server may read of a message, but for the results of tools."""
        if _is_thought(message):
            return []
        found, refusal = self.parts(message.get("content")), message.get("refusal")
        if self.refusals and isinstance(refusal, str) and _speaker(message) is Speaker.MODEL:
            found.append(refusal)
        return found


_READ = _Reading(thoughts=False, refusals=True)
_READINGS = (_READ, *(_Reading(*each) for each in ((False, False), (True, True), (True, False))))


def item_of(message: Message) -> Item:
    """Say what a message, or an item of a conversation, is in it."""
    speaker, content = _speaker(message), message.get("content")
    calls = bool(message.get("tool_calls") or message.get("function_call"))
    if speaker is Speaker.MODEL and not calls:
        calls = message.get("type") in ("function_call", "custom_tool_call") or "tool_use" in _types(content)
    if isinstance(content, str) and content and not content.isspace():
        return Item(speaker, True, calls)
    read = any(text.strip() for text in _READ.message(message))
    shown = speaker is Speaker.USER and not _types(content) <= _SHOWS_NOTHING
    return Item(speaker, read or shown, calls)


def _speaker(message: Message) -> Speaker:
    word = message.get("role") or message.get("type")
    speaker = _SPEAKERS.get(word, Speaker.OPERATOR) if isinstance(word, str) else Speaker.OPERATOR
    if speaker is Speaker.USER and "tool_result" in _types(message.get("content")):
        return Speaker.TOOL
    return speaker


def _is_thought(message: Message) -> bool:
    """Whether an item is what a model thought. The type of what has a role says nothing to most servers."""
    return message.get("type") == "reasoning" and not message.get("role")


def turn_of(messages: Sequence[Message]) -> int:
    """Count which answer of the conversation the next one is, from 1."""
    return exchanges.turn_of([item_of(message) for message in messages])


def _types(content: object) -> set[str]:
    return (
        {str(part.get("type") or "text") for part in content if isinstance(part, dict)}
        if isinstance(content, list)
        else set()
    )


def _spoken(message: Message) -> list[str]:
    """Return the texts of a message that people read: no thoughts, no results of tools."""
    if _is_thought(message):
        return []
    content, refusal = message.get("content"), message.get("refusal")
    parts = content if isinstance(content, list) else [content]
    read = [part for part in parts if not isinstance(part, dict) or part.get("type") not in _THOUGHTS]
    return [*_parts(read, ("text", "refusal")), *([refusal] if isinstance(refusal, str) else [])]


#: What reads a message in each way in which a server may. One text is the same to all but the first, which keeps an
#: empty one.
_READERS = (_spoken, *(reading.message for reading in _READINGS))


def readings(messages: Sequence[Message], *, continued: bool) -> tuple[str, ...]:
    """Return what an answer may continue: the assistant messages at the end, or with ``continued`` the last message
    whatever its role. Servers trim it, or not, join parts and messages in one of several ways, move system messages to
    the front, and write thoughts before what was said."""
    trailing: list[Message] = []
    for message in reversed(messages):
        if message.get("role") == "assistant" or (continued and message is messages[-1]):
            trailing.append(message)
        elif not is_operators(message):
            break
    trailing.reverse()
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


def said_in(message: Message) -> str:
    """Return what people read of a message: its text and the model's refusal, without thoughts and calls."""
    return "\n".join(_spoken(message))


def joined(content: object) -> Iterator[str]:
    """Yield what the parts of a content say together, in each way in which a server may join them; parts of parts
    too."""
    if not isinstance(content, list):
        return
    yield from _together([_parts(content, _TEXTS), *(reading.parts(content) for reading in _READINGS)])
    for part in content:
        if isinstance(part, dict):
            yield from joined(part.get("content"))


def _together(readings: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the texts of each of the ``readings`` in one, with each of the joints."""
    for texts in dict.fromkeys(map(tuple, readings)):
        if len(texts) > 1:
            yield from (joint.join(texts) for joint in _JOINTS)


def every_text(messages: Sequence[Message], *, system_is_ours: bool) -> Iterator[str]:
    """Yield every string of the messages, and the joined text of those that come in parts."""
    for message in messages:
        if not (system_is_ours and is_operators(message)):
            yield from strings(message)
            yield from _headed(message)
            content, summary = message.get("content"), message.get("summary")
            for parts in (content, message.get("output"), summary):
                yield from joined(parts)
            if content and isinstance(summary, list):
                yield from joined([*(content if isinstance(content, list) else [content]), *summary])


def _headed(message: Message) -> Iterator[str]:
    """Yield what a message says together with a role of the client's own, or a name, that a server writes above it."""
    for head in (message.get("role"), message.get("name")):
        if isinstance(head, str) and head not in _SPEAKERS and head not in _OPERATORS_ROLES:
            yield from _together([head, *read(message)] for read in _READERS)


def rows(messages: Sequence[Message], *, system_is_ours: bool) -> Iterator[str]:
    """Yield what one speaker says in a message or in several in a row, an operator's wherever they stand, in each way
    in which a server may join it. Some leave out a message in which they read nothing."""
    operators: list[Message] = []
    turns: list[tuple[Message, Speaker, bool]] = []
    for message in messages:
        speaker, says, calls = item_of(message)
        if speaker is not Speaker.OPERATOR:
            asks = speaker is Speaker.TOOL and says and message.get("role") == "user"
            turns.append((message, Speaker.USER if asks else speaker, calls or _has_result(message)))
        elif not (system_is_ours and is_operators(message)):
            operators.append(message)
    # Where each message is one text, the first two readers say all.
    in_parts = any(
        message.get("refusal") is not None or not isinstance(message.get("content"), str | None) for message in messages
    )
    if not in_parts and len(operators) < 2 and len({speaker for _, speaker, _ in turns}) == len(turns):
        return  # nobody says two texts, as in most exchanges
    known = [message for message in operators if is_operators(message)]
    others = [message for message in operators if not is_operators(message)]
    alike = [[message for message in known if message.get("role") == role] for role in _OPERATORS_ROLES]
    found: list[list[str]] = []
    for read in _READERS if in_parts else _READERS[:2]:
        found += [[text for message in group for text in read(message)] for group in (operators, known, others, *alike)]
        said = [(speaker, read(message), kept) for message, speaker, kept in turns]
        left = [turn for turn in said if turn[2] or any(text.strip() not in ("", GAP) for text in turn[1])]
        found += _in_rows(said)
        found += _in_rows(left)
    yield from _together(found)


def _in_rows(turns: Iterable[tuple[Speaker, list[str], bool]]) -> list[list[str]]:
    """Return the texts of each row of turns of one speaker. What tools return stands alone."""
    found: list[list[str]] = []
    last: Speaker | None = None
    for speaker, texts, _ in turns:
        if speaker is not last or speaker is Speaker.TOOL:
            found.append([])
        found[-1] += texts
        last = speaker
    return found


def turns_said(messages: Sequence[Message], *, system_is_ours: bool) -> list[tuple[Speaker, str]]:
    """Return what each speaker says in a message or in several in a row, an operator's wherever they stand, as one text
    with all that stands in the parts."""
    found: list[tuple[Speaker, list[str]]] = []
    beside: list[str] = []
    for message in messages:
        speaker, said = item_of(message).speaker, [text for text in texts_of(message) if text.strip()]
        if speaker is Speaker.OPERATOR:
            beside += [] if system_is_ours and is_operators(message) else said
        elif found and found[-1][0] is speaker:
            found[-1][1].extend(said)
        else:
            found.append((speaker, said))
    rows = [(Speaker.OPERATOR, beside), *found]
    return [(speaker, "\n".join(texts)) for speaker, texts in rows if texts]


def _has_result(message: Message) -> bool:
    """Whether a tool returned a text in a message."""
    waiting = [message.get("output"), message.get("content") if _speaker(message) is Speaker.TOOL else None]
    while waiting:
        match waiting.pop():
            case str(text) if text.strip():
                return True
            case list(parts):
                waiting += parts
            case dict(part):
                waiting += [part.get("text"), part.get("content")]
    return False


def all_masked(messages: Sequence[Message], mask: Callable[[str], str], *, system_is_ours: bool) -> list[Any]:
    """Return the messages with every string as ``mask`` returns it, except the operator's own messages."""
    return [message if system_is_ours and is_operators(message) else replaced(message, mask) for message in messages]


def cut_from(message: Message, cut: Callable[[str], Returned]) -> tuple[Message, list[Returned]]:
    """Return a message of the model's without what ``cut`` takes out of its texts, and what that was. A part of which
    nothing is left goes too, and of a message of which nothing is left its content."""
    found: list[Returned] = []

    def one(text: str) -> str:
        returned = cut(text)
        if returned.changed:
            found.append(returned)
        return returned.text

    changed: dict[str, Any] = {name: one(message[name]) for name in _TEXTS if isinstance(message.get(name), str)}
    match message.get("content"):
        case str(text):
            changed["content"] = one(text) or None
        case list(parts):
            kept = [(part, _cut_part(part, one)) for part in parts]
            changed["content"] = [now for part, now in kept if now is part or any(_parts([now], _TEXTS))] or None
    return ({**message, **changed}, found) if found else (message, found)


def _cut_part(part: Any, one: Callable[[str], str]) -> Any:
    if isinstance(part, str):
        return one(part)
    if not isinstance(part, dict):
        return part
    changed = {name: one(part[name]) for name in _TEXTS if isinstance(part.get(name), str)}
    return part if all(part[name] == text for name, text in changed.items()) else {**part, **changed}


def with_gap(message: Message, was: Message) -> Message:
    """Return a message that had a text, with a gap in its place, in the form that the text had."""
    content = was.get("content")
    part = next((each for each in content if isinstance(each, dict)), None) if isinstance(content, list) else None
    name = next((name for name in _TEXTS if part and isinstance(part.get(name), str)), "text")
    return {**message, "content": GAP if part is None else [{**part, name: GAP}]}
