"""The metadata of an answer names the public register, where the operator has one; each rule is there at its id."""

from __future__ import annotations

import httpx2
import pytest
from pydantic import ValidationError

from ordinance.authoring.register.document import Entry
from ordinance.authoring.register.entries import register
from ordinance.authoring.register.wording import Wording, words_in
from ordinance.loading.load import load
from ordinance.settings.model import Settings
from support.packs import TODAY
from support.serving import PATIENCE, OpenGateway, ScriptedUpstream, say

PAGE = "https://z.example/register.html"


@pytest.mark.server
@pytest.mark.requirement("HO-1")
def test_what_acted_is_found_in_the_register(open_gateway: OpenGateway, upstream: ScriptedUpstream) -> None:
    loaded = load()
    assert loaded.policy is not None
    upstream.script = say("They said ordinance-canary-86a-5d21e8.")
    gateway = open_gateway(loaded.plan, register_url=PAGE)
    body = {"model": "m", "messages": [{"role": "user", "content": "What?"}]}
    answer = httpx2.post(f"{gateway.address}/v1/chat/completions", json=body, trust_env=False, timeout=PATIENCE)
    told = answer.json()["ordinance"]
    assert told["policy"]["register"] == PAGE
    rules = {cause["rule"] for notice in told["notices"] for cause in notice["causes"]}
    assert "DE/symbols" in rules
    page = register(loaded.plan, loaded.policy, Wording.of("en", words_in("en"), loaded.policy), TODAY)
    anchors = {part.id for section in page.sections for part in section.parts if isinstance(part, Entry)}
    assert rules <= anchors


@pytest.mark.parametrize("address", ["http://z.example/", "https://z.example/#x", "javascript:alert(1)", "z.example"])
def test_only_a_page_that_takes_an_anchor_is_a_register(address: str) -> None:
    with pytest.raises(ValidationError, match="register_url"):
        Settings.model_validate({"register_url": address})
