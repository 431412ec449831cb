"""Fixtures that several tests share."""

from __future__ import annotations

import atexit
import gc
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings as profiles

from ordinance.policy.plan import Plan
from ordinance.serve.door.policies import Policies
from ordinance.settings.model import Settings
from support.few import Few, Taken, read
from support.markers import Markers
from support.serving import LoopThread, OpenGateway, RunningGateway, ScriptedUpstream
from support.sharing import share_automata, share_parses, share_trust
from support.small_plan import small_plan
from support.turns import Turns

# A run that a shell started in the background ignores SIGINT, and so would the servers that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# An interpreter that ends looks for garbage in all that is left, seconds after many tests, and the system takes it
# anyway. pytest has looked by then, so that what a test leaves open fails as before.
atexit.register(gc.freeze)

# The same cases every time, or with HYPOTHESIS_PROFILE=soak many new ones; glance is for work in progress.
profiles.register_profile("quick", max_examples=100, deadline=None, derandomize=True)
profiles.register_profile("defects", max_examples=900, deadline=None, derandomize=True)
profiles.register_profile("few", max_examples=10, deadline=None, derandomize=True)
profiles.register_profile("soak", max_examples=1000, deadline=None)
profiles.register_profile("interference", max_examples=10_000, deadline=None)
profiles.register_profile("glance", max_examples=15, deadline=None, derandomize=True)
profiles.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    chosen = parser.getgroup("ordinance", "tests/support/few.py")
    chosen.addoption("--few", type=float, metavar="SECONDS", help="run of each test that takes long what fits in them")
    chosen.addoption("--times", action="store_true", help="write what tests take to tests/times.toml")
    turns = parser.getgroup("ordinance turns", "tests/support/turns.py")
    turns.addoption("--turns", type=Path, metavar="FOLDER", help="run the files that no other process of this run has")
    turns.addoption("--begin", type=float, metavar="SHARE", default=0.0, help="where in the list of files to begin")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Markers())
    if config.getoption("--few") is not None:
        config.pluginmanager.register(Few(config.getoption("--few"), read()))
    if config.getoption("--times"):
        config.pluginmanager.register(Taken())
    if config.getoption("--turns") is not None:
        config.pluginmanager.register(Turns(config.getoption("--turns"), config.getoption("--begin")))
    share_automata()
    share_parses()
    share_trust()


#: What needs more than `make test` installs: `make test-airgap`, `test-vllm`, `test-manual`, `test-pages`,
#: `test-stores`, `test-clients`, `test-observability`, `test-chart`, `test-envoy`, `test-ray`, `test-egress`,
#: `test-llamacpp`.
_MORE = (
    "airgap", "vllm", "manual", "pages", "stores", "clients", "observability", "chart", "envoy", "on_ray", "egress",
    "llamacpp",
)  # fmt: skip
#: Where `make test-envoy` runs, each gateway that a test opens is an Envoy with `ordinance ext-proc` beside it.
_BEHIND_ENVOY = "TEST_ENVOY" in os.environ
collect_ignore = [name for name in _MORE if f"TEST_{name.upper()}" not in os.environ]


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture(scope="session")
def shared_upstream(loop_thread: LoopThread) -> Iterator[ScriptedUpstream]:
    server = ScriptedUpstream(loop_thread)
    yield server
    server.stop()


@pytest.fixture
def upstream(shared_upstream: ScriptedUpstream) -> ScriptedUpstream:
    """An upstream that says what the test sets as its ``script``; it has been asked nothing yet."""
    shared_upstream.reset()
    return shared_upstream


@pytest.fixture(scope="session")
def start_gateway(loop_thread: LoopThread) -> Iterator[OpenGateway]:
    """Starts a gateway, or what stands in its place: ``RunningGateway``, without its first parameter."""
    if not _BEHIND_ENVOY:
        yield partial(RunningGateway, loop_thread)
        return
    from support.envoys import Envoys, Governed

    envoys = Envoys()
    yield cast(OpenGateway, partial(Governed, loop_thread, envoys))
    envoys.stop()


@pytest.fixture
def open_gateway(start_gateway: OpenGateway, upstream: ScriptedUpstream) -> Iterator[OpenGateway]:
    """Starts gateways before ``upstream``, as an operator in DE; settings by keyword, ``plan`` for another plan,
    ``load`` for one that is to replace it, ``reread`` for settings whose keys are."""
    running: list[RunningGateway] = []

    def start(
        plan: Plan | Policies | None = None,
        url: str = "",
        load: Callable[[], Plan | Policies] | None = None,
        reread: Callable[[], Settings] | None = None,
        **settings: Any,
    ) -> RunningGateway:
        running.append(start_gateway(plan or small_plan(), url or upstream.url, settings, load, reread))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def gateway(start_gateway: OpenGateway, shared_upstream: ScriptedUpstream) -> Iterator[RunningGateway]:
    """A gateway with the settings' defaults, as an operator in DE."""
    running = start_gateway(small_plan(), shared_upstream.url, {})
    yield running
    running.stop()
