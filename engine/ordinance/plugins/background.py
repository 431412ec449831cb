"""Threads of the engine that speak with a plugin's processes."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable


def begin(name: str, work: Callable[..., object], *given: object) -> None:
    """Do ``work`` with what is ``given`` in a thread of its own, which does not keep the engine from ending. Raises
    ``OSError`` where there may be no more threads, as where there may be no more processes: memory is short."""
    try:
        threading.Thread(target=work, args=given, name=name, daemon=True).start()
    except RuntimeError:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
