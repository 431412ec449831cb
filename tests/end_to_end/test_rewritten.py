"""Answers in another form, through a real gateway, in each of the four APIs: rewritten where prose is, told, and the
same on a stream and whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.asking import PATHS, Seen, body, post
from support.manners import house, plan_of, state
from support.serving import OpenGateway, RunningGateway, ScriptedUpstream
from support.steered import CALL, CHAT, COMPLETIONS, THOUGHT, Token, letters, script
from support.waiting import until

pytestmark = [pytest.mark.server, pytest.mark.requirement("OB-1"), pytest.mark.semantics(44)]

EVERY_API = pytest.mark.parametrize("path", PATHS)
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])

SLOTS = ("language de-CH", "spelling de-CH", "numbers de-CH", "dates de-CH", "units metric")
SAID = (
    'Die Straße ist 1.234,5 km lang, sagt Herr Weiß: "Der Weg ist groß." Sie wurde am 24/12/2019 eröffnet. '
    "Siehe `straße.py` und https://straße.example/maß; 1.234 bleibt.\n\n```\ngroß = 1,234.5\n```\n"
)
DUE = (
    "Die Strasse ist 1'234.5 km lang, sagt Herr Weiß: «Der Weg ist groß.» Sie wurde am 24.12.2019 eröffnet. "
    "Siehe `straße.py` und https://straße.example/maß; 1.234 bleibt.\n\n```\ngroß = 1,234.5\n```\n"
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "record"


@pytest.fixture(scope="module")
def swiss(
    start_gateway: OpenGateway, shared_upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory, log: Path
) -> Iterator[RunningGateway]:
    plan = plan_of(tmp_path_factory.mktemp("packs"), house(*SLOTS, "rewrite spelling, numbers, dates, units"))
    running = start_gateway(plan, shared_upstream.url, {"jurisdiction": None, "audit": str(log)})
    yield running
    running.stop()


def ask(gateway: RunningGateway, path: str, stream: bool, **fields: Any) -> Seen:
    with httpx2.Client(base_url=gateway.address, timeout=60, trust_env=False) as client:
        return post(client, path, body(path, stream=stream, **fields))


def states(seen: dict[str, Any]) -> dict[str, str]:
    return {each["slot"]: each["state"] for each in seen["adapters"]}


@EVERY_API
@STREAM
def test_an_answer_is_rewritten_where_prose_is_and_says_so(
    swiss: RunningGateway, upstream: ScriptedUpstream, log: Path, path: str, stream: bool
) -> None:
    upstream.script = script(*_words(SAID))
    before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
    seen = ask(swiss, path, stream)
    assert seen.text == DUE
    assert seen.ordinance["verdict"] == "pass"
    assert states(seen.ordinance)["spelling"] == "rewritten"
    assert states(seen.ordinance)["numbers"] == "rewritten"
    assert states(seen.ordinance)["dates"] == "rewritten"
    until(lambda: log.exists() and len(log.read_text("utf-8").splitlines()) > before)
    recorded = log.read_text("utf-8").splitlines()[-1]
    assert json.loads(recorded)["adapters"] == seen.ordinance["adapters"]
    assert "Strasse" not in recorded


@pytest.mark.parametrize("path", [path for path in PATHS if path != COMPLETIONS])
@STREAM
def test_thoughts_and_calls_stay(swiss: RunningGateway, upstream: ScriptedUpstream, path: str, stream: bool) -> None:
    upstream.script = script(*_words("Die Straße. ", THOUGHT), *_words('{"to": "Straße"}', CALL))
    seen = ask(swiss, path, stream)
    assert seen.text == "Die Straße. "
    assert json.loads(seen.calls) == {"to": "Straße"}
    assert states(seen.ordinance)["spelling"] == "cannot_tell"


@STREAM
def test_structured_output_stays(swiss: RunningGateway, upstream: ScriptedUpstream, stream: bool) -> None:
    upstream.script = script(*letters('{"a": "Die Straße: 1.234,5 km"}'))
    seen = ask(swiss, CHAT, stream, response_format={"type": "json_object"})
    assert seen.text == '{"a": "Die Straße: 1.234,5 km"}'


@STREAM
def test_an_answer_that_repeats_its_prompt_stays_and_says_so(
    swiss: RunningGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    upstream.script = script(*_words("Die Straße ist groß."))
    seen = ask(swiss, COMPLETIONS, stream, said="Sag: Das Maß. ", echo=True)
    assert seen.text == "Sag: Das Maß. Die Straße ist groß."
    [told] = [each for each in seen.ordinance["adapters"] if each["slot"] == "spelling"]
    assert told["state"] == "missed"
    assert told["left"] is True


@STREAM
@pytest.mark.parametrize(
    "limited",
    [
        {"guided_choice": ["groß", "klein"]},
        {"guided_regex": "gro(ß|t)"},
        {"structured_outputs": {"choice": ["groß", "klein"]}},
        {"response_format": {"type": "structural_tag", "structures": [], "triggers": []}},
    ],
    ids=lambda limited: next(iter(limited)),
)
def test_what_a_request_limits_to_a_form_stays(
    swiss: RunningGateway, upstream: ScriptedUpstream, stream: bool, limited: dict[str, Any]
) -> None:
    upstream.script = script(*_words("groß"))
    assert ask(swiss, CHAT, stream, **limited).text == "groß"


@STREAM
def test_no_probability_of_rewritten_text_leaves(
    swiss: RunningGateway, upstream: ScriptedUpstream, stream: bool
) -> None:
    upstream.script = script(*_words("Er ist da. Die Straße ist da."))
    with httpx2.Client(base_url=swiss.address, timeout=60, trust_env=False) as client:
        reply = client.post(CHAT, json=body(CHAT, stream=stream, logprobs=True, top_logprobs=2, return_token_ids=True))
    assert "Strasse" in reply.text or "ss" in reply.text
    assert '"token": "ße' not in reply.text
    assert "ße" not in reply.text
    assert '"token_ids": [' not in reply.text


def test_a_law_binds_and_has_it_told(start_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path) -> None:
    law = state("language de-CH", "spelling de-CH", "rewrite spelling telling formed").replace(
        "speak {",
        'notice formed { de "Die Schreibung dieser Antwort wurde angepasst." en "The spelling was adapted." }\nspeak {',
    )
    running = start_gateway(plan_of(tmp_path, law), upstream.url, {"jurisdiction": "XA"})
    try:
        upstream.script = script(*_words("Die Straße."))
        seen = ask(running, CHAT, False)
        assert seen.text.startswith("Die Strasse.\n\n")
        assert seen.ordinance["verdict"] == "disclose"
        [notice] = seen.ordinance["notices"]
        assert notice["text"] == seen.text.partition("\n\n")[2]
        assert notice["causes"][0]["rule"] == "XA/rewrite"
        assert notice["causes"][0]["law"]["article"] == "§ 1"
        upstream.script = script(*_words("Der Weg."))
        assert ask(running, CHAT, False).ordinance["notices"] == []
    finally:
        running.stop()


def _words(text: str, part: str = "content") -> tuple[Token, ...]:
    return tuple(Token(number + 10, text[at : at + 7], part) for number, at in enumerate(range(0, len(text), 7)))
