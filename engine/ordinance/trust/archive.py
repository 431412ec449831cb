"""The file of a bundle: a POSIX tar archive in one form, so that the same members always give the same bytes.

The reader takes names, sizes and contents, writes the archive again, and compares. Whatever else an archive can say
(links, modes, owners, times, compression, two members of one name, bytes behind the end) is a difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from ordinance.trust.trouble import TroubleError

#: The largest bundle that is read, in bytes: packs and lexicons have bounds of their own (``loading/bounds.py``).
LARGEST = 32 * 1024 * 1024

_BLOCK = 512
_NAME, _PREFIX = 100, 155
#: Parts of a member's name: letters, digits and a few signs, no dot at the beginning.
_PART = re.compile(r"[\w+-][\w.+-]*")


def write(members: Mapping[str, bytes]) -> bytes:
    """Return the archive of ``members``, sorted by name. Raises ``TroubleError`` for a name that it cannot have."""
    for name in members:
        if folder := next((each for each in _folders(name) if each in members), None):
            raise TroubleError("bundle-archive", folder, "it is a member and the folder of another")
    blocks: list[bytes] = []
    for name, content in sorted(members.items(), key=lambda member: member[0].encode()):
        blocks += (_header(name, len(content)), content, bytes(-len(content) % _BLOCK))
    return b"".join((*blocks, bytes(2 * _BLOCK)))


def read(data: bytes, where: str) -> dict[str, bytes]:
    """Return the members of the archive ``data``. Raises ``TroubleError``: ``bundle-unreadable`` for what is not an
    archive at all, ``bundle-archive`` for one in another form."""
    if len(data) > LARGEST:
        raise TroubleError("bundle-unreadable", where, f"it is larger than {LARGEST // 1024**2} MiB")
    if len(data) < 2 * _BLOCK or data[257:263] != b"ustar\0":
        raise TroubleError("bundle-unreadable", where, "it is not a bundle")
    members: dict[str, bytes] = {}
    names: set[str] = set()
    at = 0
    while data[at : at + _BLOCK].strip(b"\0"):
        header, at = data[at : at + _BLOCK], at + _BLOCK
        name, size = _named(header, where), _sized(header, where)
        if name.casefold() in names:  # not every file system tells upper case from lower case
            raise TroubleError("bundle-archive", name, "there are two members of this name")
        names.add(name.casefold())
        members[name] = data[at : at + size]
        at += size + -size % _BLOCK
    if write(members) != data:
        raise TroubleError("bundle-archive", where, "it is not as `ordinance bundle` writes it")
    return members


def _folders(name: str) -> Iterator[str]:
    """Yield the folders in which a member is."""
    parts = name.split("/")
    return ("/".join(parts[:length]) for length in range(1, len(parts)))


def _named(header: bytes, where: str) -> str:
    name, prefix = header[:_NAME].rstrip(b"\0"), header[345:500].rstrip(b"\0")
    try:
        return (prefix + b"/" + name if prefix else name).decode()
    except UnicodeDecodeError:
        raise TroubleError("bundle-archive", where, "a member's name is not UTF-8") from None


def _sized(header: bytes, where: str) -> int:
    if not re.fullmatch(rb"[0-7]{11}\0", header[124:136]):
        raise TroubleError("bundle-archive", where, "a member's size is not as `ordinance bundle` writes it")
    return int(header[124:135], 8)


def _header(name: str, size: int) -> bytes:
    prefix, short = _split(name)
    header = bytearray(_BLOCK)

    def put(at: int, value: bytes) -> None:
        header[at : at + len(value)] = value

    put(0, short)
    put(100, b"0000644\0" + b"0000000\0" * 2)
    put(124, b"%011o\0" % size + b"%011o\0" % 0 + b" " * 8 + b"0")
    put(257, b"ustar\x0000")
    put(345, prefix)
    put(148, b"%06o\0 " % sum(header))
    return bytes(header)


def _split(name: str) -> tuple[bytes, bytes]:
    """Return prefix and name, as the header of a tar archive has them."""
    parts = name.split("/")
    if not all(map(_PART.fullmatch, parts)) or unicodedata.normalize("NFC", name) != name:
        raise TroubleError("bundle-archive", name, "a member cannot have this name")
    raw = name.encode()
    if len(raw) <= _NAME:
        return b"", raw
    at = raw.rfind(b"/", 0, _PREFIX + 1)
    if at < 1 or len(raw) - at - 1 > _NAME:
        raise TroubleError("bundle-archive", name, "the name of this member is too long")
    return raw[:at], raw[at + 1 :]
