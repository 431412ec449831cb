"""The ways past: every route that is to be closed, by every method, and paths that two readers may take for two."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from ordinance.doctor.findings import Finding, State, is_open, untried, well
from ordinance.doctor.sightings import metadata, where_seen
from ordinance.doctor.target import Door, Target, shuts
from ordinance.doctor.wire import NoReplyError, Reply
from ordinance.protocol.routes import EMBEDDINGS, ROUTES, Route, Treatment

CLOSED, PASSED = "closed doors", "passed routes"
#: Methods by which nothing happens on a server that has the route for another one.
_QUIET = ("PATCH", "OPTIONS")
_LOUD = ("GET", "POST", "PUT", "DELETE")
_MALFORMED = b"Invalid HTTP request received."
_HELP = "Close it to clients: they must reach only Ordinance."


def closed_doors(target: Target) -> Iterator[Finding]:
    """Knock at every door that is to be closed."""
    for path, routes in _by_path(ROUTES).items():
        treatments = {route.treatment for route in routes}
        known = {method for route in routes for method in route.methods}
        if treatments == {Treatment.CLOSED}:
            yield from _knock(target, path.replace("{", "").replace("}", ""), known)
        elif target.doors.get(path) is not Door.UNGOVERNED:  # that is open as it is
            yield from (_look(target, method, path) for method in (*_QUIET, *_LOUD) if method not in known)
    yield _screened(target)
    yield _socket(target)
    for path in _unlikely():
        yield _look_behind(target, path)


def passed_routes(target: Target) -> Iterator[Finding]:
    """Check that routes which pass unchanged contain nothing of what was asked and said before."""
    words = [canary.tail for canary in (target.canaries.red, target.canaries.withheld) if canary is not None]
    for route in ROUTES:
        if route.treatment is not Treatment.PASSED or route.methods != ("GET",):
            continue
        door = f"GET {route.path}"
        try:
            reply = target.server.ask("GET", route.path)
        except NoReplyError as error:
            yield untried(PASSED, "routes that gave no answer", str(error), "Try again.", door)
            continue
        place = next((place for word in words if (place := where_seen(reply, word))), None)
        if place is not None:
            yield is_open(PASSED, door, f"a canary appears in {place}", "Close it to clients, and report this.")
        else:
            yield well(PASSED, "routes that pass", "contains nothing of what was said", door)


def _screened(target: Target) -> Finding:
    """Ask for the vector of what a red line refuses: at a door that the operator opened it is refused too."""
    door = f"POST {EMBEDDINGS}"
    red = target.canaries.red
    try:
        reply = target.server.ask("POST", EMBEDDINGS, {"model": target.model, "input": red.word if red else "Hello."})
    except NoReplyError as error:
        return untried(CLOSED, "doors that gave no answer", str(error), "Try again.", door)
    if reply.code == "prompt_refused" and red is not None:
        return well(CLOSED, "opened by the operator", "what a red line refuses gets no vector", door)
    if reply.status == 200 and red is None and metadata(reply):
        return well(CLOSED, "opened by the operator", "governed; no red line has a canary to try", door)
    return _judged(target, reply, door)


def _by_path(routes: Iterable[Route]) -> dict[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in routes:
        found.setdefault(route.path, []).append(route)
    return found


def _knock(target: Target, path: str, known: set[str]) -> Iterator[Finding]:
    """First by methods that do nothing; by the others only where Ordinance was seen to close the door, for behind an
    open one they would act: pause the server, load a model."""
    quiet = [_look(target, method, path) for method in _QUIET]
    yield from quiet
    loud = [method for method in dict.fromkeys((*_LOUD, *known)) if method not in (*_QUIET, "WEBSOCKET", "HEAD")]
    if all(found.state is State.WELL for found in quiet):
        yield from (_look(target, method, path) for method in loud)


def _look(target: Target, method: str, path: str) -> Finding:
    body: object = {} if method == "POST" else None
    try:
        reply = target.server.ask(method, path, body)
    except NoReplyError as error:
        return untried(CLOSED, "doors that gave no answer", str(error), "Try again.", f"{method} {path}")
    return _judged(target, reply, f"{method} {path}")


def _judged(target: Target, reply: Reply, door: str) -> Finding:
    if shuts(reply, with_key=target.server.key is not None):
        return well(CLOSED, "routes and methods", "closed by Ordinance", door)
    if reply.status == 400 and reply.body == _MALFORMED:
        return well(CLOSED, "not an HTTP request, for the server", "not taken", door)
    if reply.status == 404:
        return is_open(CLOSED, "reached", "another server answers that it has no such route (404)", _HELP, door)
    if reply.status == 405:
        return is_open(CLOSED, "open", "the route exists, for another method (405)", _HELP, door)
    return is_open(CLOSED, "open", f"answered (status {reply.status})", _HELP, door)


def _socket(target: Target) -> Finding:
    """Try the one websocket route."""
    door = "WEBSOCKET /v1/realtime"
    headers = {
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "b3JkaW5hbmNlLWRvY3Rvcg==",
    }  # fmt: skip
    try:
        reply = target.server.ask("GET", "/v1/realtime", headers=headers)
    except NoReplyError as error:
        return untried(CLOSED, "doors that gave no answer", str(error), "Try again.", door)
    if reply.status == 403 and not reply.body:  # how a server says that an application did not take a socket
        return well(CLOSED, "no websocket", "not taken", door)
    return _judged(target, reply, door)


def _unlikely() -> Iterator[str]:
    """Paths that one reader may take for a governed route and another for none, and one that nobody has."""
    yield f"/ordinance-doctor-{secrets.token_hex(4)}"
    for path in ("/v1/chat/completions", "/invocations"):
        name = path.rpartition("/")[2]
        yield from (f"/{path}", f"{path}/", path.upper(), f"/.{path}", f"/x/..{path}", f"{path};x", f"{path}%20")
        yield f"{path[: -len(name)]}%{ord(name[0]):02x}{name[1:]}"
    yield "/v1/chat%2Fcompletions"
    yield "/v1\\chat\\completions"


def _look_behind(target: Target, path: str) -> Finding:
    """Ask as a client of the chat API would; a governed answer is as well as a closed door."""
    red = target.canaries.red
    word = "Hello." if red is None else red.word
    body = {"model": target.model, "max_tokens": 1, "messages": [{"role": "user", "content": word}]}
    try:
        reply = target.server.ask("POST", path, body)
    except NoReplyError as error:
        return untried(CLOSED, "doors that gave no answer", str(error), "Try again.", f"POST {path}")
    if metadata(reply).get("verdict") == "refuse":
        return well(CLOSED, "governed under another path", "refused", f"POST {path}")
    return _judged(target, reply, f"POST {path}")
