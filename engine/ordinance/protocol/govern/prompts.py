"""What is asked, before it is sent on: every text of it is looked at, and masked where a rule says so."""

from __future__ import annotations

from dataclasses import replace

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.history import Heard, hear
from ordinance.protocol.govern.transcript import Transcript
from ordinance.protocol.problems import bad_request
from ordinance.protocol.strings import encoded
from ordinance.runtime.session import Session


def heard_and_unknown(
    api: Api, request: Request, session: Session, transcript: Transcript | None, *, system_is_ours: bool
) -> tuple[Heard, int]:
    """Return the request as ``hear`` gives it, and how many characters of it ``session`` does not know as clean."""
    heard = hear(api, request, session.prompt.cutter, system_is_ours=system_is_ours, transcript=transcript)
    return heard, session.prompt.unknown(heard.asked)


def sent_on(
    api: Api, request: Request, session: Session, *, system_is_ours: bool, heard: Heard | None = None
) -> bytes | None:
    """Return the body that goes upstream; None if a red line refuses what is new in it: then the upstream is not asked.
    What is old and meets one is not in the body. ``heard`` is what ``hear`` made of the request, where that is at hand.

    Raises ``Problem`` (400) where values lie too deep in one another."""
    cutter = session.prompt.cutter
    heard = heard or hear(api, request, cutter, system_is_ours=system_is_ours)
    while (gone := session.hear(heard.asked)) and not session.prompt.refused:
        heard = hear(api, heard.without(api, gone), cutter, system_is_ours=system_is_ours)
    if session.prompt.refused:
        return None
    request = heard.request
    if any(request.readings):
        session.continue_each(request.readings)
    try:
        body = api.masked(request, session.mask, system_is_ours=system_is_ours) if session.masks else request.body
        sent = encoded(body)
    except RecursionError:
        raise bad_request("The body is nested too deeply.") from None
    if session.masks:
        session.prompt.confirm(api.prompt_texts(replace(request, body=body), system_is_ours=system_is_ours))
    return None if session.prompt.refused else sent
