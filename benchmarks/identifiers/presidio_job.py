"""Presidio's recognisers over texts: reads JSON lines, writes JSON lines; runs in an environment of its own.

Each recogniser is asked by itself, without a language model; it gives what it found in the text, each with a score.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import presidio_analyzer.predefined_recognizers as known


@cache
def recogniser(name: str, country: str) -> Any:
    """One recogniser. That of telephone numbers looks for those of ``country``, or has its defaults."""
    regions = {"supported_regions": (country,)} if name == "PhoneRecognizer" and country else {}
    return getattr(known, name)(**regions)


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        found = []
        for name in asked["peers"]:
            each = recogniser(name, asked["country"])
            found += [
                (one.start, one.end, one.score) for one in each.analyze(asked["text"], each.supported_entities, None)
            ]
        print(json.dumps(found))


if __name__ == "__main__":
    main()
