"""Confine this process before the plugin is imported, and say what is in force here."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from typing import Any

#: How many descriptors a plugin may have open.
_DESCRIPTORS = 256
#: The largest file that a plugin may write in its folder, in bytes.
_LARGEST_FILE = 4 * 1024**3
_MEGABYTE = 1024 * 1024


def confine(hello: Mapping[str, Any]) -> dict[str, str]:
    """Confine the process as ``hello`` says, and return what is in force; a value that begins with ``no`` gives the
    reason why something is not."""
    return {"memory": _limits(hello["memory_mb"] * _MEGABYTE, _LARGEST_FILE if hello["writes"] else 0)}


def _limits(memory: int, largest_file: int) -> str:
    limits = {
        resource.RLIMIT_DATA: memory,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
        resource.RLIMIT_FSIZE: largest_file,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (least, least))
        except (OSError, ValueError) as error:
            return f"no: a limit cannot be set ({error})"
    return "rlimit"
