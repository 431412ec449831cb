"""Applications beside the governed one on the same port, as Ray Serve has them: a middleware is in one, not in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.protocols.known import APIS
from ordinance.doctor.target import Door, Target, door_of
from ordinance.doctor.wire import NoReplyError, Server

BESIDE = "other applications"
#: Where Ray Serve's proxy says which applications it has, by the beginning of their paths.
_LISTED = "/-/routes"
_HELP = "Put the middleware into it too, or give it no route (`route_prefix: null`): docs/ray.md."


def beside(target: Target) -> Iterator[Finding]:
    """Ask each API of every application that Ray Serve lists besides the examined one; nothing where none is listed."""
    root = replace(target.server, base="")
    for prefix, name in _applications(root):
        base = prefix.rstrip("/")
        if base != target.server.base:
            yield from _looked_at(target, replace(root, base=base), f"{name} at {prefix}")


def _applications(root: Server) -> list[tuple[str, str]]:
    try:
        reply = root.ask("GET", _LISTED)
    except NoReplyError:
        return []
    listed = reply.values[0] if reply.status == 200 and reply.values else None
    if not isinstance(listed, dict):
        return []
    return [(prefix, name) for prefix, name in listed.items() if prefix.startswith("/") and isinstance(name, str)]


def _looked_at(target: Target, server: Server, subject: str) -> Iterator[Finding]:
    for api in APIS:
        door = f"POST {server.base}{api.path}"
        try:
            reply = server.ask("POST", api.path, api.harmless(target.model))
        except NoReplyError as error:
            yield untried(BESIDE, subject, str(error), "Try again.", door)
            continue
        match door_of(reply, with_key=server.key is not None):
            case Door.OPEN_TO_US | Door.SHUT | Door.LOCKED:
                yield well(BESIDE, subject, "governed, or closed by Ordinance", door)
            case Door.ABSENT:
                yield untried(BESIDE, subject, "not Ordinance, and no such API there", "Know what it answers.", door)
            case _:
                yield is_open(BESIDE, subject, f"answers ungoverned (status {reply.status})", _HELP, door)
