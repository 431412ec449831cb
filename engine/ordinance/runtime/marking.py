"""The mark of one answer: what is signed, and what is told where nothing is (docs/marks.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ordinance.runtime.imprint import digest_of
from ordinance.runtime.stream import Stream

#: Signs what a mark says of an answer, and returns the signature as a text.
Sign = Callable[[Mapping[str, Any]], str]


class Marking:
    """Made with the session, which has it only if a rule marks its answer. ``sign`` signs; without it the answer says
    that it is not signed. A door may set ``request``, the id under which the record has the request, and ``watermark``,
    what it knows of the server's own mark."""

    def __init__(self, sign: Sign | None) -> None:
        self._sign = sign
        self._why = "no_key" if sign is None else ""
        self._signed = False
        self.request = self.watermark = ""

    def leave_unsigned(self) -> None:
        """Note that nobody knows what of the answer has left, because it failed in the midst of a piece."""
        self._why = self._why or "failed"

    def told(
        self, metadata: Mapping[str, Any], streams: Iterable[Stream], *, id: str, model: str, policy: str
    ) -> dict[str, Any]:
        """Return the ``metadata`` of an answer with its mark, signed over what has left of all ``streams``, which have
        closed. ``id`` and ``model`` are those that the answer shows, ``policy`` is the digest of what governed it."""
        metadata = {**metadata, **self._watermark()}
        if self._sign is None or self._why:
            return {**metadata, "unsigned": self._why, "signature": None}
        choices = sorted(streams, key=lambda stream: stream.index)
        claims = {
            "id": id,
            "model": model,
            "request": self.request,
            "policy": policy,
            "metadata": digest_of(metadata),
            "choices": [{"index": each.index, **each.imprint.claims()} for each in choices if each.imprint is not None],
        }
        signature = self._sign(claims)
        self._signed = True
        return {**metadata, "signature": signature}

    def record(self) -> dict[str, Any]:
        """Return what the record says: ``signed``, or why not; ``not_given`` where the answer has not come to its end,
        which carries the signature."""
        return {"mark": self._why or ("signed" if self._signed else "not_given"), **self._watermark()}

    def _watermark(self) -> dict[str, str]:
        return {"watermark": self.watermark} if self.watermark else {}
