"""A file that lines are appended to: opened anew when it was moved, and never left amid a line."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ordinance.record.folders import sync_folder

_HOW = os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
#: Who may read it.
_MODE = 0o600


class LogFile:
    """The file at ``path``, else standard error. Several processes may append to one file.

    Made for one thread, which waits where the file does: for a disk, or for whoever reads a pipe. Raises ``OSError``
    where the file cannot be opened; a pipe that nobody reads is one.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._regular = False
        self._end: int | None = None  # how long the file was when its end was last looked at
        self._torn = False  # it ends amid a line
        self._descriptor = sys.stderr.fileno() if path is None else self._open(path)

    def append(self, lines: Sequence[bytes]) -> int:
        """Write ``lines``, each of which ends with a line's end, and give how many stand there whole: all, or as many
        as there was room for. Raises ``OSError`` where that is none.

        A line is never cut by another process's. What a full disk left of one is taken back; where it cannot be, as in
        a file that may only grow, the next line begins on a line of its own.
        """
        with self._here() as alone:
            return self._append(lines, alone)

    def is_lockable(self) -> bool:
        """Return whether other processes can be kept out of the file."""
        with self._here() as alone:
            return alone

    def append_made(self, make: Callable[[BinaryIO], bytes], done: Callable[[bytes], None]) -> None:
        """Append the line that ``make`` gives for what the file has, flush it, and say so to ``done``, while no other
        process appends. Raises ``OSError``, also where the file system has no locks."""
        with self._here() as alone:
            if self._path is None or not alone:
                raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
            with self._path.open("rb") as here:
                if not os.path.sameopenfile(here.fileno(), self._descriptor):
                    raise OSError(errno.ESTALE, "it was moved meanwhile")
                line = make(here)
            self._append([line], alone)
            self.sync()
            done(line)

    @contextmanager
    def _here(self) -> Iterator[bool]:
        """Keep other processes out of the file that the path names now; whether that can be."""
        self._follow()
        while True:
            with self._alone() as alone:
                if not alone or not self._moved():
                    self._look()
                    yield alone
                    return
            self._follow()  # it was moved while another process had the lock

    def _look(self) -> None:
        """Find out whether the file ends amid a line, if another process may have written to it."""
        if self._path is None or not self._regular:
            return
        if (size := os.fstat(self._descriptor).st_size) != self._end:
            self._end, self._torn = size, not _ends_with_a_line(self._path)

    @property
    def due(self) -> float | None:
        """Return in how many seconds ``settle`` is to be called, if nothing is written until then; None: never."""
        return None

    def settle(self) -> None:
        """Do what is due besides lines: nothing."""

    def sync(self) -> None:
        """Wait until what was written lies on the disk. A pipe has none: what it took is all that can be known."""
        if self._regular:
            os.fdatasync(self._descriptor)

    def reopen(self) -> None:
        """Open the path anew. Raises ``OSError``, and what was open stays so."""
        if self._path is None:
            return
        fresh = self._open(self._path)
        os.close(self._descriptor)
        self._descriptor = fresh

    def close(self) -> None:
        if self._path is not None:
            os.close(self._descriptor)

    def _open(self, path: Path) -> int:
        # A pipe without a reader would be waited for.
        descriptor = os.open(path, _HOW | os.O_WRONLY | os.O_NONBLOCK, _MODE)
        os.set_blocking(descriptor, True)
        found = os.fstat(descriptor)
        self._regular = stat.S_ISREG(found.st_mode)
        self._end = None
        if self._regular and found.st_size == 0:
            sync_folder(path)
        return descriptor

    def _follow(self) -> None:
        """Open the path anew where it names another file than the one that is open: it was moved or deleted."""
        if self._moved():
            self.reopen()

    def _moved(self) -> bool:
        if self._path is None:
            return False
        here = os.fstat(self._descriptor)
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return True
        return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Keep other processes of ours out of the file; whether that can be."""
        if not self._regular:
            yield False
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _append(self, lines: Sequence[bytes], alone: bool) -> int:
        # What another process writes to a pipe may come between two writes, so there a line is one.
        try:
            return self._append_whole([b"".join(lines)] if self._regular else lines, alone)
        finally:
            if self._regular:
                self._end = os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def _append_whole(self, at_once: Sequence[bytes], alone: bool) -> int:
        whole = 0
        for data in at_once:
            lead = b"\n" if self._torn else b""
            written, failure = self._write(lead + data)
            self._torn = self._torn and not written
            if failure is None:
                whole += data.count(b"\n")
                continue
            kept = max(0, written - len(lead))
            whole += data.count(b"\n", 0, kept)
            half = kept - (data.rfind(b"\n", 0, kept) + 1)
            if half and not (alone and self._take_back(half)):
                self._torn = True
            if not whole:
                raise failure
            break
        return whole

    def _write(self, data: bytes) -> tuple[int, OSError | None]:
        """Return how much of ``data`` was written, and what went wrong after that."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:] if written else data)
        except OSError as error:
            return written, error
        return written, None

    def _take_back(self, half: int) -> bool:
        """Cut the last ``half`` bytes off; False where somebody else has written since, or they cannot be."""
        with suppress(OSError):
            end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
            if os.fstat(self._descriptor).st_size == end:
                os.ftruncate(self._descriptor, end - half)
                return True
        return False


def _ends_with_a_line(path: Path) -> bool:
    """Return whether the last line is whole, or there is none. One that may not be read is believed to be."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:
        return True
