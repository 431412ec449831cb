"""The inference servers of a gateway that has several: whether each answers, and whether each model is governed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.target import Door, Target, door_of, value_at
from ordinance.doctor.wire import NoReplyError

SERVERS = "model servers"
#: So many models are asked one question each.
_MOST_MODELS = 64
_HELP = "Requests for its models go to other servers, or fail. See docs/upstreams.md."


def servers(target: Target) -> Iterator[Finding]:
    """Tell what ``/ready`` says of each server, and ask each model that is listed; nothing if there is one server."""
    said = value_at(target.server, "/ready").get("upstreams")
    known = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    for each in known:
        yield from _server(str(each.get("name")), each)
    if known:
        yield from _models(target)


def _server(name: str, said: dict[str, Any]) -> Iterator[Finding]:
    state = said.get("state")
    if state == "drained":
        yield well(SERVERS, name, "gets no new requests (`drain`)")
    elif state == "up":
        yield well(SERVERS, name, "answers")
    else:
        yield is_open(SERVERS, name, f"does not answer ({said.get('problem') or state})", _HELP)
    missing = said.get("missing")
    for model in missing if isinstance(missing, list) else ():
        yield is_open(SERVERS, f"{name}, {model}", "the server does not list this model",
                      "Correct `models` of this server, or load the model there.")  # fmt: skip


def _models(target: Target) -> Iterator[Finding]:
    api = next(iter(target.apis()), None)
    if api is None:
        return
    listed = value_at(target.server, "/v1/models").get("data")
    names = [str(each.get("id")) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for model in names[:_MOST_MODELS]:
        subject, part = f"model {model}", f"POST {api.path}"
        try:
            reply = target.ask(api, {"model": model})
        except NoReplyError as error:
            yield untried(SERVERS, subject, f"no answer ({error})", _HELP, part)
            continue
        if door_of(reply, with_key=target.server.key is not None) is not Door.OPEN_TO_US:
            yield is_open(SERVERS, subject, "its answer is not governed", "Let clients reach only Ordinance.", part)
        elif reply.status != 200:
            yield is_open(SERVERS, subject, f"does not answer ({reply.code or reply.status})", _HELP, part)
        else:
            yield well(SERVERS, subject, "answers, governed", part)
