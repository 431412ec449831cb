"""How large a request may be: what is said in it (`limits.body_bytes`), and the data of its parts beside that
(`limits.parts_bytes`), where the operator takes parts."""

from __future__ import annotations

from ordinance.protocol.problems import parts_too_large, too_large
from ordinance.protocol.strings import BASE64, size_of_data
from ordinance.settings.model import Settings


def most(settings: Settings) -> int:
    """Return the most bytes of a body that are read at all."""
    return settings.limits.body_bytes + (settings.limits.parts_bytes if settings.parts else 0)


def check_unread(raw: bytes, settings: Settings) -> None:
    """Check a body before it is decoded: what is not data must not exceed the limit for text, because JSON in memory is
    many times its size. Raises ``Problem`` (413)."""
    limit = settings.limits.body_bytes
    if len(raw) > limit and len(raw.translate(None, BASE64)) > limit:
        raise too_large(limit)


def check_read(raw: bytes, body: object, settings: Settings) -> None:
    """Check a body after it is decoded: ``body`` is what ``raw`` says, with its data marked. Raises ``Problem``
    (413)."""
    if not settings.parts:
        return
    data = size_of_data(body)
    if data > settings.limits.parts_bytes:
        raise parts_too_large(settings.limits.parts_bytes)
    if len(raw) - data > settings.limits.body_bytes:
        raise too_large(settings.limits.body_bytes)
