"""What is asked, before it is sent on: every text of it is looked at, and masked where a rule says so."""

from __future__ import annotations

from dataclasses import replace

from ordinance.runtime.session import Session
from ordinance.serve.protocol.api import Api
from ordinance.serve.protocol.asked import Request
from ordinance.serve.protocol.problems import bad_request
from ordinance.serve.protocol.texts import encoded


def sent_on(api: Api, request: Request, session: Session, *, system_is_ours: bool) -> bytes | None:
    """The body that goes upstream; None if a red line refuses the prompt: then the upstream is not asked.

    ``system_is_ours``: the key attests that system messages are the operator's own, so they are not looked at.
    Raises ``Problem`` (400) where values lie too deep in one another.
    """
    if any(request.readings):
        session.continue_each(request.readings)
    # Schemas of tools say the same few words thousands of times.
    if session.screen(dict.fromkeys(api.prompt_texts(request, system_is_ours=system_is_ours))):
        return None
    try:
        body = api.masked(request, session.mask, system_is_ours=system_is_ours)
        sent = encoded(body)
    except RecursionError:
        raise bad_request("The body is nested too deeply.") from None
    session.prompt.confirm(api.prompt_texts(replace(request, body=body), system_is_ours=system_is_ours))
    return None if session.prompt.refused else sent
