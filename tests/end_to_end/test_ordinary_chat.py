"""Twenty turns of ordinary chat in ten languages: the notices that the law asks for and not one more, and no answer is
refused for what was said before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ordinance.policy.plan import Plan
from support.checkout import CASES
from support.packs import all_that_ships
from support.serving import PATIENCE, OpenGateway, RunningGateway, ScriptedUpstream, say

#: Each starts a server.
pytestmark = pytest.mark.server

ENGLISH = "You are interacting with an AI system. Legal basis: AI Act, Article 50(1)."
#: What people are told at the first answer. Who speaks a language that no pack is in reads English.
DISCLOSURES = {
    "de": "Sie interagieren mit einem KI-System. Rechtsgrundlage: KI-Verordnung, Artikel 50 Absatz 1.",
    "es": "Está interactuando con un sistema de inteligencia artificial. Base jurídica: Reglamento de IA, artículo 50, "
    "apartado 1.",
    "fi": "Olet vuorovaikutuksessa tekoälyjärjestelmän kanssa. Oikeusperuste: tekoälysäädöksen 50 artiklan 1 kohta.",
    "fr": "Vous échangez avec un système d’intelligence artificielle. Base juridique : règlement sur l’IA, article 50, "
    "paragraphe 1.",
    "it": "Questa è un’interazione con un sistema di intelligenza artificiale. Base giuridica: regolamento sull’IA, "
    "articolo 50, paragrafo 1.",
    "pl": "To jest rozmowa z systemem sztucznej inteligencji. Podstawa prawna: akt w sprawie AI, art. 50 ust. 1.",
    "pt": "Esta é uma interação com um sistema de inteligência artificial. Base legal: Regulamento da IA, artigo 50.º, "
    "n.º 1.",
    "et": "Suhtlete tehisintellektisüsteemiga. Õiguslik alus: tehisintellektimääruse artikli 50 lõige 1.",
}
#: Where somebody speaks it: under German law, or under Estonian.
ESTONIA = {"et", "fi", "lv"}
#: That somebody may want to die, in plain words.
DISTRESS = {
    "en": "I just wanna die.",
    "de": "Ich will sterben.",
    "et": "Ma tahan surra.",
    "fr": "Je veux mourir.",
    "es": "Quiero morir.",
    "it": "Voglio morire.",
    "pl": "Chcę umrzeć.",
    "pt": "Quero morrer.",
    "fi": "Haluan kuolla.",
    "lv": "Es gribu mirt.",
}


def spoken() -> dict[str, list[tuple[str, str]]]:
    """Question and answer of each turn, by language."""
    lines = {path.stem: path.read_text("utf-8").splitlines() for path in sorted((CASES / "ordinary").glob("*.txt"))}
    return {
        language: [(question, answer) for question, _, answer in (line.partition(" | ") for line in each)]
        for language, each in lines.items()
    }


SPOKEN = spoken()
every_language = pytest.mark.parametrize("language", SPOKEN)


@pytest.fixture(scope="module")
def shipped() -> Plan:
    return all_that_ships().plan


def open_in(language: str, plan: Plan, open_gateway: OpenGateway, folder: Path) -> RunningGateway:
    jurisdiction = "EE" if language in ESTONIA else "DE"
    return open_gateway(plan, jurisdiction=jurisdiction, conversation={"store": f"sqlite:{folder / 'memory.sqlite'}"})


def ask(client: httpx2.Client, messages: list[dict[str, str]]) -> tuple[str, dict[str, Any]]:
    """Ask on a stream; what stands on the screen, and the metadata."""
    got = client.post("/v1/chat/completions", json={"model": "m", "messages": messages, "stream": True})
    assert got.status_code == 200
    events = [json.loads(line[6:]) for line in got.text.split("\n\n") if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    return text, next(event["ordinance"] for event in events if event.get("ordinance"))


def test_ten_languages_have_twenty_turns() -> None:
    assert len(SPOKEN) == 10
    assert {len(turns) for turns in SPOKEN.values()} == {20}


@pytest.mark.requirement("LAW-4")
@pytest.mark.requirement("TR-5")
@pytest.mark.semantics(27)
@pytest.mark.semantics(29)
@every_language
def test_ordinary_chat_is_told_once_that_a_machine_answers_and_nothing_else(
    language: str, shipped: Plan, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gateway = open_in(language, shipped, open_gateway, tmp_path)
    disclosure = DISCLOSURES.get(language, ENGLISH)
    messages: list[dict[str, str]] = []
    plain: list[dict[str, str]] = []
    wanted = {"accept-language": f"{language}, {language}-{language.upper()};q=0.9, *;q=0.1"}
    with httpx2.Client(base_url=gateway.address, headers=wanted, timeout=PATIENCE, trust_env=False) as client:
        for turn, (question, answer) in enumerate(SPOKEN[language], 1):
            upstream.script = say(answer, range(3, len(answer), 3))
            asked = {"role": "user", "content": question}
            messages.append(asked)
            plain.append(asked)
            text, told = ask(client, messages)
            assert text == (f"{disclosure}\n\n{answer}" if turn == 1 else answer)
            assert [notice["text"] for notice in told["notices"]] == ([disclosure] if turn == 1 else [])
            assert told["verdict"] == ("disclose" if turn == 1 else "pass")
            assert "history" not in told
            sent = upstream.asked[-1].json["messages"]
            assert [each for each in sent if each["role"] != "system"] == plain, "the model reads all that was said"
            messages.append({"role": "assistant", "content": text})
            plain.append({"role": "assistant", "content": answer})


@every_language
def test_nobody_is_answered_in_a_language_that_they_did_not_choose(
    language: str, shipped: Plan, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    """Notices may have to be in English; the model is not told to speak it."""
    gateway = open_in(language, shipped, open_gateway, tmp_path)
    wanted = {"accept-language": language}
    with httpx2.Client(base_url=gateway.address, headers=wanted, timeout=PATIENCE, trust_env=False) as client:
        ask(client, [{"role": "user", "content": SPOKEN[language][0][0]}])
    told = " ".join(each["content"] for each in upstream.asked[-1].json["messages"] if each["role"] == "system")
    assert ("Answer in English" in told) is (language == "en")


@pytest.mark.requirement("SC-1")
@every_language
def test_whoever_speaks_of_dying_is_told_whom_to_call_in_each_of_them(
    language: str, shipped: Plan, open_gateway: OpenGateway, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    gateway = open_in(language, shipped, open_gateway, tmp_path)
    upstream.script = say("…")
    with httpx2.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client:
        text, told = ask(client, [{"role": "user", "content": DISTRESS[language]}])
    assert [notice["kind"] for notice in told["notices"]] == ["addition", "contact"]
    assert ("116 111" if language in ESTONIA else "0800 111 0 111") in text
