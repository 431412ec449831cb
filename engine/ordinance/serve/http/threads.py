"""Work that would make other requests wait, done in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

#: Larger texts are looked at in a thread. In bytes.
LARGE = 64 * 1024
#: A character of a prompt that nobody knows counts as so many bytes, for looking at it takes 1 to 2 µs: more than 8 KiB
#: are looked at in a thread.
SCREENING = 8
#: A byte of a conversation counts as so many, for Ordinance's own words are looked for in it, in 0.3 µs a character.
HEARING = 2
#: Threads that wait for detectors are not those that look at large texts: these must not stand behind them.
_WAITING = ThreadPoolExecutor(64, "ordinance-detectors")

P = ParamSpec("P")
T = TypeVar("T")


async def aside(size: int, waits: bool, function: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Call a function of something ``size`` bytes large: here, unless that is much or it ``waits`` for a detector."""
    if waits:
        return await asyncio.get_running_loop().run_in_executor(_WAITING, partial(function, *values, **named))
    if size >= LARGE:
        return await asyncio.to_thread(function, *values, **named)
    return function(*values, **named)
