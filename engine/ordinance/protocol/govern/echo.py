"""What an answer may repeat of its request: values of the client's own in which no rule that removes finds anything.
What a text may not say, and what a mask has replaced, does not come back that way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ordinance.protocol.asked import Request
from ordinance.protocol.strings import strings
from ordinance.runtime.session import Session


def with_echo(request: Request, session: Session) -> Request:
    """Return the request with those of its ``asked`` values that an answer may repeat, each whole or not at all. Where
    detectors see sentences it repeats none: they are not asked about such values."""
    asked = {} if session.waits else request.asked
    return replace(request, echo={name: value for name, value in asked.items() if _may_leave(value, session)})


def _may_leave(value: Any, session: Session) -> bool:
    try:
        texts = {*strings(value), msgspec.json.encode(value).decode()}
    except (RecursionError, UnicodeEncodeError, msgspec.MsgspecError):
        return False
    return all(session.clean(text) and session.prompt.keeps(text) for text in texts)
