"""Whole answers: governed at once, and the answers to prompts that a red line refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ordinance.policy.vocabulary import Verdict
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chunks import with_metadata
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.problems import malformed
from ordinance.protocol.said import Said, Top, Usage
from ordinance.runtime.session import Session


def unnoted(_: Usage | None) -> None:
    """Take no note of the tokens that were used."""


@dataclass(frozen=True, slots=True)
class Governed:
    """A whole answer that was governed in its ``session``, and is not yet written. ``body`` makes what is sent, of its
    top and of the tokens that may be told; ``usage`` are those that the server counted. ``called``: the model called a
    tool; ``cut``: it came to a limit of length."""

    session: Session
    body: Callable[[Top, Usage | None], dict[str, Any]]
    usage: Usage | None
    called: bool = False
    cut: bool = False

    def written(self, top: Top) -> dict[str, Any]:
        """Return the answer that has this ``top``, with what the session tells: the last that is done with it."""
        return with_metadata(self.body(top, counts(self.session, self.usage)), told_of(self.session, top))


def govern_whole(
    api: Api, raw: bytes, request: Request, session: Session, used: Callable[[Usage | None], None] = unnoted
) -> Governed:
    """Govern an upstream's whole answer; ``used`` is told which tokens it counted. Raises ``Problem`` (502)."""
    reply = api.read_whole(raw, request)
    used(reply.usage)
    indexes = [index for index, _ in reply.choices]
    if not indexes or len(set(indexes)) != len(indexes):
        raise malformed("it has no choices, or one twice")
    choices = []
    for index, said in reply.choices:
        said.finish = said.finish or "stop"
        choices.append((index, GovernedChoice(request, session, index).take(said)))
    return Governed(
        session,
        lambda top, usage: api.write_whole(request, top, choices, usage),
        reply.usage,
        called=any(said.calls for _, said in reply.choices),
        cut=any(said.finish == "length" for _, said in reply.choices),
    )


def refused_whole(api: Api, request: Request, session: Session, top: Top) -> dict[str, Any]:
    """Return the answer to a prompt that a red line refused; the upstream was not asked."""
    choices = [
        (index, GovernedChoice(request, session, index).take(Said(finish="stop", own=True)))
        for index in range(request.choices)
    ]
    return with_metadata(api.write_whole(request, top, choices, None), told_of(session, top))


def told_of(session: Session, top: Top) -> dict[str, Any]:
    """Return the ``ordinance`` object of an answer that has this ``top``, whose choices have all closed."""
    return session.metadata(top.id, top.model)


def counts(session: Session, usage: Usage | None) -> Usage | None:
    """Return the token counts of an answer; None if they would count what was removed."""
    return usage if usage is not None and session.outcome().verdict < Verdict.WITHHOLD else None
