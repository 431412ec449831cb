"""Where a worker that gives way leaves its connections, and where the other workers take them.

A client that keeps a connection open may send its next request at any time. If the worker closed the connection, that
request could be lost on its way; so another worker goes on with it, and the client notices nothing.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import weakref
from contextlib import suppress

#: A socket that keeps messages apart.
_APART = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
#: More than the largest head of a request that may wait on a connection, in bytes.
_LARGEST = 128 * 1024
#: As many wait as the kernel lets wait: the others are left in a moment.
_LATER = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.ETOOMANYREFS, errno.EMFILE, errno.ENFILE})


class Handover:
    """Connections on their way from one worker to another. It may be given to another process at that one's start."""

    def __init__(self) -> None:
        self._there, self.here = socket.socketpair(socket.AF_UNIX, _APART)
        self._there.setblocking(False)
        self.here.setblocking(False)
        self._there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _LARGEST)
        weakref.finalize(self, _close, self._there, self.here)

    def leave(self, connection: int, read: bytes) -> bool:
        """Leave the descriptor ``connection``, of which the bytes ``read`` are no whole request yet; the caller closes
        its own. Returns False if there is no room now. Raises ``OSError``."""
        try:
            socket.send_fds(self._there, [b"\0" + read], [connection])
        except OSError as error:
            if error.errno in _LATER:
                return False
            raise
        return True

    def take(self) -> tuple[socket.socket, bytes] | None:
        """Take a connection, with the bytes that were read from it; None if none is there."""
        with suppress(BlockingIOError, InterruptedError):
            said, descriptors, _, _ = socket.recv_fds(self.here, _LARGEST, 1, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
            for each in descriptors:
                os.set_inheritable(each, False)
                return socket.socket(fileno=each), said[1:]
        return None


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        each.close()
