"""A pod of the chart on this machine: its files laid out as a kubelet does it, its ports free ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from support.chart import render
from support.checkout import ROOT
from support.pod import files_of
from support.ports import free_port
from support.serving import PATIENCE

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
USER = 65532
BIN = ROOT / ".venv" / "test" / "bin"
#: The command beside an Envoy, and an Envoy, in the environment of `make test-envoy`.
ENVOY = ROOT / ".venv" / "envoy" / "bin"


def laid(files: Mapping[str, Mapping[str, str | bytes]], folder: Path) -> dict[str, Path]:
    """Lay out the files of each volume as a kubelet does: in a dated folder, to which links lead."""
    volumes = {}
    for name, texts in files.items():
        volume = folder / name
        dated = volume / "..2026_11_27"
        for path, text in texts.items():
            (dated / path).parent.mkdir(parents=True, exist_ok=True)
            (dated / path).write_bytes(text if isinstance(text, bytes) else text.encode())
            (dated / path).chmod(0o644)
        (volume / "..data").symlink_to(dated.name)
        for first in {path.partition("/")[0] for path in texts}:
            (volume / first).symlink_to(f"..data/{first}")
        volumes[name] = volume
    for each in (folder, *folder.parents):
        if each.stat().st_mode & 0o005 != 0o005 and str(each).startswith("/tmp/"):
            each.chmod(each.stat().st_mode | 0o055)
    return volumes


class Pod:
    """The pod of a shape, on ports that are free here: they are all that is changed of what was rendered. ``values``
    are laid over those of the shape; ``secrets`` are the files of each volume that is a Secret, ``kept`` folders that
    outlive the pod."""

    def __init__(
        self,
        folder: Path,
        shape: str,
        upstream: str,
        secrets: Mapping[str, Mapping[str, bytes]] | None = None,
        kept: Mapping[str, Path] | None = None,
        /,
        **values: Any,
    ) -> None:
        self.port, self.metrics, self.between, self.health = (free_port() for _ in range(4))
        host, port = upstream.removeprefix("http://").removesuffix("/v1").split(":")
        ours: dict[str, Any] = {
            "upstream": {"host": host, "port": int(port)}, "metrics": {"port": self.metrics},
            "stop": {"graceSeconds": 5}, "probes": {"periodSeconds": 1}, "envoy": {"port": self.port},
        }  # fmt: skip
        self.rendered = render(shape, ours | values)
        files = files_of(self.rendered.pod, self.rendered.one("ConfigMap"))
        settings = {name: self._here(text) for name, text in files["settings"].items()}
        self.volumes = laid({"settings": settings, **(secrets or {})}, folder) | dict(kept or {})

    def _here(self, text: str) -> str:
        """Every address on loopback; ports that a pod has for itself are free ones."""
        ports = {
            "port: 8080": f"port: {self.port}", "port_value: 9002": f"port_value: {self.between}",
            "127.0.0.1:9002": f"127.0.0.1:{self.between}", "127.0.0.1:9003": f"127.0.0.1:{self.health}",
        }  # fmt: skip
        for theirs, ours in (("0.0.0.0", "127.0.0.1"), *ports.items()):
            text = text.replace(theirs, ours)
        return text

    def container(self, name: str) -> dict[str, Any]:
        return self.rendered.container(name)

    def ask(self) -> httpx2.Response:
        """Send a chat request."""
        url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        return httpx2.post(url, json=ASK, timeout=PATIENCE, trust_env=False)

    def answers(self, *statuses: int) -> bool:
        """Whether a chat request gets an answer with one of these ``statuses``."""
        try:
            return self.ask().status_code in statuses
        except httpx2.TransportError:
            return False

    def probe(self, name: str) -> int:
        """Ask as the kubelet would; the status."""
        found = self.rendered.container("ordinance")[name]["httpGet"]
        headers = {each["name"].lower(): each["value"] for each in found["httpHeaders"]}
        url = f"http://127.0.0.1:{self.port}{found['path']}"
        return httpx2.get(url, headers=headers, timeout=PATIENCE, trust_env=False).status_code
