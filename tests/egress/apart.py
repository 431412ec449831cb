"""Run a command in namespaces of its own: with loopback, without any other network, and with a resolver of the tests.

``python tests/egress/apart.py COMMAND…``. Whoever is not root is root there, and nowhere else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_INSIDE = "APART_INSIDE"
_APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
#: The C library asks this resolver, if anybody asks it: 127.0.0.53 has one only while a test runs it.
_RESOLVER = "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n"


def main(words: Sequence[str]) -> int:
    """Run the command; its exit status."""
    if _INSIDE not in os.environ:
        own = () if os.geteuid() == 0 else ("--map-root-user",)
        again = [*_APART, *own, sys.executable, __file__, *words]
        return subprocess.call(again, env={**os.environ, _INSIDE: "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as resolver:
        resolver.write(_RESOLVER)
        resolver.flush()
        os.chmod(resolver.name, 0o644)
        subprocess.run(["mount", "--bind", resolver.name, str(Path("/etc/resolv.conf").resolve())], check=True)
        return subprocess.call(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
