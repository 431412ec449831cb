"""Settings of the server's that a request may not reach: where one is read it shows, in an error or in the answer."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.sightings import members
from ordinance.doctor.target import Target, not_taken, silent
from ordinance.doctor.wire import NoReplyError

SETTINGS = "settings in a request"
#: Members of an answer that only such a setting fills.
_FILLED = ("prompt_logprobs", "prompt_token_ids", "prompt_text", "input_messages", "output_messages")


def settings(target: Target) -> Iterator[Finding]:
    """Each setting of each API, once."""
    for api in target.apis():
        if not target.answers(api):
            yield silent(SETTINGS, target, api)
            continue
        subject = f"POST {api.path}"
        for name, patch in api.settings():
            try:
                reply = target.ask(api, patch)
            except NoReplyError as error:
                yield untried(SETTINGS, subject, str(error), "Try again.", name)
                continue
            filled = [each for value in reply.values for member in members(value) for each in _FILLED
                      if member.get(each)]  # fmt: skip
            if not_taken(reply) or (reply.status == 200 and not filled):
                yield well(SETTINGS, subject, "without effect", name)
            elif reply.status >= 500 and reply.code != "upstream_failed":
                yield untried(SETTINGS, subject, f"the server failed (status {reply.status})", "Try again.", name)
            else:
                what = f"it fills `{filled[0]}`" if filled else f"the server uses it (status {reply.status})"
                yield is_open(SETTINGS, subject, what, "Put Ordinance in front of this route, or report this.", name)
