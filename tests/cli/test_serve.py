"""`ordinance serve` as a process: its flags, its errors, its signals."""

from __future__ import annotations

import itertools
import json
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.serve.chat.questions import CANARY
from support import waiting
from support.bundles import write_keys
from support.commands import GERMANY, Served, run, run_here
from support.packs import TODAY, write_jurisdiction
from support.processes import children, spent, workers_of
from support.serving import DONE, PATIENCE, ScriptedUpstream, Wire, chunk, event, posting, say

pytestmark = pytest.mark.server

Serve = Callable[..., Served]
#: New processes of a server start slowly on a busy machine.
until = partial(waiting.until, seconds=PATIENCE * 3)


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Served] = []

    def start(*words: str | Path) -> Served:
        running.append(Served(*words))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def ask(served: Served, **fields: Any) -> httpx2.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **fields}
    return httpx2.post(f"{served.address}/v1/chat/completions", json=body, timeout=PATIENCE * 3, trust_env=False)


@pytest.mark.requirement("TR-8")
def test_the_shipped_packs_hold_for_every_two_cuts(serve: Serve, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    served = serve("--upstream", upstream.url, "--locale", "de-DE", "--config", settings)
    text = f"Ja! {CANARY}! Gut."
    with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
        for cuts in itertools.combinations(range(1, len(text)), 2):
            upstream.script = say(text, cuts)
            body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
            answer = http.post(f"{served.address}/v1/chat/completions", json=body)
            chunks = [json.loads(one) for one in answer.text.replace("data: ", "").split("\n\n") if one.startswith("{")]
            said = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks)
            told = chunks[-1]["ordinance"]
            omission = next(notice for notice in told["notices"] if notice["kind"] == "omission")
            assert f"Ja! ⟦…⟧! Gut.\n\n{omission['text']}" in said
            assert "§ 86a" in omission["text"]
            assert (told["jurisdiction"], told["locale"]) == ("DE", "de-DE")
            assert not any(piece in answer.text for piece in ("ordinance-c", "canary", "86a-5d", "21e8"))


def test_the_first_line_leads_to_the_chat_page(serve: Serve, upstream: ScriptedUpstream) -> None:
    served = serve("--upstream", upstream.url, *GERMANY)
    first = served.said.splitlines()[0]
    assert first == f"ordinance: to chat with the model, open {served.address}/chat"
    assert httpx2.get(f"{served.address}/chat", trust_env=False).status_code == 200


@pytest.mark.parametrize("chosen", [{"x-ordinance-locale": "en-US"}, {"accept-language": "en-US"}])
@pytest.mark.requirement("CC-1")
def test_an_operator_in_germany_tells_in_english(
    serve: Serve, upstream: ScriptedUpstream, chosen: dict[str, str]
) -> None:
    upstream.script = say(f"Ja! {CANARY}! Gut.")
    served = serve("--upstream", upstream.url, *GERMANY)
    answer = httpx2.post(
        f"{served.address}/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "hi"}]},
        headers=chosen,
        trust_env=False,
    ).json()
    assert "canary" not in json.dumps(answer)
    assert "Left out" in answer["choices"][0]["message"]["content"]
    assert answer["ordinance"]["locale"] == "en-US"


def test_a_port_in_use_is_told_with_a_way_out(upstream: ScriptedUpstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--upstream", upstream.url, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "is in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no inference server is configured"),
        (["--upstream", "nonsense"], 2, "must look like http://127.0.0.1:8000"),
        (["--upstream", "http://x", "--embedded"], 2, "not allowed with"),
        (["--upstream", "http://x", "--port", "many"], 2, "port"),
        (["--upstream", "http://x", "--locale", "???"], 2, "is not a locale"),
        (["--upstream", "http://x", "--on", "tomorrow"], 2, "2026-12-24"),
        (["--upstream", "http://x", "--config", "/no/such/file"], 2, "cannot be read"),
        (["--upstream", "http://x", "--port", "0", "--jurisdiction", "XX"], 1, "XX"),
        (["--upstream", "http://x", "--port", "0", "--host", "203.0.113.7"], 2, "open_without_keys"),
        (["--upstream", "http://x", "--port", "0", "--host", "gateway.example"], 2, "open_without_keys"),
        (["--upstream", "http://x", "--port", "0", "--host", "::"], 2, "open_without_keys"),
        (["--upstream", "http://x", "--port", "0", "--pack", "/no/such/pack"], 2, "/no/such/pack"),
    ],
)
def test_what_cannot_begin_is_one_line_with_a_way_out(words: list[str], code: int, said: str) -> None:
    done = run_here("serve", *words)
    assert said in done.stderr
    assert done.returncode == code
    assert done.stderr.startswith("ordinance: error[")
    assert "help: " in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_key_that_attests_what_no_pack_declares_is_told_at_the_start(tmp_path: Path) -> None:
    settings = tmp_path / "ordinance.yaml"
    keys = f"keys:\n  - name: school\n    sha256: '{'0' * 64}'\n    attested: {{purpos: education}}\n"
    settings.write_text("upstream: {url: 'http://x'}\nport: 0\njurisdiction: DE\n" + keys)
    done = run_here("serve", "--config", settings)
    assert done.returncode == 1
    assert "the key 'school'" in done.stderr
    assert "purpose" in done.stderr


