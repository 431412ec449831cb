"""The middleware in a process of its own, as vLLM has it: SIGHUP, keys, and an upgrade of the package under it."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance import __version__
from support.commands import copy_of_engine, environment
from support.outside import until
from support.ports import free_port
from support.serving import PATIENCE

pytestmark = pytest.mark.server

_SERVER = """\
import sys, uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from ordinance.serve.vllm import Ordinance

async def models(_):
    return JSONResponse({"object": "list", "data": []})

app = Starlette(routes=[Route("/v1/models", models)], middleware=[Middleware(Ordinance)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="critical")
"""


def test_keys_are_read_anew_and_a_new_engine_waits_for_a_restart(tmp_path: Path) -> None:
    settings = tmp_path / "ordinance.yaml"

    def write(name: str) -> None:
        digest = hashlib.sha256(name.encode()).hexdigest()
        settings.write_text(
            f"jurisdiction: DE\naudit: {tmp_path / 'audit'}\nkeys: [{{name: {name}, sha256: '{digest}'}}]\n"
        )

    def ready(key: str) -> httpx2.Response:
        headers = {"authorization": f"Bearer {key}"}
        return httpx2.get(f"http://127.0.0.1:{port}/ready", headers=headers, timeout=PATIENCE, trust_env=False)

    def is_up() -> bool:
        try:
            return ready("first").status_code == 200
        except httpx2.TransportError:
            assert process.poll() is None, process.communicate()
            return False

    def stale(key: str) -> Any:
        return ready(key).json()["stale"]

    write("first")
    package = copy_of_engine(tmp_path / "site") / "engine"
    port = free_port()
    variables = environment(PYTHONPATH=str(package), ORDINANCE_CONFIG=str(settings), VLLM_NO_USAGE_STATS="1")
    command = [sys.executable, "-c", _SERVER, str(port)]
    process = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE)
    try:
        until(is_up)
        state = ready("first").json()
        assert (state["ready"], state["stale"], state["draining"], state["restart_due"]) == (True, None, False, False)
        write("second")
        process.send_signal(signal.SIGHUP)
        until(lambda: ready("first").status_code == 401)
        assert ready("second").status_code == 200

        version = package / "ordinance" / "__init__.py"
        version.write_text(version.read_text().replace(__version__, "99.0.0"))
        write("third")
        process.send_signal(signal.SIGHUP)
        until(lambda: ready("third").status_code == 200)
        until(lambda: bool(stale("third") == "restart-due"))
        until(lambda: bool(ready("third").json()["restart_due"]))
        assert ready("third").json()["policy"] == state["policy"]
    finally:
        process.terminate()
        errors = process.communicate(timeout=60)[1].decode()
    assert "keys: added 'second'; removed 'first'" in errors
    assert "error[restart-due]" in errors
