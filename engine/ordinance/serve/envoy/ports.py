"""Where an Envoy, or whoever checks its health, connects: an address, or a Unix socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from ordinance.errors import ServeError
from ordinance.settings.model import unix_path

#: Envoy sends its header and each piece of a body as a message of its own; a larger one ends the stream. In bytes.
_LARGEST_MESSAGE = 4 * 1024 * 1024


def make_server() -> grpc.aio.Server:
    """Return a server that shares its port with no other process."""
    return grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _LARGEST_MESSAGE)])


def open_port(server: grpc.aio.Server, address: str, mode: int, secured: grpc.ServerCredentials | None = None) -> str:
    """Let ``server`` listen at ``address``, in a Unix socket with the permissions ``mode``, or with TLS if it is
    ``secured``. Return where it listens: port 0 takes a free one. Raises ``ServeError``."""
    path = unix_path(address)
    try:
        with _nobody_else(path):
            port = server.add_insecure_port(address) if secured is None else server.add_secure_port(address, secured)
        if path is not None:
            path.chmod(mode)
    except (RuntimeError, OSError):
        port = 0
    if not port:
        raise ServeError(
            f"'{address}' cannot be listened on.",
            help="Name a free port, as in 127.0.0.1:9002, or a socket, as in unix:/run/ordinance/ext-proc.sock.",
        )
    return address if path is not None else f"{address.rpartition(':')[0]}:{port}"


@contextmanager
def _nobody_else(path: Path | None) -> Iterator[None]:
    """Make a socket in a file so that, until its permissions are set, only this user may write to it."""
    if path is None:
        yield
        return
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)
