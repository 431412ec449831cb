"""What a command reads and writes: always there, and always UTF-8."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Give the standard streams that are closed somewhere to go, and let the others take every character.

    What is printed is UTF-8 whatever the locale says (JSON must be), and what UTF-8 cannot hold is escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # open as long as the process
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def discard_output() -> None:
    """Send what is left to nowhere, so that the interpreter does not complain of it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
