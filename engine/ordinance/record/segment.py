"""What lies between two checkpoints: counted, hashed in its order, with the heads of the chains that have moved."""

from __future__ import annotations

from hashlib import sha256

from ordinance.record.links import Head, Link


class Segment:
    """Takes the lines of a stretch of the record, one after the other. Deleting a record changes nothing in it."""

    def __init__(self) -> None:
        #: Records, those deleted included.
        self.records = 0
        #: Lines that are no records: what a kill, or a full disk, left of one.
        self.torn = 0
        #: The chains that have moved.
        self.heads: dict[str, Head] = {}
        self._order = sha256()

    def take(self, line: bytes, link: Link | None) -> Head | None:
        """Take a line, without its end, and its ``link``, if it has one; return the head that the chain then has."""
        if link is None:
            self.torn += 1
            self._order.update(sha256(line).hexdigest().encode())
            return None
        self.records += 1
        head = self.heads[link.chain] = link.head
        self._order.update(head.link.encode())
        return head

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the links, one after the other; for a torn line, of its own SHA-256."""
        return self._order.copy().hexdigest()
