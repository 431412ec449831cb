"""Files into text. What cannot be read is a finding with a way out, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ordinance.language import ast
from ordinance.language.cleaning import hidden_directions
from ordinance.language.diagnostics import Diagnostic, about_file, diagnose
from ordinance.language.source import Source
from ordinance.loading.bounds import LEXICON_LIMIT, LEXICONS_LIMIT, MIB, MOST_LINES, MOST_PACKS, PACKS_LIMIT

Report = Callable[[Diagnostic], None]

_BOM = "\ufeff"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class Room:
    """What one load may still read. Each method gives False, with a finding, where something does not fit any more."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._packs = MOST_PACKS
        self._pack_bytes = PACKS_LIMIT
        self._lexicon_bytes = LEXICONS_LIMIT
        self._lines = MOST_LINES

    def pack(self, source: Source) -> bool:
        """Count a pack that was read. Returns whether there is room for it."""
        self._packs -= 1
        self._pack_bytes -= len(source.text.encode())
        if self._packs < 0:
            return self._full(source, f"there are more than {MOST_PACKS:,} packs")
        if self._pack_bytes < 0:
            return self._full(source, f"all packs together are larger than {PACKS_LIMIT // MIB} MiB")
        return True

    def lexicon(self, source: Source) -> bool:
        """Count a lexicon with this text. Returns whether there is room for it."""
        self._lexicon_bytes -= len(source.text.encode())
        self._lines -= source.text.count("\n")
        if self._lexicon_bytes < 0:
            return self._full(source, f"all lexicons together are larger than {LEXICONS_LIMIT // MIB} MiB")
        if self._lines < 0:
            return self._full(source, f"all lexicons together have more than {MOST_LINES:,} lines")
        return True

    def _full(self, source: Source, message: str) -> bool:
        self._report(about_file("load-too-large", source.name, message))
        return False


def find_packs(paths: Sequence[Path], report: Report) -> Iterator[Path]:
    """Yield the files among ``paths``, and all ``*.ord`` below the folders among them, in a fixed order, each once."""
    given: set[str] = set()
    for path in paths:
        if not os.path.exists(path):
            report(about_file("file-missing", shown(path), "there is no such file or folder"))
            continue
        packs = list(_below(path, report)) if os.path.isdir(path) else [(path, os.path.realpath(path))]
        if not packs:
            report(about_file("no-packs", shown(path), "there is no pack (*.ord) in this folder"))
        for pack, real in packs:
            if real not in given:
                given.add(real)
                yield pack


def _below(root: Path, report: Report) -> Iterator[tuple[Path, str]]:
    """Yield the packs below ``root``, each with its path without links. Links are followed as long as they stay below
    it; no folder is entered twice."""
    real_root = os.path.realpath(root)
    entered: set[str] = set()
    waiting = [(root, real_root)]
    while waiting:
        folder, real = waiting.pop()
        if real in entered:
            continue
        entered.add(real)
        try:
            with os.scandir(folder) as listed:
                entries = sorted((each.name, each.is_dir(follow_symlinks=False), each.is_symlink()) for each in listed)
        except OSError as error:
            report(about_file("file-unreadable", shown(folder), f"the folder cannot be read: {error.strerror}"))
            continue
        below: list[tuple[Path, str]] = []
        for name, is_folder, is_link in entries:
            path = folder / name
            if is_link:
                is_folder = os.path.isdir(path)
            if not is_folder and path.suffix != ".ord":
                continue
            target = os.path.realpath(path) if is_link else os.path.join(real, name)
            if not _lies_below(target, real_root):
                message = f"this is a link to {shown(Path(target))}, which is outside {shown(root)}"
                report(about_file("outside-folder", shown(path), message))
            elif is_folder:
                below.append((path, target))
            else:
                yield path, target
        waiting += reversed(below)


def _lies_below(path: str, folder: str) -> bool:
    """Return whether ``path`` is ``folder`` or below it; both are without links."""
    return path == folder or path.startswith(os.path.join(folder, ""))


def read_source(path: Path, limit: int, report: Report) -> Source | None:
    """Read a file of at most ``limit`` bytes, with LF line ends. Returns None, and reports a finding, if that is not
    possible."""
    name = shown(path)
    try:
        if not os.path.isfile(path):
            report(about_file("file-unreadable", name, "this is not a regular file", "Give a file or a folder."))
            return None
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        report(about_file("file-unreadable", name, f"the file cannot be read: {error.strerror}"))
        return None
    if len(data) > limit:
        report(about_file("file-too-large", name, f"the file is larger than {limit // MIB} MiB"))
        return None
    if data.count(b"\n") > MOST_LINES:
        report(about_file("file-too-large", name, f"the file has more than {MOST_LINES:,} lines"))
        return None
    if b"\0" in data and not data.startswith(_UTF16):
        message = f"the file contains a NUL character at byte {data.index(0)}; is it a text file?"
        report(about_file("nul-character", name, message))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        report(about_file("not-utf8", name, f"the file is not UTF-8 text (byte {error.start})"))
        return None
    return Source(path, name, text.removeprefix(_BOM).replace("\r\n", "\n"))


def read_lexicons(pack: ast.Pack, report: Report, room: Room) -> Mapping[str, Source] | None:
    """Read the lexicons that a pack names, by the path that it gives. They must lie below the folder of the pack.
    Returns None if there is no ``room`` for them."""
    found: dict[str, Source] = {}
    items: tuple[ast.LexiconDecl | ast.AddedWords, ...] = (*pack.each(ast.LexiconDecl), *pack.each(ast.AddedWords))
    home = pack.source.path.parent
    real_home = os.path.realpath(home) if items else ""
    for item in items:
        written = item.path.text
        path = home / written
        if os.path.isabs(written) or not _lies_below(os.path.realpath(path), real_home):
            report(diagnose("outside-folder", item.path.span, f'"{written}" is outside the folder of the pack'))
        elif not os.path.isfile(path):
            report(diagnose("lexicon-missing", item.path.span, f"there is no file {shown(path)}"))
        elif written in found:
            if not room.lexicon(found[written]):
                return None
        elif source := read_source(path, LEXICON_LIMIT, report):
            if not room.lexicon(source):
                return None
            found[written] = source
            for finding in hidden_directions(source):
                report(finding)
            if next(source.phrases(), None) is None:
                columns = "Name the columns of a spreadsheet `phrase, endings, source, note` in its first line."
                advice = columns if path.suffix == ".csv" else ""
                report(diagnose("lexicon-empty", item.path.span, f"the lexicon {shown(path)} has no phrase", advice))
    return found


def shown(path: Path) -> str:
    """Write a path for people: relative if it lies below the current folder, and always as text that can be printed."""
    written = os.fspath(path)
    with suppress(OSError):  # the current folder is gone
        here = os.getcwd()
        written = "." if written == here else written.removeprefix(os.path.join(here, ""))
    return os.fsencode(written).decode("utf-8", "backslashreplace")
