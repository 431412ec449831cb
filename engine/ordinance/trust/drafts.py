"""Policies that are read and not applied: packs as an author writes them, and bundles that nobody has verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ordinance.loading.load import Loaded, load
from ordinance.trust.contents import Contents
from ordinance.trust.trouble import Trouble, TroubleError, refusal
from ordinance.trust.unpacked import is_bundle, unpacked
from ordinance.trust.verifying import read_bundle


def load_draft(paths: Sequence[Path | str] = (), **more: Any) -> Loaded:
    """Load ``paths`` as ``loading.load`` does, with ``more`` of its arguments; or the packs of the one bundle that they
    name, whose signatures are not looked at, and nothing of what ships beside it. Raises ``TrustError`` for a bundle
    that cannot be read, or that is not alone."""
    if not any(map(is_bundle, paths)):
        return load(paths, **more)
    bundle = alone(paths)
    return load_contents(read_draft(bundle), bundle, **more)


def load_contents(contents: Contents, bundle: Path, **more: Any) -> Loaded:
    """Load the packs in ``contents``, which were read from ``bundle``, as `load_draft` does."""
    with unpacked(contents, bundle) as folder:
        loaded = load((folder / "packs",), **more, shipped=False)
    told = tuple(replace(each, file=each.file.replace(str(folder), str(bundle))) for each in loaded.diagnostics)
    return replace(loaded, paths=(bundle,), diagnostics=told)


def read_draft(bundle: Path) -> Contents:
    """Read a bundle, whose signatures are not looked at. Raises ``TrustError`` where it cannot be read."""
    try:
        return read_bundle(bundle)
    except TroubleError as error:
        raise refusal(str(bundle), [error.trouble]) from None


def alone(paths: Sequence[Path | str]) -> Path:
    """Return the one bundle that ``paths`` name. Raises ``TrustError`` where they name anything else."""
    if len(paths) != 1 or not is_bundle(paths[0]):
        wrong = Trouble("bundle-unsigned", "packs", "it must name one bundle (*.bundle), and nothing beside it")
        raise refusal("the policy", [wrong])
    return Path(paths[0])
