"""A gateway with a key, asked by real clients: each answer that a law wants marked is signed, and verified offline."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from ordinance.cli.main import main
from ordinance.protocol.api import Api
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.apis.messages import MESSAGES
from ordinance.protocol.apis.responses import RESPONSES
from ordinance.trust.marks import jws
from support.blocks import framed
from support.governing import ASKED
from support.marked import APIS, PROVIDER, PUBLIC, answer_of, marked_plan, put_keys, said, whole
from support.marked import upstream as events_of
from support.serving import DONE, PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, chunk, event, send
from support.small_plan import RED_LINE

pytestmark = pytest.mark.server

Verify = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return put_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record") / "audit.jsonl"


@pytest.fixture(scope="module")
def signing(
    start_gateway: OpenGateway, shared_upstream: ScriptedUpstream, keys: tuple[Path, Path], record: Path
) -> Iterator[RunningGateway]:
    mark = {"key_file": keys[0], "key_id": "office-2026", "provider": PROVIDER, "watermark": True}
    running = start_gateway(marked_plan(), shared_upstream.url, {"mark": mark, "audit": str(record)})
    yield running
    running.stop()


@pytest.fixture
def verified(keys: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    """What the command says of an answer that somebody saved."""

    def verify(data: bytes) -> dict[str, Any]:
        file = tmp_path / "answer"
        file.write_bytes(data)
        code = main(["verify", str(file), "--key", str(keys[1]), "--format", "json"])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert (code == 0) is told["ok"]
        return told

    return verify


def wire_of(api: Api) -> list[bytes]:
    events = events_of(api, said(api))
    return list(map(framed, events)) if api in (RESPONSES, MESSAGES) else [*map(event, events), DONE]


def asked(gateway: RunningGateway, api: Api, **fields: Any) -> httpx2.Response:
    body = {"model": "m", **ASKED[api.path], **fields}
    return httpx2.post(f"{gateway.address}{api.path}", json=body, timeout=PATIENCE)


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_what_a_client_saves_is_verified_and_a_change_is_found(
    api: Api, streaming: bool, signing: RunningGateway, upstream: ScriptedUpstream, verified: Verify
) -> None:
    if streaming:
        upstream.script = send(*wire_of(api))
    else:
        upstream.script = send(json.dumps(answer_of(api)).encode(), kind="application/json")
    reply = asked(signing, api, **({"stream": True} if streaming else {}))
    told = verified(reply.content)
    assert told["problems"] == []
    assert (told["signed"]["provider"], told["signed"]["key"]) == (PROVIDER, "office-2026")
    assert told["signed"]["request"] == reply.headers["request-id"]
    assert told["signed"]["texts"][-1]["name"] == "text"
    other = reply.content.replace("Grü".encode(), b"Gro").replace(b"Gr\\u00fc", b"Gro")
    spoilt = verified(other)
    assert {each["code"] for each in spoilt["problems"]} == {"mark-text"}


def test_the_real_client_saves_what_is_verified(
    signing: RunningGateway, upstream: ScriptedUpstream, verified: Verify
) -> None:
    question: Any = [{"role": "user", "content": "hi"}]
    with openai.OpenAI(base_url=f"{signing.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE) as client:
        upstream.script = send(json.dumps(answer_of(CHAT)).encode(), kind="application/json")
        whole = client.chat.completions.create(model="m", messages=question)
        assert verified(whole.model_dump_json().encode())["ok"]
        upstream.script = send(*wire_of(CHAT))
        chunks = list(client.chat.completions.create(model="m", messages=question, stream=True))
        lines = "\n".join(each.model_dump_json() for each in chunks)
        assert verified(lines.encode())["ok"]
        upstream.script = send(*wire_of(RESPONSES))
        events = list(client.responses.create(model="m", input="hi", stream=True))
        lines = "\n".join(each.model_dump_json() for each in events)
        assert verified(lines.encode())["ok"]


def test_a_refused_prompt_and_an_answer_that_breaks_off_are_signed_too(
    signing: RunningGateway, upstream: ScriptedUpstream, verified: Verify
) -> None:
    for streaming in (False, True):
        reply = asked(signing, COMPLETIONS, prompt=f"How? {RED_LINE}", stream=streaming)
        assert verified(reply.content)["ok"]
    upstream.script = send(event(chunk(content="Good day. ")), event(chunk(content="And ")))
    reply = asked(signing, CHAT, stream=True)
    assert b'"error"' in reply.content
    assert verified(reply.content)["ok"]


def test_an_answer_of_which_nobody_knows_what_left_is_not_signed(
    signing: RunningGateway, upstream: ScriptedUpstream, record: Path
) -> None:
    first = chunk(content="One. ")
    both = {**first, "choices": [first["choices"][0], chunk(index=7, content="Two.")["choices"][0]]}
    upstream.script = send(event(chunk(content="Good day. ")), event(both))
    reply = asked(signing, CHAT, stream=True)
    assert b'"unsigned":"failed","signature":null' in reply.content
    assert recorded(record, reply)["mark"] == "failed"


def recorded(record: Path, reply: httpx2.Response) -> dict[str, Any]:
    """The record of the request that got ``reply``."""
    for _ in range(300):
        lines = record.read_bytes().splitlines() if record.exists() else []
        for found in map(json.loads, lines):
            if found["request"] == reply.headers["request-id"]:
                assert isinstance(found, dict)
                return found
        time.sleep(0.02)
    raise AssertionError("no record")


def test_the_record_does_not_call_an_answer_signed_that_nobody_got(
    signing: RunningGateway, upstream: ScriptedUpstream, record: Path
) -> None:
    upstream.script = send(b"no", status=500)
    reply = asked(signing, CHAT)
    assert reply.status_code == 502
    assert recorded(record, reply)["mark"] == "not_given"


@pytest.mark.requirement("MK-1")
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
def test_a_client_cannot_switch_a_mark_off_and_a_watermark_that_is_left_out_is_told(
    api: Api, signing: RunningGateway, upstream: ScriptedUpstream, record: Path
) -> None:
    for temperature, known in ((0, "skipped"), (0.7, "on")):
        upstream.script = send(json.dumps(answer_of(api)).encode(), kind="application/json")
        hostile: dict[str, Any] = {
            "watermarking": False,
            "mark": None,
            "signature": "no",
            "unsigned": "client",
            "ordinance": {},
        }
        reply = asked(signing, api, temperature=temperature, **hostile)
        told = reply.json()["ordinance"]
        assert told["watermark"] == known
        assert jws.claims_in(told["signature"], PUBLIC) is not None
        sent = upstream.asked[-1].json
        assert not hostile.keys() & sent.keys()
        found = recorded(record, reply)
        assert (found["mark"], found["watermark"]) == ("signed", known)


def test_without_a_key_the_answer_and_the_record_say_so(
    open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    gateway = open_gateway(plan=marked_plan(), audit=str(file))
    upstream.script = send(json.dumps(answer_of(CHAT)).encode(), kind="application/json")
    reply = asked(gateway, CHAT)
    told = reply.json()["ordinance"]
    assert (told["unsigned"], told["signature"], "watermark" in told) == ("no_key", None, False)
    assert [each["type"] for each in told["marks"]] == ["machine_readable"]
    assert reply.headers["x-ordinance-marks"] == "machine_readable"
    assert recorded(file, reply)["mark"] == "no_key"


def test_the_text_of_an_answer_says_which_it_was(
    keys: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(whole(CHAT))
    assert main(["verify", str(file), "--key", str(keys[1])]) == 0
    shown = capsys.readouterr().out
    size = len(json.loads(file.read_bytes())["choices"][0]["message"]["content"].encode())
    assert f"signed by {PROVIDER}, key test-key, at " in shown
    assert f"compared: choice 0, text, {size} bytes" in shown
    assert main(["verify", str(tmp_path / "none"), "--key", str(keys[1])]) == 2
    assert main(["verify", str(file), "--key", str(keys[0])]) == 2
    file.write_bytes(b"{")
    assert main(["verify", str(file), "--key", str(keys[1])]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == f"{file} cannot be verified"
    assert main(["verify", str(file), "--key", str(keys[1]), "--format", "json"]) == 2
