"""What systemd, or whoever speaks as it does, gives a service: a socket that listens already, and where to say that
the service is ready (sd_listen_fds(3), sd_notify(3)).

The variables are removed when they have been read: they are meant for this process and not for those that it starts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from ordinance.errors import ServeError
from ordinance.serve.http.listener import Listener

_FIRST = 3  # SD_LISTEN_FDS_START
#: The name of the socket that is served, where several are passed.
_NAME = "http"
_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6, socket.AF_UNIX})


def passed_listener() -> Listener | None:
    """Return the socket that was passed to this process; None if none was. Raises ``ServeError`` if it cannot be told
    which of several is meant, or if nothing can be served on it."""
    process, count, names = (os.environ.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES"))
    if process != str(os.getpid()) or not count.isdecimal() or int(count) == 0:
        return None
    descriptors = range(_FIRST, _FIRST + int(count))
    for each in descriptors:
        with suppress(OSError):
            os.set_inheritable(each, False)
    named = [each for each, name in zip(descriptors, names.split(":"), strict=False) if name == _NAME]
    chosen = list(descriptors) if len(descriptors) == 1 else named
    if len(chosen) != 1:
        raise ServeError(
            f"systemd passed {count} sockets, and {len(chosen)} of them are named '{_NAME}'.",
            help=f"Ordinance serves one: keep one ListenStream=, or give one socket unit FileDescriptorName={_NAME}.",
        )
    return _checked(chosen[0])


def _checked(descriptor: int) -> Listener:
    try:
        found = socket.socket(fileno=descriptor)
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        raise ServeError(
            f"descriptor {descriptor}, which LISTEN_FDS names, is no socket.", help="Unset LISTEN_FDS, or pass one."
        ) from None
    if not listens or found.family not in _FAMILIES or found.type != socket.SOCK_STREAM:
        raise ServeError(
            "the socket that systemd passed does not listen for streams.",
            help="Write ListenStream= and Accept=no in the socket unit.",
        )
    if found.family != socket.AF_UNIX:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the reason is in listener.py
    return Listener(found, passed=True)


def readiness() -> Callable[[], None]:
    """Return what tells the service manager, if there is one that asks, that this service is ready."""
    place = os.environ.pop("NOTIFY_SOCKET", "")

    def tell_ready() -> None:
        if place:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:
                asking.connect("\0" + place[1:] if place.startswith("@") else place)
                asking.send(b"READY=1")

    return tell_ready
