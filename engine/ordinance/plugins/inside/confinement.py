"""Confine this process before the plugin is imported, and say what is in force here."""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ordinance.plugins.inside import kernel, landlock, seccomp

#: How many descriptors a plugin may have open.
_DESCRIPTORS = 256
#: The largest file that a plugin may write in its folder, in bytes.
_LARGEST_FILE = 4 * 1024**3
_MEGABYTE = 1024 * 1024
#: What the stack of a thread that works for the engine counts as data, in bytes.
_STACK = 8 * _MEGABYTE
#: Address space beyond its memory, in bytes: for libraries, and what threads reserve. It also bounds memory that is
#: shared, which does not count as data.
_SPACE = 4 * 1024**3

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_SET_NO_NEW_PRIVS = 1, 15, 38
_CAPABILITY_VERSION = 0x20080522


def confine(hello: Mapping[str, Any]) -> dict[str, str]:
    """Confine the process as ``hello`` says, and return what is in force, by what; ``no: …`` gives the reason why
    something is not. The engine's process is ``hello["engine"]``."""
    if sys.platform != "linux":  # other kernels have other calls under these numbers
        return dict.fromkeys(("memory", "files", "network", "processes"), f"no: there is no sandbox on {sys.platform}")
    memory = files = calls = ""
    version = 0
    with suppress(OSError):
        # So that `top` tells whose process it is.
        kernel.prctl(_PR_SET_NAME, hello["package"].encode())
    try:
        _limit(hello["memory_mb"] * _MEGABYTE, hello["threads"] * _STACK, bool(hello["writes"]))
    except OSError as error:
        memory = f"no: {error.strerror}"
    try:
        version = _keep_to_files(hello["path"], hello["sums"], hello["writes"])
    except OSError as error:
        files = f"no: {landlock.reason(error)}"
    try:
        _keep_to_calls(hello["engine"])
    except OSError as error:
        calls = f"no: {seccomp.reason(error)}"
    return {
        "memory": memory or "rlimit",
        "files": files or f"landlock {version}",
        "network": (calls and calls + ("; TCP alone is closed" if version >= landlock.TCP else "")) or "seccomp",
        "processes": calls or "seccomp",
    }


def _limit(memory: int, stacks: int, writes: bool) -> None:
    limits = {
        resource.RLIMIT_DATA: memory + stacks,
        resource.RLIMIT_AS: memory + _SPACE,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
        resource.RLIMIT_FSIZE: _LARGEST_FILE if writes else 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))


def _keep_to_files(folder: str, sealed: Iterable[str], writes: str) -> int:
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return landlock.restrict(folder, sealed, writes)


def _keep_to_calls(engine: int) -> None:
    numbers = kernel.numbers()
    if numbers is not None:
        # A process of root's has rights that no file says; what it does without them, any user may.
        kernel.call(numbers["capset"], struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24))
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # It cannot have started any other process, so the kernel may end it with the engine, whatever it is doing.
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        seccomp.restrict()
    except OSError:
        kernel.prctl(_PR_SET_PDEATHSIG, 0)
        raise
    if os.getppid() != engine:  # it has gone meanwhile
        raise SystemExit
