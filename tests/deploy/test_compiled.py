"""The compiled core is the same source and gives the same answers (docs/performance.md)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from support.checkout import ROOT

COMPILER = (sysconfig.get_config_var("CC") or "cc").split()[0]
TESTS = ("test_automaton", "test_matcher", "test_regions", "test_strides", "test_redactor")

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which(COMPILER) is None, reason="no C compiler"),
    pytest.mark.skipif(importlib.util.find_spec("setuptools") is None, reason="no setuptools, which mypyc needs"),
]


@pytest.mark.requirement("TR-8")
def test_the_compiled_core_passes_the_tests_of_the_matcher(tmp_path: Path) -> None:
    """With few examples each; ``make test-compiled`` tries as many as ``make test`` does."""
    builder = ROOT / "deploy" / "compiled" / "build.py"
    subprocess.run([sys.executable, builder, tmp_path], check=True, capture_output=True)
    made = "import ordinance.runtime.redact.strides as strides; print(strides.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    environment.setdefault("HYPOTHESIS_PROFILE", "few")
    where = subprocess.run([sys.executable, "-c", made], env=environment, check=True, capture_output=True, text=True)
    assert Path(where.stdout.strip()).suffix in (".so", ".pyd")
    files = [next((ROOT / "tests").rglob(f"{name}.py")) for name in TESTS]
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"pythonpath={tmp_path} tests", "-p", "no:cacheprovider"]
    run = subprocess.run([*command, *files], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:]
