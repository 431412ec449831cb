"""Two gateways, each a process of its own, that remember conversations in one real database: what is told once is told
once between them, whichever of them a client's next question reaches, and whatever ends or fails."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from support.chatting import DISCLOSURE, Chat
from support.checkout import RULES
from support.commands import Served
from support.databases import Database
from support.serving import PATIENCE, ScriptedUpstream, say

#: Each starts servers.
pytestmark = pytest.mark.server

GREETING = "Good day from the registry"
#: A house that greets people once a day.
REGISTRY = """\
house registry 1.0.0 under charter baseline 1
title "Registry"
zone  "Europe/Berlin"

bylaw manners {
  title   "Rules of manners"
  adopted by "Head of the registry" on 2026-09-01
}

notice greeting {
  en "Good day from the registry. {law}."
  de "Guten Tag von der Registratur. {law}."
  et "Tere päevast registrist. {law}."
}

section 1 "Manners" {
  say 1.1 greeting {
    means   "People are greeted once a day."
    at      first answer of day
    under   manners
    telling greeting
    example fires answer "Hi." given turn 1
    example quiet answer "Hi." given elapsed 1
  }
}
"""

Serve = Callable[[], Served]


@pytest.fixture
def serve(upstream: ScriptedUpstream, database: Database, tmp_path: Path) -> Iterator[Serve]:
    """Starts gateways that share the database, and the secret of its keys."""
    (tmp_path / "secret").write_text("a secret of thirty-two characters")
    (tmp_path / "registry.ord").write_text(REGISTRY)
    packs = [RULES / name for name in ("charter", "jurisdictions", "languages")] + [tmp_path / "registry.ord"]
    settings = tmp_path / "ordinance.yaml"
    settings.write_text(f"audit: audit.jsonl\njurisdiction: DE\npacks: [{', '.join(map(str, packs))}]\n")
    running: list[Served] = []

    def start() -> Served:
        variables = {"STORE": database.url, "SECRET_FILE": str(tmp_path / "secret")}
        variables = {f"ORDINANCE_CONVERSATION__{name}": value for name, value in variables.items()}
        running.append(Served("--upstream", upstream.url, "--config", settings, **variables))
        return running[-1]

    upstream.script = say("Good.")
    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()


def state(served: Served) -> str:
    """What ``/ready`` says of the store."""
    with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
        ready = http.get(f"{served.address}/ready")
    assert ready.status_code == 200
    return str(ready.json()["conversations"]["state"])


@pytest.mark.semantics(29)
def test_what_is_told_once_is_told_once_between_two_gateways(serve: Serve) -> None:
    gateways = [serve(), serve()]
    chat = Chat("")
    for turn in range(8):
        chat.address = gateways[turn % 2].address
        text, notices = chat.ask(f"Question number {turn}?")
        assert (DISCLOSURE in text) is (turn == 0)
        assert (GREETING in text) is (turn == 0)
        assert len(notices) == (2 if turn == 0 else 0)
    assert "Help is available." in chat.ask("I want to die.")[0]
    chat.address = gateways[0].address
    assert "Help is still available." in chat.ask("I said that I want to die.")[0]
    assert chat.ask("Thank you.")[1] == []


def test_a_kill_of_one_between_two_turns_tells_once_more_at_most(serve: Serve) -> None:
    one, other = serve(), serve()
    chat = Chat(one.address)
    assert chat.disclosed("One?")
    one.signal(signal.SIGKILL)
    one.process.communicate()
    chat.address = other.address
    assert chat.ask("Two?")[1] == []
    chat.address = serve().address
    assert chat.ask("Three?")[1] == []


def test_a_database_that_stops_costs_no_answer_and_is_found_again(serve: Serve, database: Database) -> None:
    gateways = [serve(), serve()]
    chat = Chat(gateways[0].address)
    assert chat.disclosed("One?")
    assert [state(each) for each in gateways] == ["ok", "ok"]
    database.stop()
    try:
        for turn in range(4):
            chat.address = gateways[turn % 2].address
            assert chat.disclosed(f"While it is away, number {turn}?"), "duties are fulfilled again"
        assert [state(each) for each in gateways] == ["failing", "failing"]
    finally:
        database.start()
    for each in gateways:
        chat.address = each.address
        deadline = time.monotonic() + 60
        while chat.disclosed("Are you back?"):
            assert time.monotonic() < deadline, "the store was not found again"
            time.sleep(0.5)
        assert state(each) == "ok"
    for turn in range(4):
        chat.address = gateways[turn % 2].address
        assert chat.ask(f"Afterwards, number {turn}?")[1] == []
