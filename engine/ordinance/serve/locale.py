"""The languages that a request asks to be told things in. They choose words, never rules."""

from __future__ import annotations

import re

#: The header that a client sets on purpose; it goes before what a browser sends by itself.
HEADER = "x-ordinance-locale"

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
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
        if quality > 0 and _TAG.fullmatch(tag):
            preferences.append((-quality, position, tag))
    first = [chosen.strip()] if chosen and _TAG.fullmatch(chosen.strip()) else []
    return first + [tag for _, _, tag in sorted(preferences)]
