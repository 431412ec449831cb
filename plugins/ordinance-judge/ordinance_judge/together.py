"""Requests that are the same are made once: a model with categories of its own is asked the same for every rule."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from hashlib import blake2b
from typing import Any

from ordinance.plugin import JudgeFaultError

#: An answer serves those who ask within so many seconds of it: the questions of one text come in a burst. No canary is
#: asked twice in this time.
KEPT = 0.5

Choice = dict[str, Any]


class Together:
    """Asks by ``ask``, and lets whoever asks the same meanwhile, or within a moment, have the same answer. Whoever
    waits for a request that fails fails with it. Safe from several threads; it keeps no text."""

    def __init__(self, ask: Callable[[Mapping[str, Any], float], Choice]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._asked: dict[bytes, tuple[Future[Choice], float]] = {}  # with the time at which it is forgotten

    def __call__(self, body: Mapping[str, Any], until: float) -> Choice:
        """Return the choice that answers ``body``, by the monotonic time ``until``. Raises ``JudgeFaultError``."""
        key = blake2b(json.dumps(body).encode(), digest_size=32).digest()
        with self._lock:
            now = time.monotonic()
            self._asked = {each: held for each, held in self._asked.items() if held[1] > now}
            known = self._asked.get(key)
            if known is None:
                mine = Future[Choice]()
                self._asked[key] = mine, float("inf")
        if known is not None:
            try:
                return known[0].result(max(0.0, until - time.monotonic()))
            except TimeoutError:
                raise JudgeFaultError("late") from None
        try:
            mine.set_result(self._ask(body, until))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            kept = time.monotonic() + KEPT if mine.exception() is None else 0.0
            with self._lock:
                self._asked[key] = mine, kept
        return mine.result()
