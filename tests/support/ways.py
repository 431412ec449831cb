"""Every way on which a policy comes into force. Each gives the code with which it was refused, "" if it was applied."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import yaml

from ordinance.batch import govern
from ordinance.errors import OrdinanceError
from ordinance.serve import template
from ordinance.serve.door.current_policy import Renewal, Standing
from ordinance.serve.door.engine import installed_engine
from ordinance.serve.door.policies import Policies, policies_of
from ordinance.serve.server import Server
from ordinance.serve.vllm import Ordinance
from ordinance.serve.worker import Worker
from ordinance.settings.model import Settings
from ordinance.settings.sources import load
from support.batches import FakeLLM
from support.commands import run_here
from support.small_plan import small_plan

_CODE = re.compile(r"error\[([a-z-]+)\]")


@dataclass
class Machine:
    """A machine of an operator: its settings, the bundle that they name, its root, and what it remembers."""

    folder: Path
    trust: dict[str, Any] | None = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write()

    @property
    def bundle(self) -> Path:
        return self.folder / "policy.bundle"

    @property
    def root(self) -> Path:
        return self.folder / "root.json"

    @property
    def state(self) -> Path:
        return self.folder / "state" / "trust.json"

    @property
    def config(self) -> Path:
        return self.folder / "ordinance.yaml"

    def write(self) -> None:
        settings: Mapping[str, Any] = {
            "packs": ["policy.bundle"],
            "trust": None if self.trust is None else {"root": "root.json", "state": "state/trust.json", **self.trust},
            "upstream": {"url": "http://127.0.0.1:9"},
            "conversation": {"store": "none"},
            "audit": "audit.jsonl",
            "jurisdiction": "XA",
            **self.more,
        }
        self.config.write_text(yaml.safe_dump({key: value for key, value in settings.items() if value is not None}))

    def settings(self) -> Settings:
        return load(file=self.config)

    def install(self, data: bytes) -> None:
        self.bundle.write_bytes(data)

    def apply(self) -> None:
        """Apply what is installed, as a start does."""
        policies_of(self.settings())


def start(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """``ordinance serve``."""
    monkeypatch.setattr(Server, "run", lambda _: None)
    with _signals_as_they_were():
        done = run_here("serve", "--config", machine.config, "--port", "0")
    return _code(done.stderr) if done.returncode else ""


def reload(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """SIGHUP, to a server that has another policy in force."""
    last = Policies(small_plan())
    renewal = Renewal(policies_of, machine.settings, installed_engine())
    settings = machine.settings().model_copy(update={"jurisdiction": None})
    standing = Standing(last, settings, lambda _, __: None, renewal)
    asyncio.run(standing.renew())
    assert (standing.policies is last) == bool(standing.stale)
    return standing.stale


def worker(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """The process that workers are forked from, in the place of one that was killed."""
    said: list[Any] = []
    orders = Mock(send=said.append)
    started = Worker(machine.settings(), machine.settings, installed_engine(), lambda _: None)
    with _signals_as_they_were():
        found = template._loaded(started, orders, first=False, running=True)
    if found is not None:
        return ""
    assert isinstance(said[-1], template.Failure)
    assert said[-1].error is not None
    return said[-1].error.code


@contextmanager
def _signals_as_they_were() -> Iterator[None]:
    """A server listens to signals; the process of the tests is to listen as before."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def middleware(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """``vllm serve --middleware ordinance.serve.vllm.Ordinance``."""
    monkeypatch.setenv("ORDINANCE_CONFIG", str(machine.config))
    monkeypatch.setenv("VLLM_NO_USAGE_STATS", "1")
    told: list[str] = []
    monkeypatch.setattr("ordinance.serve.vllm.tell", lambda what, level="": told.append(what))
    sent: list[str] = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(Ordinance(server)({"type": "lifespan", "app": None}, receive, send))
    if sent == ["lifespan.startup.complete"]:
        return ""
    assert sent == ["lifespan.startup.failed"]
    return _code(told[0])


def batch(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """``govern(llm)``."""
    try:
        govern(FakeLLM(lambda _: "Good day."), config=machine.config)
    except OrdinanceError as error:
        return error.code
    return ""


def apply(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """``ordinance apply``."""
    done = run_here(
        "apply", "--config", machine.config, "--jurisdiction", "XA", given=json.dumps({"answer": "Good day."})
    )
    assert bool(done.stdout) == (done.returncode == 0), done.stdout
    return _code(done.stderr) if done.returncode else ""


def verify(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """``ordinance bundle verify``, which applies nothing and says what the others would do."""
    done = run_here("bundle", "verify", machine.bundle, "--config", machine.config, "--format", "json")
    report = json.loads(done.stdout)
    assert report.keys() == {"ok", "problems"}
    assert report["ok"] == (done.returncode == 0) == (not report["problems"])
    return report["problems"][0]["code"] if report["problems"] else ""


Way = Callable[[Machine, pytest.MonkeyPatch], str]
WAYS: tuple[Way, ...] = (start, reload, worker, middleware, batch, apply, verify)


def _code(text: str) -> str:
    found = _CODE.search(text)
    assert found is not None, text
    return found[1]


def _of(text: str) -> str:
    """The code in a line that has it only in its advice."""
    found = re.search(r"`ordinance lesson ([a-z-]+)`", text)
    assert found is not None, text
    return found[1]
