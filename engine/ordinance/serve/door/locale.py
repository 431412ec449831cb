"""The languages that a request asks to be told things in. They choose words, never rules."""

from __future__ import annotations

import re

#: The header that a client sets on purpose; it goes before what a browser sends by itself.
HEADER = "x-ordinance-locale"

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
#: Its language, script and region. What may follow, private use first of all, could be words of the client's own, and
#: an answer shows the locale.
_PLAIN_TAG = re.compile(r"([a-z]{2,3}(-[a-z]{3})?(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?)(?![a-z0-9])", re.IGNORECASE)
_QUALITY = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)")
#: Longer headers are cut: nobody speaks more languages.
_MOST_TAGS = 32


def wanted_languages(chosen: str | None, accepted: str | None) -> list[str]:
    """BCP 47 tags in the order of preference, from the two headers' values; what is malformed is passed over."""
    preferences = []
    for position, item in enumerate((accepted or "").split(",", _MOST_TAGS)[:_MOST_TAGS]):
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
    """A BCP 47 tag without what follows its language, script and region; empty where it has none of these."""
    found = _PLAIN_TAG.match(tag) if _TAG.fullmatch(tag) else None
    return found[1] if found else ""
