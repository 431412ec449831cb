"""A chain of records: each line names the one before it, by a hash that survives the deletion of what it hashes.

A record is a line of JSON whose last member is ``chain``. Its *body* is the line without that member. With SHA-256 in
lower-case hexadecimal, and ``id``, ``n``, ``prev`` as the line has them:

    hash = SHA-256(salt ‖ body)
    link = SHA-256("id:n:prev:hash")
    prev of the next line of the chain = link; prev of the first = SHA-256(id)

Who deletes a record leaves its hash. Without the salt nobody can find out by guessing what the record said.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256

#: What begins the chain's member, which ends a line.
_MEMBER = b',"chain":{'
_RECORD = re.compile(
    rb'"id":"([0-9a-f]{32})","n":([1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})","salt":"([0-9a-f]{32})"\}\}'
)
_DELETED = re.compile(
    rb'\{"v":1,"event":"deleted","deletion":"([0-9a-f]{32})","hash":"([0-9a-f]{64})"'
    rb',"chain":\{"id":"([0-9a-f]{32})","n":([1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})"\}\}'
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain has come to: the ``link`` of its record ``n``; before the first, that of its id."""

    chain: str
    n: int
    link: str

    def after(self, body: bytes) -> tuple[bytes, Head]:
        """Return the line of ``body``, an object of JSON in one line, as the next of the chain, and the new head."""
        salt = os.urandom(16)
        line = b'%b,"chain":{"id":"%b","n":%d,"prev":"%b","salt":"%b"}}\n' % (
            body[:-1], self.chain.encode(), self.n + 1, self.link.encode(), salt.hex().encode(),
        )  # fmt: skip
        return line, Head(self.chain, self.n + 1, _link(self.chain, self.n + 1, self.link, _hash(salt, body)))


def new_chain() -> Head:
    """Return the head of a chain that has no record yet."""
    return beginning(os.urandom(16).hex())


def beginning(chain: str) -> Head:
    """Return what the first record of ``chain`` names."""
    return Head(chain, 0, sha256(chain.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Link:
    """A line of a chain. ``body`` is the record in JSON; None where it was deleted, by the ``deletion`` of that id."""

    chain: str
    n: int
    prev: str
    hash: str
    body: bytes | None
    deletion: str = ""

    @property
    def head(self) -> Head:
        """Return where the chain has come to with this line."""
        return Head(self.chain, self.n, _link(self.chain, self.n, self.prev, self.hash))

    def deleted(self, deletion: str) -> bytes:
        """Return the line that remains of it, without the end of a line."""
        return (
            f'{{"v":1,"event":"deleted","deletion":"{deletion}","hash":"{self.hash}",'
            f'"chain":{{"id":"{self.chain}","n":{self.n},"prev":"{self.prev}"}}}}'
        ).encode()


def link_in(line: bytes) -> Link | None:
    """Return the link in ``line``, which has no line's end; None if it is not a record of a chain."""
    at = line.rfind(_MEMBER)
    if at < 0:
        return None
    if found := _RECORD.fullmatch(line, at + len(_MEMBER)):
        chain, n, prev, salt = found.groups()
        body = line[:at] + b"}"
        return Link(chain.decode(), int(n), prev.decode(), _hash(bytes.fromhex(salt.decode()), body), body)
    if found := _DELETED.fullmatch(line):
        deletion, kept, chain, n, prev = (each.decode() for each in found.groups())
        return Link(chain, int(n), prev, kept, None, deletion)
    return None


def _hash(salt: bytes, body: bytes) -> str:
    return sha256(salt + body).hexdigest()


def _link(chain: str, n: int, prev: str, kept: str) -> str:
    return sha256(f"{chain}:{n}:{prev}:{kept}".encode()).hexdigest()
