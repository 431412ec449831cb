"""Batches with the real vLLM: what it was made to say is in no field of what comes out.

The job runs in the environment that has vLLM, with the tests' own model.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.vllm_server import ENVIRONMENT, FRUGAL_VARIABLES, MODEL

CANARY = "ordinance-canary-86a-5d21e8"
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def cases() -> dict[str, Any]:
    """What the job printed."""
    engine = HERE.parent.parent / "engine"
    path = os.pathsep.join([str(engine), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = subprocess.run(
        [ENVIRONMENT / "bin" / "python", HERE / "batch_job.py", MODEL],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **FRUGAL_VARIABLES, "DO_NOT_TRACK": "1", "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def made_to_say(cases: dict[str, Any]) -> dict[str, Any]:
    quiet = ("refused prompt", "refused token ids", "harmless")
    return {name: case for name, case in cases.items() if name not in quiet}


@pytest.mark.requirement("TR-3")
def test_the_model_said_it_and_no_field_of_the_governed_output_holds_it(cases: dict[str, Any]) -> None:
    said = made_to_say(cases)
    assert len(said) >= 15
    for name, case in said.items():
        raw, out = case["raw"], case["governed"]
        begun = CANARY[: len(CANARY) // 2] if "continu" in name else ""
        spoken = begun + "".join(raw["tokens"][0])
        assert CANARY in spoken or name == "logit bias", name
        held = json.dumps(out)
        assert CANARY not in held, name
        assert "5d21e8" not in held, name
        for place in ("tokens", "logprobs"):
            assert "5d21e8" not in "".join(map(str, out[place])).replace("', '", ""), name
        if name != "stop string":
            assert case["ordinance"]["verdict"] in ("withhold", "refuse"), name
            assert out["tokens"] == [[]] * len(out["text"]), name
        assert out["logprobs"] == [[]] * len(out["text"]), name
        assert out["cumulative"] == [None] * len(out["text"]), name
        assert not out["prompt_logprobs"]
        assert out["kind"] == "RequestOutput"
        assert case["ordinance"]["notices"]


def test_it_was_said_in_several_tokenisations(cases: dict[str, Any]) -> None:
    ways = {tuple(case["raw"]["tokens"][0]) for name, case in cases.items() if name.startswith("choice")}
    assert len(ways) >= 3
    assert min(map(len, ways)) >= 4


def test_a_refused_prompt_holds_the_notice_and_its_neighbours_are_answered(cases: dict[str, Any]) -> None:
    for name in ("refused prompt", "refused token ids"):
        out = cases[name]["governed"]
        assert set(out["finish_reason"]) == {"content_filter"}
        assert out["tokens"] == [[]] * len(out["text"])
        assert "7f3a9c" not in json.dumps(out)
        assert cases[name]["ordinance"]["verdict"] == "refuse"
        assert all(cases[name]["ordinance"]["notices"][-1]["text"] in text for text in out["text"])
    assert len(cases["refused prompt"]["governed"]["text"]) == 2


def test_where_nothing_is_removed_tokens_and_numbers_stay(cases: dict[str, Any]) -> None:
    raw, out = cases["harmless"]["raw"], cases["harmless"]["governed"]
    assert out["tokens"] == raw["tokens"]
    assert out["cumulative"] == raw["cumulative"]
    assert "Good day." in (out["text"][0] + "".join(out["tokens"][0]))
    assert out["prompt"] == "Say it. "
    chosen = ["".join(place[:1]) for place in out["logprobs"][0]]
    assert len(chosen) == len(out["tokens"][0])
