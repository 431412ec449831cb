"""Whole answers: governed at once, and the answers to prompts that a red line refused."""

from __future__ import annotations

from typing import Any

from ordinance.policy.vocabulary import Verdict
from ordinance.runtime.session import Session
from ordinance.serve.protocol.api import Api
from ordinance.serve.protocol.asked import Request
from ordinance.serve.protocol.choice import GovernedChoice
from ordinance.serve.protocol.problems import malformed
from ordinance.serve.protocol.said import Said, Top, Usage


def govern_whole(api: Api, raw: bytes, request: Request, session: Session, top: Top) -> dict[str, Any]:
    """The governed answer for an upstream's whole one. Raises ``Problem`` (502)."""
    reply = api.read_reply(raw)
    indexes = [index for index, _ in reply.choices]
    if not indexes or len(set(indexes)) != len(indexes):
        raise malformed("it has no choices, or one twice")
    choices = []
    for index, said in reply.choices:
        said.finish = said.finish or "stop"
        choices.append(api.write_whole(index, GovernedChoice(request, session, index).take(said)))
    answer = top.over(api.whole_kind, choices)
    return with_metadata(with_usage(answer, session, reply.usage), session)


def refused_whole(api: Api, request: Request, session: Session, top: Top) -> dict[str, Any]:
    """The answer to a prompt that a red line refused; the upstream was not asked."""
    choices = [
        api.write_whole(index, GovernedChoice(request, session, index).take(Said(finish="stop")))
        for index in range(request.choices)
    ]
    return with_metadata(top.over(api.whole_kind, choices), session)


def with_usage(message: dict[str, Any], session: Session, usage: Usage | None) -> dict[str, Any]:
    """``message`` with its token counts, unless they would count what was taken out."""
    if usage is not None and session.outcome().verdict < Verdict.WITHHOLD:
        message["usage"] = {name: getattr(usage, name) or 0 for name in Usage.__struct_fields__}
    return message


def with_metadata(message: dict[str, Any], session: Session) -> dict[str, Any]:
    """``message`` with what Ordinance did to the answer."""
    message["ordinance"] = session.metadata()
    return message
