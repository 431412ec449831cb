"""Whether a server's own watermark is in an answer, as far as a request shows it.

vLLM 0.32 marks the choice of tokens if it runs with `--watermark-config`. It leaves the mark out, with a line in its
log and nothing in the answer, where no token is drawn by chance: at temperature 0 and in a beam search. A request's own
`watermarking` never reaches it (``fields.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def watermark_of(configured: bool | None, body: Mapping[str, Any]) -> str:
    """Return what is known of the watermark in the answer to a request with this ``body``: ``on``, ``skipped``, or
    ``off``; empty if nobody knows whether one is ``configured`` (None)."""
    if configured is None:
        return ""
    if not configured:
        return "off"
    temperature = body.get("temperature")
    greedy = isinstance(temperature, int | float) and temperature == 0
    skipped = greedy or body.get("use_beam_search") or body.get("trace_decode_token_ids")
    return "skipped" if skipped else "on"
