"""What a gateway shows at ``/metrics``, read without any client of Prometheus'."""

from __future__ import annotations

import re
import subprocess
from typing import Protocol

import httpx2

from support.commands import PATIENCE

_LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


class Running(Protocol):
    """What runs `ordinance serve`, or another command that serves."""

    @property
    def process(self) -> subprocess.Popen[bytes]: ...


def metrics_address(served: Running) -> str:
    """Where a gateway says that its metrics are."""
    assert served.process.stderr is not None
    for line in served.process.stderr:
        if b"metrics are at " in line:
            return line.decode().rpartition(" ")[2].strip()
    raise AssertionError("it does not say where its metrics are")


def scraped(address: str) -> str:
    answer = httpx2.get(address, trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 200, answer.status_code
    return answer.text


def read(text: str) -> dict[str, float]:
    """The numbers, each by its name and labels as they stand there. Fails at any other line but comments."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            matched = _LINE.fullmatch(line)
            assert matched is not None, line
            found[line.rpartition(" ")[0]] = float(matched[3])
    return found