def test_a_key_that_every_user_may_read_is_named_at_the_start(
    serve: Serve, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    for name, mode in (("record", 0o644), ("provider", 0o600)):
        write_keys(tmp_path, name)[0].chmod(mode)
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: {path: log, key_file: record.pem}\nmark: {key_file: provider.pem, provider: Office}\n")
    served = serve("--pack", write_jurisdiction(tmp_path / "XA"), "--upstream", upstream.url, "--config", settings)
    warnings = [line for line in served.stop()[1].splitlines() if "private key" in line]
    assert warnings == [
        f"ordinance: warning: every user may read the private key {tmp_path}/record.pem: "
        f"chmod 600 {tmp_path}/record.pem"
    ]


def test_sigterm_drains(serve: Serve, upstream: ScriptedUpstream) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Begun. ")))
        begun.set()
        while not go_on.is_set():
            await asyncio_pause()
        await wire.send(event(chunk(content="Done.", finish="stop")), DONE)

    upstream.script = script
    served = serve("--upstream", upstream.url, *GERMANY)
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(ask(served, stream=True).text))
    asking.start()
    assert begun.wait(PATIENCE)
    served.signal(signal.SIGTERM)
    port = int(served.address.rpartition(":")[2])
    deadline = threading.Event()
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            break
        deadline.wait(0.1)
    else:
        raise AssertionError("it still takes connections")
    go_on.set()
    asking.join(PATIENCE)
    assert "Done." in answers[0]
    assert answers[0].endswith("data: [DONE]\n\n")
    assert '"balanced":true' in answers[0]
    assert served.process.wait(PATIENCE) in (0, -signal.SIGTERM)


async def asyncio_pause() -> None:
    import asyncio

    await asyncio.sleep(0.02)


def posted(served: Served, body: bytes, length: int | None = None) -> socket.socket:
    """A connection of its own that has sent this request; ``length`` is what it says of its body, if not the truth."""
    client = socket.create_connection(("127.0.0.1", int(served.address.rpartition(":")[2])), PATIENCE * 3)
    client.sendall(posting(body, length))
    return client


def heard(client: socket.socket) -> bytes:
    """What comes to the end of the connection."""
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def only_record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "audit.jsonl").read_text())
    return record


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "until it closes"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_answer_that_the_end_of_the_grace_period_cuts_says_so(
    serve: Serve, upstream: ScriptedUpstream, tmp_path: Path, workers: str, chunked: bool
) -> None:
    begun = threading.Event()
    upstream.chunked = chunked

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(event(chunk(content="Begun. The ordinance-canary")))
        begun.set()
        await wire.until_gone()

    upstream.script = script
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("grace_seconds: 1\naudit: audit.jsonl\n")
    served = serve("--upstream", upstream.url, *GERMANY, "--config", settings, "--workers", workers)
    with posted(served, b'{"stream":true,"messages":[{"role":"user","content":"hi"}]}') as client:
        assert begun.wait(PATIENCE * 3), "the processes start on a busy machine"
        served.signal(signal.SIGTERM)
        received = heard(client)
    assert b"Begun." in received
    assert b"canary" not in received
    last = json.loads(received.rpartition(b"data: ")[2].partition(b"\n")[0])
    assert last["error"]["code"] == "stopping"
    assert [notice["kind"] for notice in last["ordinance"]["notices"]][-1] == "fault"
    assert received.endswith(b"\r\n0\r\n\r\n"), "the response is whole"
    assert upstream.asked[-1].gone.wait(PATIENCE)
    _, errors = served.stop()
    assert "Traceback" not in errors
    assert served.process.returncode in (0, -signal.SIGTERM)
    record = only_record(tmp_path)
    assert (record["status"], record["problem"], record["verdict"]) == (200, "stopping", "refuse")


