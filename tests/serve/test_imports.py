"""What a server's process loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.server


def test_vllms_process_loads_no_http_client_and_no_http_server() -> None:
    """vLLM has its own; each would add a third of a second to every worker's start."""
    program = "import sys, ordinance.serve.vllm; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "'ordinance'" in loaded
    for name in ("aiohttp", "uvicorn", "h11"):
        assert f"'{name}'" not in loaded
