"""Reading what an upstream sends: what all APIs of its family share."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from ordinance.protocol.problems import malformed, upstream_failed
from ordinance.protocol.said import Top, Usage

T = TypeVar("T")


class Envelope(msgspec.Struct, frozen=True):
    """What stands around the choices of an answer."""

    id: Any = None
    created: Any = None
    model: Any = None
    system_fingerprint: Any = None
    usage: Usage | None = None
    error: Any = None
    object: Any = None

    def top(self) -> Top:
        """Return the top level of the answer, with empty words for what it lacks."""
        return Top(_text(self.id), self.created if isinstance(self.created, int) else 0, _text(self.model),
                   _text(self.system_fingerprint) or None)  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def decode(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    """Decode ``raw`` as a typed answer or event. Raises ``Problem`` (502) if it is not one."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise malformed("it is not the JSON of this protocol") from None


def check(envelope: Envelope) -> None:
    """Raise ``Problem`` (502) if the upstream reports an error; older servers write the flat form."""
    if envelope.error is not None or envelope.object == "error":
        raise upstream_failed()


def token_ids(value: object) -> list[int] | None:
    """Read token ids as numbers; None if ``value`` does not contain any."""
    if isinstance(value, list) and all(isinstance(each, int) and not isinstance(each, bool) for each in value):
        return value
    return None
