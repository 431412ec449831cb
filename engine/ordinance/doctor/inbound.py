"""The way in: a red line's canary must be refused in every field that a model reads, or left out where it is old.

Either way the answer has a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.protocols.protocol import Api, Patch
from ordinance.doctor.sightings import members, metadata, said, where_seen
from ordinance.doctor.target import Target, not_taken
from ordinance.doctor.wire import POLICY, NoReplyError

ASKED = "what is asked"
#: How the APIs say that an answer was refused.
_REFUSED = frozenset({"content_filter", "refusal"})
#: Members that ask for a form in which no notice can stand: there it stands in the metadata alone.
_STRUCTURES = frozenset({"response_format", "structured_outputs", "text"})


def asked(target: Target) -> Iterator[Finding]:
    """Every field of every API, whole and as a stream."""
    red = target.canaries.red
    if red is None:
        yield untried(ASKED, "every field", "the policy has no canary for a red line", "Add one to a lexicon.")
        return
    for api in target.apis():
        for name, patch in api.fields(red.word):
            for streaming in (False, True):
                yield _ask(target, api, f"{name} (stream)" if streaming else name, patch, streaming=streaming)


def _ask(target: Target, api: Api, name: str, patch: Patch, *, streaming: bool) -> Finding:
    subject, red = f"POST {api.path}", target.canaries.red
    assert red is not None  # noqa: S101 - asked() has looked
    try:
        reply = target.ask(api, patch, streaming=streaming)
    except NoReplyError as error:
        return untried(
            ASKED, subject, str(error), "Check that the model server is running; --timeout allows more time.", name
        )
    if reply.status != 200:
        own = "Ordinance" if not_taken(reply) else "the server"
        what = f"{own} does not take such a request (status {reply.status})"
        if not_taken(reply):
            return well(ASKED, subject, what, name)
        return untried(ASKED, subject, what, "Nothing, if this server has no such field.", name)
    place = where_seen(reply, red.word)
    if place is not None:
        return is_open(ASKED, subject, f"the canary comes back in {place}", "Report this to Ordinance.", name)
    found = metadata(reply)
    if found.get("history"):  # what is old is left out, and what is new is answered
        if reply.header(POLICY) and _shown(_texts(found, "history"), said(reply)):
            return well(ASKED, subject, "left out of what the model reads, with a notice", name)
        return is_open(ASKED, subject, "left out, but without a notice", "Report this to Ordinance.", name)
    if found.get("verdict") != "refuse":
        return is_open(
            ASKED,
            subject,
            "a red line's canary is answered" if reply.header(POLICY) else "nothing screens the request",
            "Put Ordinance in front of this route; if it is there, compare the policies (--pack) and report this.",
            name,
        )
    notices = _texts(found, "red_line")
    ends = any(value in _REFUSED for each in reply.values for member in members(each) for value in _words(member))
    told = notices and ends and reply.header(POLICY)
    if not told or not (_STRUCTURES & patch.keys() or _shown(notices, said(reply))):
        return is_open(ASKED, subject, "refused, but without a notice", "Report this to Ordinance.", name)
    return well(ASKED, subject, "refused, with a notice", name)


def _texts(found: Mapping[str, Any], kind: str) -> list[object]:
    return [notice.get("text") for notice in found.get("notices", ()) if notice.get("kind") == kind]


def _words(member: dict[str, object]) -> Iterator[str]:
    return (value for value in member.values() if isinstance(value, str))


def _shown(notices: list[object], text: str) -> bool:
    return any(isinstance(notice, str) and notice in text for notice in notices)
