"""A place without a network: a namespace with loopback alone, and in it a user who is not root where that can be."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

#: Whoever that is: a user with no rights.
NOBODY = 65534


class Isolated:
    """Runs commands in network and mount namespaces of their own, with ``home`` as home and an environment of nothing
    else. As root it makes them as root and runs them as nobody; otherwise in a user namespace."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.is_root = os.geteuid() == 0
        more = [] if self.is_root else ["--user", "--map-root-user"]
        up = "ip link set lo up && echo up && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["unshare", *more, "--net", "--mount", "sh", "-c", up], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n", "namespaces are not allowed here"
        if self.is_root:
            os.chown(home, NOBODY, NOBODY)

    def start(self, *command: str | Path, root: bool = False, **more: Any) -> subprocess.Popen[str]:
        """Start ``command``; as the namespace's root with ``root``, which may mount."""
        user = [] if self.is_root else ["--user", "--preserve-credentials"]
        into = ["nsenter", "--target", str(self._holder.pid), *user, "--net", "--mount", f"--wd={self.home}"]
        if self.is_root and not root:
            into += ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        clean = ["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", f"HOME={self.home}", "LANG=C.UTF-8"]
        words = [*into, *clean, *map(str, command)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def run(self, *command: str | Path, root: bool = False) -> subprocess.CompletedProcess[str]:
        """Run ``command`` to its end."""
        with self.start(*command, root=root) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def stop(self) -> None:
        with self._holder:  # which closes its pipes, and waits
            self._holder.terminate()


def linked(folder: Path, to: Path) -> Path:
    """Return a copy of ``folder`` whose files are links; ``replace`` changes one in the copy alone."""
    shutil.copytree(folder, to, copy_function=os.link)
    return to


def replace(path: Path, content: bytes) -> None:
    """Write a file anew, and leave what it was linked to as it is."""
    path.unlink()
    path.write_bytes(content)
