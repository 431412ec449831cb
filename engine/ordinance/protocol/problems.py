"""What a client is told when there is no answer, in the error shape of the OpenAI API.

Every message here is our own. An upstream's error text never passes: it can echo what was said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ordinance.protocol.routes import GOVERNED, HEALTH, MODELS, READY

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


#: The codes of what ends an answer that the model server owes: it counts as refused, as one that had begun does.
FAULTS = frozenset({"upstream_malformed", "upstream_truncated", "upstream_timeout", "upstream_failed", "stopping"})


class Problem(Exception):  # noqa: N818 - the word of HTTP for it
    """Why a request gets no answer, or no more of one.

    ``status`` is the HTTP status where no byte of an answer has left yet. ``code`` is stable. ``headers`` go with it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = headers

    def body(self) -> dict[str, object]:
        """Return the JSON object of the error response."""
        kind = _TYPES.get(self.status) or ("server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


def bad_request(message: str, param: str | None = None) -> Problem:
    """400: the request is not one of this protocol."""
    return Problem(400, "invalid_request", message, param)


def part_refused(why: str, place: str) -> Problem:
    """400: a part of a request is no text, and is not taken; ``why`` names its type and nothing of what it holds."""
    return Problem(400, "part_refused", f"`{place}`: {why}.", place)


def no_key() -> Problem:
    """401: the same words whatever was asked for, so that nobody learns anything without a key."""
    message = "The request has no valid API key. Send one as `Authorization: Bearer …` or `x-api-key: …`."
    return Problem(401, "invalid_api_key", message, headers={"www-authenticate": "Bearer"})


def malformed(what: str) -> Problem:
    """502: the model server sent what is no answer of this protocol; ``what`` says how, in our words."""
    return Problem(502, "upstream_malformed", f"The model server's answer cannot be read: {what}.")


def truncated() -> Problem:
    """502: the model server went away in the middle of an answer."""
    return Problem(502, "upstream_truncated", "The model server ended its answer before it was complete.")


def upstream_failed() -> Problem:
    """502: the model server reported an error of its own in the middle of an answer."""
    return Problem(502, "upstream_failed", "The model server reported an error during its answer.")


def stopping() -> Problem:
    """503: the gateway is being stopped, and the grace period for running answers is over."""
    return Problem(503, "stopping", "The server is shutting down. Try again later.")


def busy(status: int) -> Problem:
    """503 where as many requests run as may in all, 429 as many as may from one address. The connection is closed."""
    return Problem(
        status,
        "busy",
        "The server is busy: it has reached its limit of requests. Try again later.",
        headers={"retry-after": "1", "connection": "close"},
    )


def prompt_refused(notices: Sequence[str]) -> Problem:
    """403: a red line refuses what was asked, in an API whose answers have no text; ``notices`` say why."""
    return Problem(403, "prompt_refused", " ".join(notices), "input")


def over_limit(limit: str, seconds: float) -> Problem:
    """429: the key has reached one of its limits; in so many ``seconds`` there is room again."""
    after = max(1, math.ceil(seconds))
    return Problem(
        429,
        "rate_limit_exceeded",
        f"This API key has reached its limit of {limit}. Try again in {after} s.",
        headers={"retry-after": str(after)},
    )


def judge_busy() -> Problem:
    """429: as many calls to a judge are under way as there may be. The model has not been asked: an answer that nobody
    could judge would be refused at its end."""
    return Problem(
        429,
        "judge_busy",
        "Too many requests are being judged at the moment. Try again later.",
        headers={"retry-after": "1"},
    )


def audit_unavailable() -> Problem:
    """503: the operator requires a record of each request, and that of this one cannot be written."""
    return Problem(
        503,
        "audit_unavailable",
        "A record of this request is required and cannot be written now. Try again later; the operator's log says why.",
    )


def media_type() -> Problem:
    """415: the body does not say that it is JSON."""
    return Problem(415, "media_type", "The request body must be JSON. Send it as `content-type: application/json`.")


def field_refused(name: str) -> Problem:
    """400: the operator does not let requests steer the model token by token."""
    told = f"`{name}` is not accepted here, because it can keep the model from finishing a phrase. Leave it out."
    return Problem(400, "field_refused", told, param=name)


def too_large(limit: int) -> Problem:
    """413: the body is larger than it may be, in bytes."""
    return Problem(413, "body_too_large", f"The request body is larger than the limit of {limit} bytes.")


def parts_too_large(limit: int) -> Problem:
    """413: the data of a request's parts is more than it may be, in bytes as it stands there."""
    told = (
        f"Images and other data in the request are larger than the limit of {limit} bytes, as encoded in the request."
    )
    return Problem(413, "parts_too_large", told)


def two_lengths() -> Problem:
    """400: the request says in two ways where its body ends, and a proxy in front may have taken the other. The
    connection is closed (RFC 9112, 6.1)."""
    return Problem(
        400,
        "two_lengths",
        "The request has both `content-length` and `transfer-encoding`. Send one of them.",
        headers={"connection": "close"},
    )


def other_host() -> Problem:
    """421: the request asks for a host that this gateway is not."""
    return Problem(
        421,
        "other_host",
        "This server does not accept that host name. Use a loopback name; the operator can add others to `hosts`.",
    )


def no_model() -> Problem:
    """404: the server lists no model of the requested name."""
    return Problem(
        404, "model_not_found", f"The server lists no such model. `GET {MODELS}` has those it lists.", "model"
    )


def closed(allowed: Sequence[str] = ()) -> Problem:
    """Return the problem for a closed route: 404, or 405 if it is open for the methods that are ``allowed``."""
    if allowed:
        headers = {"allow": ", ".join(allowed)}
        return Problem(405, "method_not_allowed", "This route does not accept this method.", None, headers)
    return Problem(
        404,
        "closed_door",
        f"This route is closed: Ordinance serves only the routes that it governs (POST {', '.join(GOVERNED[:-1])} and "
        f"{GOVERNED[-1]}, GET {MODELS}, {HEALTH}, {READY}).",
    )


def internal() -> Problem:
    """500: a defect of ours. Nothing about it leaves; the log has its place."""
    return Problem(500, "internal_error", "Ordinance failed on this request. The operator's log says where.")
