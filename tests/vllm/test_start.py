"""A server that cannot be accounted for does not come up, and says what to set."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.vllm_server import (
    AROUND,
    ENVIRONMENT,
    MODEL,
    ORDINANCE,
    PATIENCE,
    ServerEndedError,
    VllmServer,
    variables,
)

MIDDLEWARE = ORDINANCE[1]
#: Each registers routes of its own.
EVERY_TASK = ("generate", "embed", "classify", "transcription", "realtime", "render")


@dataclass(frozen=True)
class Start:
    """A condition under which a server is begun; ``says`` stands in what the operator reads; empty: it comes up."""

    name: str
    says: tuple[str, ...] = ()
    settings: str = "jurisdiction: DE\naudit: audit.jsonl\n"
    variables: dict[str, str | None] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = (MIDDLEWARE,)
    tasks: tuple[str, ...] = ("generate",)
    version: str = ""

    def __str__(self) -> str:
        return self.name


STARTS = (
    Start("all-is-well"),
    Start("with-our-middlewares", middlewares=("around.Inside", MIDDLEWARE, "around.Outside")),
    Start("usage-statistics", ("VLLM_NO_USAGE_STATS=1",), variables={"VLLM_NO_USAGE_STATS": None}),
    Start("usage-statistics-by-half", ("VLLM_NO_USAGE_STATS=1",), variables={"VLLM_NO_USAGE_STATS": "0"}),
    Start("a-policy-that-does-not-load", ("no-such-pack",), settings="jurisdiction: DE\npacks: [no-such-pack]\n"),
    Start("a-jurisdiction-that-is-not-there", ("XX",), settings="jurisdiction: XX\n"),
    Start("settings-that-are-wrong", ("jurisdicton",), settings="jurisdicton: DE\n"),
    Start("no-settings-file", ("/no/such/file.yaml",), variables={"ORDINANCE_CONFIG": "/no/such/file.yaml"}),
    Start(
        "a-route-that-nobody-knows",
        ("/v1/added-by-the-test", "vllm.closed_routes"),
        variables={"AROUND_EARLY_ROUTE": "1"},
        middlewares=(MIDDLEWARE, "around.Outside"),
    ),
    Start(
        "a-route-that-the-operator-closes",
        settings="jurisdiction: DE\naudit: audit.jsonl\nvllm: {closed_routes: [/v1/added-by-the-test]}\n",
        variables={"AROUND_EARLY_ROUTE": "1"},
        middlewares=(MIDDLEWARE, "around.Outside"),
    ),
    Start("answers-in-the-log", ("--enable-log-outputs",), words=("--enable-log-requests", "--enable-log-outputs")),
    Start("every-task", tasks=EVERY_TASK),
    Start("a-later-version", ("0.33.0", "vllm.other_version"), version="0.33.0"),
    Start("an-earlier-version", ("0.17.1", "vllm.other_version"), version="0.17.1"),
    Start(
        "a-later-version-that-the-operator-has-tried",
        settings="jurisdiction: DE\naudit: audit.jsonl\nvllm: {other_version: true}\n",
        version="0.33.0",
    ),
    Start("every-development-route", variables={"VLLM_SERVER_DEV_MODE": "1", "VLLM_TORCH_PROFILER_DIR": "/tmp"}),
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each start."""
    conditions = []
    for start in STARTS:
        folder = tmp_path_factory.mktemp(start.name)
        settings = folder / "ordinance.yaml"
        settings.write_text(start.settings, "utf-8")
        given = {"ORDINANCE_CONFIG": str(settings), **start.variables}
        if start.version:
            metadata = folder / f"vllm-{start.version}.dist-info" / "METADATA"
            metadata.parent.mkdir()
            metadata.write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {start.version}\n", "utf-8")
        conditions.append(
            {
                "variables": given,
                "middlewares": start.middlewares,
                "words": start.words,
                "tasks": start.tasks,
                "path": [str(folder)] if start.version else [],
            }
        )
    done = subprocess.run(
        [ENVIRONMENT / "bin" / "python", AROUND / "starts.py"], input=json.dumps(conditions), env=variables(),
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    return {start.name: outcome for start, outcome in zip(STARTS, found, strict=True)}


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_a_server_comes_up_if_it_can_be_accounted_for(start: Start, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = outcomes[start.name]
    kinds = [message["type"] for message in outcome["said"]]
    if not start.says:
        assert kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"], outcome
        return
    assert kinds == ["lifespan.startup.failed"], outcome
    told = outcome["said"][0]["message"] + outcome["printed"]
    assert [each for each in start.says if each not in told] == []
    assert "Traceback" not in outcome["printed"]


@pytest.mark.requirement("DET-1")
def test_a_real_server_that_sends_statistics_ends(tmp_path: Path) -> None:
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("jurisdiction: DE\naudit: audit.jsonl\n", "utf-8")
    given = variables(ORDINANCE_CONFIG=str(settings))
    del given["VLLM_NO_USAGE_STATS"]
    # Nothing is sent: the address is one of this machine at which nobody listens.
    given |= {"VLLM_USAGE_STATS_SERVER": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    server = VllmServer(ORDINANCE, given, tmp_path / "log.txt")
    try:
        with pytest.raises(ServerEndedError):
            server.wait()
        assert server.process.returncode not in (0, None)
        assert "VLLM_NO_USAGE_STATS=1" in server.log
        assert MODEL.name in server.log
    finally:
        server.stop()
