"""A DNS server on loopback that knows some names, and remembers what it was asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress

_A = 1


class Resolver:
    """Answers over UDP on port 53 of ``host``; ``known`` has the IPv4 address of each name. No other name exists."""

    def __init__(self, host: str, known: Mapping[str, str]) -> None:
        self._known = known
        self.asked: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 53))
        self._socket.settimeout(0.1)
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopping:
            with suppress(TimeoutError):
                asked, sender = self._socket.recvfrom(4096)
                self._socket.sendto(self._answer(asked), sender)

    def _answer(self, asked: bytes) -> bytes:
        labels, at = [], 12
        while size := asked[at]:
            labels.append(asked[at + 1 : at + 1 + size].decode())
            at += size + 1
        (kind,) = struct.unpack("!H", asked[at + 1 : at + 3])
        name = ".".join(labels)
        self.asked.add(name)
        address = self._known.get(name)
        has = address is not None and kind == _A
        flags = 0x8180 if address is not None else 0x8183
        head = asked[:2] + struct.pack("!5H", flags, 1, int(has), 0, 0)
        question = asked[12 : at + 5]
        if address is None or not has:
            return head + question
        return head + question + struct.pack("!HHHIH", 0xC00C, _A, 1, 60, 4) + socket.inet_aton(address)
