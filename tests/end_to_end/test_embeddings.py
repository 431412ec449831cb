"""`/v1/embeddings`, a door that an operator may open: what is asked is screened, and vectors pass, nothing else."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.policy.vocabulary import Channel, Effect, NoticeKind
from support.plans import expressions, plan, withhold
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, Wire
from support.small_plan import MACHINE, RED_LINE, REFUSED, small_plan
from support.waiting import until

pytestmark = pytest.mark.server

PATH = "/v1/embeddings"
SECRET = "canary-of-the-upstream"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "audit.jsonl"


@pytest.fixture(scope="module")
def opened(start_gateway: OpenGateway, shared_upstream: ScriptedUpstream, log: Path) -> Iterator[RunningGateway]:
    settings = {"routes": {"embeddings": "pass"}, "audit": str(log)}
    running = start_gateway(small_plan(), shared_upstream.url, settings)
    yield running
    running.stop()


def post(gateway: RunningGateway, asked: Any, **fields: Any) -> httpx2.Response:
    body = {"model": "m", "input": asked, **fields}
    return httpx2.post(gateway.address + PATH, json=body, trust_env=False, timeout=PATIENCE)


def answering(*vectors: Any, **more: Any) -> Any:
    data = [{"object": "embedding", "index": n, "embedding": each, "text": SECRET} for n, each in enumerate(vectors)]
    usage = {"prompt_tokens": 4, "total_tokens": 4, "text": SECRET}

    async def script(wire: Wire) -> None:
        await wire.json({"object": "list", "data": data, "model": SECRET, "usage": usage, "id": SECRET, **more})

    return script


def test_vectors_pass_with_known_fields_only(opened: RunningGateway, upstream: ScriptedUpstream, log: Path) -> None:
    upstream.script = answering([0.25, -1.0], [0.5, 2.0])
    answer = post(opened, ["one", "two"], dimensions=2, lora=SECRET)
    assert answer.status_code == 200
    assert SECRET not in answer.text
    found = answer.json()
    assert [each["embedding"] for each in found["data"]] == [[0.25, -1.0], [0.5, 2.0]]
    assert (found["model"], found["usage"]) == ("m", {"prompt_tokens": 4, "total_tokens": 4})
    assert found["ordinance"]["policy"]["digest"] == opened.service.plan.digest
    assert "x-ordinance-policy" in answer.headers
    assert upstream.asked[-1].json == {"model": "m", "input": ["one", "two"], "dimensions": 2}
    name = answer.headers["request-id"]
    until(lambda: name in log.read_text("utf-8"))
    (record,) = [each for each in map(json.loads, log.read_text("utf-8").splitlines()) if each["request"] == name]
    assert (record["api"], record["status"], record["stream"]) == ("embeddings", 200, False)


def test_numbers_in_base64_pass_and_a_text_in_their_place_does_not(
    opened: RunningGateway, upstream: ScriptedUpstream
) -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.25, -1)).decode()
    upstream.script = answering(packed)
    assert post(opened, "one", encoding_format="base64").json()["data"][0]["embedding"] == packed
    for wrong in (SECRET, "Good day to you.", [SECRET], [[1.0]]):
        upstream.script = answering(wrong)
        answer = post(opened, "one")
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_malformed")
        assert SECRET not in answer.text


@pytest.mark.parametrize("vectors", [[], [[1.0], [2.0]]])
def test_one_vector_for_each_text(opened: RunningGateway, upstream: ScriptedUpstream, vectors: list[Any]) -> None:
    upstream.script = answering(*vectors)
    assert post(opened, "one").json()["error"]["code"] == "upstream_malformed"


@pytest.mark.parametrize("asked", [RED_LINE, ["fine", f"an {RED_LINE} in it"], [f"an {RED_LINE[:6]}", RED_LINE]])
def test_what_a_red_line_refuses_gets_no_vector_and_is_told(
    opened: RunningGateway, upstream: ScriptedUpstream, log: Path, asked: Any
) -> None:
    upstream.script = answering([1.0])
    answer = post(opened, asked)
    assert (answer.status_code, upstream.asked) == (403, [])
    error = answer.json()["error"]
    assert (error["code"], error["param"], error["type"]) == ("prompt_refused", "input", "permission_error")
    assert REFUSED["en"] in error["message"]
    name = answer.headers["request-id"]
    until(lambda: name in log.read_text("utf-8"))
    (record,) = [each for each in map(json.loads, log.read_text("utf-8").splitlines()) if each["request"] == name]
    assert (record["verdict"], record["rules"], record["problem"]) == (
        "refuse",
        ["DE/machine", "small/red"],
        "prompt_refused",
    )


def test_a_mask_is_applied_to_what_is_asked(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    channels = frozenset({Channel.PROMPT})
    mask = withhold("DE/mask", "name", effect=Effect.MASK, kind=NoticeKind.OMISSION, channels=channels, type="name")
    masking = plan([mask], {"name": expressions(["Ada Byron"])})
    gateway = open_gateway(masking, routes={"embeddings": "pass"})
    upstream.script = answering([1.0])
    answer = post(gateway, "Who is Ada Byron?")
    assert answer.status_code == 200
    assert "Ada" not in upstream.asked[-1].json["input"]
    assert answer.json()["ordinance"]["verdict"] == "withhold"


@pytest.mark.parametrize("asked", [None, "", [], [1, 2], [[1, 2]], {"text": "x"}, ["a", None]])
def test_only_texts_can_be_asked(opened: RunningGateway, upstream: ScriptedUpstream, asked: Any) -> None:
    upstream.script = answering([1.0])
    answer = post(opened, asked)
    if asked == "":
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["error"]["param"], upstream.asked) == (400, "input", [])


def test_it_is_closed_unless_it_is_opened(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    answer = post(gateway, "one")
    assert (answer.status_code, answer.json()["error"]["code"], upstream.asked) == (404, "closed_door", [])
    assert MACHINE["en"] not in answer.text
