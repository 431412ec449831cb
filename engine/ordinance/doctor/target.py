"""What is examined, and what was seen of it first: which doors are governed, which are shut, which need a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.protocols.canaries import Canaries
from ordinance.doctor.protocols.known import APIS
from ordinance.doctor.protocols.protocol import Api, Patch
from ordinance.doctor.wire import POLICY, NoReplyError, Reply, Server
from ordinance.errors import UsageError

GOVERNED = "governed doors"
#: An Envoy in front refused it, and Ordinance said so in its place.
_BY_ENVOY = "envoy_refused"
#: Codes of answers that are Ordinance's own and say that nobody came through.
_CLOSED = {404: "closed_door", 405: "method_not_allowed"}
#: The same for a request that it did not take.
_NOT_TAKEN = frozenset({"invalid_request", *_CLOSED.values()})
_NO_KEY = "invalid_api_key"
#: How many names of models are told to who asked for another.
_MOST_TOLD = 5


class Door(Enum):
    """How a governed route was found."""

    OPEN_TO_US = "governed"
    SHUT = "shut"
    LOCKED = "locked"
    UNGOVERNED = "ungoverned"
    ABSENT = "absent"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Target:
    """``doors`` says how each API's route was found, ``first`` its answer to a harmless request."""

    server: Server
    behind: tuple[Server, ...]
    canaries: Canaries
    model: str
    doors: Mapping[str, Door]
    first: Mapping[str, Reply]

    def apis(self) -> list[Api]:
        """Return the APIs that answer us, governed or not."""
        return [api for api in APIS if self.doors[api.path] in (Door.OPEN_TO_US, Door.UNGOVERNED)]

    def answers(self, api: Api) -> bool:
        """Whether a model behind it answered a harmless request."""
        return self.first[api.path].status == 200

    def ask(self, api: Api, patch: Patch, *, streaming: bool = False) -> Reply:
        """Send a request to an API, ``patch`` laid over a harmless one. Raises ``NoReplyError``."""
        stream = {"stream": True} if streaming else {}
        return self.server.ask("POST", api.path, {**api.harmless(self.model), **patch, **stream})


def silent(check: str, target: Target, api: Api) -> Finding:
    """Why nothing more is asked at a door behind which no model answers."""
    what = f"no model answers on this API (status {target.first[api.path].status})"
    return untried(
        check, f"POST {api.path}", what, "If the server behind has this API, find out why it does not answer."
    )


def shuts(reply: Reply, *, with_key: bool) -> bool:
    """Whether an answer is Ordinance's own word that a door is closed, or, for who has no key, that one is needed."""
    if reply.status == 401 and not with_key:
        return reply.code == _NO_KEY
    if reply.code == _BY_ENVOY:
        return True
    return reply.status in _CLOSED and reply.code == _CLOSED[reply.status]


def not_taken(reply: Reply) -> bool:
    """Whether Ordinance itself turned a request away."""
    return reply.code in _NOT_TAKEN


def acquaint(server: Server, behind: tuple[Server, ...], canaries: Canaries, model: str | None) -> Target:
    """See who is there. Raises ``NoReplyError`` where nobody is, ``UsageError`` for a key that is not accepted."""
    server.reach()
    listed = server.ask("GET", "/v1/models")
    if listed.status == 401 and server.key is not None:
        raise UsageError("the server does not accept the key.", help="Give the right one with --key-file.")
    if listed.status == 421:
        raise UsageError(
            "the server does not answer to that name.", help="Use the name that clients use, or a loopback address."
        )
    names = _models(listed)
    if model is not None and names and model not in names:
        raise UsageError(f"the server has no model '{model}'.", help=f"It has: {', '.join(names[:_MOST_TOLD])}.")
    model = model or next(iter(names), "default")
    doors, first = {}, {}
    for api in APIS:
        try:
            reply = server.ask("POST", api.path, api.harmless(model))
        except NoReplyError:
            doors[api.path] = Door.SILENT
            continue
        doors[api.path], first[api.path] = door_of(reply, with_key=server.key is not None), reply
    if server.base and all(door is Door.SHUT for door in doors.values()):
        raise UsageError(
            "Ordinance answers, but no API is open below that path.",
            help="Give the URL without a path, or with the prefix that your proxy strips.",
        )
    return Target(server, behind, canaries, model, doors, first)


def governed_doors(target: Target) -> Iterator[Finding]:
    """Whether Ordinance stands at the doors that it says it governs."""
    for api in APIS:
        door, subject = target.doors[api.path], f"POST {api.path}"
        reply = target.first.get(api.path)
        match door:
            case Door.OPEN_TO_US:
                yield well(GOVERNED, subject, "governed")
            case Door.SHUT:
                yield well(GOVERNED, subject, "closed")
            case Door.LOCKED:
                yield untried(
                    GOVERNED,
                    subject,
                    "the server asks for a key",
                    "Give one with --key-file, or in the variable ORDINANCE_KEY.",
                )
            case Door.SILENT:
                yield untried(
                    GOVERNED,
                    subject,
                    "no answer",
                    "Check that the model server is running; --timeout allows more time.",
                )
            case Door.ABSENT:
                yield is_open(
                    GOVERNED,
                    subject,
                    "another server answers that it has no such route",
                    "Let clients reach only Ordinance.",
                )
            case _:
                status = "" if reply is None else f" (status {reply.status})"
                yield is_open(
                    GOVERNED,
                    subject,
                    f"answers without `{POLICY}`{status}: it is not governed",
                    "Let clients reach only Ordinance: the middleware, or the gateway with the server out of reach.",
                )


def door_of(reply: Reply, *, with_key: bool) -> Door:
    """Return how a governed route was found that gave ``reply``."""
    if shuts(reply, with_key=True):
        return Door.SHUT
    if shuts(reply, with_key=with_key):
        return Door.LOCKED
    if reply.header(POLICY):
        return Door.OPEN_TO_US
    if reply.status in (404, 405):
        return Door.ABSENT
    return Door.SILENT if reply.status >= 500 and reply.code else Door.UNGOVERNED


def _models(listed: Reply) -> list[str]:
    match listed.values:
        case [{"data": [*models]}]:
            return [name for model in models if isinstance(model, dict) and isinstance(name := model.get("id"), str)]
    return []


def value_of(reply: Reply) -> dict[str, Any]:
    """Return the JSON object of an answer, or an empty one."""
    match reply.values:
        case [dict(value)]:
            return value
    return {}


def value_at(server: Server, path: str) -> dict[str, Any]:
    """Return the JSON object that a server has at ``path``, or an empty one; so too where it does not answer."""
    try:
        return value_of(server.ask("GET", path))
    except NoReplyError:
        return {}
