"""Language tags that requests name: what was learnt of them is forgotten in time.

langcodes keeps every tag that it has ever read, and every pair that it has compared. What packs say is a few; a client
can name any number.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import langcodes
from langcodes import language_distance

#: Tags that are kept, of each sort; thousands of clients have no more.
_MOST = 10_000


def forget() -> None:
    """Empty what has grown too large. To be called between requests, where nobody reads tags."""
    for known in kept():
        if len(known) > _MOST:
            known.clear()


def kept() -> Iterator[MutableMapping[Any, Any]]:
    """Yield the caches of langcodes."""
    places = (
        (langcodes.Language, "_INSTANCES"),
        (langcodes.Language, "_PARSE_CACHE"),
        (language_distance, "_DISTANCE_CACHE"),
    )
    return (getattr(place, name) for place, name in places if hasattr(place, name))
