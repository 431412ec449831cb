"""Which files this process may open, as far as the kernel has Landlock (docs.kernel.org/userspace-api/landlock.html).

Reading: the plugin's sealed files, and the system's libraries without what is installed beside the engine. Writing: the
one folder that the operator named. Where the kernel is new enough, also no TCP, no signals to other processes, and no
abstract sockets. It lasts until the process ends, and for whatever it starts.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ordinance.plugins.inside import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # on every kind of machine
_VERSION, _BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
#: Rights that a file can have; the others are of folders.
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

#: The rights on files that each version of Landlock knows, those on TCP, and its scopes.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_CLOSED_TCP = {4: 3}
_CLOSED_SCOPES = {6: 3}
#: The versions from which on TCP is closed, and what a process may do to others.
TCP, SCOPES = 4, 6

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
#: What a process may read about itself. Not `net`, say: it lists the machine's connections, with who they are from.
_SELF = ("auxv", "cgroup", "cmdline", "comm", "fd", "limits", "maps", "smaps", "stat", "statm", "status")
SYSTEM = (
    "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/zero", "/dev/random", "/dev/urandom",
    "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted", "/usr/share/ca-certificates", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu", *(f"/proc/self/{each}" for each in _SELF),
)  # fmt: skip
#: What is installed for other programs than the plugin; it is in no digest.
_INSTALLED = {"site-packages", "dist-packages"}


def restrict(folder: str, sealed: Iterable[str], writes: str) -> int:
    """Restrict this process to reading ``sealed``, the files in ``folder`` by their path there, and writing in
    ``writes`` (empty: nowhere), and return the version of Landlock. Raises ``OSError`` where the kernel has none.

    Another file in ``folder`` can be seen and not read: it is in no digest."""
    version = kernel.call(_CREATE, 0, 0, _VERSION)
    files = _newest(_FILES, version)
    attributes = struct.pack("=QQQ", files, _newest(_CLOSED_TCP, version), _newest(_CLOSED_SCOPES, version))
    # An older kernel knows the beginning of it.
    size = 8 if version < TCP else 16 if version < SCOPES else 24
    ruleset = kernel.call(_CREATE, attributes, size, 0)
    try:
        _allow(ruleset, "/dev/null", (_READ_FILE | _WRITE_FILE | _TRUNCATE) & files)
        for path in (*SYSTEM, *libraries()):
            _allow(ruleset, path, _READ & files)
        _allow(ruleset, folder, _READ_DIR & files)
        for name in sealed:
            _allow(ruleset, os.path.join(folder, name), _READ_FILE & files)
        if writes:
            _allow(ruleset, writes, _WRITE & files)
        kernel.call(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def reason(error: OSError) -> str:
    """Return why the kernel has no Landlock."""
    if error.errno == errno.ENOSYS:
        return "this kernel has no Landlock"
    if error.errno == errno.EOPNOTSUPP:
        return "Landlock is turned off in this kernel"
    return f"Landlock failed ({error.strerror})"


def _newest(table: dict[int, int], version: int) -> int:
    return max((rights for since, rights in table.items() if since <= version), default=0)


def libraries() -> Iterator[str]:
    """Yield the standard library and the system's shared libraries. Other folders of Python's lie among them, such as
    that in which the engine is installed, and are left out."""
    yield from (path for path in sys.path if not os.path.isdir(path))
    for folder in {os.path.dirname(os.__file__), *(path for path in sys.path if os.path.isdir(path))}:
        yield from (str(each) for each in Path(folder).iterdir() if each.name not in _INSTALLED)
    for folder in {*_LIBRARIES, os.path.join(sys.base_prefix, "lib")}:
        if os.path.isdir(folder):
            yield from (str(each) for each in Path(folder).iterdir() if not each.name.startswith("python"))


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not here needs no right
    try:
        if not os.path.isdir(path):
            rights &= _OF_FILES
        kernel.call(_ADD, ruleset, _BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
