"""A conversation is read once: how it began, what is old in it and what the model reads come of one value."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import pytest

from ordinance.protocol.api import Api
from ordinance.protocol.asked import Request
from ordinance.protocol.govern.beginnings import Opening, opening_of
from ordinance.protocol.govern.history import hear
from ordinance.protocol.govern.transcript import transcript_of
from ordinance.runtime.cutter import Cutter
from ordinance.runtime.memory import Memories
from ordinance.runtime.redact.own_words import OwnWords, Returned
from support.conversations import APIS, Turn, request_of
from support.plans import expressions, plan, refuse

POLICY = plan([refuse("baseline/red", "red", type="danger")], {"red": expressions(["opaque canary"])})
#: Its notices have other words.
OTHER = plan([refuse("baseline/red", "red", type="danger")], {"red": expressions(["scarlet heron"])})

OWN = "[history]\n\nBerlin is the capital."
SAID: list[Turn] = [
    ("user", "What is it?"),
    ("assistant", OWN),
    ("user", "And?"),
    ("assistant", "No more."),
    ("user", "Why?"),
]


def read(api: Api, turns: Sequence[Turn]) -> Request:
    return api.read_request(json.dumps(request_of(api, turns)).encode())


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the engine's own words are looked for in each text."""
    found: Counter[str] = Counter()
    cut = OwnWords.cut

    def counted(own: OwnWords, text: str) -> Returned:
        found[text] += 1
        return cut(own, text)

    monkeypatch.setattr(OwnWords, "cut", counted)
    return found


@pytest.mark.semantics(28)
@pytest.mark.parametrize("api", APIS)
def test_each_text_is_looked_at_once_a_request(api: Api, looked: Counter[str]) -> None:
    request, cutter = read(api, SAID), Cutter(POLICY)
    transcript = transcript_of(api, request, cutter)
    opening = opening_of(api, request, transcript)
    heard = hear(api, request, cutter, system_is_ours=False, transcript=transcript)
    assert opening == Opening("What is it?", (), "Berlin is the capital.")
    assert "[history]" not in json.dumps(heard.request.body)
    assert looked == {OWN: 1, "No more.": 1}


@pytest.mark.semantics(28)
def test_a_text_without_own_words_is_known_again_and_only_by_the_same_client(looked: Counter[str]) -> None:
    memory = Memories().of("client")
    for salt in (b"one", b"one", b"two"):
        cutter = Cutter(POLICY, memory, salt)
        assert cutter.cut("No more.") == Returned("No more.")
        assert cutter.cut(OWN).text == "Berlin is the capital."
    assert looked == {"No more.": 2, OWN: 3}


@pytest.mark.semantics(28)
def test_a_conversation_read_under_another_policy_is_read_again(looked: Counter[str]) -> None:
    """The policy was replaced while the store was asked: what it writes is what counts."""
    api = APIS[0]
    request = read(api, SAID)
    old = transcript_of(api, request, Cutter(OTHER))
    heard = hear(api, request, Cutter(POLICY), system_is_ours=False, transcript=old)
    assert heard == hear(api, request, Cutter(POLICY), system_is_ours=False)
    assert looked[OWN] == 3


@pytest.mark.parametrize("parts", [["[history]\n\nBerlin is", "the capital."], [OWN]])
def test_an_answer_in_parts_begins_the_conversation_as_the_whole_does(parts: list[str]) -> None:
    api = APIS[0]
    answer = {"role": "assistant", "content": [{"type": "text", "text": part} for part in parts]}
    said = [{"role": "user", "content": "What?"}, answer, {"role": "user", "content": "Why?"}]
    request = api.read_request(json.dumps({"model": "m", "messages": said}).encode())
    opening = opening_of(api, request, transcript_of(api, request, Cutter(POLICY)))
    assert opening is not None
    assert " ".join((opening.answer or "").split()) == "Berlin is the capital."
