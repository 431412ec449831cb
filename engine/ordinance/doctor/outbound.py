"""The way out: the model is made to say a canary that no text of the request holds, and no byte of it may leave."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.protocols.canaries import Canary
from ordinance.doctor.protocols.protocol import Api, Patch
from ordinance.doctor.sightings import members, metadata, where_seen
from ordinance.doctor.target import Door, Target, silent, value_of
from ordinance.doctor.wire import NoReplyError, Reply

ANSWERED = "what is answered"
_REMOVING = ("withhold", "refuse")
#: Members that count or number the tokens of what was removed.
_COUNTS = ("usage", "token_ids", "prompt_token_ids", "prompt_logprobs")
#: What the first event of a stream of messages may count: it is known before the model says anything (docs/fields.md).
_KNOWN_BEFORE = "input_tokens"


def answered(target: Target) -> Iterator[Finding]:
    """Every way of every API to make a model say something, whole and as a stream."""
    for api in target.apis():
        if not target.answers(api):
            yield silent(ANSWERED, target, api)
            continue
        canaries = list(_canaries(target, api))
        if not canaries:
            yield untried(ANSWERED, f"POST {api.path}", "the policy has no canary that applies here",
                          "Add one to a lexicon.")  # fmt: skip
        for canary in canaries:
            for name, patch in api.means(canary):
                for streaming in (False, True):
                    part = f"{canary.word.rpartition('-')[0].removeprefix('ordinance-canary-')}: {name}"
                    yield _ask(target, api, part + (" (stream)" if streaming else ""), canary, patch, streaming)


def _canaries(target: Target, api: Api) -> Iterator[Canary]:
    """Yield the canaries to try: the red line's, and the law's if that law applies to us; all at an ungoverned
    route."""
    red, law = target.canaries.red, target.canaries.withheld
    if red is not None:
        yield red
    here = metadata(target.first[api.path]).get("jurisdiction")
    if law is not None and (target.doors[api.path] is Door.UNGOVERNED or here == law.jurisdiction):
        yield law


def _ask(target: Target, api: Api, part: str, canary: Canary, patch: Patch, streaming: bool) -> Finding:
    subject = f"POST {api.path}"
    try:
        reply = target.ask(api, patch, streaming=streaming)
    except NoReplyError as error:
        return untried(
            ANSWERED, subject, str(error), "Check that the model server is running; --timeout allows more time.", part
        )
    if reply.status != 200:
        return untried(ANSWERED, subject, f"the server does not take such a request (status {reply.status})",
                       "Nothing, if this server has no such field.", part)  # fmt: skip
    place = where_seen(reply, canary.tail)
    if place is not None:
        return is_open(ANSWERED, subject, f"a canary leaves in {place}",
                       "Put Ordinance in front of this route; if it is there, report this.", part)  # fmt: skip
    if metadata(reply).get("verdict") not in _REMOVING:
        return untried(ANSWERED, subject, "the model could not be made to say it",
                       "You need to do nothing. Another model may say it, or one without reasoning.", part)  # fmt: skip
    counted = _counted(reply, streaming=streaming)
    if counted:
        return is_open(ANSWERED, subject, f"what was removed is counted in `{counted}`", "Report this to Ordinance.",
                       part)  # fmt: skip
    return well(ANSWERED, subject, "made to say a canary; nothing of it leaves", part)


def _counted(reply: Reply, *, streaming: bool) -> str:
    """Return the name of the member that counts what was removed, or an empty string."""
    values = reply.values if streaming else [value_of(reply)]
    for value in values:
        begins = streaming and isinstance(value, dict) and value.get("type") == "message_start"
        for member in members(value):
            for name in _COUNTS:
                count = member.get(name)
                if begins and name == "usage" and isinstance(count, dict):
                    count = {what: number for what, number in count.items() if what != _KNOWN_BEFORE}
                if _numbers(count):
                    return name
    return ""


def _numbers(value: object) -> bool:
    """Whether a count says anything: APIs that require one have it zero."""
    if isinstance(value, dict):
        return any(map(_numbers, value.values()))
    return bool(value)
