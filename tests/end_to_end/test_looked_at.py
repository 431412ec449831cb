"""An upstream that speaks otherwise than it was told, before each of the four APIs: nothing of that comes through that
the metadata and the record do not tell. Over real HTTP, letter by letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.asking import PATHS, body, post
from support.manners import house, plan_of
from support.serving import OpenGateway, RunningGateway, ScriptedUpstream
from support.steered import CALL, CHAT, COMPLETIONS, THOUGHT, Token, letters, script
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.requirement("OB-1"), pytest.mark.semantics(33)]

EVERY_API = pytest.mark.parametrize("path", PATHS)
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])

TOLD = {"language": "de", "script": "Latn", "address": "formal", "register": "official", "numbers": "de"}
POLITE = (
    "Die Bücherei ist von neun bis achtzehn Uhr für alle offen, und die Rückgabe ist auch in der Nacht möglich. "
    "Bitte bringen Sie Ihren Ausweis mit, wenn Sie zum ersten Mal in das Haus kommen."
)
#: What the upstream says, and the states of language, script and address that are due.
MISBEHAVIOUR = {
    "as told": (POLITE, ("kept", "kept", "kept")),
    "another language": (
        "The library is open from nine to six, and you can also return the books at night if you want to do that.",
        ("missed", "kept", "cannot_tell"),
    ),
    "another language at the end": (
        f"{POLITE}\n\nThe library is open from nine to six, and you can also return the books at night if you want to.",
        ("missed", "kept", "kept"),
    ),
    "another address": (
        "Die Bücherei ist von neun bis achtzehn Uhr für alle offen, und die Rückgabe ist auch in der Nacht möglich. "
        "Bring bitte deinen Ausweis mit, wenn du zum ersten Mal in das Haus kommst.",
        ("kept", "kept", "missed"),
    ),
    "both addresses": (f"{POLITE} Hast du noch eine Frage?", ("kept", "kept", "missed")),
    "another script": (
        "Библиотека открыта с девяти до восемнадцати часов, и книги можно вернуть также и ночью.",
        ("missed", "missed", "cannot_tell"),
    ),
    "mixed scripts": (POLITE.replace("Rückgabe", "Rüсkgаbe"), ("missed", "missed", "kept")),
    "a script after another": (f"{POLITE}\n\n本図書館は九時から十八時まで開いています。", ("missed", "missed", "kept")),
    "nothing to tell": ("42", ("cannot_tell", "cannot_tell", "cannot_tell")),
    "nothing but code": (f"```\n{POLITE}\n```", ("cannot_tell", "cannot_tell", "cannot_tell")),
    "nothing but a quotation": (f"„{POLITE}“", ("cannot_tell", "cannot_tell", "cannot_tell")),
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "record"


@pytest.fixture(scope="module")
def told(
    start_gateway: OpenGateway, shared_upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory, log: Path
) -> Iterator[RunningGateway]:
    plan = plan_of(tmp_path_factory.mktemp("packs"), house(*(f"{slot} {value}" for slot, value in TOLD.items())))
    running = start_gateway(plan, shared_upstream.url, {"jurisdiction": None, "audit": str(log)})
    yield running
    running.stop()


def say(told: RunningGateway, path: str, stream: bool, **fields: Any) -> Any:
    with httpx2.Client(base_url=told.address, timeout=60, trust_env=False) as client:
        return post(client, path, body(path, stream=stream, **fields)).ordinance["adapters"]


def expected(language: str, script: str, address: str) -> list[dict[str, str]]:
    states = {"language": language, "script": script, "address": address}
    return [
        {"slot": slot, "value": TOLD[slot], "state": states.get(slot, "cannot_tell")}
        for slot in ("language", "script", "address", "register", "numbers")
    ]


@EVERY_API
@STREAM
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOUR)
def test_nothing_comes_through_that_the_metadata_and_the_record_do_not_tell(
    told: RunningGateway, upstream: ScriptedUpstream, log: Path, path: str, stream: bool, misbehaviour: str
) -> None:
    text, states = MISBEHAVIOUR[misbehaviour]
    upstream.script = script(*_words(text))
    before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
    assert say(told, path, stream) == expected(*states)
    until(lambda: log.exists() and len(log.read_text("utf-8").splitlines()) > before)
    assert json.loads(log.read_text("utf-8").splitlines()[-1])["adapters"] == expected(*states)


@pytest.mark.parametrize("path", [path for path in PATHS if path != COMPLETIONS])
@STREAM
def test_thoughts_and_calls_are_not_looked_at(
    told: RunningGateway, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    upstream.script = script(*_words("The user wants to know when the library is open.", THOUGHT), *_words(POLITE))
    assert say(told, path, stream) == expected("kept", "kept", "kept")
    upstream.script = script(*_words('{"to": "the library that is open for all of us"}', CALL))
    assert say(told, path, stream) == expected("cannot_tell", "cannot_tell", "cannot_tell")


@STREAM
def test_a_form_is_not_looked_at(told: RunningGateway, upstream: ScriptedUpstream, stream: bool) -> None:
    upstream.script = script(*letters('{"a": "Du bist da."}'))
    found = say(told, CHAT, stream, response_format={"type": "json_object"})
    assert found == expected("cannot_tell", "cannot_tell", "cannot_tell")


def test_a_slot_that_a_request_sets_is_in_the_record_without_words_of_its_own(
    told: RunningGateway, upstream: ScriptedUpstream, log: Path
) -> None:
    upstream.script = script(*_words(POLITE))
    headers = {"x-ordinance-speak": "spelling=de-x-geheim"}
    ask = body(CHAT)
    reply = httpx2.post(told.address + CHAT, json=ask, headers=headers, timeout=60, trust_env=False).json()
    assert {"slot": "spelling", "value": "de", "state": "cannot_tell"} in reply["ordinance"]["adapters"]
    until(lambda: "spelling" in log.read_text("utf-8"))
    assert "geheim" not in log.read_text("utf-8")


def _words(text: str, part: str = "content") -> tuple[Token, ...]:
    """A script of tokens of a few characters, so that they are cut anywhere."""
    return tuple(Token(number + 10, text[at : at + 7], part) for number, at in enumerate(range(0, len(text), 7)))
