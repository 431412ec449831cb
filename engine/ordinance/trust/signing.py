"""Signs what a key may sign: the statements of a bundle, or a root."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ordinance.errors import UnreadableError, UnwritableError, UsageError
from ordinance.trust import archive, strict_json
from ordinance.trust.contents import Contents, statement_name
from ordinance.trust.envelopes import key_id, sign, without_library
from ordinance.trust.roots import Root, Rooted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LARGEST_KEY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Signed:
    """What a key has signed: the new ``data`` of the file, and the ``roles`` as which."""

    data: bytes
    roles: tuple[str, ...]


def private_key(file: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """Read an Ed25519 key in PEM, as ``openssl genpkey -algorithm ed25519`` writes it. Raises ``OrdinanceError``."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise without_library() from None
    try:
        key = load_pem_private_key(_read(file), passphrase)
    except TypeError:
        what = "needs a passphrase" if passphrase is None else "has no passphrase"
        help = "Only `ordinance bundle sign` takes a passphrase, with `--passphrase-file`."
        raise UsageError(f"the key {file} {what}.", help=help) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnreadableError(
            f"{file} is not a private key in PEM, or the passphrase is wrong.",
            help="`openssl genpkey -algorithm ed25519` makes one.",
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{file} is not an Ed25519 key.", help="`openssl genpkey -algorithm ed25519` makes one.")
    return key


def public_key(file: Path) -> bytes:
    """Read an Ed25519 public key in PEM, as ``openssl pkey -pubout`` writes it. Raises ``OrdinanceError``."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise without_library() from None
    try:
        key = load_pem_public_key(_read(file))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadableError(
            f"{file} is not an Ed25519 public key in PEM.", help="`openssl pkey -in KEY -pubout` writes one."
        )
    return key.public_bytes_raw()


def exposed(file: Path) -> str | None:
    """Return a warning where every user of this machine may read the private key in ``file``; None where they may
    not."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return None
    return f"warning: every user may read the private key {file}: chmod 600 {file}" if mode & stat.S_IROTH else None


def sign_bundle(contents: Contents, root: Root, key: Ed25519PrivateKey) -> Signed:
    """Return the bundle with signatures by ``key`` on the statements of each role that has it under ``root``, without
    those that do not count."""
    own = key_id(key.public_key().public_bytes_raw())
    members = dict(contents.members)
    roles = []
    for role, made in sorted(contents.statements.items()):
        allowed = root.roles[role].keys if role in root.roles else ()
        envelope = made.envelope.only_by(allowed)
        if own in allowed:
            envelope = sign(envelope, key)
            roles.append(role)
        members[statement_name(role)] = strict_json.encode(envelope)
    return Signed(archive.write(members), tuple(roles))


def sign_root(rooted: Rooted, before: Root | None, key: Ed25519PrivateKey) -> Signed:
    """Return the root with a signature by ``key``, if it is of this root or of the one ``before``."""
    own = key_id(key.public_key().public_bytes_raw())
    allowed = {*rooted.root.roles["root"].keys, *(before.roles["root"].keys if before else ())}
    if own not in allowed:
        return Signed(strict_json.encode(rooted.envelope), ())
    return Signed(strict_json.encode(sign(rooted.envelope, key)), ("root",))


def put(file: Path, data: bytes) -> None:
    """Put ``data`` in the place of ``file``, whole or not at all. Raises ``UnwritableError``."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            os.chmod(name, 0o644)
            os.replace(name, file)
        except OSError:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise UnwritableError(f"{file} cannot be written: {error.strerror}.", help="Name another file.") from None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST_KEY)
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.", help="Check the path.") from None
