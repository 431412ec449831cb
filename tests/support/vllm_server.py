"""A real ``vllm serve`` in a process of its own, from the environment that ``make vllm`` makes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv" / "vllm"
MODEL = ENVIRONMENT / "tiny"
#: What the tests put round Ordinance (tests/vllm/around.py).
AROUND = ROOT / "tests" / "vllm"

ORDINANCE = ("--middleware", "ordinance.serve.vllm.Ordinance")
KEY = "a-key-of-the-tests"
#: How long the server may take until it answers, in seconds: imports in three processes, on a machine that may be busy.
PATIENCE = 600.0
#: What lets the most fields speak. On a processor, a request without a LoRA that shares a batch with one that has one
#: gets the last LoRA that there is room for (vLLM 0.32, pull request 48421): there is room for one that nobody loads.
SPEAKING = (
    "--served-model-name", "tiny", "--enable-auto-tool-choice", "--tool-call-parser", "hermes",
    "--reasoning-parser", "qwen3", "--trust-request-chat-template", "--enable-lora", "--max-lora-rank", "8",
    "--max-loras", "2", "--lora-modules", f"et-instruct={MODEL / 'et-instruct'}",
)  # fmt: skip
#: For any start on a CPU.
FRUGAL = ("--dtype", "float32", "--enforce-eager", "--max-model-len", "2048", "--host", "127.0.0.1")


#: What any process with vLLM in it is given. A worker spins for a second after each request; bound to a core, as is its
#: way, two of them and whoever else needs that core would wait for each other.
FRUGAL_VARIABLES = {
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1",
}  # fmt: skip


class ServerEndedError(Exception):
    """The server ended before it answered. The message is the end of its log."""


def variables(**more: str) -> dict[str, str]:
    """What the server's process is given: nothing of Ordinance's but ``more``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORDINANCE_", "VLLM_", "PYTHON"))}
    return {**kept, **FRUGAL_VARIABLES, "PYTHONPATH": str(AROUND), "VLLM_ENABLE_RESPONSES_API_STORE": "1", **more}


class VllmServer:
    """Started by its making, with the words of ``vllm serve MODEL`` and the variables ``given`` (see ``variables``).
    ``starter`` is a command that starts it, if it is not to be started directly."""

    def __init__(
        self, words: Sequence[str | Path], given: dict[str, str], log: Path, starter: Sequence[str] = ()
    ) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._log = log
        command = [*starter, ENVIRONMENT / "bin" / "vllm", "serve", MODEL, *FRUGAL, "--port", str(port), *words]
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, env=given, stdout=file, stderr=subprocess.STDOUT)

    def wait(self, path: str = "/health") -> None:
        """Until the server answers at ``path``. Raises ``ServerEndedError``."""
        opener, deadline = build_opener(ProxyHandler({})), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerEndedError(f"vllm serve ended with {self.process.returncode}:\n{self.tail()}")
            try:
                with opener.open(self.address + path, timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.25)
        self.stop()
        raise ServerEndedError(f"vllm serve did not answer in {PATIENCE:.0f} seconds:\n{self.tail()}")

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.splitlines()[-lines:])

    def stop(self) -> None:
        """By its own process id; it stops its engine itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
