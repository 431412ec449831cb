"""A real Envoy on loopback, with the configuration that ships, and Ordinance as its external processor."""

from __future__ import annotations

import asyncio
import copy
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ordinance.policy.plan import Plan
from ordinance.serve.door.current_policy import Renewal
from ordinance.serve.door.policies import Policies
from ordinance.serve.external_processor import ExtProc
from ordinance.settings.model import Settings
from support.checkout import ROOT
from support.ports import free_port
from support.serving import PATIENCE, LoopThread, policies_in

SHIPPED = ROOT / "deploy" / "envoy" / "envoy.yaml"
#: Envoy itself, in the environment of `make test-envoy`.
ENVOY = Path(sys.prefix) / "bin" / "envoy"
_START_SECONDS = 60.0

#: Changes a configuration before Envoy reads it.
Change = Callable[[dict[str, Any]], None]


def nothing(_: dict[str, Any]) -> None:
    """Change nothing."""


def shipped() -> dict[str, Any]:
    """The configuration that ships."""
    read: dict[str, Any] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return read


def filter_in(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of Ordinance's filter in a configuration."""
    found: dict[str, Any] = manager_in(config)["http_filters"][0]["typed_config"]
    return found


def manager_in(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of the listener for clients."""
    listener = config["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def cluster_in(config: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in config["static_resources"]["clusters"] if each["name"] == name)
    return found


class Envoy:
    """A running Envoy: clients ask it at ``address``, it asks Ordinance at ``processor`` and the model server at
    ``upstream`` (ports). ``change`` changes what ships."""

    def __init__(self, upstream: int, processor: int | None = None, change: Change = nothing) -> None:
        self.port, self.admin, self.processor = free_port(), free_port(), processor or free_port()
        self.config = copy.deepcopy(shipped())
        listener = self.config["static_resources"]["listeners"][0]
        listener["address"]["socket_address"]["port_value"] = self.port
        for name, port in (("ordinance", self.processor), ("models", upstream)):
            cluster = cluster_in(self.config, name)
            endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
            endpoint["address"]["socket_address"]["port_value"] = port
        # Tests start and stop Ordinance faster than any operator.
        checks = cluster_in(self.config, "ordinance")["health_checks"][0]
        checks |= {"interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_interval": "0.1s", "timeout": "2s"}
        self.config["admin"] = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.admin}}}
        change(self.config)
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = tempfile.NamedTemporaryFile(suffix=".log", delete=False)  # noqa: SIM115 - open as long as it runs
        self._process = subprocess.Popen(
            [ENVOY, "--config-yaml", json.dumps(self.config), "--concurrency", "1", "--use-dynamic-base-id",
             "--log-level", "warning"],
            stdout=self._log, stderr=self._log,
        )  # fmt: skip
        self._until(lambda: self.asks_admin("/ready") == "LIVE\n")

    def asks_admin(self, path: str) -> str:
        """What its admin interface says."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=PATIENCE) as reply:
                return str(reply.read().decode())
        except (OSError, urllib.error.HTTPError):
            return ""

    def until_processor(self, healthy: bool = True, *, probed: bool = True) -> None:
        """Wait until it knows that Ordinance can, or cannot, be asked; ``probed``: its worker thread does too."""
        self._until(lambda: ("health_flags::healthy" in self._flags()) is healthy)
        if probed:
            self._until(lambda: (_status(f"{self.address}/health") == 200) is healthy)

    def counted(self, name: str) -> int:
        """A counter of Envoy's whose name ends with ``name``; 0 if there is none."""
        lines = self.asks_admin(f"/stats?filter={name}").splitlines()
        return sum(int(line.rpartition(": ")[2]) for line in lines if line.partition(": ")[0].endswith(name))

    def _flags(self) -> str:
        lines = self.asks_admin("/clusters").splitlines()
        return next((line for line in lines if line.startswith("ordinance::127") and "health_flags" in line), "")

    def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not holds():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"Envoy is not there: {self.said()[-4000:]}")
            time.sleep(0.02)

    def said(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        Path(self._log.name).unlink()


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


class Envoys:
    """Envoys that were started, to be used again: each before one Ordinance at a time."""

    def __init__(self) -> None:
        self._idle: dict[int, list[Envoy]] = {}
        self._all: list[Envoy] = []

    def before(self, upstream: int) -> Envoy:
        idle = self._idle.setdefault(upstream, [])
        if idle:
            return idle.pop()
        self._all.append(Envoy(upstream))
        return self._all[-1]

    def back(self, upstream: int, envoy: Envoy) -> None:
        self._idle.setdefault(upstream, []).append(envoy)

    def stop(self) -> None:
        for envoy in self._all:
            envoy.stop()


class RunningExtProc:
    """Ordinance as an external processor in the loop of ``thread``, at a port; an Envoy asks it."""

    def __init__(
        self,
        thread: LoopThread,
        plan: Plan | Policies,
        settings: Mapping[str, Any],
        port: int,
        load: Callable[[], Plan | Policies] | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        values: dict[str, Any] = {"jurisdiction": "DE", "audit": "/dev/null", **settings}
        values.setdefault("conversation", {"store": "none"})
        checked = Settings.model_validate(values)
        renewal = None if load is None else Renewal(lambda _: policies_in(load()), reread)
        self.made = ExtProc(policies_in(plan), checked, renewal)
        self.service = self.made.service
        self._thread = thread
        self._leaving = asyncio.Event()
        self.listens: list[str] = []
        self._done = thread.begin(self.made.serve(f"127.0.0.1:{port}", self.listens.append, self._leaving))
        deadline = time.monotonic() + PATIENCE
        while not self.listens and not self._done.done() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert self.listens, self._done.exception()

    def stop(self) -> None:
        self._thread.loop.call_soon_threadsafe(self._leaving.set)
        self._done.result(PATIENCE * 3)


class Governed:
    """Ordinance behind an Envoy, with the face of ``RunningGateway``."""

    def __init__(
        self,
        thread: LoopThread,
        envoys: Envoys,
        plan: Plan | Policies,
        upstream: str,
        settings: Mapping[str, Any],
        load: Callable[[], Plan | Policies] | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self._envoys = envoys
        self._is_stopped = False
        self._upstream = urlsplit(upstream).port or 0
        self.envoy = envoys.before(self._upstream)
        self.address = self.envoy.address
        values = {**settings, "upstream": {"url": upstream, **settings.get("upstream", {})}}
        self.running = RunningExtProc(thread, plan, values, self.envoy.processor, load, reread)
        self.service = self.running.service
        self.envoy.until_processor()

    def stop(self) -> None:
        """Stop it; once more does nothing, so that no Envoy is given back twice."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self.running.stop()
        self.envoy.until_processor(healthy=False)
        self._envoys.back(self._upstream, self.envoy)


#: Starts an Ordinance, as an operator in DE, at a port; settings by keyword.
OpenExtProc = Callable[..., RunningExtProc]
#: Starts an Envoy, changed, before a port at which Ordinance is.
OpenEnvoy = Callable[..., Envoy]
