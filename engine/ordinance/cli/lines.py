"""The lines that ``ordinance apply`` and ``explain`` read: JSON objects that hold an answer and what was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordinance.errors import OrdinanceError
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import texts_of
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from ordinance.runtime.session import Session

_KEYS = frozenset({"id", "prompt", "answer", "turn", "situation", "locale", "messages", "conversation", "now"})


class LineError(OrdinanceError):
    """A line of the input cannot be used."""

    code = "line"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as a chat completion sends it."""

    request: Request

    @property
    def texts(self) -> Mapping[str, str]:
        """The text of each message, by the name under which ``explain`` shows what was found in it."""
        messages = self.request.body["messages"]
        return {f"message {number}": "".join(texts_of(each)) for number, each in enumerate(messages, 1)}

    def ask(self, session: Session) -> list[Any] | None:
        """Ask ``session``. Returns the messages that the model would read; None if the request is refused."""
        sent = sent_on(CHAT, self.request, session, system_is_ours=False)
        messages: list[Any] | None = None if sent is None else json.loads(sent)["messages"]
        return messages


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the input, with every default filled in. ``asked`` stands for ``prompt`` and ``turn``; lines of one
    ``conversation`` share a memory of what was told; ``now`` is the time of the answer."""

    answer: str
    prompt: str | None = None
    turn: int = 2
    situation: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None
    asked: Conversation | None = None
    conversation: str | None = None
    now: datetime | None = None


def parse(raw: bytes) -> dict[str, Any]:
    """Parse a line as a JSON object. Raises ``LineError``."""
    try:
        given = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(given, allow_nan=False)  # a number too large to be one would come back as no JSON
    except UnicodeDecodeError:
        raise LineError("the line is not UTF-8.", help="Save the file as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise LineError(
            f"the line is not JSON: {error.msg} at column {error.colno}.", help="Write one JSON object per line."
        ) from None
    except ValueError:
        raise LineError("the line contains a number that is too large.", help="Write it as text.") from None
    except RecursionError:
        raise LineError("the line is nested too deeply.", help="Write one flat object per line.") from None
    if not isinstance(given, dict):
        raise LineError("the line is not a JSON object.", help='Write {"answer": "…"}.')
    return given


def _no_number(name: str) -> None:
    raise LineError(f"'{name}' is not JSON.", help="Write a number, or null.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise LineError(f"'{twice}' is given twice.", help="Keep one.")
    return found


def read(given: dict[str, Any]) -> Line:
    """Read a line. Raises ``LineError`` if a key is unknown, missing or has a value that cannot be used."""
    unknown = sorted(given.keys() - _KEYS)
    if unknown:
        raise LineError(f"unknown key '{unknown[0]}'.", help=f"Known keys: {', '.join(sorted(_KEYS))}.")
    for name in ("answer", "prompt", "locale", "conversation", "now"):
        _check_text(name, given.get(name), needed=name == "answer")
    turn = given.get("turn", 2)
    if not isinstance(turn, int) or isinstance(turn, bool) or turn < 1:
        raise LineError("'turn' must be a whole number of at least 1.", help="Leave it out for turn 2.")
    situation = given.get("situation", {})
    if not isinstance(situation, dict):
        raise LineError("'situation' must be an object.", help='Write {"purpose": "education"}.')
    asked = _conversation(given)
    return Line(
        given["answer"],
        given.get("prompt"),
        turn if asked is None else asked.request.turn,
        situation,
        given.get("locale"),
        asked,
        given.get("conversation"),
        _time(given.get("now")),
    )


def _conversation(given: dict[str, Any]) -> Conversation | None:
    if given.get("messages") is None:
        return None
    for name in ("prompt", "turn"):
        if name in given:
            raise LineError(f"'{name}' is given beside 'messages'.", help="Leave it out: the messages say it.")
    try:
        return Conversation(CHAT.read_request(json.dumps({"messages": given["messages"]}).encode()))
    except Problem as problem:
        raise LineError(problem.message, help='Write "messages" as in a chat completion.') from None


def _time(now: str | None) -> datetime | None:
    if now is None:
        return None
    try:
        found = datetime.fromisoformat(now)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise LineError("'now' is not a time with a zone.", help="Write it as 2026-11-26T09:00:00+01:00.")
    return found


def _check_text(name: str, value: Any, *, needed: bool) -> None:
    if value is None and not needed:
        return
    if not isinstance(value, str):
        raise LineError(f"'{name}' is {'missing or ' if needed else ''}not text.", help=f'Write "{name}": "…".')
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise LineError(f"'{name}' contains an unpaired surrogate.", help="Write whole Unicode characters.")
