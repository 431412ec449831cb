"""One real vLLM for the whole session, and the places from which it can be asked.

A subject is a file: what leaves (leaks), which way in (routes), what reaches the model (requests), what a client reads
(clients), what comes up (start), what is installed (installed).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from support.commands import Served
from support.vantage import Vantage
from support.vllm_server import KEY, ORDINANCE, SPEAKING, VllmServer, variables

PACK = Path(__file__).parent / "canaries.ord"
RULES = Path(__file__).resolve().parents[2] / "rules"
#: The server has a LoRA of that name.
ADAPTERS = "adapters: {et: {lora: et-instruct}}"
#: How long one answer may take, in seconds.
PATIENCE = 120.0
#: The files that do not ask the one server: jobs, and starts of their own.
APART = {"test_batch_job.py", "test_installed.py", "test_start.py", "test_vendor.py"}


class OneServer(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """One of pytest's processes starts the server and has all tests that ask it; the others run beside that."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).name
        return file if file in APART else "the one server"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneServer:
    return OneServer(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here asks a real vLLM, or runs its interpreter."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("server")


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an operator would write, with the canaries' pack beside those that ship."""
    folder = tmp_path_factory.mktemp("settings")
    path = folder / "ordinance.yaml"
    packs = [str(RULES / each) for each in ("charter", "jurisdictions", "languages")]
    lines = [
        "jurisdiction: DE",
        "locale: en",
        "audit: audit.jsonl",
        ADAPTERS,
        "packs:",
        *(f"  - {each}" for each in [*packs, PACK]),
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, settings_file: Path) -> Iterator[VllmServer]:
    """vLLM with Ordinance in it, and the tests' own middlewares on both sides."""
    middlewares = ("--middleware", "around.Inside", *ORDINANCE, "--middleware", "around.Outside", "--log-error-stack")
    log = tmp_path_factory.mktemp("vllm") / "log.txt"
    started = VllmServer(
        (*SPEAKING, "--api-key", KEY, *middlewares), variables(ORDINANCE_CONFIG=str(settings_file)), log
    )
    try:
        started.wait()
        yield started
    finally:
        started.stop()
        print(started.tail())  # noqa: T201 - pytest shows it beside a failure


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx2.Client(headers=headers, timeout=PATIENCE, trust_env=False) as made:
        yield made


@pytest.fixture(scope="session")
def ungoverned(server: VllmServer, client: httpx2.Client) -> Vantage:
    return Vantage("ungoverned", f"{server.address}/ungoverned", client)


@pytest.fixture(scope="session")
def middleware(server: VllmServer, client: httpx2.Client) -> Vantage:
    return Vantage("middleware", server.address, client)


@pytest.fixture(scope="session")
def gateway(server: VllmServer, client: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vantage]:
    """A gateway before the same model, round the middleware, with the same key."""
    folder = tmp_path_factory.mktemp("gateway")
    settings = folder / "ordinance.yaml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    packs = [str(RULES / each) for each in ("charter", "jurisdictions", "languages")]
    lines = [
        "jurisdiction: DE", "locale: en", "audit: audit.jsonl", ADAPTERS, "packs:",
        *(f"  - {each}" for each in [*packs, PACK]),
        "upstream:", f"  url: {server.address}/ungoverned/v1", f"  key: {KEY}",
        "keys:", "  - name: tests", f'    sha256: "{digest}"',
    ]  # fmt: skip
    settings.write_text("\n".join(lines) + "\n", "utf-8")
    served = Served("--config", settings)
    try:
        yield Vantage("gateway", served.address, client)
    finally:
        served.stop()


@pytest.fixture(params=["middleware", "gateway"])
def governed(request: pytest.FixtureRequest) -> Vantage:
    """Each governed way to the model."""
    vantage: Vantage = request.getfixturevalue(request.param)
    return vantage
