"""A bundle's packs as files, for as long as they are read: in a folder that only this user can enter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ordinance.errors import OrdinanceError
from ordinance.trust.contents import Contents
from ordinance.trust.trouble import Trouble, refusal

#: How the name of a bundle's file ends.
SUFFIX = ".bundle"


def is_bundle(path: Path | str) -> bool:
    """Return whether a path names a bundle."""
    return Path(path).suffix == SUFFIX


@contextmanager
def unpacked(contents: Contents, bundle: Path) -> Iterator[Path]:
    """Yield a folder with what statements list; it is gone afterwards. An error that names a file in it names the
    ``bundle`` instead."""
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ordinance-bundle-")))
            for name, content in contents.signed.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        except OSError as error:
            found = Trouble("trust-folder", str(error.filename or tempfile.tempdir), f"{error.strerror or 'no folder'}")
            raise refusal(str(bundle), [found]) from None
        try:
            yield folder
        except OrdinanceError as error:
            error.message = error.message.replace(str(folder), str(bundle))
            error.help = error.help.replace(str(folder / "packs"), str(bundle))
            raise
