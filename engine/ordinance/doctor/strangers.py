"""Who has no key learns nothing: one answer, whatever is asked and wherever."""

from __future__ import annotations

from collections.abc import Iterator

from ordinance.doctor.findings import Finding, is_open, untried, well
from ordinance.doctor.protocols.chat import CHAT
from ordinance.doctor.target import Door, Target, shuts, value_of
from ordinance.doctor.wire import NoReplyError, Reply
from ordinance.protocol.routes import ROUTES, Treatment

KEYS = "without a key"
#: Headers that differ from answer to answer, or belong to the connection.
_OWN = frozenset({"x-request-id", "request-id", "date", "content-length", "connection", "server"})


def keys(target: Target) -> Iterator[Finding]:
    """Ask without the key, and with a wrong one, where the right one opens."""
    if target.server.key is None:
        if Door.LOCKED not in target.doors.values():
            yield untried(KEYS, "the server", "it answers everyone, and no key was given",
                          "If that is not intended, set `keys`, and give one with --key-file.")  # fmt: skip
        return
    for token, name in ((None, "no key"), ("ordinance-doctor-no-such-key", "a wrong key")):
        seen: dict[str, dict[tuple[object, ...], str]] = {}  # by the shape that an API gives its errors
        for method, path, body in _questions(target):
            door = f"{method} {path}"
            try:
                reply = target.server.ask(method, path, body, key=token)
            except NoReplyError as error:
                yield untried(KEYS, name, str(error), "Try again.", door)
                continue
            if not shuts(reply, with_key=False):
                yield is_open(KEYS, name, f"it is answered (status {reply.status})", "Set `keys`, or --api-key.", door)
            elif _tells(reply):
                yield is_open(
                    KEYS, name, f"the response has the header `{_tells(reply)}`", "Report this to Ordinance.", door
                )
            elif reply.status == 401:
                alike = seen.setdefault(str(value_of(reply).get("type", "")), {})
                alike.setdefault((reply.body, _headers(reply)), door)
        differ = [", ".join(alike.values()) for alike in seen.values() if len(alike) > 1]
        if differ:
            yield is_open(KEYS, name, "the answers differ", "Report this to Ordinance.", "; ".join(differ))
        elif seen:
            yield well(KEYS, name, "the same answer on every route; it reveals nothing")


def _questions(target: Target) -> Iterator[tuple[str, str, object]]:
    """Yield a harmless prompt, a refused one, and routes of each kind."""
    red = target.canaries.red
    yield "POST", CHAT.path, CHAT.harmless(target.model)
    if red is not None:
        yield "POST", CHAT.path, {**CHAT.harmless(target.model), "messages": [{"role": "user", "content": red.word}]}
    yield "POST", CHAT.path, "no request"
    for route in ROUTES:
        if route.treatment in (Treatment.GOVERNED, Treatment.READ) and route.path != "/ready":
            yield route.methods[0], route.path, {} if route.methods[0] == "POST" else None
    yield "POST", "/invocations", {}
    yield "GET", "/ordinance-doctor", None


def _tells(reply: Reply) -> str:
    """Return the name of a header that says more than that a key is needed, or an empty string."""
    return next((name for name, _ in reply.headers if name.startswith("x-ordinance")), "")


def _headers(reply: Reply) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in reply.headers if name not in _OWN))
