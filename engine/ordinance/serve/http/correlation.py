"""What ties a request to the same request elsewhere: an id that the client gave it, and the trace that it is part of
(W3C Trace Context, level 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"

#: An id as proxies and clients make them, bounded, and safe in any header or log.
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
#: 32 hexadecimal digits, grouped as a UUID or not: nobody can write words with them.
_WORDLESS_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
#: A later version may have more fields behind those that are known.
_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?",
    re.ASCII,
)
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Traced:
    """The ``trace`` that a request is part of, and the ``span`` of whoever asks, in hexadecimal; ``sampled`` says
    whether they keep it."""

    trace: str
    span: str
    sampled: bool

    @property
    def header(self) -> str:
        """Return it as ``traceparent``."""
        return f"00-{self.trace}-{self.span}-{'01' if self.sampled else '00'}"


def request_id_in(headers: Headers) -> str:
    """Return the id that the client gave the request; empty if it gave none, several, or one that is not well-formed:
    1 to 128 ASCII letters, digits, and ``. _ : -``."""
    found = headers.getlist(REQUEST_ID)
    return found[0] if len(found) == 1 and _ID.fullmatch(found[0]) else ""


def is_wordless(request_id: str) -> bool:
    """Return whether an id has the form of a UUID, with or without hyphens: it may stand where no word of a client's
    may."""
    return _WORDLESS_ID.fullmatch(request_id) is not None


def traced_in(headers: Headers) -> Traced | None:
    """Return what ``traceparent`` says; None if there is none, or it is not well-formed."""
    values = headers.getlist(TRACEPARENT)
    found = _TRACEPARENT.fullmatch(values[0].strip()) if len(values) == 1 else None
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return None
    if not found["trace"].strip("0") or not found["span"].strip("0"):
        return None
    return Traced(found["trace"], found["span"], bool(int(found["flags"], 16) & _SAMPLED))
