"""Takes connections from a listening socket, and those that other workers have left, a few at a time, as long as there
are places for them.

asyncio's own way takes as many as the backlog at once and, where descriptors run out, logs a traceback for each of
them: 200 silent connections were 800,000 lines.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from ordinance.serve.http.admission import Places
from ordinance.serve.http.handover import Handover
from ordinance.serve.http.listener import Listener

#: Connections that are taken in one round of the event loop, so that those that are open get their turn.
_AT_ONCE = 16
#: How long none is taken where there is no place, or no descriptor, in seconds. Those that come wait in the kernel.
_PAUSE_SECONDS = 0.05
#: How long those that were taken last have until their requests count as begun, in seconds.
_FIRST_BYTES_SECONDS = 0.05
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Gives each connection of ``listener``, which it opens, and of ``handover`` a protocol of ``make``, from its
    making until ``close``; ``make`` gets the bytes that were read from it already. Raises ``ServeError`` if the
    listener cannot be opened."""

    def __init__(
        self,
        listener: Listener,
        make: Callable[[bytes], asyncio.Protocol],
        places: Places,
        handover: Handover | None = None,
    ) -> None:
        self._listener = listener.socket
        self._passed = listener.passed
        self._make = make
        self._places = places
        self._handover = handover
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._listener.setblocking(False)
        listener.open()
        self._resume()

    @property
    def opening(self) -> bool:
        """Return whether connections were taken that have no protocol yet."""
        return bool(self._tasks)

    def stop(self) -> None:
        """Take no more, at once; those that stand in line are for other processes."""
        self._shut()

    async def close(self) -> None:
        """Take no more. Those that stand in line are taken first, for nobody else would; but where the socket was
        passed, they wait there for the next server."""
        if self._listener.fileno() < 0:
            return
        if not self._passed:
            self._accept(socket.SOMAXCONN)
        self._shut()
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(_FIRST_BYTES_SECONDS)

    def _accept(self, most: int) -> None:
        for _ in range(most):
            if self._places.full:
                self._places.make_room()
                self._wait()
                return
            try:
                taken, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._places.exhausted()
                    self._wait()
                else:  # the process that gave us the socket has shut it
                    self._shut()
                return
            self._welcome(taken, b"")

    def _take(self, handover: Handover) -> None:
        """Take what other workers have left."""
        for _ in range(_AT_ONCE):
            if self._places.full:
                self._places.make_room()
                self._wait()
                return
            found = handover.take()
            if found is None:
                return
            self._welcome(*found)

    def _welcome(self, taken: socket.socket, read: bytes) -> None:
        self._places.expect()
        task = self._loop.create_task(self._open(taken, read))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, taken: socket.socket, read: bytes) -> None:
        taken.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(lambda: self._make(read), taken)
        except OSError:  # it has gone already
            taken.close()
        finally:
            self._places.arrived()

    def _wait(self) -> None:
        if self._pause is None:
            self._ignore()
            self._pause = self._loop.call_later(_PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._accept, _AT_ONCE)
        if self._handover is not None:
            self._loop.add_reader(self._handover.here, self._take, self._handover)

    def _ignore(self) -> None:
        self._loop.remove_reader(self._listener)
        if self._handover is not None:
            self._loop.remove_reader(self._handover.here)

    def _shut(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        if self._listener.fileno() >= 0:
            self._ignore()
            self._listener.close()
