"""What an API must say of itself to be governed. Each lives in a file of its own and knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ordinance.serve.protocol.asked import Request
from ordinance.serve.protocol.said import Reply, Said, Top


class Api(Protocol):
    """``path`` is its route, here and upstream. ``prefix`` begins the ids of its answers. ``whole_kind`` and
    ``chunk_kind`` are the ``object`` of an answer and of an event. ``plain_key`` is the member of an event that holds
    its text."""

    path: str
    prefix: str
    whole_kind: str
    chunk_kind: str
    plain_key: str

    def read_request(self, raw: bytes) -> Request:
        """Raises ``Problem`` (400)."""

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        """Every text that a red line is to look at. ``system_is_ours``: the key attests that system messages are the
        operator's own, so they are left out."""

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        """The body that goes upstream: the same texts, each as ``mask`` gives it."""

    def read_reply(self, raw: bytes) -> Reply:
        """An upstream's answer or event. Raises ``Problem`` (502)."""

    def read_plain(self, raw: bytes) -> tuple[int, Top]:
        """The index and the top of an event that says nothing but text. Raises ``msgspec.DecodeError`` for any other,
        members that are not known among them."""

    def write_whole(self, index: int, said: Said) -> dict[str, Any]:
        """A choice of an answer."""

    def write_chunk(self, index: int, said: Said) -> dict[str, Any]:
        """A choice of an event."""
