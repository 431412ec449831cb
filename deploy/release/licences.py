"""The licences of dependencies: the files that their wheels carry, and a list."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from components import Component

_FOLDERS = (("licenses",), ("license_files",))
_NAMED = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)


def licences(used: Iterable[Component], folder: Path) -> list[str]:
    """Write the licences of ``used`` into ``folder``, with a list of all. Returns the dependencies for machines like
    this one whose wheels are not at hand."""
    missing, lines = [], ["package\tversion\tlicence\tfiles\n"]
    for each in used:
        if each.wheel is None and each.here:
            missing.append(f"{each.name} {each.version}")
        files = dict(_files(each.wheel)) if each.wheel is not None else {}
        for name, content in files.items():
            place = folder / f"{each.name}-{each.version}" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        lines.append(f"{each.name}\t{each.version}\t{each.licence[0] or 'unknown'}\t{len(files)}\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "licences.tsv").write_text("".join(lines), "utf-8")
    return missing


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the texts of licences in a wheel, by their name in its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            top, _, rest = name.partition("/")
            place = PurePosixPath(rest)
            is_file = top.endswith(".dist-info") and not name.endswith("/") and ".." not in place.parts
            if is_file and (place.parts[:1] in _FOLDERS or _NAMED.match(place.name)):
                yield "/".join(place.parts[1:] if len(place.parts) > 1 else place.parts), archive.read(name)
