"""The listening socket: opened here on an address or in a file, or passed by the service manager."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ordinance.errors import ServeError
from ordinance.settings.model import unix_path

#: Connections that may wait in the kernel to be taken. They cost no descriptor.
_BACKLOG = 256
#: The longest path that the kernel takes for a socket, in bytes.
_LONGEST_PATH = 107


@dataclass(frozen=True, slots=True)
class Listener:
    """A ``socket`` that listens from ``open`` on. ``passed``: the service manager opened it, and keeps it when this
    server has ended, so that whoever connects meanwhile waits for the next. ``file``: what was made for it; None for an
    address."""

    socket: socket.socket
    passed: bool = False
    file: Path | None = None

    @property
    def host(self) -> str:
        """Return where it listens, as the setting ``host`` names it."""
        name = self.socket.getsockname()
        return f"unix:{os.fsdecode(name)}" if self.socket.family == socket.AF_UNIX else str(name[0])

    @property
    def port(self) -> int:
        """Return its port; 0 for a file."""
        return 0 if self.socket.family == socket.AF_UNIX else int(self.socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Return its address as clients write it."""
        if self.socket.family == socket.AF_UNIX:
            return self.host
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    def open(self) -> None:
        """Let clients connect; until then the kernel refuses them. One that was passed, or is in a file, listens
        already. Raises ``ServeError`` if another server listens there by now."""
        if self.passed or self.file is not None:
            return
        try:
            self.socket.listen(_BACKLOG)
        except OSError as error:
            raise _unusable(self.host, self.port, error) from None

    def close(self) -> None:
        """Close the socket, and remove its file, unless another server has made its own there."""
        self.socket.close()
        if self.file is not None:
            with suppress(ServeError):
                _clear(self.file)


def listen(host: str, port: int, mode: int = 0o660) -> Listener:
    """Take ``host`` and ``port`` (0 takes a free one), or make a socket in the file that ``host`` names as
    ``unix:PATH``, with these permissions. Raises ``ServeError`` if that is not possible.

    An address is closed until ``Listener.open``. A file listens at once: another server would take one that does not
    for the remains of a server that was killed."""
    path = unix_path(host)
    return _on_address(host, port) if path is None else _in_file(path, mode)


def _on_address(host: str, port: int) -> Listener:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServeError(
            f"'{host}' is not an address of this machine: {error.strerror}.",
            help="Name one with --host or in 'host', such as 127.0.0.1, ::1 without brackets, or unix:/PATH.",
        ) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it; without it each small chunk waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _unusable(host, port, error) from None
    return Listener(listener)


def _unusable(host: str, port: int, error: OSError) -> ServeError:
    if error.errno == errno.EADDRINUSE:
        return ServeError(
            f"port {port} on {host} is in use.",
            help="Stop the program that uses it, or choose another port with --port.",
        )
    if error.errno == errno.EACCES:
        return ServeError(
            f"this user may not listen on port {port}.",
            help="Choose a port from 1024 with --port, or let systemd open it (docs/deploying.md).",
        )
    return ServeError(f"{host}:{port} cannot be used: {error.strerror}.", help="Use --host or --port.")


def _in_file(path: Path, mode: int) -> Listener:
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ServeError(
            f"the path of the socket has {len(os.fsencode(path))} bytes, and the kernel takes {_LONGEST_PATH}: {path}.",
            help="Name a shorter path in 'host', such as unix:/run/ordinance/ordinance.sock.",
        )
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(~mode & 0o777)  # nobody else can connect before the permissions are right
    try:
        listener.bind(os.fspath(path))
        listener.listen(_BACKLOG)
        return Listener(listener, file=path)
    except OSError as error:
        listener.close()
        raise ServeError(
            f"the socket {path} cannot be made: {error.strerror}.",
            help="The folder must exist, and this user must be able to write to it; systemd's RuntimeDirectory= makes "
            "one.",
        ) from None
    finally:
        os.umask(before)


def _clear(path: Path) -> None:
    """Remove the socket that a server left behind when it was killed. Raises ``ServeError`` for anything else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ServeError(f"{path} exists and is not a socket.", help="Name another path in 'host'.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            asking.connect(os.fspath(path))
    except ConnectionRefusedError:
        try:
            path.unlink()
        except OSError as error:
            raise ServeError(
                f"a server that has ended left the socket {path}, which cannot be removed: {error.strerror}.",
                help="Remove the file, as its owner or as root.",
            ) from None
    except (BlockingIOError, PermissionError):
        raise _in_use(path) from None
    except OSError:  # it is not there, or binding says what is wrong
        return
    else:
        raise _in_use(path)


def _in_use(path: Path) -> ServeError:
    return ServeError(f"another server listens on the socket {path}.", help="Stop it, or name another path in 'host'.")
