"""What an API must say of itself to be governed. Each lives in a file of its own and knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from ordinance.protocol.asked import Request
from ordinance.protocol.conversation import Message
from ordinance.protocol.forms import Form
from ordinance.protocol.parts import NO_PARTS, Words
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import Reply, Said, Top, Usage

#: The choices of an answer or of an event, with their indexes.
Choices = Sequence[tuple[int, Said]]
#: The ``ordinance`` object.
Metadata = dict[str, Any]


class Reader(Protocol):
    """Reads the events of one stream of an upstream, each from its data. ``forms`` are those of events that say only
    more of a text that is open: these need not be read, and others must be."""

    forms: list[Form]

    def read(self, data: bytes) -> Reply:
        """Read what the event in ``data`` says. Raises ``Problem`` (502)."""


class Writer(Protocol):
    """Writes the events of one governed stream as they stand on the wire. ``done`` ends a stream without a problem."""

    done: bytes

    def write(self, top: Top, choices: Choices, usage: Usage | None, metadata: Metadata | None) -> bytes:
        """Write the events that say this. What stands at the end of a stream has ``metadata``."""

    def more(self, top: Top, index: int, name: str, text: str) -> bytes:
        """Write the events that say more of one text of one choice; ``top`` is the same for all of a stream's."""

    def problem(self, problem: Problem, metadata: Metadata) -> bytes:
        """Write the last event of a stream that cannot go on."""


class Api(Protocol):
    """``path`` is its route, here and upstream. ``prefix`` begins the ids of its answers. ``turns`` is the member
    of a request that has the conversation, as a list or as a bare text; empty where there is none."""

    path: str
    prefix: str
    turns: str

    def read_request(self, raw: bytes, parts: Words = NO_PARTS) -> Request:
        """Read a request. ``parts`` are what the operator takes beside text. Raises ``Problem`` (400)."""

    def saying(self, request: Request, messages: Sequence[Message]) -> Request:
        """Return the request with these messages as its conversation."""

    def prompt_texts(self, request: Request, *, system_is_ours: bool) -> Iterator[str]:
        """Yield every text that a red line is to look at. ``system_is_ours``: the key attests that system messages are
        the operator's own, so they are left out."""

    def masked(self, request: Request, mask: Callable[[str], str], *, system_is_ours: bool) -> dict[str, Any]:
        """Return the body that goes upstream: the same texts, each as ``mask`` gives it."""

    def read_whole(self, raw: bytes, request: Request) -> Reply:
        """Read an upstream's whole answer. Raises ``Problem`` (502)."""

    def reader(self, request: Request) -> Reader:
        """Make what reads the events of one stream."""

    def write_whole(self, request: Request, top: Top, choices: Choices, usage: Usage | None) -> dict[str, Any]:
        """Write a whole answer."""

    def writer(self, request: Request) -> Writer:
        """Make what writes the events of one stream."""

    def problem_body(self, problem: Problem) -> dict[str, Any]:
        """Return the JSON object of a response that is no answer."""

    def problem_event(self, problem: Problem) -> bytes:
        """Write the same as the last event of a stream of which nothing else is known."""
