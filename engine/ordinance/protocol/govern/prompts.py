"""What is asked, before it is sent on: every text of it is looked at, and masked where a rule says so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.problems import bad_request
from ordinance.protocol.strings import encoded
from ordinance.runtime.session import Session


def asked_texts(api: Api, request: Request, *, system_is_ours: bool) -> Collection[str]:
    """The texts of a request that are to be looked at, each once: schemas of tools say the same few words thousands of
    times. ``system_is_ours``: the key attests that system messages are the operator's own, so they are not."""
    return dict.fromkeys(api.prompt_texts(request, system_is_ours=system_is_ours))


def unknown_texts(api: Api, request: Request, session: Session, *, system_is_ours: bool) -> tuple[Collection[str], int]:
    """The texts as ``asked_texts`` gives them, and how many characters of them ``session`` does not know as clean."""
    texts = asked_texts(api, request, system_is_ours=system_is_ours)
    return texts, session.prompt.unknown(texts)


def sent_on(
    api: Api, request: Request, session: Session, *, system_is_ours: bool, texts: Collection[str] | None = None
) -> bytes | None:
    """The body that goes upstream; None if a red line refuses the prompt: then the upstream is not asked. ``texts`` are
    those of the request, where they are at hand.

    Raises ``Problem`` (400) where values lie too deep in one another.
    """
    if any(request.readings):
        session.continue_each(request.readings)
    if session.screen(asked_texts(api, request, system_is_ours=system_is_ours) if texts is None else texts):
        return None
    try:
        body = api.masked(request, session.mask, system_is_ours=system_is_ours) if session.masks else request.body
        sent = encoded(body)
    except RecursionError:
        raise bad_request("The body is nested too deeply.") from None
    if session.masks:
        session.prompt.confirm(api.prompt_texts(replace(request, body=body), system_is_ours=system_is_ours))
    return None if session.prompt.refused else sent
