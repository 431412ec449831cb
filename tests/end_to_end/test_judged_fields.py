"""Everything through which a model's text can leave, before a judge: what it finds is on the wire in no field."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from ordinance.serve.door.policies import policies_of
from support.fields import ASK, CHAT, COMPLETIONS, FIELDS, script_of
from support.judged_packs import FIRES, settings
from support.judges import installed
from support.scripted_judge import JudgeServer
from support.serving import LoopThread, RunningGateway, ScriptedUpstream, Wire, completion

pytestmark = [pytest.mark.server, pytest.mark.slow]

#: What the judge finds, and what the lexicon of the same rule finds.
SECRETS = [FIRES, "ordinance-canary-weapons-7f3a9c"]


@pytest.fixture(scope="module")
def gateway(
    loop_thread: LoopThread, shared_upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("judged")
    judge = JudgeServer(seconds=30.0)
    own = settings(folder, installed(folder), judge)
    given = {name: getattr(own, name) for name in ("judges", "judge", "plugins", "packs")}
    running = RunningGateway(loop_thread, policies_of(own), shared_upstream.url, {"jurisdiction": None, **given})
    yield running
    running.stop()
    judge.stop()


@pytest.mark.requirement("TR-3")
@pytest.mark.semantics(30)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("path", FIELDS)
def test_no_field_shows_what_a_judge_finds(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, secret: str, stream: bool
) -> None:
    """Before, the id of a tool call did, which some models write themselves."""
    asked = {**ASK[path], "stream": stream, "stop": ["END"], "stop_sequences": ["END"]}
    asked |= {"logprobs": True if path == CHAT else 5} if path in (CHAT, COMPLETIONS) else {}
    for field in FIELDS[path](secret):
        upstream.script = script_of(path, field, secret)
        answer = httpx2.post(gateway.address + path, json=asked, timeout=60, trust_env=False)
        assert answer.status_code == 200, field
        assert secret not in answer.text + str(answer.headers), field


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ("call_1", True), (f"chatcmpl-tool-{'0a' * 16}", True), ("aB3dE5fG7", True), (f"call_{'0f' * 12}", True),
        ("functions.note:0", False), ("first-mix-the-one", False), ("firstmixtheonewiththeother", False),
    ],
)  # fmt: skip
def test_an_id_that_says_something_is_replaced(
    gateway: RunningGateway, upstream: ScriptedUpstream, given: str, stays: bool
) -> None:
    call = {"id": given, "type": "function", "function": {"name": "note", "arguments": "{}"}}

    async def script(wire: Wire) -> None:
        await wire.json(completion(None, finish="tool_calls", tool_calls=[call]))

    upstream.script = script
    answer = httpx2.post(gateway.address + CHAT, json=ASK[CHAT], timeout=60, trust_env=False).json()
    (said,) = answer["choices"][0]["message"]["tool_calls"]
    assert (said["id"] == given) is stays
    assert len(said["id"]) > 5
