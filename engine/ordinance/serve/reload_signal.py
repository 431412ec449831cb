"""SIGHUP: policy, shadow and keys are read, and the log opened, anew. The gateway and vLLM's process use the same."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ordinance.serve.door.service import Service
from ordinance.serve.http.stderr import tell

#: What the operator is told when a reload begins.
RELOADING = "SIGHUP: keys and policy are read again"


@contextmanager
def renewing(service: Service) -> Iterator[None]:
    """Begin to show answers to the shadow policy, if there is one. Read policies and keys, and open the log, again at
    each SIGHUP. Only the main thread of a process receives it."""
    service.shadow.renew(service.settings)
    if not service.standing.replaceable or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def read() -> None:
        await service.standing.renew()
        service.shadow.renew(service.standing.settings)

    def renew() -> None:
        if service.standing.loads:
            tell(RELOADING, "info")
        service.audit.reopen()
        task = loop.create_task(read())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, renew)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # whoever started this held it back until now
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