def test_a_request_that_the_stop_meets_before_its_answer_gets_a_word(
    serve: Serve, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """Its body has not come yet, or the upstream has not taken the connection."""
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("grace_seconds: 1\naudit: audit.jsonl\n")
    with socket.socket() as deaf, socket.socket() as before, socket.socket() as more:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for one in (before, more):  # what waits to be accepted; a third connection is not even begun
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        served = serve("--upstream", f"http://127.0.0.1:{deaf.getsockname()[1]}", *GERMANY, "--config", settings)
        body = b'{"messages":[{"role":"user","content":"hi"}]}'
        with posted(served, body) as waiting, posted(served, b"{", 100) as unfinished:
            time.sleep(0.5)
            served.signal(signal.SIGTERM)
            answers = [heard(waiting), heard(unfinished)]
        _, errors = served.stop()
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"stopping"' in answer
    assert "Traceback" not in errors
    records = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [(record["status"], record["problem"]) for record in records] == [(503, "stopping")] * 2


def test_several_processes_serve_on_one_port(serve: Serve, upstream: ScriptedUpstream) -> None:
    served = serve("--upstream", upstream.url, *GERMANY, "--workers", "2")
    for _ in range(6):
        assert ask(served).json()["ordinance"]["jurisdiction"] == "DE"
    with urllib.request.urlopen(f"{served.address}/health", timeout=PATIENCE) as answer:
        assert json.load(answer) == {"status": "alive"}
    served.signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("words", "keys", "told"),
    [
        ([], "", True),
        (["--locale", "de"], "", True),
        (["--jurisdiction", "DE"], "{name: a, sha256: '%s'}", False),
        ([], "{name: a, sha256: '%s', jurisdiction: DE}", False),
        ([], "{name: a, sha256: '%s'}", True),
    ],
)
def test_that_no_law_applies_is_told_at_the_start(
    serve: Serve, upstream: ScriptedUpstream, tmp_path: Path, words: list[str], keys: str, told: bool
) -> None:
    settings = tmp_path / "ordinance.yaml"
    settings.write_text(f"audit: audit.jsonl\nkeys: [{keys.replace('%s', '0' * 64)}]\n")
    served = serve("--upstream", upstream.url, "--config", settings, *words)
    _, errors = served.stop()
    line = "ordinance: no jurisdiction: only the charter applies; name one with --jurisdiction AE\n"
    assert errors == (line if told else "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_replaces_the_policy_or_keeps_the_last_good_one(
    serve: Serve, upstream: ScriptedUpstream, tmp_path: Path, workers: str
) -> None:
    upstream.script = say("Look, secret words. Then other words.")
    pack = write_jurisdiction(tmp_path / "XA")
    settings = tmp_path / "ordinance.yaml"
    settings.write_text("audit: audit.jsonl\n")
    served = serve(
        "--upstream", upstream.url, "--jurisdiction", "XA", "--pack", pack, "--workers", workers, "--on", str(TODAY),
        "--config", settings,
    )  # fmt: skip
    first = ready(served)
    assert first["stale"] is None
    assert "other words" in ask(served).text

    (pack.parent / "lexicons" / "words.txt").write_text("secret words\nother words\n")
    served.signal(signal.SIGHUP)
    until(lambda: all(ready(served)["policy"] != first["policy"] for _ in range(12)) and is_idle(served))
    assert "other words" not in ask(served).text

    good = pack.read_text()
    pack.write_text(good.replace("withhold 1.1", "with hold 1.1"))
    served.signal(signal.SIGHUP)
    until(lambda: all(ready(served).get("stale") == "policy" for _ in range(12)) and is_idle(served))
    assert "other words" not in ask(served).text, "the last good policy stays in force"

    pack.write_text(good)
    served.signal(signal.SIGHUP)
    until(lambda: all(ready(served)["stale"] is None for _ in range(12)))
    _, errors = served.stop()
    assert errors.count("policy replaced: ") == 1, "it is read once, however many serve"
    assert errors.count("the policy was not replaced") == 1
    assert "error[policy]" in errors
    assert "Traceback" not in errors
    assert "Look" not in errors


def ready(served: Served) -> dict[str, Any]:
    """What ``/ready`` says, over a connection of its own: any of the processes may answer."""
    found: dict[str, Any] = httpx2.get(f"{served.address}/ready", trust_env=False, timeout=PATIENCE).json()
    return found


def is_idle(served: Served) -> bool:
    """Whether none of the processes loads a policy: one that does may have left every request to the others."""

    def so_far() -> list[float]:
        return [spent(each) for each in (*children(served.process.pid), *workers_of(served.process.pid))]

    before = so_far()
    time.sleep(0.3)
    return so_far() == before


def test_an_address_that_is_not_ours_is_named_where_it_may_be_open() -> None:
    words = ("--upstream", "http://x", "--port", "0", "--host", "203.0.113.7")
    done = run("serve", *words, ORDINANCE_OPEN_WITHOUT_KEYS="true")
    assert (done.returncode, "cannot be used" in done.stderr) == (1, True)
