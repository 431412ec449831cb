"""The acceptance suite where nothing but loopback can be reached, watched by the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.tracing import Tracer

pytestmark = [pytest.mark.slow, pytest.mark.requirement("DET-1")]


def test_the_acceptance_suite_reaches_nothing_but_loopback(tmp_path: Path) -> None:
    """``make test-egress`` names the suite: what drives the gateway from end to end."""
    suite = os.environ["EGRESS_SUITE"].split()
    tracer = Tracer(tmp_path / "trace")
    kept = {name: value for name, value in os.environ.items() if name != "TEST_EGRESS"}
    done = subprocess.run(
        [*tracer.words, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", *suite],
        cwd=ROOT, env=kept, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    called = tracer.calls()
    assert len(called) > 100, "it has asked gateways and upstreams"
    assert {each for each in called if not ip_address(each.host).is_loopback} == set()
