"""The listening socket."""

from __future__ import annotations

import errno
import socket

from ordinance.errors import ServeError

#: Connections that may wait in the kernel to be taken. They cost no descriptor.
_BACKLOG = 256


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket on ``host`` and ``port`` (0 takes a free one). Raises ``ServeError`` if that is not
    possible."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(
            f"'{host}' is not an address of this machine: {error.strerror}.",
            help="Name one with --host or in 'host', such as 127.0.0.1, or ::1 without brackets.",
        ) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it; without it each small chunk waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"port {port} on {host} is in use.",
                help="Stop the program that uses it, or choose another port with --port.",
            ) from None
        raise ServeError(f"{host}:{port} cannot be used: {error.strerror}.", help="Use --host or --port.") from None
    listener.set_inheritable(True)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the listener's address as clients write it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
