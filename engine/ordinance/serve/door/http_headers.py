"""Ordinance's headers: what those of a request claim, and the values of those that an answer gets.

What a request claims chooses the words of notices and how the model speaks; it never decides which law applies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.datastructures import Headers

from ordinance.policy.slots import PROMPT, TAGS, fits
from ordinance.protocol.asked import Request
from ordinance.runtime.redact.disclose import Notice
from ordinance.runtime.session import Session
from ordinance.serve.http.correlation import REQUEST_ID

#: The language of notices; a client sets it on purpose, so it goes before the ``accept-language`` of a browser.
LOCALE = "x-ordinance-locale"
#: How the model is to speak, as in ``address=informal, reading level=A2``.
SPEAK = "x-ordinance-speak"
#: How many seconds ago the conversation last carried a reminder (docs/decisions/006).
ELAPSED = "x-ordinance-elapsed"

#: A conversation's id, if the client has one. It is no more than a claim, and never leaves this machine.
CONVERSATION = "x-ordinance-conversation"

#: Of an answer. A page in a browser may read these. The id that Ordinance gave the request stands where clients of the
#: messages API look for one; the other is the client's, if it sent one.
ANTHROPICS_ID = "request-id"
POLICY = "x-ordinance-policy"
MARKS = "x-ordinance-marks"
NOTICES = "x-ordinance-notices"
#: The model that answers in the place of the requested one.
FALLBACK = "x-ordinance-fallback"
RATES = tuple(f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens"))
EXPOSED = (REQUEST_ID, ANTHROPICS_ID, POLICY, MARKS, NOTICES, FALLBACK, "retry-after", *RATES)

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
#: Its language, script and region. What may follow, private use first of all, could be words of the client's own, and
#: an answer shows the locale.
_PLAIN_TAG = re.compile(r"([a-z]{2,3}(-[a-z]{3})?(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?)(?![a-z0-9])", re.IGNORECASE)
_QUALITY = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")
#: Items of a header that are read: nobody speaks more languages, and there are not more slots.
_MOST_ITEMS = 32
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Claims:
    """What a request says of itself in its headers: the languages ``wanted`` for notices (BCP 47 tags, the best first),
    the seconds ``elapsed`` since the last reminder (None if unknown), the slots ``asked`` of how to speak, and the
    ``conversation``'s id ("" for none)."""

    wanted: tuple[str, ...] = ()
    elapsed: int | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    conversation: str = ""


NO_CLAIMS = Claims()


def claims_in(headers: Headers) -> Claims:
    """Read the claims of a request from its ``headers``."""
    accepted = ", ".join(headers.getlist("accept-language"))
    wanted = wanted_languages(headers.get(LOCALE), accepted)
    slots = asked_slots(headers.get(SPEAK))
    return Claims(tuple(wanted), seconds(headers.get(ELAPSED)), slots, headers.get(CONVERSATION, ""))


def wanted_languages(chosen: str | None, accepted: str | None) -> list[str]:
    """Return BCP 47 tags in the order of preference, from the two headers' values; malformed ones are skipped."""
    preferences = []
    for position, item in enumerate(_items(accepted)):
        tag, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if found := _QUALITY.fullmatch(parameter):
                quality = float(found[1])
        plain = plain_tag(tag)
        if quality > 0 and plain:
            preferences.append((-quality, position, plain))
    first = plain_tag((chosen or "").strip())
    return ([first] if first else []) + [tag for _, _, tag in sorted(preferences)]


def plain_tag(tag: str) -> str:
    """Return a BCP 47 tag reduced to its language, script and region; an empty string if it has none of these."""
    found = _PLAIN_TAG.match(tag) if _TAG.fullmatch(tag) else None
    return found[1] if found else ""


def asked_slots(header: str | None) -> dict[str, str]:
    """Return the slots that a request sets; unknown slots and values are ignored. The first of two values counts."""
    found: dict[str, str] = {}
    for item in _items(header):
        slot, _, value = (part.strip() for part in item.partition("="))
        if slot in TAGS and value != PROMPT:
            value = plain_tag(value)
        if fits(slot, value):
            found.setdefault(slot, value)
    return found


def seconds(claimed: str | None) -> int | None:
    """Parse a claimed time in whole seconds; None if there is no readable one."""
    claimed = (claimed or "").strip()
    return int(claimed) if claimed.isascii() and claimed.isdecimal() and len(claimed) <= _MOST_DIGITS else None


def policy_header(session: Session) -> str:
    """Return the value of ``x-ordinance-policy``: ``name@version+digest16``, in ASCII."""
    name, version = session.policy
    return f"{quote(name)}@{version}+{session.plan.digest[:16]}"


def marks_header(session: Session) -> str:
    """Return the value of ``x-ordinance-marks``: what the answer is marked as, in ASCII, separated by commas."""
    return ", ".join(dict.fromkeys(quote(rule.type) for rule in session.marks))


def notices_header(notices: Iterable[Notice]) -> str:
    """Return the value of ``x-ordinance-notices``: a JSON list of texts, in ASCII."""
    return json.dumps([notice.text for notice in notices])


def notices_beside(request: Request, session: Session) -> dict[str, str]:
    """Where the text has a form that a notice would break, or a machine reads it, a whole answer has its notices in a
    header too (semantics, rule 9): a JSON list in ASCII."""
    notices = session.outcome().notices
    if (request.structure is None and not session.silent) or not notices:
        return {}
    return {NOTICES: notices_header(notices)}


def _items(header: str | None) -> list[str]:
    return (header or "").split(",", _MOST_ITEMS)[:_MOST_ITEMS]
