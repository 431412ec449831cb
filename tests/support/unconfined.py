"""Plugins' processes on a kernel that lacks Landlock or seccomp: system calls are answered as such a kernel does."""

from __future__ import annotations

import errno
from collections.abc import Collection
from pathlib import Path

import pytest

from ordinance.plugins.inside import boot

#: What each part is called, and how a kernel without it answers.
LANDLOCK, SECCOMP, LIMITS = "landlock", "seccomp", "limits"

_BOOT = """\
import resource, sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("boot", {boot!r})
boot = module_from_spec(spec)
spec.loader.exec_module(boot)
boot.prepare(Path(sys.argv[1]))
from ordinance.plugins.inside import kernel, serving

call, prctl, without = kernel.call, kernel.prctl, {without!r}

def called(number, *arguments):
    if number in (444, 445, 446) and "landlock" in without:
        raise OSError(without["landlock"], "as an older kernel")
    return call(number, *arguments)

def prctled(option, *arguments):
    if option == 22 and "seccomp" in without:
        raise OSError(without["seccomp"], "as an older kernel")
    return prctl(option, *arguments)

def limit(kind, limits):
    raise OSError(without["limits"], "as an older kernel")

kernel.call, kernel.prctl = called, prctled
if "limits" in without:
    resource.setrlimit = limit
serving.main(int(sys.argv[2]), int(sys.argv[3]))
"""


def without(parts: Collection[str], folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = errno.ENOSYS) -> None:
    """Let the processes that start from now on meet a kernel without ``parts``, which answers with ``code``."""
    script = folder / "boot_without.py"
    script.write_text(_BOOT.format(boot=boot.__file__, without=dict.fromkeys(parts, code)))
    monkeypatch.setattr(boot, "__file__", str(script))
