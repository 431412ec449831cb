"""A vendor's detector and sink, made with nothing but the manual, in a real vLLM with two API servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from ordinance.policy.vocabulary import MARKER
from support.commands import Served
from support.processes import children, session
from support.terminal import Terminal
from support.tiny_model import NUMBER, SAID_NUMBER, tokens
from support.traces import traces, values
from support.tutorial import follow
from support.vllm_server import ORDINANCE, SPEAKING, VllmServer, variables
from support.waiting import until

pytestmark = pytest.mark.requirement("DET-1")

PATIENCE = 120.0
API_SERVERS = 2
#: What the sink's starter does not do by itself: it is built, installed and allowed, as the tutorial does it.
SINK = """\
ordinance new plugin acme-store --kind sink
python -m build --wheel --no-isolation acme-store
ordinance plugin install acme-store/dist/acme_store-0.1.0-py3-none-any.whl --to plugins/acme-store >sink.yaml
ordinance plugin check plugins/acme-store
mkdir records
"""
#: Enough of the number to know it by, none of which stands in what Ordinance itself says.
PARTS = ("part-", "t-12", "12340")
PROCESS = "x-harness-process"


def ask(path: str, stream: bool) -> dict[str, Any]:
    said = {"messages": [{"role": "user", "content": NUMBER}]} if path.endswith("chat/completions") else {}
    return {"model": "tiny", "max_tokens": 40, "stream": stream, **(said or {"prompt": NUMBER})}


@dataclass(frozen=True)
class Trial:
    """The vendor's folder, the server, and the processes of its API servers."""

    home: Path
    server: VllmServer
    api_servers: tuple[int, ...]

    def post(self, path: str, body: object, by: int | None = None) -> httpx2.Response:
        """Ask on a new connection; where the process ``by`` is to answer, until the kernel has chosen it."""
        found: list[httpx2.Response] = []

        def answered() -> bool:
            found.append(httpx2.post(self.server.address + path, json=body, timeout=PATIENCE, trust_env=False))
            return by is None or int(found[-1].headers[PROCESS]) == by

        until(answered, "that API server answers", seconds=PATIENCE)
        return found[-1]

    def records(self) -> list[dict[str, Any]]:
        """What the sink has stored."""
        path = self.home / "records" / "records.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tutorial was followed, with a sink beside it, and both in the settings."""
    home = tmp_path_factory.mktemp("vendor")
    follow(home)
    assert "0 faults" in Terminal(home).type(SINK)
    settings = yaml.safe_load((home / "ordinance.yaml").read_text("utf-8"))
    (sink,) = yaml.safe_load((home / "sink.yaml").read_text("utf-8"))["plugins"]
    settings["plugins"].append({**sink, "folder": str(home / "records")})
    settings |= {"packs": [str(home / "school")], "locale": "en", "audit": str(home / "audit.jsonl")}
    (home / "ordinance.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    return home


@pytest.fixture(scope="module")
def trial(home: Path) -> Iterator[Trial]:
    words = (
        *SPEAKING, "--api-server-count", str(API_SERVERS),
        "--middleware", "around.Inside", *ORDINANCE, "--middleware", "around.Outside",
    )  # fmt: skip
    given = variables(ORDINANCE_CONFIG=str(home / "ordinance.yaml"), AROUND_PROCESS="1")
    server = VllmServer(words, given, home / "vllm.log")
    try:
        server.wait()
        found = set[int]()

        def reach() -> bool:
            reply = httpx2.get(f"{server.address}/health", timeout=PATIENCE, trust_env=False)
            found.add(int(reply.headers[PROCESS]))
            return len(found) == API_SERVERS

        until(reach, "both API servers answer", seconds=PATIENCE)
        yield Trial(home, server, tuple(sorted(found)))
    finally:
        server.stop()
        print(server.tail())  # noqa: T201 - pytest shows it beside a failure


@pytest.fixture(params=range(API_SERVERS))
def api_server(request: pytest.FixtureRequest, trial: Trial) -> int:
    """Each of them, by its process."""
    index: int = request.param
    return trial.api_servers[index]


def pieces(body: bytes) -> list[str]:
    """The pieces of text of a streamed answer, as they came."""
    choices = (choice for event in values(body) for choice in event.get("choices", ()))
    return [piece for each in choices if (piece := each["delta"].get("content") if "delta" in each else each["text"])]


@pytest.mark.semantics(6)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_what_only_the_plugin_finds_is_withheld_on_a_stream(path: str, trial: Trial, api_server: int) -> None:
    """The model says it freely, in five tokens, none of which is the number."""
    bare = trial.post("/ungoverned" + path, ask(path, stream=True), by=api_server)
    assert "".join(pieces(bare.content)) == f"hinge:{SAID_NUMBER}."
    assert len(pieces(bare.content)) >= len(SAID_NUMBER) // 2, "in pieces"
    assert set(traces(bare.content, PARTS, tokens())) == set(PARTS), "the check can fail"
    reply = trial.post(path, ask(path, stream=True), by=api_server)
    assert reply.status_code == 200, reply.text
    assert traces(reply.content, PARTS, tokens()) == {}
    said = pieces(reply.content)
    assert "".join(said).startswith(f"hinge:{MARKER}.")
    assert len(said) > 1
    (metadata,) = [event["ordinance"] for event in values(reply.content) if "ordinance" in event]
    assert metadata["plugins"] == ["acme-codes 0.1.0"]


def test_whole_answers_and_a_gateway_in_front_withhold_it_too(trial: Trial, tmp_path: Path) -> None:
    for path in ("/v1/chat/completions", "/v1/completions"):
        assert traces(trial.post(path, ask(path, stream=False)).content, PARTS, tokens()) == {}
    served = Served(
        "--config", trial.home / "ordinance.yaml", "--upstream", f"{trial.server.address}/ungoverned/v1",
        ORDINANCE_AUDIT=str(tmp_path / "audit.jsonl"),
    )  # fmt: skip
    try:
        path = "/v1/chat/completions"
        body = httpx2.post(served.address + path, json=ask(path, True), timeout=PATIENCE, trust_env=False).content
    finally:
        served.stop()
    assert traces(body, PARTS, tokens()) == {}
    assert "".join(pieces(body)).startswith(f"hinge:{MARKER}.")


def test_each_api_server_has_its_own_processes_and_writes_to_the_sink(trial: Trial, api_server: int) -> None:
    names = {Path(f"/proc/{each}/comm").read_text().strip() for each in children(api_server)}
    assert {"acme_codes", "acme_store"} <= names
    ready = httpx2.get(f"{trial.server.address}/ready", timeout=PATIENCE, trust_env=False).json()
    assert {each["name"]: each["state"] for each in ready["plugins"]} == {"acme-codes": "ready", "acme-store": "ready"}
    before = len(trial.records())
    trial.post("/v1/chat/completions", ask("/v1/chat/completions", stream=True), by=api_server)
    until(lambda: len(trial.records()) > before, "the sink has stored it", seconds=PATIENCE)
    last = trial.records()[-1]
    assert "acme-codes 0.1.0" in last["plugins"]
    assert last["rules"] == ["school/part_numbers"]
    assert not [part for part in (*PARTS, "hinge") if part in json.dumps(trial.records())], "and no text"


def test_nothing_of_a_plugin_outlives_the_server(trial: Trial) -> None:
    leaders = [each for pid in trial.api_servers for each in children(pid)]
    named = [each for each in leaders if Path(f"/proc/{each}/comm").read_text().startswith("acme_")]
    assert len(named) >= 2 * API_SERVERS
    trial.server.stop()
    until(lambda: not any(map(session, named)), "no orphan", seconds=PATIENCE)
